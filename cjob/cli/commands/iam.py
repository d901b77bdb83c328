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
import os
import re

from cjob.cli import job_options
from cjob.cli.output import console
from cjob.reporting.errors import DONE, InputError

TYPE_CHECKING = False  # see cjob.cli.parser
if TYPE_CHECKING:
    from cjob.aws.policies import Repository, Scope

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


def options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.set_defaults(command="iam")
    parser.add_argument(
        "commands",
        nargs="*",
        metavar="COMMAND",
        help=f"a command that is to be run (default: {' '.join(DEFAULT)})",
    )
    job_options.app_option(parser)
    parser.add_argument("-e", "--env", metavar="ENV", help="the environment (default: all)")
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
    job_options.common(parser)
    parser.add_argument("-o", "--output", choices=("text", "json"), help=job_options.OUTPUT)


def run(args: argparse.Namespace) -> int:
    """Write a policy, or the permissions as text."""
    from cjob.aws import policies, rights  # noqa: PLC0415 - help needs none of these
    from cjob.cli.output import permissions  # noqa: PLC0415

    for command in args.commands:
        if command not in rights.STAGES:
            raise InputError(
                f"{command!r} is not a command that calls AWS",
                hint=f"those are: {', '.join(rights.STAGES)}",
            )
    _check_combination(args)
    scope = _scope(args)
    if args.trust:
        console.write(_trust(args, scope))
        return DONE
    if args.session_policy:
        console.write(policies.session_policy(scope))
        return DONE
    needed = rights.needed(args.commands or DEFAULT)
    if job_options.output_form(args) == "json":
        own = [right for right in needed if right.identity == (args.role or rights.CALLER)]
        console.write(policies.document(own, scope))
    else:
        identities = [args.role] if args.role else IDENTITIES
        console.write(permissions.explained(needed, scope, identities))
    return DONE


def _check_combination(args: argparse.Namespace) -> None:
    """Raise InputError if an option would be ignored beside the others."""
    from cjob.aws.policies import READING  # noqa: PLC0415 - help needs none of it

    kinds = {"--role": args.role, "--session-policy": args.session_policy, "--trust": args.trust}
    given = [option for option, value in kinds.items() if value]
    if len(given) > 1:
        raise InputError(
            f"{' and '.join(given)} are for different policies", hint="pass one of them"
        )
    details = ("repository", "account_id", "branch", "host")
    if not args.trust and (unused := [name for name in details if getattr(args, name) is not None]):
        raise InputError(
            f"--{unused[0].replace('_', '-')} is for trust policies",
            hint="add --trust github or --trust gitlab, or leave it out",
        )
    if args.session_policy and (more := [c for c in args.commands if c not in READING]):
        raise InputError(
            f"--session-policy: {more[0]!r} is not one of the commands that only read",
            hint=f"those are: {', '.join(READING)}; leave the command out for all of them",
        )


def _trust(args: argparse.Namespace, scope: "Scope") -> str:
    """Return the trust policy that the arguments ask for."""
    from cjob.aws import policies  # noqa: PLC0415 - help needs none of it

    repository = _repository(args)
    reads = bool(args.commands) and set(args.commands) <= set(policies.READING)
    env = "" if scope.env == "*" else scope.env
    if args.trust == policies.GITHUB and not (reads or args.branch or env):
        raise InputError(
            "--trust github: no environment, and no branch",
            hint="name the environment that the runs deploy to with -e, or their --branch",
        )
    subject = policies.subject(repository, env=env, branch=args.branch or "", reads=reads)
    return policies.trust_policy(repository, subject, scope)


# A `*` would let in more than one repository, and a colon starts the next part of the subject.
REPOSITORY = re.compile(r"[\w.@-]+(?:/[\w.@-]+)+")
ACCOUNT = re.compile(r"\d{12}")
HOST = re.compile(r"[a-z0-9.-]+(?::\d+)?(?:/[\w./-]+)?")
BRANCH = re.compile(r"[^\s:*?]+")


def _repository(args: argparse.Namespace) -> "Repository":
    from cjob.aws.policies import GITHUB, HOSTS, Repository  # noqa: PLC0415

    if args.host and args.trust == GITHUB:
        raise InputError("--host belongs to --trust gitlab", hint="leave it out")
    for option, given, form, example in (
        ("--repository", args.repository, REPOSITORY, "acme/jobs"),
        ("--account-id", args.account_id, ACCOUNT, "123456789012"),
        ("--branch", args.branch, BRANCH, "main"),
        ("--host", args.host, HOST, "gitlab.example.com"),
    ):
        if given is None and option in ("--branch", "--host"):
            continue
        if not form.fullmatch(given or ""):
            problem = "missing" if given is None else f"{given!r} is not valid"
            raise InputError(f"{option}: {problem}", hint=f"pass it, as in {option} {example}")
    host = args.host or HOSTS[args.trust]
    return Repository(args.trust, args.repository, host, args.account_id)


def _scope(args: argparse.Namespace) -> "Scope":
    """Return the names that permissions are confined to."""
    from pathlib import Path  # noqa: PLC0415 - help needs none of these

    from cjob.aws.policies import Scope  # noqa: PLC0415
    from cjob.context import Collaborators  # noqa: PLC0415
    from cjob.document import names  # noqa: PLC0415
    from cjob.document.models import check_name  # noqa: PLC0415

    app = job_options.application(args, Collaborators(Path(args.directory), lambda _: None))
    env = "*" if args.env is None else check_name(args.env, "environment")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION", "")
    return Scope(app=app, env=env, partition=args.partition or names.partition(region))
