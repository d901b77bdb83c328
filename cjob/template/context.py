"""What a template needs beyond the manifest: where the job goes, and what was made for it."""

from collections.abc import Mapping

from cjob.document.models import Target
from cjob.document.records import EMPTY, dataclass
from cjob.template.addons.reading import Addons


@dataclass(frozen=True, kw_only=True)
class Context:
    """All that a job's own manifest does not say.

    `images` and `env_files` map a container's name to the URI of its image (built here; absent
    where it is not pushed yet) and to the ARN of its env file. `addons_url` is empty where there
    is none yet. `subnets` are the ids found for a placement by tags. `manifest` is the text that
    the template keeps a copy of.
    """

    app: str
    env: str
    target: Target
    images: Mapping[str, str] = EMPTY
    env_files: Mapping[str, str] = EMPTY
    addons: Addons | None = None
    addons_url: str = ""
    controller_bucket: str
    controller_key: str
    subnets: tuple[str, ...] = ()
    version: str
    manifest: str = ""
