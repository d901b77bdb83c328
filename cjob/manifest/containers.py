"""Containers, the main one and those beside it: what is checked about them, and what becomes of it.

Takes merged trees, gives the model's Containers, Sidecars and Logging. Touches nothing.
"""

import posixpath
import re
from collections.abc import Iterator

from yaml.nodes import Node

from cjob.document import names
from cjob.manifest import durations, images, shellwords, storage
from cjob.manifest.model import Container, HealthCheck, Import, Logging, MountPoint, Port, Sidecar
from cjob.manifest.report import Report, one_of, quoted
from cjob.manifest.tree import Items, Leaf, Section

SIDECARS_LIMIT = 100
"""More than ECS has ever taken, so that AWS decides about all that could be meant."""

LOG_ROUTER_IMAGE = "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable"

_CHECK_COMMAND = ("CMD-SHELL", "curl -f http://localhost/ || exit 1")
_CHECK_INTERVAL, _CHECK_RETRIES, _CHECK_TIMEOUT, _CHECK_START = 10, 2, 5, 0
_PROTOCOLS = ("tcp", "udp")
# Leading zeros are as good as none; Python would refuse thousands of them.
_PORT = re.compile(r"[0-9]{1,20}")
_LAST_PORT = 65_535
_LIST_AS_TEXT = re.compile(r"\s*\[\s*\".*\"\s*\]\s*", re.DOTALL)


def sidecars_are_few(job: Section, report: Report) -> None:
    """Require a number of sidecars that is no mistake of what wrote the manifest."""
    count = len(list(job.sections("sidecars")))
    if count > SIDECARS_LIMIT:
        message = f"the job has {count} sidecars, more than {SIDECARS_LIMIT}"
        report.fault(job.node_at("sidecars"), message, "ECS takes 10 containers in a task")


def commands_are_words(job: Section, report: Report) -> None:
    """Check that a command written as one text falls into words, and is no list in disguise."""
    for container in (job, *_sidecars(job)):
        for key in ("entrypoint", "command"):
            text = container.text(key) or ""
            if looks_like_a_list(text):
                message = f"{key!r} is a text that looks like a list: {quoted(text)}"
                hint = "write the list itself; after '|' it would be taken as words with brackets"
                report.fault(container.node_at(key), message, hint)
            try:
                shellwords.split(text)
            except shellwords.ShellWordsError as error:
                message = f"{key!r} does not fall into words: {error}"
                hint = "close it, put a backslash before it, or write a list of words"
                report.fault(container.node_at(key), message, hint)


def looks_like_a_list(text: str) -> bool:
    """Return whether a command written as one text is meant as a list of words in quotes."""
    return _LIST_AS_TEXT.match(text) is not None


def env_files_end_in_env(job: Section, report: Report) -> None:
    """Check that env files are named so: ECS takes no others."""
    for node, path in env_files(job):
        if not is_env_file(path):
            message = f"the env file {quoted(path)} does not end in .env"
            report.fault(node, message, "name the file something.env")


def env_files(job: Section) -> Iterator[tuple[Node, str]]:
    """Yield the path of each env file that the manifest names, with the node to point at."""
    for container in (job, job.section("logging"), *_sidecars(job)):
        path = container.text("env_file")
        if path is not None:
            yield container.node_at("env_file"), path


def env_files_have_parameters_of_their_own(job: Section, report: Report) -> None:
    """Check that sidecars with env files have names that differ in more than signs."""
    owners: dict[str, str] = {}
    for name, sidecar in job.sections("sidecars"):
        if sidecar.at("env_file") is None:
            continue
        parameter = names.sidecar_env_file(name)
        first = owners.setdefault(parameter, name)
        if first != name:
            message = f"the env files of {quoted(first)} and {quoted(name)} need one {parameter!r}"
            hint = "only letters and digits of a sidecar's name count for that: rename one"
            report.fault(sidecar.node_at("env_file"), message, hint)


def is_env_file(path: str) -> bool:
    """Return whether a file is named as ECS wants it."""
    return posixpath.basename(path).endswith(".env")


def imported_variables_have_names(job: Section, report: Report) -> None:
    """Require the name of the export of each variable from another stack."""
    for name, value in job.section("variables").fields.items():
        if isinstance(value, Leaf) and value.value == Import(export=""):
            message = f"'from_cfn' of variable {quoted(name)} is empty"
            report.fault(value.node, message, "write the name of an export of another stack")


def mount_points_are_complete(job: Section, report: Report) -> None:
    """Require a volume and a path of each mount point of a sidecar."""
    for name, sidecar in job.sections("sidecars"):
        for index, point in enumerate(sidecar.listed("mount_points")):
            owner = f"'sidecars.{name}.mount_points[{index}]'"
            if point.at("source_volume") is None or point.text("source_volume") == "":
                hint = "write 'source_volume:' with a name from storage.volumes"
                report.fault(point.node, f"{owner} has no 'source_volume'", hint)
            storage.check_path(point, "path", owner, report)


def ports_are_numbers(job: Section, report: Report) -> None:
    """Check that the port of a sidecar is a number, with a protocol that ECS knows."""
    for name, sidecar in job.sections("sidecars"):
        text = sidecar.text("port")
        if text is None:
            continue
        number, *protocols = text.split("/")
        wrong = ""
        if len(protocols) > 1:
            wrong = "has more than one /"
        elif protocols and protocols[0].lower() not in _PROTOCOLS:
            wrong = f"has a protocol that is not {one_of(_PROTOCOLS)}"
        elif not _is_port(number):
            wrong = f"is no number from 0 to {_LAST_PORT}"
        if wrong:
            message = f"the port {quoted(text)} of sidecar {quoted(name)} {wrong}"
            report.fault(sidecar.node_at("port"), message, "write it as in 8080 or 53/udp")


def ports_are_used_once(job: Section, report: Report) -> None:
    """Require a port of its own for each sidecar: the containers of a task share one address."""
    users: dict[int, str] = {}
    for name, sidecar in job.sections("sidecars"):
        number = (sidecar.text("port") or "").partition("/")[0]
        if not _is_port(number):
            continue
        other = users.setdefault(int(number), name)
        if other != name:
            message = f"sidecars {quoted(other)} and {quoted(name)} have the same port {number}"
            report.fault(sidecar.node_at("port"), message, "give each its own port")


def _is_port(text: str) -> bool:
    return bool(_PORT.fullmatch(text)) and int(text) <= _LAST_PORT


def _sidecars(job: Section) -> list[Section]:
    return [sidecar for _, sidecar in job.sections("sidecars")]


def main(job: Section, name: str) -> Container:
    """Return the main container."""
    image = job.section("image")
    return Container(
        name=name,
        build=images.image_build(image),
        location=image.text("location"),
        credentials=image.text("credentials"),
        entrypoint=_words(job, "entrypoint"),
        command=_words(job, "command"),
        variables=job.variables("variables"),
        secrets=job.secrets("secrets"),
        env_file=job.text("env_file"),
        labels=image.texts("labels"),
        depends_on=_dependencies(image),
        health_check=_health_check(image),
    )


def sidecars(job: Section) -> tuple[Sidecar, ...]:
    """Return the sidecars sorted by name."""
    return tuple(_sidecar(name, sidecar) for name, sidecar in job.sections("sidecars"))


def _sidecar(name: str, sidecar: Section) -> Sidecar:
    image = sidecar.section("image")
    located = sidecar.text("image")
    return Sidecar(
        name=name,
        build=images.image_build(image),
        location=image.text("location") if located is None else located,
        credentials=sidecar.text("credentialsParameter"),
        entrypoint=_words(sidecar, "entrypoint"),
        command=_words(sidecar, "command"),
        variables=sidecar.variables("variables"),
        secrets=sidecar.secrets("secrets"),
        env_file=sidecar.text("env_file"),
        labels=sidecar.texts("labels"),
        depends_on=_dependencies(sidecar),
        health_check=_health_check(sidecar),
        essential=sidecar.flag("essential"),
        port=_port(sidecar),
        mount_points=tuple(
            MountPoint(
                source_volume=point.text("source_volume") or "",
                path=point.text("path") or "",
                read_only=point.flag("read_only") is not False,
            )
            for point in sidecar.listed("mount_points")
        ),
    )


def logging(job: Section) -> Logging | None:
    """Return the log router; None where nothing but the retention of logs is set."""
    fields = job.section("logging")
    if not routes_logs(job):
        return None
    image = fields.text("image")
    return Logging(
        router=Container(
            name=names.FIRELENS,
            location=LOG_ROUTER_IMAGE if image is None else image,
            variables=fields.variables("variables"),
            secrets=fields.secrets("secrets"),
            env_file=fields.text("env_file"),
        ),
        destination=fields.texts("destination"),
        metadata=fields.flag("enableMetadata") is not False,
        secret_options=fields.secrets("secretOptions"),
        config_file=fields.text("configFilePath"),
    )


def routes_logs(job: Section) -> bool:
    """Return whether the manifest asks for a log router: any key but the retention does."""
    fields = job.section("logging")
    return any(key != "retention" and fields.at(key) is not None for key in fields.fields)


def _words(container: Section, key: str) -> tuple[str, ...] | None:
    found = container.at(key)
    if isinstance(found, Items):
        return found.texts() or None
    return shellwords.split(container.text(key) or "") or None


def _dependencies(section: Section) -> dict[str, str]:
    return {name: status.upper() for name, status in section.texts("depends_on").items()}


def _port(sidecar: Section) -> Port | None:
    text = sidecar.text("port")
    if text is None:
        return None
    number, _, protocol = text.partition("/")
    return Port(number=int(number), protocol=protocol.lower() or "tcp")


def _health_check(section: Section) -> HealthCheck | None:
    fields = section.section("healthcheck")
    if all(fields.at(key) is None for key in fields.fields):
        return None
    command = fields.at("command")
    retries = fields.number("retries")
    return HealthCheck(
        command=command.texts() if isinstance(command, Items) else _CHECK_COMMAND,
        interval=_seconds(fields, "interval", _CHECK_INTERVAL),
        retries=_CHECK_RETRIES if retries is None else retries,
        timeout=_seconds(fields, "timeout", _CHECK_TIMEOUT),
        start_period=_seconds(fields, "start_period", _CHECK_START),
    )


def _seconds(fields: Section, key: str, default: int) -> int:
    length = fields.number(key)
    return default if length is None else int(length / durations.SECOND)
