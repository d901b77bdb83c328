"""What a template needs besides the manifest: the target, images and files."""

from collections.abc import Mapping

from cjob.document.models import Target
from cjob.document.records import EMPTY, dataclass
from cjob.template.addons.reading import Addons


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a job's manifest does not contain.

    `images` and `env_files` map container names to the URI of a built image (absent until it is
    pushed) and to the ARN of an env file. `addons_url` is empty if there is none yet. `subnets` are
    the ids found for a placement by tags. `manifest` is the text that the template has a copy of.
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
