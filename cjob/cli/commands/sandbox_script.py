"""`cjob sandbox script`: say what the runs of a job do in the sandbox, with no container at all.

Sets what every later attempt does; with --attempt, what one attempt of each run does instead.
"""

# A command's start-up bears no imports but its own.
# ruff: noqa: PLC0415

import argparse
import sys

from cjob.reporting.errors import DONE, InputError

MOST_EXIT_CODE = 255
LONGEST_S = 7 * 24 * 3600

EXAMPLES = """\
examples:
  cjob sandbox script report --log 'good morning'
  cjob sandbox script report --exit 3 --seconds 2
  cjob sandbox script report --attempt 1 --exit 137 --reason 'OutOfMemoryError: killed'
  cjob sandbox script report --stop-code TaskFailedToStart \\
    --reason 'CannotPullContainerError: not found'
  cjob sandbox script report --clear
"""


def options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EXAMPLES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("job", metavar="JOB", help="the job")
    parser.add_argument("-e", "--env", metavar="ENV", help="the environment (default: the first)")
    parser.add_argument("--exit", type=int, default=0, metavar="N", help="exit code (default: 0)")
    parser.add_argument("--reason", default="", metavar="TEXT", help="what ECS gives as the reason")
    parser.add_argument("--stop-code", metavar="CODE", help="how ECS says that the task stopped")
    parser.add_argument("--seconds", type=float, default=0, metavar="S", help="how long it runs")
    parser.add_argument(
        "--log", action="append", default=[], metavar="LINE", help="a line it writes; repeatable"
    )
    parser.add_argument("--attempt", type=int, metavar="N", help="only this attempt of each run")
    parser.add_argument("--clear", action="store_true", help="run containers again")


def run(args: argparse.Namespace) -> int:
    """Write the script, or remove it."""
    from cjob.document.models import check_name
    from cjob.runs import names
    from cjob.sandbox import lifecycle, place, scripts

    folder = place.private_folder()
    contents = lifecycle.running(folder).contents
    env = args.env or contents.envs[0]
    if env not in contents.envs:
        known = ", ".join(contents.envs)
        raise InputError(f"the sandbox has no environment {env!r}", hint=f"it has: {known}")
    family = names.state_machine(contents.app, env, check_name(args.job, "job"))
    if args.clear:
        found = scripts.remove(folder, family)
        _say(f"{args.job}: {'runs containers again' if found else 'had no script'}")
        return DONE
    scripts.write(folder, family, _outcome(args), args.attempt)
    which = f"attempt {args.attempt}" if args.attempt else "every attempt"
    _say(f"{args.job}: {which} now does what you said; try it: cjob run -n {args.job} -e {env}")
    return DONE


def _outcome(args: argparse.Namespace) -> dict[str, object]:
    from cjob.sandbox.scripts import OUTCOMES

    if args.stop_code and args.stop_code not in OUTCOMES:
        raise InputError(
            f"--stop-code {args.stop_code!r} is not one of the choices",
            hint=f"choose one of {', '.join(OUTCOMES)}",
        )
    if args.attempt is not None and args.attempt < 1:
        raise InputError(f"--attempt {args.attempt} is not a count", hint="attempts count from 1")
    if not 0 <= args.exit <= MOST_EXIT_CODE:
        raise InputError(
            f"--exit {args.exit} is not an exit code",
            hint=f"a container ends with a code from 0 to {MOST_EXIT_CODE}",
        )
    if not 0 <= args.seconds <= LONGEST_S:
        raise InputError(
            f"--seconds {args.seconds:g} is not a duration",
            hint=f"pass a number of seconds from 0 to {LONGEST_S}, such as --seconds 2.5",
        )
    outcome = {
        "exitCode": args.exit,
        "reason": args.reason,
        "stopCode": args.stop_code,
        "seconds": args.seconds,
        "log": args.log,
    }
    return {name: value for name, value in outcome.items() if value not in (None, "", [])}


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
