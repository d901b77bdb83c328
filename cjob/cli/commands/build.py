"""`cjob build`: build a job's images.

Reads the workspace (-n, -e) or documents on stdin; writes them with an "images" section. Needs a
container engine where the job has something to build, and no AWS.
"""

import argparse

from cjob.cli import build_options, job_options, resource_tags

TYPE_CHECKING = False  # see cjob.cli.parser
if TYPE_CHECKING:
    from cjob.document.models import Release

EXAMPLES = """\
examples:
  cjob-build -n report -e test | cjob-push | cjob-render | cjob-diff > plan.json
  cjob-build -n report -e test --tag v1.2.0 > report.built.json
  cjob-build -n report -e test --secret id=npm,env=NPM_TOKEN > report.built.json
"""


def options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.set_defaults(command="build")
    job_options.options(parser)
    resource_tags.options(parser)
    build_options.options(parser)
    build_options.metadata(parser)


def run(args: argparse.Namespace) -> int:
    """Write documents with their images built."""
    return job_options.run_command(args, ("build",), ("build",), _view, needs="source")


def _view(release: "Release", _form: str) -> str:
    lines = [
        f"{container}  {image.id or image.uri}  {image.platform}  {', '.join(image.tags)}".rstrip()
        + "\n"
        for container, image in (release.images or {}).items()
    ]
    return "".join(lines) or f"{release.job.name}  nothing to build\n"
