"""`cjob manifest`: show the resolved manifest for an environment.

Prints the manifest with variables substituted and the environment's section applied, without fields
that have no effect. Defaults are not filled in. Needs no AWS and no engine.
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
