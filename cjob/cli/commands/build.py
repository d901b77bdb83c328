"""Run `cjob build`."""

import argparse

from cjob.cli import job_options
from cjob.document.models import Release


def run(args: argparse.Namespace) -> int:
    """Write documents with their images built."""
    return job_options.run_command(args, ("build",), ("build",), _view, needs="source")


def _view(release: Release, _form: str) -> str:
    lines = [
        f"{container}  {image.id or image.uri}  {image.platform}  {', '.join(image.tags)}".rstrip()
        + "\n"
        for container, image in (release.images or {}).items()
    ]
    return "".join(lines) or f"{release.job.name}  nothing to build\n"
