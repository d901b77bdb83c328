"""`cjob logs`: print what the containers of one run wrote, or of each run since a time.

A run is all that belongs together: each attempt, each container, in the order in which the lines
were written. With --follow it goes from the run's first line to its end, and then exits.
"""

import argparse

from cjob.cli.arguments import operations, shared

EXAMPLES = """\
examples:
  cjob logs -n report -e prod                    (the last run)
  cjob logs -n report -e prod --run last-failed
  cjob logs -n report -e prod --run -2           (the run before the last)
  cjob logs -n report -e prod --run running -f
  cjob logs -n report -e prod --since 24h -o json
  cjob logs -n report -e prod --since 2026-01-31T09:00Z --until 2026-01-31T12:00Z
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.set_defaults(command="logs")
    operations.add_operation(parser, several=False)
    text = "a run's name, last, last-failed, running, or -N for the Nth last (default: last)"
    operations.add_run(parser, text)
    operations.add_since(parser, "all runs since then, instead")
    parser.add_argument(
        "--until", type=operations.since, metavar="TIME", help="only runs that started until then"
    )
    parser.add_argument(
        "--container", action="append", default=[], metavar="NAME", help="only these; repeatable"
    )
    parser.add_argument(
        "--attempt", type=operations.positive, metavar="N", help="only this attempt"
    )
    parser.add_argument(
        "--state-machine", action="store_true", help="with the events of the state machine"
    )
    parser.add_argument("-f", "--follow", action="store_true", help="until the run has ended")
    parser.add_argument(
        "--tail", type=operations.positive, metavar="N", help="only the last N lines"
    )
    parser.add_argument("--grep", metavar="TEXT", help="only lines with this text")
    parser.add_argument("--timestamps", action="store_true", help="with the time of each line")
    forms = ("text", "json", "raw")
    shared.add_output(
        parser, forms, "form; raw: the messages alone (default: text)", default="text"
    )
