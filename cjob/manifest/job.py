"""A scheduled job: the fields and rules of its whole manifest, and its conversion from a tree.

Everything here is put together from `sections`. A new section is listed in `_SECTIONS`, and has an
attribute in `Job`. Pure.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from cjob.document.names import JOB_TYPE
from cjob.document.records import dataclass
from cjob.manifest.environments import Override
from cjob.manifest.field_types import STRING, Field, Fields, MapOf
from cjob.manifest.report import Report
from cjob.manifest.sections import (
    container,
    depends_on,
    image,
    logging,
    network,
    overrides,
    publish,
    sidecars,
    storage,
    task,
    triggers,
    variables,
)
from cjob.manifest.sections.container import Container
from cjob.manifest.sections.logging import Logging
from cjob.manifest.sections.network import Network
from cjob.manifest.sections.overrides import TaskOverride
from cjob.manifest.sections.publish import Topic
from cjob.manifest.sections.sidecars import Sidecar
from cjob.manifest.sections.storage import Storage
from cjob.manifest.sections.task import Task
from cjob.manifest.sections.triggers import Trigger
from cjob.manifest.tree import Section

Rule = Callable[[Section, Report], None]
"""A check of a merged manifest, named for what holds if it reports nothing."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """A scheduled job in one environment: merged, checked and converted for the template.

    Strings are as the manifest has them, mappings are sorted by key, lists keep their order.
    """

    name: str
    trigger: Trigger
    task: Task = Task()
    main: Container
    sidecars: tuple[Sidecar, ...] = ()
    logging: Logging = Logging()
    storage: Storage = Storage()
    network: Network = Network()
    topics: tuple[Topic, ...] = ()
    overrides: tuple[TaskOverride, ...] = ()


class _SectionModule(Protocol):
    """What a module of `sections` has."""

    @property
    def FIELDS(self) -> Mapping[str, Field]: ...  # noqa: N802 - a module's constant

    @property
    def RULES(self) -> tuple[Rule, ...]: ...  # noqa: N802 - a module's constant


_SECTIONS: tuple[_SectionModule, ...] = (
    image,
    container,
    task,
    variables,
    storage,
    logging,
    sidecars,
    triggers,
    network,
    publish,
    overrides,
    depends_on,
)


def has_a_name(job: Section, report: Report) -> None:
    """Check that the job has a name."""
    if job.get("name") is None:
        hint = "write 'name:' with the name of the job's folder"
        report.error(job.node_at("name"), "'name' is missing", hint)


RULES: tuple[Rule, ...] = (
    has_a_name,
    *(rule for section in _SECTIONS for rule in section.RULES),
)

OVERRIDES: Mapping[str, Override] = {"image": image.override, "efs": storage.override}
"""How environments change sections with several forms, by the names of their `Fields`."""

_FIELDS = {name: field for section in _SECTIONS for name, field in section.FIELDS.items()}

_IGNORED = {
    "count": "each start of the schedule runs one task",
    "exec": "its tasks take no commands while they run",
    "http": "it serves nothing",
    "nlb": "it serves nothing",
    "deployment": "it is not rolled out over running tasks",
    "observability": "traces are not collected",
    "subscribe": "only worker services subscribe to topics",
    "alarms": "it is not rolled out over running tasks",
}

_MOVED_TO = {
    **{key: f"image.{key}" for key in ("build", "location", "healthcheck", "labels", "depends_on")},
    **{key: f"storage.{key}" for key in ("ephemeral", "volumes", "readonly_fs")},
    **{key: f"network.vpc.{key}" for key in ("placement", "security_groups")},
    **dict.fromkeys(("environment_variables", "environment", "env_vars", "env"), "variables"),
    "schedule": "on.schedule",
    "topics": "publish.topics",
}

ENVIRONMENT = Fields(
    "environment",
    _FIELDS,
    ignored=_IGNORED
    | dict.fromkeys(("name", "type", "environments"), "an environment cannot change it"),
    moved_to=_MOVED_TO,
)

JOB = Fields(
    "job",
    {
        "name": Field(
            STRING, "The job's name, which is that of its folder.", {"type": ["string", "number"]}
        ),
        "type": Field(STRING, f"Always '{JOB_TYPE}'.", {"const": JOB_TYPE}),
        **_FIELDS,
        "environments": Field(
            MapOf(ENVIRONMENT), "Overrides for environments, by the environment's name."
        ),
    },
    ignored=_IGNORED,
    moved_to=_MOVED_TO,
)


def convert(job: Section) -> Job:
    """Return the job of a merged manifest that breaks no rule."""
    return Job(
        name=job.string("name") or "",
        trigger=triggers.trigger(job),
        task=task.task(job),
        main=image.main_container(job),
        sidecars=sidecars.sidecars(job),
        logging=logging.logging(job),
        storage=storage.storage(job),
        network=network.network(job),
        topics=publish.topics(job),
        overrides=overrides.overrides(job),
    )
