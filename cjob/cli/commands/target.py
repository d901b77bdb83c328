"""Run `cjob target`."""

import argparse

from cjob.cli import job_options
from cjob.document.models import Release


def run(args: argparse.Namespace) -> int:
    """Write documents with their target; a given one is looked up anew."""
    return job_options.run_command(args, ("resolve",), ("resolve_anew",), _view)


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
