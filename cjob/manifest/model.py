"""A scheduled job as its manifest describes it, for one environment.

This is what reading gives and rendering takes: merged, validated, converted. Texts stay as the
manifest wrote them, numbers are numbers, absent things are None, and what is a map in the manifest
is a mapping sorted by key (lists keep their order). Nothing here acts.
"""

from collections.abc import Mapping
from typing import NamedTuple

from cjob.document.records import NOTHING, dataclass


@dataclass(frozen=True, kw_only=True)
class Import:
    """A value exported by another stack (`from_cfn`)."""

    export: str


@dataclass(frozen=True, kw_only=True)
class SecretsManagerSecret:
    """A secret named as Secrets Manager knows it (`secretsmanager`), `name[:key:stage:version]`."""

    name: str


TextOrImport = str | Import
Secret = str | SecretsManagerSecret | Import


class ImageBuild(NamedTuple):
    """How an image is built; both paths are cleaned and relative to the workspace."""

    context: str
    dockerfile: str
    target: str = ""
    args: Mapping[str, str] = NOTHING
    cache_from: tuple[str, ...] = ()


class HealthCheck(NamedTuple):
    """A container's health check; times are whole seconds."""

    command: tuple[str, ...]
    interval: int
    retries: int
    timeout: int
    start_period: int


@dataclass(frozen=True, kw_only=True)
class Container:
    """What the main container, sidecars and the log router have in common.

    Exactly one of `build` and `location` is set (both None only for a log router's default, whose
    location is filled in). `depends_on` maps a container to an upper-case condition.
    `entrypoint` and `command` are None where the image's own are to run.
    """

    name: str
    build: ImageBuild | None = None
    location: str | None = None
    credentials: str | None = None
    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    variables: Mapping[str, TextOrImport] = NOTHING
    secrets: Mapping[str, Secret] = NOTHING
    env_file: str | None = None
    labels: Mapping[str, str] = NOTHING
    depends_on: Mapping[str, str] = NOTHING
    health_check: HealthCheck | None = None


class MountPoint(NamedTuple):
    """Where a sidecar sees a volume; the texts stay None where the manifest has none."""

    source_volume: str
    path: str
    read_only: bool = True


class Port(NamedTuple):
    """The one port of a sidecar; the protocol is lower-case."""

    number: int
    protocol: str = "tcp"


@dataclass(frozen=True, kw_only=True)
class Sidecar(Container):
    """A container beside the main one."""

    essential: bool | None = None
    port: Port | None = None
    mount_points: tuple[MountPoint, ...] = ()


class ManagedFileSystem(NamedTuple):
    """The environment's own file system, seen through an access point of the job.

    `uid` and `gid` are given ones, or the CRC-32 of the job's name.
    """

    uid: int
    gid: int


class FileSystem(NamedTuple):
    """A file system of the person's own."""

    id: TextOrImport
    root_directory: str = "/"
    iam: bool = False
    access_point_id: str | None = None


class Volume(NamedTuple):
    """A volume and where the main container sees it; scratch space where `efs` is None."""

    name: str
    path: str
    read_only: bool = True
    efs: ManagedFileSystem | FileSystem | None = None


class Logging(NamedTuple):
    """The FireLens log router; a Job has one only where the manifest switches it on."""

    router: Container
    destination: Mapping[str, str] = NOTHING
    metadata: bool = True
    secret_options: Mapping[str, Secret] = NOTHING
    config_file: str | None = None


@dataclass(frozen=True, kw_only=True)
class SubnetsByTag:
    """Subnets to be looked up: each tag with the values that match (none: any value)."""

    tags: Mapping[str, tuple[str, ...]]


class Network(NamedTuple):
    """Where tasks are placed: `public`, `private`, subnet ids, or subnets found by tags."""

    placement: str | tuple[str, ...] | SubnetsByTag = "public"
    security_groups: tuple[TextOrImport, ...] = ()


class Topic(NamedTuple):
    """An SNS topic of the job; `name` has no `.fifo`. `deduplication` is None where not given."""

    name: str
    fifo: bool = False
    deduplication: bool | None = None


class Platform(NamedTuple):
    """The task's operating system family and CPU architecture, as ECS spells them.

    `image` is what images are built for, `os/architecture`; empty where the manifest says nothing.
    """

    family: str = "LINUX"
    architecture: str = "X86_64"
    image: str = ""


class TaskOverride(NamedTuple):
    """One rule of `taskdef_overrides`: a checked path, its value as a YAML node, and its place.

    The place is the path's line and column, counted from 1; 0 where there is none.
    """

    path: str
    value: object
    line: int = 0
    column: int = 0


@dataclass(frozen=True, kw_only=True)
class Job:
    """A scheduled job in one environment.

    `schedule` is an EventBridge expression or `none`; `timeout` is in seconds (None: none);
    `cpu` is in CPU units, `memory` in MiB, `ephemeral_storage` in GiB (None: the default 20).
    """

    name: str
    schedule: str
    retries: int = 0
    timeout: int | None = None
    cpu: int = 256
    memory: int = 512
    count: int = 1
    platform: Platform = Platform()
    main: Container
    sidecars: tuple[Sidecar, ...] = ()
    logging: Logging | None = None
    log_retention: int = 30
    ephemeral_storage: int | None = None
    read_only_root: bool | None = None
    volumes: tuple[Volume, ...] = ()
    network: Network = Network()
    topics: tuple[Topic, ...] = ()
    overrides: tuple[TaskOverride, ...] = ()
