"""`storage`: the task's volumes and file systems."""

import re
import zlib
from typing import NamedTuple

from cjob.manifest.field_types import (
    BOOLEAN,
    INTEGER,
    RAW_STRING,
    STRING,
    UINT32_LIMIT,
    Field,
    Fields,
    Integer,
    MapOf,
    reject_empty_entries,
)
from cjob.manifest.forms import RAW_STRING_OR_IMPORT, OneOf, is_given
from cjob.manifest.report import Report, quoted
from cjob.manifest.sections.task import is_windows
from cjob.manifest.tree import Leaf, Section, Value
from cjob.manifest.values import Import, StringOrImport

_INCLUDED = 20
"""GiB of ephemeral storage that every task has."""
_LARGEST = 200
_PATH = re.compile(r"[a-zA-Z0-9\-._/]*")
_PATH_HINT = "use only letters, digits and - . _ /"
_OWN_FIELDS = ("id", "root_dir", "auth")
_MANAGED_FIELDS = ("uid", "gid")


class ManagedFileSystem(NamedTuple):
    """The environment's file system, mounted through an access point of the job.

    `uid` and `gid` are those of the manifest, or the CRC-32 of the job's name.
    """

    uid: int
    gid: int


class FileSystem(NamedTuple):
    """A file system that the user made."""

    id: StringOrImport
    root_directory: str = "/"
    iam: bool = False
    access_point_id: str | None = None


class Volume(NamedTuple):
    """A volume, and where the main container mounts it; without `efs` it is scratch space."""

    name: str
    path: str
    read_only: bool = True
    efs: ManagedFileSystem | FileSystem | None = None


class Storage(NamedTuple):
    """What a task can write to; `ephemeral` is in GiB, None for the 20 that every task has."""

    ephemeral: int | None = None
    read_only_root: bool | None = None
    volumes: tuple[Volume, ...] = ()


def _sets_any(section: Section, keys: tuple[str, ...]) -> bool:
    values = [section.fields[key] for key in keys if key in section.fields]
    return any(is_given(value) for value in values)


def has_one_kind_of_file_system(efs: Section, report: Report) -> None:
    """Reject a file system that is both managed and the user's, in the base or an environment."""
    if _sets_any(efs, _OWN_FIELDS) and _sets_any(efs, _MANAGED_FIELDS):
        report.error(
            efs.node,
            "efs: 'uid' and 'gid' exclude 'id', 'root_dir' and 'auth'",
            "use uid and gid for the managed file system, the others for one of your own",
            hard=True,
        )


_AUTH = Fields(
    "auth",
    {
        "iam": Field(BOOLEAN, "Whether IAM authorizes mounting."),
        "access_point_id": Field(RAW_STRING, "The access point to mount it with."),
    },
)
_ID = Integer(minimum=0, limit=UINT32_LIMIT)
_EFS = OneOf(
    first=Fields(
        "efs",
        {
            "id": Field(
                RAW_STRING_OR_IMPORT, "The id of an existing file system, or {from_cfn: export}."
            ),
            "root_dir": Field(STRING, "The folder to mount: / by default."),
            "auth": Field(_AUTH, "How the file system is mounted."),
            "uid": Field(_ID, "The POSIX user id of the folder in the managed file system."),
            "gid": Field(_ID, "The POSIX group id of the folder in the managed file system."),
        },
        check=has_one_kind_of_file_system,
    ),
    second=BOOLEAN,
    expected="true, false or a mapping with id, root_dir, auth or with uid, gid",
    hint="write 'efs: true' for the managed file system, or 'id:' below 'efs:' for your own",
)
_VOLUME = Fields(
    "volume",
    {
        "path": Field(STRING, "Where the main container mounts the volume."),
        "read_only": Field(BOOLEAN, "Whether the volume is read-only: true by default."),
        "efs": Field(
            _EFS, "true for the managed file system, or an existing one; scratch space by default."
        ),
    },
    moved_to={key: f"efs.{key}" for key in (*_OWN_FIELDS, *_MANAGED_FIELDS)}
    | {key: f"efs.auth.{key}" for key in ("iam", "access_point_id")},
)
_STORAGE = Fields(
    "storage",
    {
        "ephemeral": Field(
            INTEGER, "The task's ephemeral storage in GiB, 21 to 200: 20 by default."
        ),
        "readonly_fs": Field(
            BOOLEAN, "Whether the main container's root file system is read-only."
        ),
        "volumes": Field(MapOf(_VOLUME, raw_names=True), "Volumes by name."),
    },
)

FIELDS = {"storage": Field(_STORAGE, "Volumes and ephemeral storage.")}


def size_is_offered(job: Section, report: Report) -> None:
    """Check that Fargate offers the size of the ephemeral storage."""
    storage = job.section("storage")
    size = storage.integer("ephemeral")
    if size is not None and not _INCLUDED <= size <= _LARGEST:
        report.error(
            storage.node_at("ephemeral"),
            f"storage.ephemeral: {size} is not a size that Fargate offers",
            f"write a number of GiB from {_INCLUDED} to {_LARGEST}",
        )


def volumes_are_not_empty(job: Section, report: Report) -> None:
    """Check that each volume has fields."""
    reject_empty_entries(job.section("storage").section("volumes"), "volume", report)


def volumes_have_paths(job: Section, report: Report) -> None:
    """Check that each volume has a path, of characters that a path can have."""
    for name, volume in _volumes(job):
        check_path(volume, "path", f"volume {quoted(name)}", report)


def check_path(section: Section, key: str, owner: str, report: Report) -> None:
    """Check that a path is given and has no odd characters; `owner` is for the message."""
    path = section.string(key)
    if section.get(key) is None or path == "":
        hint = f"write '{key}: /folder', where it is mounted"
        report.error(section.node_at(key), f"{owner}: {key!r} is missing", hint)
    elif path is not None and not _PATH.fullmatch(path):
        message = f"{owner}: {key!r} {quoted(path)} has characters that are not allowed"
        report.error(section.node_at(key), message, _PATH_HINT)


def owners_are_complete(job: Section, report: Report) -> None:
    """Check that the owner of managed files has a user and a group, and is not root."""
    for name, volume in _volumes(job):
        efs = volume.section("efs")
        has_user, has_group = efs.get("uid") is not None, efs.get("gid") is not None
        if has_user != has_group:
            given, absent = ("uid", "gid") if has_user else ("gid", "uid")
            message = f"volume {quoted(name)}: 'efs' has {given!r} but no {absent!r}"
            report.error(efs.node_at(given), message, "write both or neither")
        elif efs.integer("uid") == 0:
            message = f"volume {quoted(name)}: 'efs.uid' is 0"
            report.error(
                efs.node_at("uid"), message, "write a uid from 1: root cannot own the folder"
            )


def access_points_are_alone(job: Section, report: Report) -> None:
    """Check that an access point has no root directory beside it, and uses IAM."""
    for name, volume in _volumes(job):
        efs = volume.section("efs")
        auth = efs.section("auth")
        root = efs.string("root_dir") or ""
        if auth.get("access_point_id") is None:
            if not _PATH.fullmatch(root):
                problem = f"'efs.root_dir' {quoted(root)} has characters that are not allowed"
                message = f"volume {quoted(name)}: {problem}"
                report.error(efs.node_at("root_dir"), message, _PATH_HINT)
            continue
        if root not in {"", "/"}:
            problem = f"'efs.root_dir' {quoted(root)} cannot be used with an access point"
            message = f"volume {quoted(name)}: {problem}"
            hint = "leave it out: the access point has its own root directory"
            report.error(efs.node_at("root_dir"), message, hint)
        if auth.boolean("iam") is False:
            message = f"volume {quoted(name)}: 'efs.auth.iam' is false, but access points need IAM"
            hint = "write 'iam: true'"
            report.error(auth.node_at("iam"), message, hint)


def only_one_is_managed(job: Section, report: Report) -> None:
    """Check that at most one volume uses the managed file system."""
    managed = [(name, volume) for name, volume in _volumes(job) if _is_managed(volume)]
    for name, volume in managed[1:]:
        message = (
            f"volumes {quoted(managed[0][0])} and {quoted(name)} both use the managed file system"
        )
        hint = "only one volume can use it: give the other an 'id'"
        report.error(volume.node_at("efs"), message, hint)


def windows_has_neither_efs_nor_read_only_root(job: Section, report: Report) -> None:
    """Check that Windows containers use neither a read-only root nor EFS."""
    if not is_windows(job):
        return
    storage = job.section("storage")
    if storage.boolean("readonly_fs"):
        report.error(
            storage.node_at("readonly_fs"),
            "storage.readonly_fs: is not available on Windows",
            "leave it out: Windows containers cannot have a read-only root",
        )
    for name, volume in _volumes(job):
        if volume.get("efs") is not None and volume.boolean("efs") is not False:
            message = f"volume {quoted(name)}: EFS is not available on Windows"
            hint = "leave 'efs' out: Windows containers cannot mount it"
            report.error(volume.node_at("efs"), message, hint)


RULES = (
    size_is_offered,
    volumes_are_not_empty,
    volumes_have_paths,
    owners_are_complete,
    access_points_are_alone,
    only_one_is_managed,
    windows_has_neither_efs_nor_read_only_root,
)


def override(fields: dict[str, Value], changes: Section, report: Report) -> dict[str, Value]:
    """Remove the kind of file system that an environment replaces with the other one."""
    managed, own = _sets_any(changes, _MANAGED_FIELDS), _sets_any(changes, _OWN_FIELDS)
    for key in (_OWN_FIELDS if managed else ()) + (_MANAGED_FIELDS if own else ()):
        fields.pop(key, None)
    changed = dict(changes.fields)
    before, after = fields.get("id"), changed.get("id")
    is_written = isinstance(before, Leaf) and isinstance(before.value, str)
    if is_written and isinstance(after, Leaf) and isinstance(after.value, Import):
        message = "efs.id: is ignored here: from_cfn cannot replace an id written as a string"
        report.warn(after.node, message)
        del changed["id"]
    return changed


def storage(job: Section) -> Storage:
    """Return the job's storage, with its volumes sorted by name."""
    fields = job.section("storage")
    ephemeral = fields.integer("ephemeral")
    return Storage(
        ephemeral=None if ephemeral == _INCLUDED else ephemeral,
        read_only_root=fields.boolean("readonly_fs"),
        volumes=tuple(
            Volume(
                name=name,
                path=volume.string("path") or "",
                read_only=volume.boolean("read_only") is not False,
                efs=_file_system(volume, job.string("name") or ""),
            )
            for name, volume in _volumes(job)
        ),
    )


def _volumes(job: Section) -> list[tuple[str, Section]]:
    return list(job.section("storage").sections("volumes"))


def _is_managed(volume: Section) -> bool:
    return volume.boolean("efs") is True or _sets_any(volume.section("efs"), _MANAGED_FIELDS)


def _file_system(volume: Section, job_name: str) -> ManagedFileSystem | FileSystem | None:
    efs = volume.section("efs")
    if _is_managed(volume):
        owner = zlib.crc32(job_name.encode())
        uid, gid = efs.integer("uid"), efs.integer("gid")
        return ManagedFileSystem(
            uid=owner if uid is None else uid, gid=owner if gid is None else gid
        )
    if not isinstance(volume.get("efs"), Section):
        return None
    auth = efs.section("auth")
    return FileSystem(
        id=_file_system_id(efs),
        root_directory=efs.string("root_dir") or "/",
        iam=auth.boolean("iam") is True,
        access_point_id=auth.string("access_point_id"),
    )


def _file_system_id(efs: Section) -> StringOrImport:
    found = efs.get("id")
    if isinstance(found, Leaf) and isinstance(found.value, str | Import):
        return found.value
    # Copilot imports a nameless export here; CloudFormation then reports that there is none.
    return Import(export="")
