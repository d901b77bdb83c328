"""`cjob manifest`: show what a job's manifest comes to in one environment.

Prints the manifest with its variables substituted, the environment's section applied, and what has
no effect left out. Defaults are not filled in. Needs no AWS and no engine.
"""

import argparse

from cjob.cli.arguments import shared

EXAMPLES = """\
examples:
  cjob manifest -n report -e test
  diff <(cjob manifest -n report -e test) <(cjob manifest -n report -e prod)
  cjob manifest --all -e test -o json | jq '{name, schedule: .on.schedule}'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.set_defaults(command="manifest", target=None)
    shared.add_jobs(parser)
    shared.add_environment(parser)
    shared.add_allow_outside(parser)
    shared.add_common(parser)
    shared.add_output(parser, ("yaml", "json"), "form (default: yaml)")
