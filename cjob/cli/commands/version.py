"""`cjob version`: print the version, with -o json also those of Python and the libraries.

The JSON belongs in a bug report.
"""

import argparse

from cjob import __version__
from cjob.cli.output import console
from cjob.reporting.errors import DONE

TYPE_CHECKING = False  # see cjob.cli.parser
if TYPE_CHECKING:
    from collections.abc import Mapping

EXAMPLES = """\
examples:
  cjob version
  cjob version -o json | jq -r .libraries.boto3
"""

LIBRARIES = (
    "boto3",
    "botocore",
    "cfn-flip",
    "dictdiffer",
    "docker",
    "PyYAML",
    "rich",
    "shtab",
)


def options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.set_defaults(command="version")
    parser.add_argument(
        "-o", "--output", choices=("text", "json"), default="text", help="form (default: text)"
    )


def run(args: argparse.Namespace) -> int:
    """Print the version, or all versions."""
    if args.output == "json":
        import json  # noqa: PLC0415 - only for this form

        console.write(json.dumps(versions(), indent=2) + "\n")
    else:
        console.write(f"cjob {__version__}\n")
    return DONE


def versions() -> "Mapping[str, object]":
    """Return the versions of cjob, of Python, and of each library (empty if not installed)."""
    import platform  # noqa: PLC0415 - both take longer than the one line does

    return {
        "cjob": __version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "libraries": {name: _installed(name) for name in LIBRARIES},
    }


def _installed(name: str) -> str:
    from importlib import metadata  # noqa: PLC0415 - as above

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
