"""`entrypoint`, `command`, and what else the main container and sidecars have in common."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from cjob.document.records import EMPTY, dataclass
from cjob.manifest import durations, functions, references, shellwords
from cjob.manifest.field_types import (
    INTEGER,
    RAW_STRING,
    STRING_MAP,
    STRINGS,
    Duration,
    Field,
    Fields,
    ListOf,
    String,
)
from cjob.manifest.forms import OneOf
from cjob.manifest.report import Report, quoted
from cjob.manifest.sections.build import ImageBuild
from cjob.manifest.tree import Items, Section
from cjob.manifest.values import Secret, StringOrImport

_LIST_AS_STRING = re.compile(r"\s*\[\s*\".*\"\s*\]\s*", re.DOTALL)

_CHECK_COMMAND = ("CMD-SHELL", "curl -f http://localhost/ || exit 1")
_CHECK_INTERVAL, _CHECK_RETRIES, _CHECK_TIMEOUT, _CHECK_START = 10, 2, 5, 0


class HealthCheck(NamedTuple):
    """A container's health check; durations are in seconds."""

    command: tuple[str, ...]
    interval: int
    retries: int
    timeout: int
    start_period: int


@dataclass(frozen=True, kw_only=True)
class Container:
    """A container: the main one, a sidecar or the log router.

    Exactly one of `build` and `location` is set. `depends_on` maps the name of a container to an
    upper-case status. `entrypoint` and `command` are None if those of the image are used.
    """

    name: str
    build: ImageBuild | None = None
    location: str | None = None
    credentials: str | None = None
    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    variables: Mapping[str, StringOrImport] = EMPTY
    secrets: Mapping[str, Secret] = EMPTY
    env_file: str | None = None
    labels: Mapping[str, str] = EMPTY
    depends_on: Mapping[str, str] = EMPTY
    health_check: HealthCheck | None = None


def _looks_like_a_list(text: str) -> bool:
    """Return whether a command written as a string is meant as a list of quoted words."""
    return _LIST_AS_STRING.match(text) is not None


def _split_if_possible(text: str) -> tuple[str, ...]:
    try:
        return () if _looks_like_a_list(text) else shellwords.split(text)
    except shellwords.ShellWordsError:  # an error of the rule below
        return ()


SHELL_WORDS = OneOf(
    first=ListOf(RAW_STRING),
    second=String(raw=_split_if_possible),
    expected="a string or a list of strings",
    hint="write the words as one string, or as a list with one word per item",
)
LABELS = Field(STRING_MAP, "Docker labels of the container.")
DEPENDS_ON = Field(
    STRING_MAP, "Containers to wait for, each with a status: start, complete, success or healthy."
)
HEALTH_CHECK = Field(
    Fields(
        "healthcheck",
        {
            "command": Field(STRINGS, "The command: CMD or CMD-SHELL, then its words."),
            "interval": Field(Duration(), "The time between checks: 10s by default."),
            "retries": Field(
                INTEGER,
                "Consecutive failures after which the container is unhealthy: 2 by default.",
            ),
            "timeout": Field(Duration(), "How long a check may take: 5s by default."),
            "start_period": Field(
                Duration(), "How long failures are ignored after the start: 0s by default."
            ),
        },
    ),
    "The command that checks whether the container is healthy.",
)

FIELDS = {
    "entrypoint": Field(
        SHELL_WORDS, "Replaces the image's ENTRYPOINT: a string of shell words, or a list."
    ),
    "command": Field(SHELL_WORDS, "Replaces the image's CMD: a string of shell words, or a list."),
}


def commands_can_be_split(job: Section, report: Report) -> None:
    """Check that a command written as a string splits into words, and is not a list in quotes."""
    for container in (job, *(sidecar for _, sidecar in job.sections("sidecars"))):
        for key in FIELDS:
            text = container.string(key) or ""
            if _looks_like_a_list(text):
                message = f"{key}: {quoted(text)} is a string that looks like a list"
                hint = "write it as a YAML list, without quotes around it or '|' before it"
                report.error(container.node_at(key), message, hint)
            try:
                shellwords.split(text)
            except shellwords.ShellWordsError as error:
                message = f"{key}: cannot be split into words: {error}"
                hint = "close it, escape it with a backslash, or write a list of words"
                report.error(container.node_at(key), message, hint)


RULES = (commands_can_be_split,)


def check_image(section: Section, key: str, report: Report) -> None:
    """Check that a registry can resolve an image, unless a CloudFormation function names it."""
    reference = section.string(key)
    if reference is not None and functions.called(reference) is None:
        report.find(section.node_at(key), references.problem(functions.as_read(reference)))


def words(container: Section, key: str) -> tuple[str, ...] | None:
    """Return the words of a command; None if it is not given or empty."""
    found = container.get(key)
    if isinstance(found, Items):
        return found.strings() or None
    return shellwords.split(container.string(key) or "") or None


def dependencies(section: Section) -> dict[str, str]:
    """Return the containers that a container waits for, with the status each must reach."""
    return {name: status.upper() for name, status in section.strings("depends_on").items()}


def health_check(section: Section) -> HealthCheck | None:
    """Return the health check of a container, None if it has none."""
    fields = section.section("healthcheck")
    if all(fields.get(key) is None for key in fields.fields):
        return None
    command = fields.get("command")
    retries = fields.integer("retries")
    return HealthCheck(
        command=command.strings() if isinstance(command, Items) else _CHECK_COMMAND,
        interval=_seconds(fields, "interval", _CHECK_INTERVAL),
        retries=_CHECK_RETRIES if retries is None else retries,
        timeout=_seconds(fields, "timeout", _CHECK_TIMEOUT),
        start_period=_seconds(fields, "start_period", _CHECK_START),
    )


def _seconds(fields: Section, key: str, default: int) -> int:
    length = fields.integer(key)
    return default if length is None else int(length / durations.SECOND)
