"""`sidecars`: the containers beside the main one."""

import re
from typing import NamedTuple

from cjob.document import names
from cjob.document.records import dataclass
from cjob.manifest.field_types import (
    BOOLEAN,
    RAW_STRING,
    STRING,
    Field,
    Fields,
    ListOf,
    MapOf,
    is_readable,
    reject_empty_entries,
)
from cjob.manifest.forms import OneOf
from cjob.manifest.report import Report, one_of, quoted
from cjob.manifest.sections import container
from cjob.manifest.sections.build import BUILD, LOCATION, image_build, is_built
from cjob.manifest.sections.container import Container, check_image
from cjob.manifest.sections.storage import check_path
from cjob.manifest.sections.variables import SECRETS, VARIABLES
from cjob.manifest.tree import Section

LIMIT = 100
"""More than ECS has ever accepted: within it, AWS decides."""

_PROTOCOLS = ("tcp", "udp")
# Leading zeros are accepted; Python would refuse thousands of them.
_PORT = re.compile(r"[0-9]{1,20}")
_LAST_PORT = 65_535


class MountPoint(NamedTuple):
    """Where a sidecar mounts a volume."""

    source_volume: str
    path: str
    read_only: bool = True


class Port(NamedTuple):
    """The port of a sidecar; the protocol is in lower case."""

    number: int
    protocol: str = "tcp"


@dataclass(frozen=True, kw_only=True)
class Sidecar(Container):
    """A container beside the main one."""

    essential: bool | None = None
    port: Port | None = None
    mount_points: tuple[MountPoint, ...] = ()


_IMAGE = OneOf(
    first=RAW_STRING,
    second=Fields(
        "sidecar image", {"build": BUILD, "location": LOCATION._replace(type=RAW_STRING)}
    ),
    expected="the name of an image or a mapping with build or location",
    hint="write 'image: repository:tag', or 'build:' or 'location:' below 'image:'",
    strict=True,
)
_MOUNT_POINT = Fields(
    "mount point",
    {
        "source_volume": Field(RAW_STRING, "The name of a volume in storage.volumes."),
        "path": Field(STRING, "Where the container mounts the volume."),
        "read_only": Field(BOOLEAN, "Whether the volume is read-only: true by default."),
    },
)
_SIDECAR = Fields(
    "sidecar",
    {
        "port": Field(STRING, "The container's port, as in 2000 or 2000/udp."),
        "image": Field(_IMAGE, "The container's image: a name, or build or location."),
        "essential": Field(
            BOOLEAN, "Whether the task stops when the container stops: true by default."
        ),
        "credentialsParameter": Field(
            RAW_STRING, "The ARN of a secret with the registry's username and password."
        ),
        "variables": Field(VARIABLES, "The container's environment variables."),
        "env_file": Field(
            STRING,
            "A file of environment variables, one NAME=value per line; its name ends in .env.",
        ),
        "secrets": Field(SECRETS, "Environment variables from SSM parameters or Secrets Manager."),
        "mount_points": Field(
            ListOf(_MOUNT_POINT), "Where the container mounts the job's volumes."
        ),
        "labels": container.LABELS,
        "depends_on": container.DEPENDS_ON,
        "healthcheck": container.HEALTH_CHECK,
        "entrypoint": Field(container.SHELL_WORDS, "Replaces the image's ENTRYPOINT."),
        "command": Field(container.SHELL_WORDS, "Replaces the image's CMD."),
    },
)

FIELDS = {
    "sidecars": Field(
        MapOf(_SIDECAR, raw_names=True), "Containers that run beside the main one, by name."
    )
}


def are_few(job: Section, report: Report) -> None:
    """Check that there are no more sidecars than any program could have meant to write."""
    count = len(list(job.sections("sidecars")))
    if count > LIMIT:
        message = f"the job has {count} sidecars, more than {LIMIT}"
        report.error(job.node_at("sidecars"), message, "ECS accepts 10 containers per task")


def are_not_empty(job: Section, report: Report) -> None:
    """Check that each sidecar has fields."""
    reject_empty_entries(job.section("sidecars"), "sidecar", report)


def have_one_image(job: Section, report: Report) -> None:
    """Check that each sidecar has an image: its name, or exactly one of build and location."""
    for name, sidecar in job.sections("sidecars"):
        image = sidecar.get("image")
        if image is None:
            report.error(
                sidecar.node,
                f"sidecar {quoted(name)}: 'image' is missing",
                "write 'image: repository:tag', or 'build:' or 'location:' below 'image:'",
            )
        elif isinstance(image, Section):
            located, built = image.get("location") is not None, is_built(image)
            if located == built and is_readable(image):
                problem = "exclude each other" if built else "are both missing"
                message = f"sidecar {quoted(name)}: image: 'build' and 'location' {problem}"
                report.error(image.node, message, "write one of them")


def images_can_be_resolved(job: Section, report: Report) -> None:
    """Check that a registry can resolve the images of sidecars."""
    for _, sidecar in job.sections("sidecars"):
        check_image(sidecar, "image", report)
        check_image(sidecar.section("image"), "location", report)


def env_files_have_separate_parameters(job: Section, report: Report) -> None:
    """Check that names of sidecars with env files differ in letters or digits."""
    owners: dict[str, str] = {}
    for name, sidecar in job.sections("sidecars"):
        if sidecar.get("env_file") is None:
            continue
        parameter = names.sidecar_env_file(name)
        first = owners.setdefault(parameter, name)
        if first != name:
            pair = f"{quoted(first)} and {quoted(name)}"
            message = f"env files of sidecars {pair} would share parameter {parameter!r}"
            hint = "rename one of them: only letters and digits of the name count"
            report.error(sidecar.node_at("env_file"), message, hint)


def mount_points_are_complete(job: Section, report: Report) -> None:
    """Check that each mount point of a sidecar has a volume and a path."""
    for name, sidecar in job.sections("sidecars"):
        for index, point in enumerate(sidecar.section_list("mount_points")):
            owner = f"sidecars.{name}.mount_points[{index}]"
            if point.get("source_volume") is None or point.string("source_volume") == "":
                hint = "write 'source_volume:' with a name from storage.volumes"
                report.error(point.node, f"{owner}: 'source_volume' is missing", hint)
            check_path(point, "path", owner, report)


def ports_are_numbers(job: Section, report: Report) -> None:
    """Check that the port of a sidecar is a number, with a protocol that ECS knows."""
    for name, sidecar in job.sections("sidecars"):
        text = sidecar.string("port")
        if text is None:
            continue
        number, *protocols = text.split("/")
        problem = ""
        if len(protocols) > 1:
            problem = "has more than one '/'"
        elif protocols and protocols[0].lower() not in _PROTOCOLS:
            problem = f"has another protocol than {one_of(_PROTOCOLS)}"
        elif not _is_port(number):
            problem = f"is not a number from 0 to {_LAST_PORT}"
        if problem:
            message = f"sidecar {quoted(name)}: port {quoted(text)} {problem}"
            report.error(sidecar.node_at("port"), message, "write it as in 8080 or 53/udp")


def ports_are_used_once(job: Section, report: Report) -> None:
    """Check that no two sidecars have the same port: the containers of a task share an address."""
    users: dict[int, str] = {}
    for name, sidecar in job.sections("sidecars"):
        number = (sidecar.string("port") or "").partition("/")[0]
        if not _is_port(number):
            continue
        other = users.setdefault(int(number), name)
        if other != name:
            message = f"sidecars {quoted(other)} and {quoted(name)} have the same port {number}"
            report.error(sidecar.node_at("port"), message, "use a different port for each")


RULES = (
    are_few,
    are_not_empty,
    have_one_image,
    images_can_be_resolved,
    env_files_have_separate_parameters,
    mount_points_are_complete,
    ports_are_numbers,
    ports_are_used_once,
)


def sidecars(job: Section) -> tuple[Sidecar, ...]:
    """Return the sidecars, sorted by name."""
    return tuple(_sidecar(name, sidecar) for name, sidecar in job.sections("sidecars"))


def _sidecar(name: str, sidecar: Section) -> Sidecar:
    image = sidecar.section("image")
    image_name = sidecar.string("image")
    return Sidecar(
        name=name,
        build=image_build(image),
        location=image.string("location") if image_name is None else image_name,
        credentials=sidecar.string("credentialsParameter"),
        entrypoint=container.words(sidecar, "entrypoint"),
        command=container.words(sidecar, "command"),
        variables=sidecar.variables("variables"),
        secrets=sidecar.secrets("secrets"),
        env_file=sidecar.string("env_file"),
        labels=sidecar.strings("labels"),
        depends_on=container.dependencies(sidecar),
        health_check=container.health_check(sidecar),
        essential=sidecar.boolean("essential"),
        port=_port(sidecar),
        mount_points=tuple(
            MountPoint(
                source_volume=point.string("source_volume") or "",
                path=point.string("path") or "",
                read_only=point.boolean("read_only") is not False,
            )
            for point in sidecar.section_list("mount_points")
        ),
    )


def _is_port(text: str) -> bool:
    return bool(_PORT.fullmatch(text)) and int(text) <= _LAST_PORT


def _port(sidecar: Section) -> Port | None:
    text = sidecar.string("port")
    if text is None:
        return None
    number, _, protocol = text.partition("/")
    return Port(number=int(number), protocol=protocol.lower() or "tcp")
