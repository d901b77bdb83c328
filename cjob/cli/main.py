"""The command line: one table of commands, and what holds for all of them.

`cjob build` and `cjob-build` are one command. stdout carries data only; a message, a hint and the
exit status of `errors` are all that a person sees of an error. Nothing heavy is imported before a
command runs.
"""

from __future__ import annotations

import errno
import importlib
import itertools
import os
import signal
import sys
import time

from cjob import __version__
from cjob.reporting import errors
from cjob.reporting.errors import CjobError, InputError

TYPE_CHECKING = False  # as `typing` has it, whose import takes longer than all else here
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable
    from types import FrameType, ModuleType
    from typing import NoReturn

    from cjob.cli.parser import Parser

# In the order in which people need them.
COMMANDS = {
    "deploy": "build, push, render and deploy jobs",
    "package": "print or write a job's template and parameters, or the difference",
    "build": "build a job's images",
    "push": "push images and send files that the stack needs",
    "render": "render the CloudFormation template, its parameters and tags",
    "diff": "compare what was rendered with the live stack",
    "apply": "deploy what a document says",
    "show": "print what a saved plan contains",
    "target": "look up the application and the environment in AWS",
    "run": "start a deployed job now, and wait for its end",
    "runs": "list the runs of jobs, and why they failed",
    "logs": "print what a run's containers wrote",
    "stop": "stop a run that has not ended",
    "status": "print what is deployed, when it runs next and how it ran lately",
    "manifest": "show what a manifest comes to in one environment",
    "schema": "print the JSON Schema of a manifest or of the document",
    "completion": "print a script with which bash, zsh or fish completes commands",
    "list": "list the workspace's jobs, the environments, or a job's inputs",
    "iam": "print the permissions in AWS that commands need, as policies",
    "doctor": "check AWS, the workspace, the engine and the sandbox",
    "version": "print the version, or those of Python and the libraries too",
    "sandbox": "run a local AWS with an application to try things on",
}

# Those that are programs of their own, too: `cjob-build` is `cjob build`.
DASHED = ("build", "push", "render", "diff", "apply", "target")

SAME_MOMENT_S = 0.1

# What the machine can't give is not a bug in cjob.
OF_THE_MACHINE = {
    errno.ENAMETOOLONG: "use a shorter name: most file systems take 255 bytes",
    errno.EMFILE: errors.MORE_FILES,
    errno.ENFILE: "too many files are open on this machine; close some programs",
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room on the disk",
    errno.EROFS: "work in a folder that can be written to",
    errno.ENOMEM: "free some memory, or work on fewer jobs at once: --jobs 1",
    errno.EAGAIN: "let more processes and threads run at once: ulimit -u",
}

DEPENDENCIES = ("boto3", "botocore", "cfn_flip", "dictdiffer", "docker", "rich", "shtab", "yaml")

EXIT_STATUSES = """\
exit status:
  0 done, or nothing to do        1 differences, where they were asked for
  2 to be put right by you        3 AWS, the engine or the registry refused
  4 the deployment or run failed  5 still running after --max-wait
  70 a bug in cjob
  130 interrupted                 141 the reader of stdout went away"""


def main() -> NoReturn:
    """Run the command that the process was started as, and exit with its status."""
    program = os.path.basename(sys.argv[0])  # noqa: PTH119 - pathlib is a start-up tax
    arguments = sys.argv[1:]
    if program.startswith("cjob-"):
        arguments = [program.removeprefix("cjob-"), *arguments]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # A shell has background commands ignore Ctrl-C, and nohup the end of the terminal.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _interrupt)
    try:
        status = _guarded(arguments)
    except KeyboardInterrupt:  # one more, while the first was being told
        status = errors.INTERRUPTED
    # An orderly end would wait for threads that wait for AWS, and write once more to streams
    # that nobody reads; all that is to be written has been.
    os._exit(status)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt for Ctrl-C, SIGTERM and SIGHUP; two at the same moment are one."""
    global _interrupted_by
    last, _interrupted_by = _interrupted_by, (number, time.monotonic())
    if last[0] in (0, number) or _interrupted_by[1] - last[1] > SAME_MOMENT_S:
        raise KeyboardInterrupt


_interrupted_by = (0, 0.0)


def _guarded(arguments: list[str]) -> int:
    """Run a command; turn whatever it raises into a message and an exit status."""
    told: CjobError
    try:
        return _complete(arguments)
    except CjobError as error:
        told = error
    except KeyboardInterrupt:
        told = errors.Interrupted("interrupted")
    except BrokenPipeError:
        return errors.CLOSED_PIPE
    except Exception as error:  # noqa: BLE001 - the one place where a bug becomes a report
        told = errors.Interrupted("interrupted") if _torn(error) else _explained(error)
    from cjob.cli.output import console  # noqa: PLC0415 - only for an error

    log_format, folder = _given(arguments, "--log-format"), _given(arguments, "-C", "--directory")
    console.Console(log_format, folder or ".").tell(told)
    return told.status


def _torn(error: Exception) -> bool:
    """Return whether a second Ctrl-C tore a lock while what the first one raised was on its way."""
    return isinstance(error, RuntimeError) and isinstance(error.__context__, KeyboardInterrupt)


def _complete(arguments: list[str]) -> int:
    """Run a command with all three streams open, to its last byte of output."""
    is_closed = sys.stdout is None
    # Each takes the lowest free number, so the order puts every one where it belongs.
    sys.stdin = sys.stdin or open(os.devnull)  # noqa: PTH123, SIM115 - see above
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: PTH123, SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: PTH123, SIM115
    if is_closed:
        raise InputError("stdout is closed", hint="send it to a file, a pipe or /dev/null")
    try:
        status = dispatch(arguments)
    except SystemExit as end:  # argparse ends like this after --help
        status = int(end.code or errors.DONE)
    sys.stdout.flush()
    return status


def _given(arguments: list[str], *names: str) -> str:
    """Return the value that was given to an option, however wrong the arguments are."""
    for argument, value in itertools.pairwise([*arguments, ""]):
        name, sign, joined = argument.partition("=")
        if name in names:
            return joined if sign else value
    return ""


def dispatch(arguments: list[str]) -> int:
    """Parse the arguments, run the command that they name, and give its exit status."""
    if not arguments:
        sys.stderr.write(_overview())
        return errors.INVALID
    if arguments[0] in ("-h", "--help", "help"):
        if arguments[0] == "help":
            return _help(arguments[1:])
        sys.stdout.write(_overview())
        return errors.DONE
    if arguments[0] == "--version":
        sys.stdout.write(f"cjob {__version__}\n")
        return errors.DONE
    name, rest = arguments[0], arguments[1:]
    if name not in COMMANDS:
        from cjob.cli import copilot_aliases  # noqa: PLC0415 - only for these

        known = copilot_aliases.meant(arguments)
        if known is not None:
            return dispatch(known)
        if name.startswith("-"):
            first = "a command comes first, as in cjob deploy -n report"
            hint = _suggest(name, ("--help", "--version"), first)
            raise InputError(f"{name!r} is not an option of cjob itself", hint=hint)
        raise InputError(f"{name!r} is not a command of cjob", hint=_suggest(name, COMMANDS))
    if rest == ["help"]:
        rest = ["--help"]
    from cjob.cli.parser import Parser  # noqa: PLC0415 - the overview needs none

    declared = arguments_of(name)
    parser = Parser(
        prog=f"cjob {name}",
        description=declared.description,
        epilog=f"{declared.examples}\n{EXIT_STATUSES}".strip(),
    )
    declared.add_to(parser)
    parsed, unknown = parser.parse_known_args(rest)
    if unknown:
        raise _unexpected(unknown, rest, parser)
    parsed.typed = tuple(rest)
    # The one lazy seam: until here no module was imported that help and parsing do not need.
    status: int = importlib.import_module(f"cjob.cli.commands.{name}").run(parsed)
    return status


class Arguments:
    """What a command takes: its module in `cjob.cli.arguments`."""

    def __init__(self, module: ModuleType) -> None:
        """Read the module's docstring and examples; `add_to` adds the arguments to a parser."""
        self.description = (module.__doc__ or "").split("\n\n", 1)[-1].strip()
        self.examples: str = getattr(module, "EXAMPLES", "")
        self.add_to: Callable[[argparse.ArgumentParser], None] = module.add_arguments


def arguments_of(name: str) -> Arguments:
    """Return what a command takes, without importing what runs it."""
    return Arguments(importlib.import_module(f"cjob.cli.arguments.{name}"))


def _unexpected(unknown: list[str], rest: list[str], parser: Parser) -> InputError:
    """Return the error for arguments that a command does not take."""
    hint = f"see {parser.prog} --help"
    if parser.prog == "cjob apply" and unknown[0] in ("-n", "--name", "-e", "--env", "--all"):
        hint = "name the files of plans; to deploy from the workspace: cjob deploy"
    elif unknown[0].startswith("-"):
        hint = _suggest(unknown[0].split("=")[0], parser.known(), hint)
    elif parser.takes_jobs_only():
        import shlex  # noqa: PLC0415 - only for a hint

        hint = f"name jobs with -n: {parser.prog} {shlex.join(parser.with_names(rest, unknown))}"
    return InputError(f"unexpected argument {unknown[0]!r} of {parser.prog}", hint=hint)


def _help(arguments: list[str]) -> int:
    """Show the page of a topic, else the help of a command; without either, list them."""
    from cjob.cli import copilot_aliases, help_topics  # noqa: PLC0415 - only here

    known = help_topics.names()
    is_command = bool(arguments) and (arguments[0] in COMMANDS or arguments[0].startswith("-"))
    if tuple(arguments) in copilot_aliases.SAME or (is_command and arguments[0] not in known):
        return dispatch([*arguments, "--help"])
    if not arguments:
        sys.stdout.write(_overview() + help_topics.overview())
    elif arguments[0] in known:
        help_topics.show(arguments[0])
    else:
        message = f"{arguments[0]!r} is neither a command of cjob nor a topic"
        hint = _suggest(arguments[0], [*COMMANDS, *known], "see cjob help")
        raise InputError(message, hint=hint)
    return errors.DONE


def _overview() -> str:
    width = max(map(len, COMMANDS))
    lines = "".join(f"  {name:<{width}}  {summary}\n" for name, summary in COMMANDS.items())
    return (
        "usage: cjob COMMAND [OPTIONS]\n\n"
        "Builds, pushes, renders, compares and deploys scheduled jobs on Amazon ECS.\n\n"
        f"commands (each has --help; cjob-build is cjob build, and so on):\n{lines}\n"
        "cjob help lists longer pages, on images, CI, stack states and more\n\n"
        f"{EXIT_STATUSES}\n"
    )


def _suggest(wrong: str, known: Iterable[str], instead: str = "see cjob --help") -> str:
    import difflib  # noqa: PLC0415 - only for a hint

    begun = [word for word in known if wrong and _begins(word, wrong)]
    near = begun or difflib.get_close_matches(wrong, known, 1)
    return f"did you mean {near[0]!r}?" if near else instead


def _begins(word: str, wrong: str) -> bool:
    """Return whether one is the beginning of the other; what has a letter only begins anything."""
    return word.startswith(wrong) or (len(word) > len("-x-") and wrong.startswith(word))


def _explained(error: Exception) -> CjobError:
    """Say of any other exception what is locked or not installed, or where a bug's report is."""
    if isinstance(error, PermissionError) and error.filename:
        hint = "check the permissions of it, and of the folders above it"
        return InputError(f"no access to {str(error.filename)!r}: {error.strerror}", hint=hint)
    if isinstance(error, OSError) and error.errno in OF_THE_MACHINE:
        subject = f"{str(error.filename)[:80]!r}: " if error.filename else ""
        message = f"{subject}{(error.strerror or '').lower()}"
        return InputError(message, hint=OF_THE_MACHINE[error.errno])
    missing = error.name or "" if isinstance(error, ModuleNotFoundError) else ""
    if missing.partition(".")[0] in DEPENDENCIES:
        hint = "in a checkout: python3 -m venv .venv && .venv/bin/pip install -e ."
        return InputError(f"the package {missing!r} is not installed", hint=hint)
    try:
        hint = f"the report in {_report(error)} says where; send it with what you ran"
    except OSError:
        hint = "no report could be written; set TMPDIR to a folder that takes one, and run it again"
    return CjobError(f"this is a bug in cjob: {type(error).__name__}: {error}", hint=hint)


def _report(error: Exception) -> str:
    """Write the traceback into a file that only its owner may read; give the file's path."""
    import tempfile  # noqa: PLC0415 - only for a bug
    import traceback  # noqa: PLC0415

    handle, path = tempfile.mkstemp(prefix="cjob-report-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as report:
        report.write(f"cjob {__version__}, Python {sys.version}\n\n")
        report.write("".join(traceback.format_exception(error)))
    return path
