"""Run `cjob schema`."""

import argparse
import json

from cjob.cli.output import streams
from cjob.document import schema as release_schema
from cjob.manifest import schema as manifest_schema


def run(args: argparse.Namespace) -> int:
    """Print the schema."""
    schema = manifest_schema.manifest() if args.of == "manifest" else release_schema.document()
    streams.write(json.dumps(schema, indent=2, ensure_ascii=False) + "\n")
    return 0
