"""Check that each asset's key in the artifact bucket is that of its content.

Keys are made from digests, and an object that exists is not uploaded again: content under a wrong
key would be deployed by the next job that has the right one.
"""

import hashlib

from cjob.document import names
from cjob.document.models import Asset, Job, Stack, Target
from cjob.reporting.errors import InputError

ADDONS_URL = "AddonsTemplateURL"


def check_key(asset: Asset, job: Job) -> None:
    """Refuse an asset whose key is not that of its content."""
    match asset.kind:
        case "envFile":
            expected = names.env_file_key(asset.path.rpartition("/")[2], asset.sha256)
        case "addonAsset":
            expected = names.addon_asset_key(job.name, asset.sha256)
        case "controller":
            expected = names.controller_key(asset.sha256)
    if asset.key != expected:
        raise InputError(
            f"the key of {asset.path or asset.kind!r} is {asset.key!r}, not {expected!r}",
            hint="the document was edited: make it again with cjob-build -n NAME -e ENV",
            place="source.assets",
        )


def check_addons(stack: Stack, job: Job, target: Target) -> None:
    """Refuse a stack whose addons are not those in the document."""
    url, expected = stack.parameters.get(ADDONS_URL, ""), ""
    if stack.addons:
        digest = hashlib.sha256(stack.addons.encode("utf-8", "surrogatepass")).hexdigest()
        key = names.addons_key(job.name, digest)
        expected = names.object_url(target.region, target.artifact_bucket, key)
    if url != expected:
        raise InputError(
            f"the stack's addons are at {url!r}, but the document has those of {expected!r}",
            hint="the document was edited: render the job again",
            place=f"stack.parameters.{ADDONS_URL}",
        )
