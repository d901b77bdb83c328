"""Errors for arguments that cjob does not take, with what was probably meant."""

import shlex
from collections.abc import Iterable, Sequence

from cjob.cli.parser import Parser
from cjob.reporting.errors import InputError
from cjob.reporting.suggestions import did_you_mean

SEE_HELP = "see cjob --help"


def unknown_command(name: str, commands: Iterable[str]) -> InputError:
    """Return the error for a first word that is not a command."""
    if name.startswith("-"):
        hint = did_you_mean(
            name, ("--help", "--version"), "a command comes first, as in cjob deploy -n report"
        )
        return InputError(f"{name!r} is not an option of cjob itself", hint=hint)
    return InputError(
        f"{name!r} is not a command of cjob", hint=did_you_mean(name, commands, SEE_HELP)
    )


def unknown_topic(name: str, known: Iterable[str]) -> InputError:
    """Return the error for the help of something that has none."""
    return InputError(
        f"{name!r} is neither a command of cjob nor a help topic",
        hint=did_you_mean(name, known, "see cjob help"),
    )


def unexpected_argument(
    unknown: Sequence[str], arguments: Sequence[str], parser: Parser
) -> InputError:
    """Return the error for arguments that a command does not take; `unknown` has them."""
    first = unknown[0]
    message, hint = f"unexpected argument {first!r}", f"see {parser.prog} --help"
    if parser.prog == "cjob apply" and first in ("-n", "--name", "-e", "--env", "--all"):
        hint = "name the files of plans; to deploy from the workspace: cjob deploy"
    elif first.startswith("-"):
        hint = did_you_mean(first.split("=")[0], parser.known(), hint)
    elif parser.takes_jobs_only():
        message += f" (did you mean: -n {shlex.quote(first)})"
        typed = shlex.join(parser.with_names(arguments, unknown))
        hint = f"name jobs with -n: {parser.prog} {typed}"
    return InputError(message, hint=hint)
