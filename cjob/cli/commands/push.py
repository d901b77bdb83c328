"""`cjob push`: push images, and send the files that the stack needs.

Reads documents of cjob build on stdin, or begins from the workspace (-n, -e) for a job that builds
no image; writes them with each image's digest. Sends only what is absent.
"""

import argparse

from cjob.cli import build_options, job_options, resource_tags

TYPE_CHECKING = False  # see cjob.cli.parser
if TYPE_CHECKING:
    from cjob.document.models import Release

EXAMPLES = """\
examples:
  cjob-build -n report -e test | cjob-push > report.pushed.json
  cjob-push -n report -e test --image "$REPOSITORY@$DIGEST" > pushed.json
"""


def options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.set_defaults(command="push")
    job_options.options(parser)
    resource_tags.options(parser)
    build_options.elsewhere(parser)
    build_options.latest(parser)
    build_options.repository(parser)


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


def _view(release: "Release", _form: str) -> str:
    lines = [f"{name}  {image.uri}\n" for name, image in (release.images or {}).items()]
    if release.artifacts:
        bucket = release.artifacts.bucket
        lines += [f"s3://{bucket}/{key}\n" for key in release.artifacts.keys]
    return "".join(lines)
