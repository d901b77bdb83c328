"""`cjob target`: look up the application and the environment in AWS.

Reads the workspace (-n, -e) or documents on stdin; writes them with a "target" section. Kept as a
file, that is all that rendering needs of AWS: cjob render --target FILE.
"""

import argparse

from cjob.cli import job_options

TYPE_CHECKING = False  # see cjob.cli.parser
if TYPE_CHECKING:
    from cjob.document.models import Release

EXAMPLES = """\
examples:
  cjob-target -n report -e test > target.json
  cjob-render -n report -e test --target target.json -o template
"""


def options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.set_defaults(command="target")
    job_options.options(parser)
    job_options.as_caller(parser)


def run(args: argparse.Namespace) -> int:
    """Write documents with their target; a given one is looked up anew."""
    return job_options.run_command(args, ("resolve",), ("resolve_anew",), _view)


def _view(release: "Release", _form: str) -> str:
    target = release.target
    if target is None:
        return ""
    lines = [
        f"job            {release.job.name}",
        f"application    {release.job.app}",
        f"environment    {release.job.env} ({target.environment_version})",
        f"account        {target.account_id}, {target.region}",
        f"features       {', '.join(target.features) or 'none'}",
        f"artifacts      s3://{target.artifact_bucket}",
        *(f"repository     {uri}" for uri in sorted(target.repositories.values())),
    ]
    return "\n".join(lines) + "\n"
