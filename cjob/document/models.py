"""The Release: the one document that grows as it moves through the stages.

A Release is plain data. Each stage takes one and returns one with another section; no section has
methods that act. Its JSON form (`json_form`) is an interface: keys may be added in later versions,
and are never renamed. Keys that this version does not know are kept in `extra`.
"""

import re
from collections.abc import Mapping
from typing import Literal, TypeVar

from cjob.document import names
from cjob.document.records import EMPTY, dataclass
from cjob.document.snapshot import StackSnapshot
from cjob.reporting.errors import InputError

API_VERSION = "cjob/v1"
KIND = "Release"

T = TypeVar("T")
Strings = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Section:
    """What every part of the document has: the keys that this version does not know."""

    extra: Mapping[str, object] = EMPTY


@dataclass(frozen=True, kw_only=True)
class Job(Section):
    """Which job of which application, in which environment."""

    app: str
    env: str
    name: str

    @property
    def stack_name(self) -> str:
        """The name of the job's stack."""
        return names.job_stack(self.app, self.env, self.name)


@dataclass(frozen=True, kw_only=True)
class Build(Section):
    """How one container's image is built; both paths are relative to the workspace.

    `platform` is `os/architecture`, or empty for the engine's own.
    """

    context: str
    dockerfile: str
    target: str = ""
    args: Strings = EMPTY
    cache_from: tuple[str, ...] = ()
    platform: str = ""


@dataclass(frozen=True, kw_only=True)
class Asset(Section):
    """A file that the stack needs in the artifact bucket, under a key made from its digest.

    `path` is relative to the workspace; the controller's code comes from the package and has none.
    An addon's file is uploaded in an archive if `zipped` is true; a folder always is.
    """

    kind: Literal["envFile", "addonAsset", "controller"]
    sha256: str
    key: str
    path: str = ""
    containers: tuple[str, ...] = ()
    zipped: bool = False


@dataclass(frozen=True, kw_only=True)
class Revision(Section):
    """The commit that is checked out, abbreviated as by git."""

    commit: str
    dirty: bool = False


@dataclass(frozen=True, kw_only=True)
class Overrides(Section):
    """What is applied to the template: the text of patches, or the path of a CDK folder."""

    patches: str = ""
    cdk: str = ""


@dataclass(frozen=True, kw_only=True)
class Source(Section):
    """What the workspace has of a job, read once by load.

    `manifest` is the manifest's text after substitution; `addons` maps each file's name to its
    text. `tag` and `tags` are the values of `--tag` and `--resource-tags`.
    """

    manifest: str
    addons: Strings = EMPTY
    overrides: Overrides = Overrides()
    builds: Mapping[str, Build] = EMPTY
    assets: tuple[Asset, ...] = ()
    tag: str = ""
    tags: Strings = EMPTY
    revision: Revision | None = None


@dataclass(frozen=True, kw_only=True)
class Target(Section):
    """The application and the environment that the job is deployed to, as AWS has them.

    `repositories` maps a job to its repository's URI without a tag; `features` are the feature
    parameters that the environment's stack has; `subnets` maps a look-up by tags (`subnet_query`
    in names) to the ids found.
    """

    account_id: str
    region: str
    manager_role_arn: str
    execution_role_arn: str
    artifact_bucket: str
    artifact_key_arn: str
    repositories: Strings = EMPTY
    environment_version: str
    features: tuple[str, ...] = ()
    service_discovery_endpoint: str
    permissions_boundary: str = ""
    tags: Strings = EMPTY
    subnets: Mapping[str, tuple[str, ...]] = EMPTY


@dataclass(frozen=True, kw_only=True)
class Image(Section):
    """A container's image: built (`id`), and once pushed named by digest (`uri`).

    `id` is valid on the engine that built it. `uri` is `repository@sha256:…`. `differs` means
    that it was found, without a push, to differ from the deployed image.
    """

    id: str = ""
    platform: str = ""
    tags: tuple[str, ...] = ()
    repository: str = ""
    digest: str = ""
    uri: str = ""
    differs: bool = False


@dataclass(frozen=True, kw_only=True)
class Artifacts(Section):
    """The objects that push has found in, or uploaded to, the artifact bucket."""

    bucket: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Stack(Section):
    """The desired stack: the template's text, its parameters and tags.

    `addons` is the nested template's text, empty without addons. `missing` names each parameter,
    container image or function whose value is known only after a push.
    """

    name: str
    template: str
    parameters: Strings
    tags: Strings
    addons: str = ""
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class JsonChange(Section):
    """One difference inside of a text that is JSON; `path` begins at its root."""

    op: Literal["add", "remove", "change"]
    path: str
    old: object = None
    new: object = None


@dataclass(frozen=True, kw_only=True)
class Change(Section):
    """One difference: `path` is dotted from the template's root, or `parameters.X`, `tags.X`.

    Below `addons` it continues from the root of the nested template. `type` is the type of the
    resource that the path is in; `replacement` says for a property whether CloudFormation
    replaces the resource: `true`, `false`, `conditional`, or empty if it is not a property. For a
    parameter it is the surest of these for the resources that refer to it, and `resources` lists
    those that are (`true`) or may be (`conditional`) replaced. If both values are strings of
    JSON, `inside` lists what differs between these. `item` is the name of the list item that the
    change is in, such as a container or an environment variable, if it has one.
    """

    op: Literal["add", "remove", "change"]
    path: str
    item: str | None = None
    kind: str = ""
    type: str = ""
    replacement: str = ""
    resources: Strings = EMPTY
    old: object = None
    new: object = None
    inside: tuple[JsonChange, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Baseline(Section):
    """What a difference was made against: the deployed stack's status, and digests of its parts."""

    status: str
    stack_id: str
    template: str
    parameters: str
    tags: str
    addons: str = ""


@dataclass(frozen=True, kw_only=True)
class Diff(Section):
    """The difference between the deployed stack and the rendered one."""

    changed: bool
    text: str
    changes: tuple[Change, ...] = ()
    against: Baseline


@dataclass(frozen=True, kw_only=True)
class Deployment(Section):
    """How the deployment ended; `changed` is false if the stack was up to date."""

    stack_id: str
    status: str
    changed: bool


@dataclass(frozen=True, kw_only=True)
class RunContainer(Section):
    """A container of an attempt; `exit_code` is missing if it never ran."""

    name: str
    exit_code: int | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class RunAttempt(Section):
    """An ECS task of a run, in ECS's words; without `task_arn` it was not started."""

    task_arn: str = ""
    task_definition: str = ""
    stop_code: str = ""
    reason: str = ""
    containers: tuple[RunContainer, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RunResult(Section):
    """A run of the deployed job: its status, and why it failed."""

    name: str
    execution_arn: str = ""
    status: str
    exit_code: int | None = None
    cause: str = ""
    attempts: tuple[RunAttempt, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Release(Section):
    """A job on its way to its stack; each stage fills the section that it is named for.

    `snapshot` is the deployed stack as it was read in this run. It is not part of the document.
    """

    job: Job
    source: Source | None = None
    target: Target | None = None
    images: Mapping[str, Image] | None = None
    artifacts: Artifacts | None = None
    stack: Stack | None = None
    diff: Diff | None = None
    deployment: Deployment | None = None
    run: RunResult | None = None
    snapshot: StackSnapshot | None = None


NOT_WRITTEN = ("extra", "snapshot")
"""Fields that are not keys of the document."""


PRODUCERS = {
    "source": "cjob-build, cjob-render or cjob-target with -n NAME -e ENV",
    "target": "cjob-target",
    "images": "cjob-build",
    "stack": "cjob-render",
    "diff": "cjob-diff",
    "deployment": "cjob-apply",
}


def required(section: T | None, name: str) -> T:
    """Return the section, or an InputError that names the command which makes it."""
    if section is None:
        raise InputError(
            f'the document has no "{name}" section',
            hint=f"put {PRODUCERS[name]} before this command",
        )
    return section


# Names become paths, stack names and keys, so they are checked before anything is done with them.
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,254}")


def check_name(name: str, what: str, place: str = "") -> str:
    """Return a name that is valid in AWS and as a folder; raise InputError for any other."""
    if not NAME.fullmatch(name):
        raise InputError(
            f"{what} {name!r} is not a valid name",
            hint="a name has letters, digits, - and _, and begins with a letter or a digit",
            place=place,
        )
    return name
