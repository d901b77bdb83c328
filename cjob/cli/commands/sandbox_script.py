"""Run `cjob sandbox script`."""

import argparse
import sys

from cjob.document.models import check_name
from cjob.reporting.errors import DONE, InputError
from cjob.runs import names
from cjob.sandbox import lifecycle, scripts, state
from cjob.sandbox.scripts import OUTCOMES

MOST_EXIT_CODE = 255
LONGEST_S = 7 * 24 * 3600


def run(args: argparse.Namespace) -> int:
    """Write the script, or remove it."""
    folder = state.private_folder()
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
