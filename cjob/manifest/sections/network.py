"""`network`: the subnets and security groups of the job's tasks."""

from collections.abc import Mapping
from typing import NamedTuple

from yaml.nodes import Node

from cjob.document.records import dataclass
from cjob.manifest.field_types import (
    BOOLEAN,
    RAW_STRING,
    STRING,
    STRINGS,
    Field,
    Fields,
    ListOf,
    MapOf,
)
from cjob.manifest.forms import RAW_STRING_OR_IMPORT, OneOf, is_filled
from cjob.manifest.report import Report, one_of, quoted
from cjob.manifest.tree import Items, Leaf, Section
from cjob.manifest.values import Import, StringOrImport

_PLACEMENTS = ("public", "private")


@dataclass(frozen=True, kw_only=True)
class SubnetsByTag:
    """Subnets to look up: each tag with the values that match; without values, any matches."""

    tags: Mapping[str, tuple[str, ...]]


class Network(NamedTuple):
    """Where tasks are placed: `public`, `private`, subnet ids, or subnets found by tags."""

    placement: str | tuple[str, ...] | SubnetsByTag = "public"
    security_groups: tuple[StringOrImport, ...] = ()


def _no_items(node: Node) -> Items:
    return Items(node, ())


_TAG = OneOf(
    first=STRINGS,
    second=STRING,
    expected="a string or a list of strings",
    hint="write one value, or a list of them",
    hard=False,
)
_SUBNETS = OneOf(
    first=Fields(
        "subnets",
        {
            "from_tags": Field(
                MapOf(_TAG, when_null=_no_items),
                "Tags that must all match, each with one value or a list.",
            )
        },
    ),
    second=ListOf(RAW_STRING),
    expected="a list of subnet ids or a mapping with from_tags",
    hint="write one id per line after '- ', or tags with their values below 'from_tags:'",
    is_given=is_filled,
)
_PLACEMENT = OneOf(
    first=Fields(
        "placement", {"subnets": Field(_SUBNETS, "The ids of subnets, or tags to find them by.")}
    ),
    second=STRING,
    expected="public, private or a mapping with subnets",
    hint="write 'placement: private', or 'subnets:' below 'placement:'",
    is_given=is_filled,
)
_SECURITY_GROUPS = OneOf(
    first=Fields(
        "security_groups",
        {
            "groups": Field(
                ListOf(RAW_STRING_OR_IMPORT), "The ids of security groups, or {from_cfn: export}."
            ),
            "deny_default": Field(BOOLEAN, "The environment's security group is always used."),
        },
        ignored={"deny_default": "the environment's security group is always used"},
    ),
    second=ListOf(RAW_STRING_OR_IMPORT),
    expected="a list or a mapping with groups",
    hint="write one id or {from_cfn: export} per line after '- '",
    is_given=is_filled,
)
_VPC = Fields(
    "vpc",
    {
        "placement": Field(_PLACEMENT, "public, private, or a list of subnets."),
        "security_groups": Field(
            _SECURITY_GROUPS, "Security groups in addition to the environment's."
        ),
    },
)
_CONNECT = OneOf(
    first=Fields("connect", {"alias": Field(STRING, "Not for jobs.")}),
    second=BOOLEAN,
    expected="true, false or a mapping with alias",
    hint="leave it out",
)
_NETWORK = Fields(
    "network",
    {
        "vpc": Field(_VPC, "Subnets and security groups."),
        "connect": Field(_CONNECT, "Whether Service Connect is enabled."),
    },
    ignored={"connect": "nothing can connect to it"},
)

FIELDS = {"network": Field(_NETWORK, "Where tasks run in the environment's network.")}


def placement_is_known(job: Section, report: Report) -> None:
    """Check that a placement written as one word is public or private."""
    vpc = job.section("network").section("vpc")
    placement = vpc.string("placement")
    if placement is not None and placement not in _PLACEMENTS:
        report.error(
            vpc.node_at("placement"),
            f"network.vpc.placement: {quoted(placement)} is not {one_of(_PLACEMENTS)}",
            f"write {one_of(_PLACEMENTS)}, or 'subnets:' below it",
        )


RULES = (placement_is_known,)


def network(job: Section) -> Network:
    """Return the placement, and the security groups that are added to the environment's."""
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
    subnets = vpc.section("placement").get("subnets")
    if isinstance(subnets, Items):
        return subnets.strings()
    if isinstance(subnets, Section):
        tags = subnets.section("from_tags")
        return SubnetsByTag(tags={tag: _tag_values(tags, tag) for tag in sorted(tags.fields)})
    return vpc.string("placement") or "public"


def _tag_values(tags: Section, tag: str) -> tuple[str, ...]:
    values = tags.get(tag)
    text = tags.string(tag)
    return values.strings() if isinstance(values, Items) else () if text is None else (text,)
