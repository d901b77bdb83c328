"""Run `cjob version`."""

import argparse
import json
import platform
from collections.abc import Mapping
from importlib import metadata

from cjob import __version__
from cjob.cli.output import streams
from cjob.reporting.errors import DONE

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


def run(args: argparse.Namespace) -> int:
    """Print the version, or all versions."""
    if args.output == "json":
        streams.write(json.dumps(versions(), indent=2) + "\n")
    else:
        streams.write(f"cjob {__version__}\n")
    return DONE


def versions() -> Mapping[str, object]:
    """Return the versions of cjob, of Python, and of each library (empty if not installed)."""
    return {
        "cjob": __version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "libraries": {name: _installed(name) for name in LIBRARIES},
    }


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
