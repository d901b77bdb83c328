"""Volumes and file systems: what is checked about them, and what becomes of it.

Takes merged trees, gives the model's Volumes. Touches nothing.
"""

import re
import zlib

from cjob.manifest.fields import MANAGED_FILE_SYSTEM, sets_any
from cjob.manifest.images import is_windows
from cjob.manifest.model import FileSystem, Import, ManagedFileSystem, Volume
from cjob.manifest.report import Report, quoted
from cjob.manifest.tree import Leaf, Section

_SMALLEST, _LARGEST = 20, 200
_PATH = re.compile(r"[a-zA-Z0-9\-._/]*")
PATH_HINT = "a path has only letters, digits and - . _ /"


def has_a_size_that_exists(job: Section, report: Report) -> None:
    """Require a size of ephemeral storage that Fargate offers."""
    storage = job.section("storage")
    size = storage.number("ephemeral")
    if size is not None and not _SMALLEST <= size <= _LARGEST:
        report.fault(
            storage.node_at("ephemeral"),
            f"'storage.ephemeral' is {size}",
            f"write a number of GiB from {_SMALLEST} to {_LARGEST}",
        )


def volumes_have_paths(job: Section, report: Report) -> None:
    """Require a path of each volume, of characters that a path can have."""
    for name, volume in _volumes(job):
        check_path(volume, "path", f"volume {quoted(name)}", report)


def check_path(section: Section, key: str, owner: str, report: Report) -> None:
    """Check that a path is given and has no odd characters; `owner` is for the message."""
    path = section.text(key)
    if section.at(key) is None or path == "":
        node = section.node_at(key)
        report.fault(
            node, f"{owner} has no {key!r}", f"write '{key}: /folder' for where it is seen"
        )
    elif path is not None and not _PATH.fullmatch(path):
        message = f"the {key!r} {quoted(path)} of {owner} has characters that it can't have"
        report.fault(section.node_at(key), message, PATH_HINT)


def owners_are_complete(job: Section, report: Report) -> None:
    """Require both a user and a group for managed files, and another user than root."""
    for name, volume in _volumes(job):
        efs = volume.section("efs")
        has_user, has_group = efs.at("uid") is not None, efs.at("gid") is not None
        if has_user != has_group:
            given, absent = ("uid", "gid") if has_user else ("gid", "uid")
            message = f"'efs' of volume {quoted(name)} has {given!r} and no {absent!r}"
            report.fault(efs.node_at(given), message, "write both or none")
        elif efs.number("uid") == 0:
            message = f"'efs.uid' of volume {quoted(name)} is 0"
            report.fault(efs.node_at("uid"), message, "root can't own it: write a uid from 1")


def access_points_are_alone(job: Section, report: Report) -> None:
    """Check that an access point has no root folder beside it, and IAM; else, a plain path."""
    for name, volume in _volumes(job):
        efs = volume.section("efs")
        auth = efs.section("auth")
        root = efs.text("root_dir")
        if auth.at("access_point_id") is None:
            if root and not _PATH.fullmatch(root):
                message = (
                    f"'efs.root_dir' {quoted(root)} of volume {quoted(name)} has odd characters"
                )
                report.fault(efs.node_at("root_dir"), message, PATH_HINT)
            continue
        if root not in {None, "", "/"}:
            message = f"'efs.root_dir' of volume {quoted(name)} is {quoted(root or '')}"
            hint = "leave it out beside access_point_id: the access point has a root of its own"
            report.fault(efs.node_at("root_dir"), message, hint)
        if auth.flag("iam") is False:
            message = f"'efs.auth.iam' of volume {quoted(name)} is false"
            hint = "write 'iam: true' beside access_point_id"
            report.fault(auth.node_at("iam"), message, hint)


def only_one_is_managed(job: Section, report: Report) -> None:
    """Check that at most one volume uses the managed file system."""
    managed = [(name, volume) for name, volume in _volumes(job) if _is_managed(volume)]
    for name, volume in managed[1:]:
        message = f"volumes {quoted(managed[0][0])} and {quoted(name)} are both managed"
        hint = "only one volume can use the managed file system: give the other an 'id'"
        report.fault(volume.node_at("efs"), message, hint)


def windows_has_what_it_can(job: Section, report: Report) -> None:
    """Require neither a read-only root nor EFS of Windows containers."""
    if not is_windows(job):
        return
    storage = job.section("storage")
    if storage.flag("readonly_fs"):
        report.fault(
            storage.node_at("readonly_fs"),
            "'storage.readonly_fs' is true on Windows",
            "leave it out: Windows containers can't have a read-only root",
        )
    for name, volume in _volumes(job):
        if volume.at("efs") is not None and volume.flag("efs") is not False:
            message = f"volume {quoted(name)} uses EFS on Windows"
            hint = "leave efs out: Windows containers can't mount it"
            report.fault(volume.node_at("efs"), message, hint)


def volumes(job: Section, name: str) -> tuple[Volume, ...]:
    """Return the volumes sorted by name; `name` is the job's, for the owner of managed files."""
    return tuple(
        Volume(
            name=volume_name,
            path=volume.text("path") or "",
            read_only=volume.flag("read_only") is not False,
            efs=_file_system(volume, name),
        )
        for volume_name, volume in _volumes(job)
    )


def _volumes(job: Section) -> list[tuple[str, Section]]:
    return list(job.section("storage").sections("volumes"))


def _is_managed(volume: Section) -> bool:
    return volume.flag("efs") is True or sets_any(volume.section("efs"), MANAGED_FILE_SYSTEM)


def _file_system(volume: Section, job_name: str) -> ManagedFileSystem | FileSystem | None:
    efs = volume.section("efs")
    if _is_managed(volume):
        owner = zlib.crc32(job_name.encode())
        uid, gid = efs.number("uid"), efs.number("gid")
        return ManagedFileSystem(
            uid=owner if uid is None else uid, gid=owner if gid is None else gid
        )
    if not isinstance(volume.at("efs"), Section):
        return None
    auth = efs.section("auth")
    return FileSystem(
        id=_file_system_id(efs),
        root_directory=efs.text("root_dir") or "/",
        iam=auth.flag("iam") is True,
        access_point_id=auth.text("access_point_id"),
    )


def _file_system_id(efs: Section) -> str | Import:
    found = efs.at("id")
    if isinstance(found, Leaf) and isinstance(found.value, str | Import):
        return found.value
    # Copilot imports a nameless export here; CloudFormation then says that there is none.
    return Import(export="")
