"""Run `cjob target`."""

import argparse
from functools import partial

from cjob.cli import stage_command
from cjob.document.models import Release
from cjob.stages.resolve import resolve


def run(args: argparse.Namespace) -> int:
    """Write documents with their target; one that a document has is looked up again."""
    again = partial(resolve, refresh=True)
    return stage_command.run_command(args, ((resolve,),), ((again,),), _view)


def _view(release: Release, _form: str) -> str:
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
