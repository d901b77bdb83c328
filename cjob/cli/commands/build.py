"""Run `cjob build`."""

import argparse

from cjob.cli import stage_command
from cjob.document.models import Release
from cjob.stages.build import build


def run(args: argparse.Namespace) -> int:
    """Write documents with their images built."""
    return stage_command.run_command(args, ((build,),), ((build,),), _view, needs="source")


def _view(release: Release, _form: str) -> str:
    lines = [
        f"{container}  {image.id or image.uri}  {image.platform}  {', '.join(image.tags)}".rstrip()
        + "\n"
        for container, image in (release.images or {}).items()
    ]
    return "".join(lines) or f"{release.job.name}  nothing to build\n"
