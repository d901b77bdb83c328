"""`cjob iam`: print the AWS permissions that commands need, as text or as policies.

Name the commands that you run (default: deploy, run, runs and logs, which together need everything
that the others need), and create-repository if you pass that option. cjob calls AWS as the caller,
which is a person or a CI role, or as the environment's manager role, which the caller assumes.
Everyone who can assume that role can deploy, whatever their own permissions. Needs no AWS.

-o json prints the policy of one of the two (--role), in the form that aws iam create-policy takes.
--session-policy prints a read-only policy that assumes no role: a session policy, or the policy of
a role that makes plans with --as-caller. --trust prints the trust policy of a role that CI assumes
(OIDC): for pull requests if all named commands only read, for --branch if that is given, and
otherwise for runs that deploy to the environment.
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
"""The commands if none is named: together they need everything that the others need."""

IDENTITIES = ("caller", "manager")
PARTITIONS = ("aws", "aws-cn", "aws-us-gov")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.set_defaults(command="iam")
    parser.add_argument(
        "commands",
        nargs="*",
        metavar="COMMAND",
        help=f"a command that you run (default: {' '.join(DEFAULT)})",
    )
    shared.add_app(parser)
    shared.add_env(parser, "the environment (default: all)")
    parser.add_argument(
        "--partition", choices=PARTITIONS, help="AWS partition (default: that of AWS_REGION)"
    )
    parser.add_argument(
        "--role", choices=IDENTITIES, help="whose policy -o json prints (default: caller)"
    )
    parser.add_argument(
        "--session-policy",
        action="store_true",
        help="print a read-only policy for plans, which assumes no role",
    )
    trust = parser.add_argument_group("to print a role's trust policy")
    trust.add_argument("--trust", choices=("github", "gitlab"), help="the CI system (OIDC)")
    trust.add_argument(
        "--repository",
        metavar="PATH",
        help="the repository, as in OWNER/REPO; with the numbers (OWNER@1/REPO@2) if its "
        "tokens have them",
    )
    trust.add_argument("--account-id", metavar="ID", help="the AWS account of the role")
    trust.add_argument("--branch", metavar="NAME", help="the branch whose runs can assume the role")
    trust.add_argument("--host", help="host of a self-managed GitLab (default: gitlab.com)")
    shared.add_common(parser)
    shared.add_output(parser, ("text", "json"), shared.OUTPUT)
