"""`cjob schema`: print the JSON Schema (draft 2020-12) of a manifest, or of the document.

For editors, and for programs that make or take documents. An editor finds the manifest's schema by
a line at the top of the file: # yaml-language-server: $schema=PATH
"""

import argparse

from cjob.cli.output import console

EXAMPLES = """\
examples:
  cjob schema manifest > copilot/.manifest.schema.json
  cjob schema release > release.schema.json
"""


def options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.set_defaults(command="schema")
    parser.add_argument(
        "of",
        choices=("manifest", "release"),
        metavar="{manifest,release}",
        help="what is to be described",
    )


def run(args: argparse.Namespace) -> int:
    """Print the schema."""
    import json  # noqa: PLC0415 - help needs none of these

    from cjob.document import schema as release_schema  # noqa: PLC0415
    from cjob.manifest import schema as manifest_schema  # noqa: PLC0415

    schema = manifest_schema.manifest() if args.of == "manifest" else release_schema.document()
    console.write(json.dumps(schema, indent=2, ensure_ascii=False) + "\n")
    return 0
