"""The command line: one table of commands, and what holds for all of them.

`cjob build` and `cjob-build` are one command. stdout carries data only; a message, a hint and the
exit status of `errors` are all that a person sees of an error. Nothing heavy is imported before a
command runs.
"""

import argparse
import importlib
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from cjob import __version__, errors
from cjob.errors import CjobError, InputError

# In the order in which people need them.
COMMANDS = {
    "deploy": "build, push, render and deploy jobs",
    "package": "print or write the template of a job and its parameters, or the difference",
    "build": "build a job's images",
    "push": "push images and send files that the stack needs",
    "render": "render the CloudFormation template, its parameters and tags",
    "diff": "compare what was rendered with the live stack",
    "apply": "deploy what a document says",
    "target": "look up the application and the environment in AWS",
    "sandbox": "run a local AWS with an application to try things on",
}

DEPENDENCIES = ("boto3", "botocore", "cfn_flip", "dictdiffer", "docker", "rich", "yaml")

EXIT_STATUSES = """\
exit status:
  0 done, or nothing to do        1 differences, where they were asked for
  2 to be put right by you        3 AWS, the engine or the registry refused
  4 the deployment failed         70 a bug in cjob
  130 interrupted                 141 the reader of stdout went away"""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are errors of cjob's."""

    def __init__(self, **settings: object) -> None:
        """Take what argparse takes; abbreviations of options are not accepted."""
        super().__init__(
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **settings,  # type: ignore[arg-type]
        )

    def error(self, message: str) -> NoReturn:
        """Raise an InputError that points at the help."""
        raise InputError(message, hint=f"see {self.prog} --help")

    def known(self) -> list[str]:
        """Give all options that this parser knows."""
        return list(self._option_string_actions)


def main() -> NoReturn:
    """Run the command that the process was started as, and exit with its status."""
    program = os.path.basename(sys.argv[0])  # noqa: PTH119 - pathlib is a start-up tax
    arguments = sys.argv[1:]
    if program.startswith("cjob-"):
        arguments = [program.removeprefix("cjob-"), *arguments]
    signal.signal(signal.SIGTERM, _terminate)
    status = _guarded(arguments)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        status = errors.CLOSED_PIPE
    if status == errors.CLOSED_PIPE:  # else the interpreter tries, and complains, once more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _guarded(arguments: list[str]) -> int:
    """Run a command; turn whatever it raises into a message and an exit status."""
    try:
        return run(arguments)
    except CjobError as error:
        _tell(error)
        return error.status
    except KeyboardInterrupt:
        sys.stderr.write("cjob: interrupted\n")
        return errors.INTERRUPTED
    except BrokenPipeError:
        return errors.CLOSED_PIPE
    except Exception as error:  # noqa: BLE001 - the one place where a bug becomes a report
        return _report_bug(error)


def run(arguments: list[str]) -> int:
    """Parse the arguments, run the command that they name, and give its exit status."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        sys.stdout.write(_overview())
        return errors.DONE if arguments else errors.INVALID
    if arguments[0] == "--version":
        sys.stdout.write(f"cjob {__version__}\n")
        return errors.DONE
    name, rest = arguments[0], arguments[1:]
    if name not in COMMANDS:
        raise InputError(f"{name!r} is not a command of cjob", hint=_suggest(name, list(COMMANDS)))
    if rest == ["help"]:
        rest = ["--help"]
    command = importlib.import_module(f"cjob.cli.{name}")
    parser = Parser(
        prog=f"cjob {name}",
        description=(command.__doc__ or "").split("\n\n", 1)[-1].strip(),
        epilog=f"{getattr(command, 'EXAMPLES', '')}\n{EXIT_STATUSES}".strip(),
    )
    command.options(parser)
    parsed, unknown = parser.parse_known_args(rest)
    if unknown:
        hint = _suggest(unknown[0].split("=")[0], parser.known()) or f"see {parser.prog} --help"
        raise InputError(f"{parser.prog} has no option or argument {unknown[0]!r}", hint=hint)
    status: int = command.run(parsed)
    return status


def _overview() -> str:
    width = max(map(len, COMMANDS))
    lines = "".join(f"  {name:<{width}}  {summary}\n" for name, summary in COMMANDS.items())
    return (
        "usage: cjob COMMAND [OPTIONS]\n\n"
        "Builds, pushes, renders, compares and deploys scheduled jobs on Amazon ECS.\n\n"
        f"commands (each has --help; cjob-build is cjob build, and so on):\n{lines}\n"
        f"{EXIT_STATUSES}\n"
    )


def _suggest(wrong: str, known: list[str]) -> str:
    import difflib  # noqa: PLC0415 - only for a hint

    near = difflib.get_close_matches(wrong, known, 1)
    return f"did you mean {near[0]!r}?" if near else "see cjob --help"


def _tell(error: CjobError) -> None:
    """Print what failed, each with its place and hint."""
    for problem in getattr(error, "problems", (error,)):
        sys.stderr.write(f"cjob: {_printable(str(problem))}\n")
        if problem.hint:
            sys.stderr.write(f"hint: {_printable(problem.hint)}\n")


def _printable(text: str) -> str:
    """Give a text without the control characters that would drive a terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _report_bug(error: Exception) -> int:
    """Write the traceback into a private file, and say where it is; or what is not installed."""
    missing = error.name or "" if isinstance(error, ModuleNotFoundError) else ""
    if missing.partition(".")[0] in DEPENDENCIES:
        hint = "in a checkout: python3 -m venv .venv && .venv/bin/pip install -e ."
        _tell(InputError(f"the package {missing!r} is not installed", hint=hint))
        return errors.INVALID
    import tempfile  # noqa: PLC0415 - only for a bug
    import traceback  # noqa: PLC0415

    handle, path = tempfile.mkstemp(prefix="cjob-report-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as report:
        report.write(f"cjob {__version__}, Python {sys.version}\n\n")
        report.write("".join(traceback.format_exception(error)))
    name = type(error).__name__
    sys.stderr.write(f"cjob: this is a bug in cjob: {name}: {_printable(str(error))}\n")
    sys.stderr.write(f"hint: the report in {path} says where; send it with what you ran\n")
    return errors.BUG
