"""The Release: the one document that grows as it moves through the stages.

A Release is plain data. Each stage takes one and gives one with a section more; no section has
methods that act. Its JSON form (camelCase keys, one document a line) is an interface: keys may be
added in later versions, and are never renamed. Keys that this version does not know are kept in
`extra` and written again where they stood.

`from_json` is strict: a missing key or a value of the wrong type is an InputError with its path.
"""

import re
import types
from collections.abc import Mapping
from typing import Any, Literal, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

from cjob.document.records import EMPTY, dataclass, fields
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


@dataclass(frozen=True, kw_only=True)
class Build(Section):
    """How one container's image is built; both paths are relative to the workspace.

    `platform` is `os/architecture` in the engine's spelling, or empty for the engine's own.
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
    An addon's file is sent in an archive where `zipped` says so; a folder always is.
    """

    kind: Literal["envFile", "addonAsset", "controller"]
    sha256: str
    key: str
    path: str = ""
    containers: tuple[str, ...] = ()
    zipped: bool = False


@dataclass(frozen=True, kw_only=True)
class Revision(Section):
    """The commit that the sources stand at, shortened as git does it."""

    commit: str
    dirty: bool = False


@dataclass(frozen=True, kw_only=True)
class Overrides(Section):
    """What is applied to the template: the text of patches, or the path of a CDK folder."""

    patches: str = ""
    cdk: str = ""


@dataclass(frozen=True, kw_only=True)
class Source(Section):
    """All that the workspace says of a job, read once by load.

    `manifest` is the manifest's text after substitution; `addons` maps each file's name to its
    text. `tag` and `tags` are what `--tag` and `--resource-tags` gave.
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
    """What AWS says of the application and the environment that the job goes to.

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

    `id` is valid on the engine that built it. `uri` is `repository@sha256:…`. `differs` says that
    it was found, without a push, not to be the deployed image.
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
    """What push knows to be in the artifact bucket."""

    bucket: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Stack(Section):
    """The stack as it should be: the template's text, its parameters and tags.

    `addons` is the nested template's text, empty without addons. `missing` names each parameter,
    container image or function whose content only a push can give and has not given.
    """

    name: str
    template: str
    parameters: Strings
    tags: Strings
    addons: str = ""
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Inner(Section):
    """One difference inside of a text that is JSON; `path` begins at its root."""

    op: Literal["add", "remove", "change"]
    path: str
    old: object = None
    new: object = None


@dataclass(frozen=True, kw_only=True)
class Change(Section):
    """One difference: `path` is dotted from the template's root, or `parameters.X`, `tags.X`.

    Below `addons` it goes on from the root of the nested template. `type` is the type of the
    resource that the path is in; `replacement` says for a property whether CloudFormation makes
    the resource anew: `true`, `false`, `conditional`, or empty where it is no property. For a
    parameter it says the surest of this for the resources that refer to it, and `resources` names
    those that are (`true`) or may be (`conditional`) made anew. Where both values are texts of
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
    inside: tuple[Inner, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Baseline(Section):
    """What a diff was made against: the live stack's status and digests of its parts."""

    status: str
    stack_id: str
    template: str
    parameters: str
    tags: str
    addons: str = ""


@dataclass(frozen=True, kw_only=True)
class Diff(Section):
    """The difference between the live stack and the one that was rendered."""

    changed: bool
    text: str
    changes: tuple[Change, ...] = ()
    against: Baseline


@dataclass(frozen=True, kw_only=True)
class Deployment(Section):
    """How the deployment ended; `changed` is false where there was nothing to do."""

    stack_id: str
    status: str
    changed: bool


@dataclass(frozen=True, kw_only=True)
class Release(Section):
    """A job on its way to its stack; each stage fills the section that it is named for."""

    job: Job
    source: Source | None = None
    target: Target | None = None
    images: Mapping[str, Image] | None = None
    artifacts: Artifacts | None = None
    stack: Stack | None = None
    diff: Diff | None = None
    deployment: Deployment | None = None


MADE_BY = {
    "source": "cjob-build, cjob-render or cjob-target with -n NAME -e ENV",
    "target": "cjob-target",
    "images": "cjob-build",
    "stack": "cjob-render",
    "diff": "cjob-diff",
}


def required(section: T | None, name: str) -> T:
    """Return the section, or an InputError that names the command which makes it."""
    if section is None:
        raise InputError(
            f'the document has no "{name}" section',
            hint=f"it is made by {MADE_BY[name]}; put that before this command",
        )
    return section


# JSON can write one half of a pair alone; no file, terminal or service can take such a text.
SURROGATE = re.compile("[\ud800-\udfff]")

# Names become paths, stack names and keys, so they are checked before anything is done with them.
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,254}")


def check_name(name: str, what: str, place: str = "") -> str:
    """Give the name back where it is one that AWS and a folder can carry, else raise InputError."""
    if not NAME.fullmatch(name):
        raise InputError(
            f"{what} {name!r} is not a valid name",
            hint="a name has letters, digits, - and _, and begins with a letter or a digit",
            place=place,
        )
    return name


def to_json(release: Release) -> dict[str, object]:
    """Return the document as JSON values: sections that are absent are left out."""
    return {"apiVersion": API_VERSION, "kind": KIND, **_encode_section(release)}


def from_json(document: object) -> Release:
    """Read a document that was parsed from JSON; raise InputError with the path of what is off."""
    if not isinstance(document, dict):
        raise InputError(
            f"expected a document (an object), got {_kind(document)}",
            hint='a document begins with {"apiVersion": "cjob/v1", "kind": "Release"',
        )
    for key, known in (("apiVersion", API_VERSION), ("kind", KIND)):
        if document.get(key) != known:
            raise InputError(
                f"{key} is {_named(document.get(key))}, not {known!r}",
                hint=f"this version reads {API_VERSION} {KIND} documents, as cjob's commands write",
            )
    rest = {k: v for k, v in document.items() if k not in ("apiVersion", "kind")}
    release: Release = _decode(Release, rest, "")
    for what, name in (("application", release.job.app), ("environment", release.job.env)):
        check_name(name, what, "job." + what[:3])
    check_name(release.job.name, "job", "job.name")
    return release


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


Layout = tuple[tuple[str, str, Any, bool], ...]
_LAYOUTS: dict[str, Layout] = {}


def layout(section: type[Section]) -> Layout:
    """Return (attribute, key, type, required) of each field, in the order of writing."""
    if section.__name__ not in _LAYOUTS:
        _LAYOUTS[section.__name__] = _read_layout(section)
    return _LAYOUTS[section.__name__]


def _read_layout(section: type[Section]) -> Layout:
    hints = get_type_hints(section)
    names = (name for name in fields(section) if name != "extra")
    return tuple((name, _camel(name), hints[name], not hasattr(section, name)) for name in names)


def _encode_section(section: Section) -> dict[str, object]:
    out = {
        key: _encode(getattr(section, name))
        for name, key, _, _ in layout(type(section))
        if getattr(section, name) is not None
        or (isinstance(section, Change) and name in ("old", "new"))
    }
    return {**out, **section.extra}


def _encode(value: object) -> object:
    if isinstance(value, Section):
        return _encode_section(value)
    if isinstance(value, Mapping):
        return {k: _encode(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [_encode(v) for v in value]
    return value


# One branch a kind of type, each of them one check and one way on.
def _decode(wanted: Any, value: Any, path: str) -> Any:  # noqa: ANN401, C901, PLR0911
    """Read `value` as the type `wanted`; `path` is where it stands."""
    origin = get_origin(wanted)
    if wanted is object:
        return value
    if origin in (Union, types.UnionType):  # a section that may be absent
        return _decode(get_args(wanted)[0], value, path)
    if origin is Literal:
        if value not in get_args(wanted):
            _refuse(path, "one of " + ", ".join(get_args(wanted)), value)
        return value
    if origin is tuple:
        if not isinstance(value, list):
            _refuse(path, "a list", value)
        return tuple(_decode(get_args(wanted)[0], v, f"{path}[{i}]") for i, v in enumerate(value))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        if not isinstance(value, dict):
            _refuse(path, "an object", value)
        key, item = get_args(wanted)
        return {_decode(key, k, path): _decode(item, v, f"{path}.{k}") for k, v in value.items()}
    if isinstance(wanted, type) and issubclass(wanted, Section):
        return _decode_section(wanted, value, path)
    if type(value) is not wanted:
        _refuse(path, {str: "a text", bool: "true or false"}[wanted], value)
    if wanted is str and not value.isascii() and SURROGATE.search(value):
        _refuse(path, "a text of Unicode characters", value)
    return value


def _decode_section(wanted: type[Section], value: Any, path: str) -> Section:  # noqa: ANN401
    if not isinstance(value, dict):
        _refuse(path, "an object", value)
    rest = dict(value)
    known: dict[str, Any] = {}
    for name, key, kind, is_required in layout(wanted):
        where = f"{path}.{key}" if path else key
        if key in rest:
            if rest[key] is None and not is_required and kind is not object:
                _refuse_null(where)
            known[name] = _decode(kind, rest.pop(key), where)
        elif is_required:
            raise InputError(
                "missing from the document",
                hint="pass on the whole document that the command before this one wrote",
                place=where,
            )
    return wanted(**known, extra=rest)


def _refuse_null(path: str) -> NoReturn:
    """Refuse null for a key that may be absent; in jq it is easily written for that."""
    how = f": jq 'del(.{path})'" if re.fullmatch(r"[\w.\[\]]+", path) else ""
    raise InputError("expected a value, got null", hint=f"delete the key instead{how}", place=path)


def _refuse(path: str, expected: str, value: object) -> NoReturn:
    raise InputError(
        f"expected {expected}, got {_kind(value)}",
        hint="pass on the document as the command before this one wrote it",
        place=path or "document",
    )


def _named(value: object) -> str:
    """Give what stands for `apiVersion` or `kind`; `document.get` gives null where nothing does."""
    if value is None:
        return "absent"
    return repr(value) if isinstance(value, str) else _kind(value)


def _kind(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, str) and SURROGATE.search(value):
        return "half of a surrogate pair"
    if isinstance(value, bool):
        return "true" if value else "false"
    names = {str: "a text", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), type(value).__name__)
