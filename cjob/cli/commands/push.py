"""Run `cjob push`."""

import argparse

from cjob.cli import stage_command
from cjob.context import RunContext
from cjob.document.models import Release
from cjob.stages.push import push
from cjob.stages.resolve import confirm, resolve


def run(args: argparse.Namespace) -> int:
    """Write documents with their images named by digest."""
    return stage_command.run_command(
        args,
        ((confirm, resolve), (push,)),
        ((confirm,), (push,)),
        _view,
        warm_up=(RunContext.warm_up_lookup, RunContext.warm_up_push),
        needs="source",
    )


def _view(release: Release, _form: str) -> str:
    lines = [f"{name}  {image.uri}\n" for name, image in (release.images or {}).items()]
    if release.artifacts:
        bucket = release.artifacts.bucket
        lines += [f"s3://{bucket}/{key}\n" for key in release.artifacts.keys]
    return "".join(lines)
