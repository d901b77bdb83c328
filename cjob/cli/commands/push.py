"""Run `cjob push`."""

import argparse

from cjob.cli import job_options
from cjob.document.models import Release


def run(args: argparse.Namespace) -> int:
    """Write documents with their images named by digest."""
    return job_options.run_command(
        args,
        ("confirm", "resolve", "push"),
        ("confirm", "push"),
        _view,
        needs="source",
        refuses=True,
    )


def _view(release: Release, _form: str) -> str:
    lines = [f"{name}  {image.uri}\n" for name, image in (release.images or {}).items()]
    if release.artifacts:
        bucket = release.artifacts.bucket
        lines += [f"s3://{bucket}/{key}\n" for key in release.artifacts.keys]
    return "".join(lines)
