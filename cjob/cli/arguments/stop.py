"""`cjob stop`: stop a run that has not ended.

Without --run it stops the run that is running, if there is only one. It asks on a terminal; without
one, pass --yes or name the run. If you are not allowed to stop the execution, the task of each of
its attempts is stopped, until Step Functions starts no more.
"""

import argparse

from cjob.cli.arguments import operations, shared

EXAMPLES = """\
examples:
  cjob stop -n report -e prod
  cjob stop -n report -e prod --run last --reason 'wrong input' --yes
  cjob stop -n report -e prod --run running --yes      (all that are running)
"""

# What ECS keeps of a reason.
MOST_REASON = 255


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.set_defaults(command="stop")
    operations.add_operation(parser, several=False)
    text = "a run's name, last, or running for all that are running (default: the only one)"
    operations.add_run(parser, text)
    shared.add_reason(parser, "why; kept with the run", convert=_reason)
    shared.add_yes(parser, "do not ask")
    text = "what stdout gets; json: the runs that were stopped (default: text)"
    shared.add_output(parser, ("text", "json"), text, default="text")


def _reason(text: str) -> str:
    """Return a reason that was typed; ArgumentTypeError if AWS would not keep all of it."""
    if len(text) > MOST_REASON:
        raise argparse.ArgumentTypeError(
            f"the reason has {len(text)} characters; at most {MOST_REASON} are kept"
        )
    return text
