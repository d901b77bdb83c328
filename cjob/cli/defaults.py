"""Which jobs and environment a composite works on, if the command line names none.

The only candidate is used, and that is printed. Several are offered as a numbered list on a
terminal, and listed in the error elsewhere.
"""

import argparse
import os
import shlex
from collections.abc import Sequence

from cjob.cli import job_options, prompts
from cjob.cli.arguments.shared import ENVIRONMENT
from cjob.cli.output import console
from cjob.context import RunContext
from cjob.reporting.errors import InputError


def complete(
    args: argparse.Namespace, context: RunContext, talk: console.Console
) -> argparse.Namespace:
    """Fill in the jobs and the environment that the command line does not name.

    After a question the command that needs none is printed.
    """
    answers: list[str] = []
    if args.name is None and not args.all:
        found = job_options.all_jobs(context)
        job_options.check_any(found)
        chosen = _choose(found, "job", "-n", talk, or_all=True)
        args.name = chosen
        if len(found) > 1:
            everything = sorted(chosen) == sorted(found)
            answers += ["--all"] if everything else [w for job in chosen for w in ("-n", job)]
    if args.env is None and not args.target:
        args.env = os.environ.get(ENVIRONMENT) or None
        if args.env is not None:
            talk.say(f"using environment {args.env} ({ENVIRONMENT})")
    if args.env is None and not args.target:
        app = job_options.application(args, context)
        with talk.waiting(f"looking up the environments of {app}"):
            found = context.directory.environments(app)
        if not found:
            raise InputError(
                f"application {app!r} has no environment",
                hint="deploy one first; see cjob help application",
            )
        (args.env,) = _choose(found, "environment", "-e", talk)
        if len(found) > 1:
            answers += ["-e", args.env]
    if answers:
        typed = [*getattr(args, "typed", ()), *answers]
        talk.say(f"the same without questions: cjob {args.command} {shlex.join(typed)}")
    return args


def _choose(
    candidates: Sequence[str], what: str, flag: str, talk: console.Console, *, or_all: bool = False
) -> list[str]:
    """Return the only candidate, or those that the person picks; InputError if nobody can."""
    if len(candidates) == 1:
        talk.say(f"using {what} {candidates[0]} (the only one)")
        return [candidates[0]]
    if not console.can_ask():
        hint = f"name one with {flag}" + (", or take all of them: --all" if or_all else "")
        raise InputError(f"several {what}s: {', '.join(candidates)}", hint=hint)

    return prompts.choose(candidates, what, flag, several=or_all)
