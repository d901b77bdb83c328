"""`cpu`, `memory`, `platform`, `count` and `exec`: the task that each run starts."""

from typing import NamedTuple

from cjob.document.records import dataclass
from cjob.manifest import fargate
from cjob.manifest.field_types import BOOLEAN, INTEGER, STRING, Anything, Field, Fields, is_readable
from cjob.manifest.forms import OneOf, is_given
from cjob.manifest.report import Report, one_of, quoted
from cjob.manifest.tree import Section, Unreadable

_DEFAULT_SIZE = {"cpu": 256, "memory": 512}
_ARCHITECTURES = {"x86_64": "X86_64", "amd64": "X86_64", "arm": "ARM64", "arm64": "ARM64"}
_WINDOWS_FAMILIES = {
    "windows": "WINDOWS_SERVER_2019_CORE",
    "windows_server_2019_core": "WINDOWS_SERVER_2019_CORE",
    "windows_server_2019_full": "WINDOWS_SERVER_2019_FULL",
    "windows_server_2022_core": "WINDOWS_SERVER_2022_CORE",
    "windows_server_2022_full": "WINDOWS_SERVER_2022_FULL",
}
_FAMILY_ARCHITECTURES: dict[str, tuple[str, ...]] = {
    "linux": tuple(_ARCHITECTURES),
    **dict.fromkeys(_WINDOWS_FAMILIES, ("x86_64", "amd64")),
}
_SHORT_PLATFORMS = tuple(
    f"{family}/{architecture}"
    for family in ("linux", "windows")
    for architecture in _FAMILY_ARCHITECTURES[family]
)
_SCALING = (
    *("spot", "range", "cooldown", "cpu_percentage", "memory_percentage"),
    *("requests", "response_time", "queue_delay"),
)


class Platform(NamedTuple):
    """The task's operating system family and CPU architecture, as ECS spells them.

    `image` is the platform that images are built for, `os/architecture`; empty if the manifest
    has none.
    """

    family: str = "LINUX"
    architecture: str = "X86_64"
    image: str = ""


@dataclass(frozen=True, kw_only=True)
class Task:
    """The task of a run: `cpu` in CPU units, `memory` in MiB."""

    cpu: int = 256
    memory: int = 512
    count: int = 1
    platform: Platform = Platform()


PLATFORM = OneOf(
    first=Fields(
        "platform",
        {
            "osfamily": Field(
                STRING, "The operating system family: linux, or a version of Windows Server."
            ),
            "architecture": Field(STRING, "x86_64 or arm64."),
        },
    ),
    second=STRING,
    expected="a string or a mapping with osfamily and architecture",
    hint="write 'platform: linux/arm64', or osfamily and architecture below 'platform:'",
)
COUNT = OneOf(
    first=Fields(
        "count",
        dict.fromkeys(_SCALING, Field(Anything())) | {"range": Field(Anything(), "Not for jobs.")},
    ),
    second=INTEGER,
    expected="a whole number",
    hint="write 'count: 1' or leave it out",
)
EXEC = OneOf(
    first=Fields("exec", {"enable": Field(BOOLEAN, "Not for jobs.")}),
    second=BOOLEAN,
    expected="true, false or a mapping with enable",
    hint="leave it out",
)

FIELDS = {
    "cpu": Field(INTEGER, "The task's CPU units: 256 (a quarter of a vCPU) by default."),
    "memory": Field(INTEGER, "The task's memory in MiB: 512 by default."),
    "platform": Field(PLATFORM, "The operating system and architecture: linux/x86_64 by default."),
    "count": Field(COUNT, "The number of tasks; each run of a job starts one."),
    "exec": Field(EXEC, "Whether commands can be run in running tasks."),
}


def platform_is_known(job: Section, report: Report) -> None:
    """Check that Fargate has the platform."""
    node = job.node_at("platform")
    text = job.string("platform")
    if text is not None:
        if text.lower() not in _SHORT_PLATFORMS:
            hint = f"write {one_of(_SHORT_PLATFORMS)}"
            report.error(node, f"platform: {quoted(text)} is not a platform of Fargate", hint)
        return
    fields = job.section("platform")
    if not is_given(fields) or not is_readable(fields):
        return
    family, architecture = fields.string("osfamily"), fields.string("architecture")
    if family is None or architecture is None:
        absent = "architecture" if architecture is None else "osfamily"
        report.error(fields.node, f"platform: {absent!r} is missing", "write both of its fields")
        return
    known = _FAMILY_ARCHITECTURES.get(family.lower(), ())
    if architecture.lower() not in known:
        families = ", ".join(_FAMILY_ARCHITECTURES)
        hint = f"{family} runs on {', '.join(known)}" if known else f"the families are {families}"
        pair = f"{quoted(family)} on {quoted(architecture)}"
        report.error(fields.node, f"platform: {pair} is not a platform of Fargate", hint)


def size_is_offered(job: Section, report: Report) -> None:
    """Check that Fargate offers the size of the task."""
    if any(isinstance(job.get(key), Unreadable) for key in ("cpu", "memory", "platform")):
        return
    size = fargate.Size(cpu=_size(job, "cpu"), memory=_size(job, "memory"))
    node = job.node_at("cpu" if "cpu" in job.fields else "memory")
    report.find(node, fargate.problem(size, windows=is_windows(job)))


def count_is_a_number(job: Section, report: Report) -> None:
    """Check that the count is a number: jobs don't scale."""
    if isinstance(job.get("count"), Section):
        hint = "write 'count: 1' or leave it out: jobs don't scale"
        report.error(job.node_at("count"), "count: must be a number for a job", hint)


RULES = (platform_is_known, size_is_offered, count_is_a_number)


def is_windows(job: Section) -> bool:
    """Return whether the job's containers run on Windows."""
    return _family_and_architecture(job)[0] in _WINDOWS_FAMILIES


def task(job: Section) -> Task:
    """Return the task of each run."""
    count = job.integer("count")
    return Task(
        cpu=_size(job, "cpu"),
        memory=_size(job, "memory"),
        count=1 if count is None else count,
        platform=_platform(job),
    )


def _size(job: Section, key: str) -> int:
    """Return CPU units or MiB of memory; a key without a value removes the default."""
    number = job.integer(key)
    if number is None:
        return 0 if key in job.fields else _DEFAULT_SIZE[key]
    return number


def _family_and_architecture(job: Section) -> tuple[str, str]:
    """Return the operating system family and architecture in lower case; empty if not given."""
    text = job.string("platform")
    if text:
        family, _, architecture = text.lower().partition("/")
        return family, architecture
    fields = job.section("platform")
    return (fields.string("osfamily") or "").lower(), (fields.string("architecture") or "").lower()


def _platform(job: Section) -> Platform:
    family, architecture = _family_and_architecture(job)
    if not family:
        return Platform()
    return Platform(
        family=_WINDOWS_FAMILIES.get(family, "LINUX"),
        architecture=_ARCHITECTURES[architecture],
        image=f"{'windows' if family in _WINDOWS_FAMILIES else family}/{architecture}",
    )
