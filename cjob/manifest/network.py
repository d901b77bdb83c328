"""Where a job's tasks are placed, and the topics it publishes to: checks, and what becomes of it.

Takes merged trees, gives the model's Network and Topics. Touches nothing.
"""

import re

from cjob.document import names
from cjob.manifest.model import Import, Network, SubnetsByTag, Topic
from cjob.manifest.report import Report, one_of, quoted
from cjob.manifest.tree import Items, Leaf, Section

_PLACEMENTS = ("public", "private")
_TOPIC_NAME = re.compile(r"[a-zA-Z0-9_-]+")


def placement_is_known(job: Section, report: Report) -> None:
    """Check that a placement written as one word is public or private."""
    vpc = job.section("network").section("vpc")
    placement = vpc.text("placement")
    if placement is not None and placement not in _PLACEMENTS:
        report.fault(
            vpc.node_at("placement"),
            f"'network.vpc.placement' is {quoted(placement)}",
            f"write {one_of(_PLACEMENTS)}, or 'subnets:' below it",
        )


def topics_have_names(job: Section, report: Report) -> None:
    """Require a name of each topic, of characters that SNS takes."""
    for index, topic in enumerate(job.section("publish").listed("topics")):
        name = topic.text("name")
        if topic.at("name") is None or name == "":
            hint = "write 'name:' with letters, digits, - and _"
            report.fault(topic.node, f"'publish.topics[{index}]' has no name", hint)
        elif name is not None and not _TOPIC_NAME.fullmatch(name):
            report.fault(
                topic.node_at("name"),
                f"a topic can't be named {quoted(name)}",
                "use letters, digits, - and _ (for a FIFO topic write 'fifo: true', not .fifo)",
            )


def topics_are_resources_of_their_own(job: Section, report: Report) -> None:
    """Require topics whose names differ in more than signs, which a logical id does without."""
    owners: dict[str, str] = {}
    for topic, section in zip(topics(job), job.section("publish").listed("topics"), strict=True):
        name = topic.name + (".fifo" if topic.fifo else "")
        first = owners.setdefault(names.topic_id(name), name)
        if first != name:
            report.fault(
                section.node_at("name"),
                f"topics {quoted(first)} and {quoted(name)} would be one resource, "
                f"{names.topic_id(name)!r}",
                "only letters and digits of a topic's name count for that: rename one",
            )


def network(job: Section) -> Network:
    """Return the placement, and the security groups beside the environment's own."""
    vpc = job.section("network").section("vpc")
    groups = vpc.items("security_groups") or vpc.section("security_groups").items("groups") or ()
    return Network(
        placement=_placement(vpc),
        security_groups=tuple(
            group.value
            for group in groups
            if isinstance(group, Leaf) and isinstance(group.value, str | Import)
        ),
    )


def _placement(vpc: Section) -> str | tuple[str, ...] | SubnetsByTag:
    subnets = vpc.section("placement").at("subnets")
    if isinstance(subnets, Items):
        return subnets.texts()
    if isinstance(subnets, Section):
        tags = subnets.section("from_tags").fields
        return SubnetsByTag(
            tags={
                tag: value.texts() if isinstance(value, Items) else _one(value)
                for tag, value in sorted(tags.items())
            }
        )
    return vpc.text("placement") or "public"


def _one(value: object) -> tuple[str, ...]:
    return (value.value,) if isinstance(value, Leaf) and isinstance(value.value, str) else ()


def topics(job: Section) -> tuple[Topic, ...]:
    """Return the topics in the manifest's order."""
    return tuple(
        Topic(
            name=topic.text("name") or "",
            fifo=topic.flag("fifo") is True or _deduplication(topic) is not None,
            deduplication=_deduplication(topic),
        )
        for topic in job.section("publish").listed("topics")
    )


def _deduplication(topic: Section) -> bool | None:
    return topic.section("fifo").flag("content_based_deduplication")
