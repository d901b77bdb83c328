"""The vocabulary of templates: CloudFormation's functions, and how a text is to be written.

A template is built of plain dicts, lists, texts and numbers. A function is the dict that
CloudFormation's long form has (`{"Ref": "AppName"}`); the writer shortens it where YAML can. The
classes here only say how a value is written, and are equal to the plain value.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import yaml

# `|` would take no forward reference here.
Value: TypeAlias = str | int | yaml.Node | Sequence["Value"] | Mapping[str, "Value"] | None
Resource: TypeAlias = dict[str, Value]


class Plain(str):
    """A text without quotes, also where it looks like a number or a date."""

    __slots__ = ()


class Single(str):
    """A text in single quotes."""

    __slots__ = ()


class Double(str):
    """A text in double quotes."""

    __slots__ = ()


class Block(str):
    """A text of several lines, written line by line."""

    __slots__ = ()


class Flow(list[Value]):
    """A list on one line."""


POLICY_VERSION = Single("2012-10-17")


def ref(name: str) -> Resource:
    """Return the value of a parameter or the identifier of a resource."""
    return {"Ref": name}


NO_VALUE = ref("AWS::NoValue")


def sub(text: str) -> Resource:
    """Fill in the `${…}` of a text."""
    return {"Fn::Sub": text}


def get_att(resource: str, attribute: str) -> Resource:
    """Return an attribute of a resource."""
    return {"Fn::GetAtt": [resource, attribute]}


def import_value(export: Value) -> Resource:
    """Return what another stack exports."""
    return {"Fn::ImportValue": export}


def if_(condition: str, then: Value, otherwise: Value = NO_VALUE) -> Resource:
    """Choose by a condition; without the second value, leave the place out."""
    return {"Fn::If": [condition, then, otherwise]}


def full_name(*suffix: str, prefix: Sequence[str] = ()) -> Resource:
    """Join prefix, application, environment, job (with dashes between) and suffix."""
    names: list[Value] = [ref("AppName"), Single("-"), ref("EnvName"), Single("-")]
    return {"Fn::Join": Flow([Single(""), Flow([*prefix, *names, ref("WorkloadName"), *suffix])])}


def copilot_description(text: str) -> Resource:
    """Return the metadata that Copilot's progress display shows for a resource."""
    return {Single("aws:copilot:description"): Single(text)}


def statement(
    actions: Value, resources: Value, *, sid: str = "", condition: Resource | None = None
) -> Resource:
    """Allow actions on resources; everything is written in the order that IAM's pages show."""
    return {
        **({"Sid": sid} if sid else {}),
        "Effect": Single("Allow"),
        "Action": actions,
        "Resource": resources,
        **({"Condition": condition} if condition else {}),
    }


def policy(name: Value, statements: Sequence[Value]) -> Resource:
    """Return a role's inline policy."""
    return {
        "PolicyName": name,
        "PolicyDocument": {"Version": POLICY_VERSION, "Statement": list(statements)},
    }


def trust(service: Value, action: Value = Single("sts:AssumeRole")) -> Resource:  # noqa: B008 - immutable
    """Let an AWS service assume a role."""
    return {
        "Version": POLICY_VERSION,
        "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": action}],
    }


def copilot_tags_match(service: str) -> Resource:
    """Match what carries the tags of this application and environment."""
    tag = f"{service}:ResourceTag/copilot-"
    return {
        "StringEquals": {
            Single(tag + "application"): sub("${AppName}"),
            Single(tag + "environment"): sub("${EnvName}"),
        }
    }
