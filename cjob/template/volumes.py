"""Storage: the task's volumes, the containers' mount points, and permissions on file systems."""

import json
from collections.abc import Iterable

from cjob.manifest.job import Job
from cjob.manifest.sections.sidecars import Sidecar
from cjob.manifest.sections.storage import FileSystem, ManagedFileSystem
from cjob.manifest.values import Import
from cjob.template.nodes import unquoted_or_imported, unquoted_scalar
from cjob.template.values import (
    Double,
    Resource,
    Single,
    Value,
    copilot_description,
    get_att,
    policy,
    ref,
    sub,
)

_MANAGED_ID = get_att("EnvControllerAction", "ManagedFileSystemID")
_EFS = "arn:${AWS::Partition}:elasticfilesystem:${AWS::Region}:${AWS::AccountId}:"


def volumes(job: Job) -> list[Value]:
    """Return the task's volumes: the managed one first, then the others by name."""
    managed = [v for v in job.storage.volumes if isinstance(v.efs, ManagedFileSystem)]
    others = [v for v in job.storage.volumes if not isinstance(v.efs, ManagedFileSystem)]
    return [
        {"Name": unquoted_scalar(volume.name), **_configuration(volume.efs)}
        for volume in (*managed, *others)
    ]


def _configuration(efs: ManagedFileSystem | FileSystem | None) -> Resource:
    if efs is None:
        return {}
    if isinstance(efs, ManagedFileSystem):
        configuration: Resource = {
            "FilesystemId": _MANAGED_ID,
            "RootDirectory": Double("/"),
            "TransitEncryption": "ENABLED",
            "AuthorizationConfig": {"AccessPointId": ref("AccessPoint"), "IAM": "ENABLED"},
        }
    else:
        access_point = efs.access_point_id
        configuration = {
            "FilesystemId": unquoted_or_imported(efs.id),
            "RootDirectory": Single(efs.root_directory),
            "TransitEncryption": "ENABLED",
            "AuthorizationConfig": {
                **({"AccessPointId": unquoted_scalar(access_point)} if access_point else {}),
                "IAM": "ENABLED" if efs.iam else "DISABLED",
            },
        }
    return {"EFSVolumeConfiguration": configuration}


def mount_points(job: Job) -> list[Value]:
    """Return the mount points of the main container."""
    return [
        {
            "ContainerPath": Single(volume.path),
            "ReadOnly": volume.read_only,
            "SourceVolume": unquoted_scalar(volume.name),
        }
        for volume in job.storage.volumes
    ]


def sidecar_mount_points(sidecar: Sidecar) -> list[Value]:
    """Return the mount points of a sidecar."""
    return [
        {
            "SourceVolume": unquoted_scalar(point.source_volume),
            "ReadOnly": point.read_only,
            "ContainerPath": Single(point.path),
        }
        for point in sidecar.mount_points
    ]


def mounted_paths(paths: Iterable[tuple[str, str]]) -> list[Value]:
    """Return the variable that maps volumes to paths, as JSON, if there are any."""
    by_volume = dict(sorted(paths))
    if not by_volume:
        return []
    text = json.dumps(by_volume, separators=(",", ":"), ensure_ascii=False)
    return [{"Name": "COPILOT_MOUNT_POINTS", "Value": Single(text)}]


def access_point(job: Job) -> Resource:
    """Return the access point of the managed file system, if a volume uses it."""
    for volume in job.storage.volumes:
        if isinstance(volume.efs, ManagedFileSystem):
            return {"AccessPoint": _access_point(job.name, volume.efs)}
    return {}


def _access_point(job: str, efs: ManagedFileSystem) -> Resource:
    return {
        "Metadata": copilot_description("EFS access point with a user and a folder of its own"),
        "Type": "AWS::EFS::AccessPoint",
        "Properties": {
            "ClientToken": sub("${AppName}-${EnvName}-${WorkloadName}"),
            "FileSystemId": _MANAGED_ID,
            "PosixUser": {"Uid": efs.uid, "Gid": efs.gid},
            "RootDirectory": {
                "Path": sub(f"/{job}"),
                "CreationInfo": {
                    "OwnerUid": efs.uid,
                    "OwnerGid": efs.gid,
                    "Permissions": Single("0755"),
                },
            },
        },
    }


def policies(job: Job) -> list[Resource]:
    """Return the statements that let containers mount file systems, and write if not read-only."""
    managed = any(isinstance(volume.efs, ManagedFileSystem) for volume in job.storage.volumes)
    own = [(v.efs, v.read_only) for v in job.storage.volumes if isinstance(v.efs, FileSystem)]
    return [
        *(_own_policy(efs, index, read_only) for index, (efs, read_only) in enumerate(own)),
        *([_MANAGED_POLICY] if managed else []),
    ]


def _actions(*, write: bool) -> list[Value]:
    mount = Single("elasticfilesystem:ClientMount")
    return [mount, Single("elasticfilesystem:ClientWrite")] if write else [mount]


def _at_access_point(arn: Value) -> Resource:
    return {"StringEquals": {Single("elasticfilesystem:AccessPointArn"): arn}}


def _grant(actions: list[Value], resource: Value, condition: Resource) -> Resource:
    return {
        "Effect": Single("Allow"),
        "Action": actions,
        **({"Condition": condition} if condition else {}),
        "Resource": [resource],
    }


_MANAGED_ARN: Resource = {
    "Fn::Sub": [
        Single("arn:${partition}:elasticfilesystem:${region}:${account}:file-system/${fsid}"),
        {
            "partition": ref("AWS::Partition"),
            "region": ref("AWS::Region"),
            "account": ref("AWS::AccountId"),
            "fsid": _MANAGED_ID,
        },
    ]
}
_MANAGED_POLICY = policy(
    Single("GrantAccessCopilotManagedEFS"),
    [_grant(_actions(write=True), _MANAGED_ARN, _at_access_point(get_att("AccessPoint", "Arn")))],
)


def _own_policy(efs: FileSystem, index: int, read_only: bool) -> Resource:  # noqa: FBT001 - a fact
    identifier = unquoted_or_imported(efs.id)
    if isinstance(efs.id, Import):
        parts = ["GrantEFSAccess", identifier, f"-{index}"]
        name: Value = {"Fn::Join": [Single(""), parts]}
        arn: Value = {"Fn::Join": [Single("/"), [sub(_EFS + "file-system"), identifier]]}
    else:
        name = Single(f"GrantEFSAccess{efs.id}-{index}")
        arn = sub(f"{_EFS}file-system/{efs.id}")
    point = efs.access_point_id
    condition = _at_access_point(sub(f"{_EFS}access-point/{point}")) if point else {}
    return policy(name, [_grant(_actions(write=not read_only), arn, condition)])
