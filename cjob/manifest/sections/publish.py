"""`publish`: the SNS topics of the job."""

import re
from typing import NamedTuple

from cjob.document import names
from cjob.manifest.field_types import BOOLEAN, STRING, Field, Fields, ListOf
from cjob.manifest.forms import OneOf
from cjob.manifest.report import Report, quoted
from cjob.manifest.tree import Section

_NAME = re.compile(r"[a-zA-Z0-9_-]+")


class Topic(NamedTuple):
    """A topic; `name` does not end in `.fifo`, `deduplication` is None if not given."""

    name: str
    fifo: bool = False
    deduplication: bool | None = None


_FIFO = OneOf(
    first=Fields(
        "fifo",
        {
            "content_based_deduplication": Field(
                BOOLEAN, "Whether messages with the same content are delivered once."
            )
        },
    ),
    second=BOOLEAN,
    expected="true, false or a mapping with content_based_deduplication",
    hint="write 'fifo: true', or 'content_based_deduplication: true' below 'fifo:'",
)
_TOPIC = Fields(
    "topic",
    {
        "name": Field(STRING, "The topic's name."),
        "fifo": Field(_FIFO, "Whether the topic is FIFO."),
    },
)
_PUBLISH = Fields("publish", {"topics": Field(ListOf(_TOPIC), "The SNS topics.")})

FIELDS = {"publish": Field(_PUBLISH, "SNS topics that the job publishes to.")}


def topics_have_names(job: Section, report: Report) -> None:
    """Check that each topic has a name, of characters that SNS accepts."""
    for index, topic in enumerate(_topics(job)):
        name = topic.string("name")
        if topic.get("name") is None or name == "":
            hint = "write 'name:' with letters, digits, - and _"
            report.error(topic.node, f"publish.topics[{index}]: 'name' is missing", hint)
        elif name is not None and not _NAME.fullmatch(name):
            report.error(
                topic.node_at("name"),
                f"publish.topics[{index}]: {quoted(name)} is not a valid topic name",
                "use letters, digits, - and _ (for a FIFO topic write 'fifo: true', not .fifo)",
            )


def topics_are_separate_resources(job: Section, report: Report) -> None:
    """Check that the names of topics differ in letters or digits, as logical ids must."""
    owners: dict[str, str] = {}
    for topic, section in zip(topics(job), _topics(job), strict=True):
        name = topic.name + (".fifo" if topic.fifo else "")
        first = owners.setdefault(names.topic_id(name), name)
        if first != name:
            report.error(
                section.node_at("name"),
                f"topics {quoted(first)} and {quoted(name)} would share one resource, "
                f"{names.topic_id(name)!r}",
                "rename one of them: only letters and digits of the name count",
            )


RULES = (topics_have_names, topics_are_separate_resources)


def topics(job: Section) -> tuple[Topic, ...]:
    """Return the topics in the manifest's order."""
    return tuple(
        Topic(
            name=topic.string("name") or "",
            fifo=topic.boolean("fifo") is True or _deduplication(topic) is not None,
            deduplication=_deduplication(topic),
        )
        for topic in _topics(job)
    )


def _topics(job: Section) -> list[Section]:
    return list(job.section("publish").section_list("topics"))


def _deduplication(topic: Section) -> bool | None:
    return topic.section("fifo").boolean("content_based_deduplication")
