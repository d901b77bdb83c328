"""Questions on the terminal, asked until the answer is valid, and what they fill in.

Reading an answer (`matching`) is pure; only `terminal.ask` touches the terminal.
"""

import argparse
import os
import shlex
from collections.abc import Callable, Sequence

from cjob.cli import job_options
from cjob.cli.arguments.shared import ENVIRONMENT
from cjob.cli.output import terminal
from cjob.cli.output.console import Console
from cjob.context import RunContext
from cjob.reporting.errors import InputError

Ask = Callable[[str], str]

ALL = "all"
NO_ANSWER = "no {what} was chosen"


def complete_arguments(
    args: argparse.Namespace, context: RunContext, console: Console
) -> argparse.Namespace:
    """Fill in the jobs and the environment that the command line does not name.

    The only candidate is used, and printed. If there are several, the person chooses on a terminal,
    and the command that asks no question is printed. Raise InputError if there is no terminal.
    """
    answers: list[str] = []
    if args.name is None and not args.all:
        found = job_options.all_jobs(context)
        job_options.check_any(found)
        chosen = _choose(found, "job", "-n", console, or_all=True)
        args.name = chosen
        if len(found) > 1:
            everything = sorted(chosen) == sorted(found)
            answers += ["--all"] if everything else [w for job in chosen for w in ("-n", job)]
    if args.env is None and not args.target:
        args.env = os.environ.get(ENVIRONMENT) or None
        if args.env is not None:
            console.info(f"using environment {args.env} ({ENVIRONMENT})")
    if args.env is None and not args.target:
        app = job_options.application(args, context)
        with console.waiting(f"looking up the environments of {app}"):
            found = context.directory.environments(app)
        if not found:
            raise InputError(
                f"application {app!r} has no environment",
                hint="deploy one first; see cjob help application",
            )
        (args.env,) = _choose(found, "environment", "-e", console)
        if len(found) > 1:
            answers += ["-e", args.env]
    if answers:
        typed = [*getattr(args, "typed", ()), *answers]
        console.info(f"to skip the questions: cjob {args.command} {shlex.join(typed)}")
    return args


def _choose(
    candidates: Sequence[str], what: str, flag: str, console: Console, *, or_all: bool = False
) -> list[str]:
    """Return the only candidate, or those that the person chooses; else InputError."""
    if len(candidates) == 1:
        console.info(f"using {what} {candidates[0]} (the only one)")
        return [candidates[0]]
    if not terminal.can_ask():
        hint = f"name one with {flag}" + (", or pass --all" if or_all else "")
        raise InputError(f"several {what}s: {', '.join(candidates)}", hint=hint)
    return choose(candidates, what, flag, several=or_all)


def choose(
    candidates: Sequence[str],
    what: str,
    flag: str,
    *,
    several: bool = False,
    ask: Ask | None = None,
) -> list[str]:
    """Return what the person chooses from a numbered list: one name, or several.

    A wrong answer is explained, and asked for again. Raise InputError if the terminal is closed.
    """
    ask = ask or terminal.ask
    width = len(str(len(candidates)))
    rows = (f"  {number:>{width}}  {name}\n" for number, name in enumerate(candidates, 1))
    form = f" (number or name; several as 1,2; or {ALL})" if several else " (number or name)"
    question = f"Which {what}{'s' if several else ''}?{form} "
    shown = "".join(rows) + question
    while answer := ask(shown):
        try:
            return matching(answer, candidates, several=several)
        except InputError as error:
            shown = f"{error}\n{question}"
    raise InputError(NO_ANSWER.format(what=what), hint=f"name the {what} with {flag}")


def matching(answer: str, candidates: Sequence[str], *, several: bool = False) -> list[str]:
    """Return the candidates that an answer names, in its order; InputError if it names none.

    An answer is a name, a number, the beginning of one name, or (with `several`) a list of these
    or `all`. A complete name wins over everything else that it could mean.
    """
    words = answer.replace(",", " ").split()
    if not words:
        raise InputError("the answer is empty")
    if len(words) > 1 and not several:
        raise InputError(f"{answer.strip()!r} is more than one name: choose one")
    if several and ALL in words and ALL not in candidates:
        return list(candidates)
    return list(dict.fromkeys(_one(word, candidates) for word in words))


def _one(word: str, candidates: Sequence[str]) -> str:
    if word in candidates:
        return word
    if word.isdecimal() and 1 <= int(word) <= len(candidates):
        return candidates[int(word) - 1]
    begun = [name for name in candidates if name.startswith(word)]
    if len(begun) > 1:
        raise InputError(f"{word!r} is ambiguous: {', '.join(begun)}")
    if not begun:
        raise InputError(f"{word!r} is not one of the choices")
    return begun[0]


def confirm(question: str, ask: Ask | None = None) -> bool:
    """Return whether the person agrees; Enter and a closed terminal mean no."""
    ask = ask or terminal.ask
    shown = question
    while answer := ask(shown):
        word = answer.strip().lower()
        if word in ("y", "yes"):
            return True
        if word in ("", "n", "no"):
            return False
        shown = f"{word!r} is not an answer; y or n? "
    return False
