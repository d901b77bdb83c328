"""The command line: the table of commands, dispatch, signals and exit statuses.

`cjob build` and `cjob-build` are one command. stdout carries data only; people read stderr.
What a command needs is imported when it runs: `dispatch` imports `arguments/NAME.py` to parse and
`commands/NAME.py` to run, and other modules of cjob for help pages and errors alone.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import time

from cjob import __version__
from cjob.reporting import errors
from cjob.reporting.errors import InputError

TYPE_CHECKING = False  # as in `typing`, whose import takes longer than all else here
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from types import FrameType, ModuleType
    from typing import NoReturn

# In the order in which people need them.
COMMANDS = {
    "deploy": "build, push, render and deploy jobs",
    "package": "print or write a job's template and parameters, or the difference",
    "build": "build a job's images",
    "push": "push images, and upload the files that the stack needs",
    "render": "render the CloudFormation template, its parameters and tags",
    "diff": "compare a rendered template with the deployed stack",
    "apply": "deploy a rendered document",
    "show": "print what a saved plan contains",
    "target": "look up the application and the environment in AWS",
    "run": "run a deployed job now, and wait for it to end",
    "runs": "list the runs of jobs, and why they failed",
    "logs": "print what a run's containers wrote",
    "stop": "stop a run that has not ended",
    "status": "print what is deployed, when it runs next and how it ran",
    "manifest": "show the resolved manifest for an environment",
    "schema": "print the JSON Schema of a manifest or of the document",
    "completion": "print a completion script for bash, zsh or fish",
    "list": "list the workspace's jobs, the environments, or a job's inputs",
    "iam": "print the AWS permissions that commands need, as policies",
    "doctor": "check AWS, the workspace, the container engine and the sandbox",
    "version": "print the versions of cjob, Python and the libraries",
    "sandbox": "run a local AWS with an application to try cjob on",
}

# Those that are programs of their own, too: `cjob-build` is `cjob build`.
DASHED = ("build", "push", "render", "diff", "apply", "run", "target")

SAME_MOMENT_S = 0.1
"""Two signals that arrive within this time are one: a terminal and a parent may both send them."""

EXIT_STATUSES = """\
exit status:
  0 done, or nothing to do        1 differences, if asked for
  2 error in your input           3 AWS, the engine or the registry refused
  4 the deployment or run failed  5 still running after --max-wait
  70 a bug in cjob                130 interrupted
  141 stdout was closed"""


def main() -> NoReturn:
    """Run the command that the process was started as, and exit with its status."""
    program = os.path.basename(sys.argv[0])  # noqa: PTH119 - pathlib slows the start
    arguments = sys.argv[1:]
    if program.startswith("cjob-"):
        arguments = [program.removeprefix("cjob-"), *arguments]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Shells start background commands with Ctrl-C ignored, and nohup ignores SIGHUP.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _interrupt)
    try:
        status = run_reporting_errors(arguments)
    except KeyboardInterrupt:  # another one, while the first was being reported
        status = errors.INTERRUPTED
    # An orderly exit would wait for threads that wait for AWS, and flush streams that nobody
    # reads; everything has been written by now.
    os._exit(status)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt for a signal, once for two different ones at the same moment."""
    global _interrupted_by
    last, _interrupted_by = _interrupted_by, (number, time.monotonic())
    if last[0] in (0, number) or _interrupted_by[1] - last[1] > SAME_MOMENT_S:
        raise KeyboardInterrupt


_interrupted_by = (0, 0.0)


def run_reporting_errors(arguments: list[str]) -> int:
    """Run a command and return its exit status; report whatever it raises."""
    try:
        return run_with_streams(arguments)
    except BrokenPipeError:
        return errors.CLOSED_PIPE
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - a bug becomes a report here
        from cjob.cli import failures  # noqa: PLC0415 - takes longer than a help; for errors alone

        return failures.report(error, arguments)


def run_with_streams(arguments: list[str]) -> int:
    """Run a command with all three streams open, and flush its output."""
    is_closed = sys.stdout is None
    # Each takes the lowest free descriptor, so in this order each gets its own.
    sys.stdin = sys.stdin or open(os.devnull)  # noqa: PTH123, SIM115 - see above
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: PTH123, SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: PTH123, SIM115
    if is_closed:
        raise InputError("stdout is closed", hint="send it to a file, a pipe or /dev/null")
    try:
        status = dispatch(arguments)
    except SystemExit as end:  # argparse exits like this after --help
        status = int(end.code or errors.DONE)
    sys.stdout.flush()
    return status


def dispatch(arguments: list[str]) -> int:
    """Parse the arguments, run the command that they name, and return its exit status."""
    if not arguments:
        sys.stderr.write(_overview())
        return errors.INVALID
    name, rest = arguments[0], arguments[1:]
    if name in ("-h", "--help"):
        sys.stdout.write(_overview())
        return errors.DONE
    if name == "--version":
        sys.stdout.write(f"cjob {__version__}\n")
        return errors.DONE
    if name == "help":
        return _help(rest)
    if name in COMMANDS:
        return _run(name, ["--help"] if rest == ["help"] else rest)
    from cjob.cli import copilot_aliases, usage  # noqa: PLC0415 - see run_reporting_errors

    translated = copilot_aliases.translate(arguments)
    if translated is None:
        raise usage.unknown_command(name, COMMANDS)
    return dispatch(translated)


def _run(name: str, typed: list[str]) -> int:
    """Parse the arguments of a command, run it, and return its exit status."""
    from cjob.cli.parser import Parser  # noqa: PLC0415 - argparse: half of the time of cjob --help

    arguments = arguments_of(name)
    parser = Parser(
        prog=f"cjob {name}",
        description=arguments.description,
        epilog=f"{arguments.examples}\n{EXIT_STATUSES}".strip(),
    )
    arguments.add_to(parser)
    parsed, unknown = parser.parse_known_args(typed)
    if unknown:
        from cjob.cli import usage  # noqa: PLC0415 - see run_reporting_errors

        raise usage.unexpected_argument(unknown, typed, parser)
    parsed.typed = tuple(typed)
    # The one lazy seam: what runs a command is imported here, and its imports are at its top.
    status: int = importlib.import_module(f"cjob.cli.commands.{name}").run(parsed)
    return status


class Arguments:
    """What a command takes, as its module in `cjob.cli.arguments` declares it."""

    def __init__(self, module: ModuleType) -> None:
        """Read the module's docstring and examples; `add_to` adds the arguments to a parser."""
        self.description = (module.__doc__ or "").split("\n\n", 1)[-1].strip()
        self.examples: str = getattr(module, "EXAMPLES", "")
        self.add_to: Callable[[argparse.ArgumentParser], None] = module.add_arguments


def arguments_of(name: str) -> Arguments:
    """Return what a command takes, without importing what runs it."""
    return Arguments(importlib.import_module(f"cjob.cli.arguments.{name}"))


def _help(arguments: list[str]) -> int:
    """Print the page of a topic or the help of a command; without arguments, list both."""
    from cjob.cli import copilot_aliases, help_topics, usage  # noqa: PLC0415 - as above

    topics = help_topics.names()
    is_command = bool(arguments) and (arguments[0] in COMMANDS or arguments[0].startswith("-"))
    if tuple(arguments) in copilot_aliases.SAME or (is_command and arguments[0] not in topics):
        return dispatch([*arguments, "--help"])
    if not arguments:
        sys.stdout.write(_overview() + help_topics.overview())
    elif arguments[0] in topics:
        help_topics.show(arguments[0])
    else:
        raise usage.unknown_topic(arguments[0], [*COMMANDS, *topics])
    return errors.DONE


def _overview() -> str:
    width = max(map(len, COMMANDS))
    lines = "".join(f"  {name:<{width}}  {summary}\n" for name, summary in COMMANDS.items())
    return (
        "usage: cjob COMMAND [OPTIONS]\n\n"
        "Build, push, render, compare and deploy scheduled jobs on Amazon ECS.\n\n"
        f"commands (each has --help; cjob-build is cjob build, and so on):\n{lines}\n"
        "cjob help lists more pages: images, CI, stack states and others\n\n"
        f"{EXIT_STATUSES}\n"
    )
