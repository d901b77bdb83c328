"""Run `cjob iam`."""

import argparse
import os
import re
from pathlib import Path

from cjob.aws import policies, rights
from cjob.aws.policies import GITHUB, HOSTS, READING, Repository, Scope
from cjob.cli import job_options
from cjob.cli.arguments.iam import DEFAULT, IDENTITIES
from cjob.cli.output import permissions, streams
from cjob.context import RunContext
from cjob.document import names
from cjob.document.models import check_name
from cjob.reporting.errors import DONE, InputError

"""The commands that are meant if none is named: they need all that the others do."""


def run(args: argparse.Namespace) -> int:
    """Write a policy, or the permissions as text."""
    for command in args.commands:
        if command not in rights.STAGES:
            raise InputError(
                f"{command!r} is not a command that calls AWS",
                hint=f"those are: {', '.join(rights.STAGES)}",
            )
    _check_combination(args)
    scope = _scope(args)
    if args.trust:
        streams.write(_trust(args, scope))
        return DONE
    if args.session_policy:
        streams.write(policies.session_policy(scope))
        return DONE
    needed = rights.needed(args.commands or DEFAULT)
    if job_options.output_form(args) == "json":
        own = [right for right in needed if right.identity == (args.role or rights.CALLER)]
        streams.write(policies.document(own, scope))
    else:
        identities = [args.role] if args.role else IDENTITIES
        streams.write(permissions.format_permissions(needed, scope, identities))
    return DONE


def _check_combination(args: argparse.Namespace) -> None:
    """Raise InputError if an option would be ignored beside the others."""
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


def _trust(args: argparse.Namespace, scope: Scope) -> str:
    """Return the trust policy that the arguments ask for."""
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


def _repository(args: argparse.Namespace) -> Repository:
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


def _scope(args: argparse.Namespace) -> Scope:
    """Return the names that permissions are confined to."""
    app = job_options.application(args, RunContext(Path(args.directory), lambda _: None))
    env = "*" if args.env is None else check_name(args.env, "environment")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION", "")
    return Scope(app=app, env=env, partition=args.partition or names.partition(region))
