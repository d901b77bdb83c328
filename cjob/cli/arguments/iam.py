"""`cjob iam`: print the permissions in AWS that commands need, as text or as policies.

Name the commands that will be run (default: deploy, run, runs and logs, which need all that the
others do), and create-repository if they are given that option. Calls are made as the caller, which
is a person or a role of CI, or as the environment's manager role, which the caller assumes. Whoever
may assume that role can deploy, whatever else they may not do. Needs no AWS.

-o json prints the policy of one of the two (--role), as aws iam create-policy takes it.
--session-policy prints a policy that only reads and assumes no role: a session policy, or all that
a role for plans needs whose commands have --as-caller. --trust prints the trust policy of a role
that runs of CI assume (OIDC): those of pull requests if only commands that read are named, of
--branch if that is given, and otherwise those that deploy to the environment.
"""

import argparse

from cjob.cli.arguments import shared

EXAMPLES = """\
examples:
  cjob iam -a acme
  cjob iam package diff -a acme -e test
  cjob iam -a acme -o json > policy.json
  aws iam create-policy --policy-name acme-jobs \\
    --policy-document file://policy.json
  cjob iam -a acme -e prod --session-policy > read.json
  cjob iam diff -a acme --trust github --repository acme/jobs \\
    --account-id 123456789012 > trust.json
  aws iam create-role --role-name ci-read \\
    --assume-role-policy-document file://trust.json
"""

DEFAULT = ("deploy", "run", "runs", "logs")
"""The commands that are meant if none is named: they need all that the others do."""

IDENTITIES = ("caller", "manager")
PARTITIONS = ("aws", "aws-cn", "aws-us-gov")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.set_defaults(command="iam")
    parser.add_argument(
        "commands",
        nargs="*",
        metavar="COMMAND",
        help=f"a command that is to be run (default: {' '.join(DEFAULT)})",
    )
    shared.add_app(parser)
    shared.add_env(parser, "the environment (default: all)")
    parser.add_argument(
        "--partition", choices=PARTITIONS, help="AWS partition (default: that of AWS_REGION)"
    )
    parser.add_argument(
        "--role", choices=IDENTITIES, help="whose policy -o json is (default: caller)"
    )
    parser.add_argument(
        "--session-policy",
        action="store_true",
        help="print a policy for plans, which only reads and assumes no role",
    )
    trust = parser.add_argument_group("to print a role's trust policy")
    trust.add_argument("--trust", choices=("github", "gitlab"), help="the CI system (OIDC)")
    trust.add_argument(
        "--repository",
        metavar="PATH",
        help="the repository, as in OWNER/REPO; with the numbers (OWNER@1/REPO@2) if its "
        "tokens have them",
    )
    trust.add_argument("--account-id", metavar="ID", help="the AWS account that has the role")
    trust.add_argument("--branch", metavar="NAME", help="the branch whose runs may assume it")
    trust.add_argument("--host", help="address of a GitLab of your own (default: gitlab.com)")
    shared.add_common(parser)
    shared.add_output(parser, ("text", "json"), shared.OUTPUT)
