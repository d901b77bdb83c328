"""`cjob schema`: print the JSON Schema (draft 2020-12) of a manifest, or of the document.

For editors, and for programs that read or write documents. An editor finds the manifest's schema
by a line at the top of the file: # yaml-language-server: $schema=PATH
"""

import argparse

EXAMPLES = """\
examples:
  cjob schema manifest > copilot/.manifest.schema.json
  cjob schema release > release.schema.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.set_defaults(command="schema")
    parser.add_argument(
        "of",
        choices=("manifest", "release"),
        metavar="{manifest,release}",
        help="what the schema describes",
    )
