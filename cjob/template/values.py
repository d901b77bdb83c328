"""The values of templates: CloudFormation's functions, and styles of strings.

A template consists of dicts, lists, strings and numbers. A function is a dict in CloudFormation's
long form (`{"Ref": "AppName"}`); its node has the short form if possible. The classes here only set
how a value is written, and are equal to the plain value.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import yaml

# `|` does not accept a forward reference here.
Value: TypeAlias = str | int | yaml.Node | Sequence["Value"] | Mapping[str, "Value"] | None
Resource: TypeAlias = dict[str, Value]


class Plain(str):
    """A string without quotes, even if it looks like a number or a date."""

    __slots__ = ()


class Single(str):
    """A string in single quotes."""

    __slots__ = ()


class Double(str):
    """A string in double quotes."""

    __slots__ = ()


class Block(str):
    """A string of several lines, written as a block."""

    __slots__ = ()


class Flow(list[Value]):
    """A list in brackets on one line."""


POLICY_VERSION = Single("2012-10-17")


def ref(name: str) -> Resource:
    """Return a reference to a parameter or resource."""
    return {"Ref": name}


NO_VALUE = ref("AWS::NoValue")


def sub(text: str) -> Resource:
    """Return a string with its `${…}` substituted."""
    return {"Fn::Sub": text}


def get_att(resource: str, attribute: str) -> Resource:
    """Return an attribute of a resource."""
    return {"Fn::GetAtt": [resource, attribute]}


def import_value(export: Value) -> Resource:
    """Return an import of what another stack exports."""
    return {"Fn::ImportValue": export}


def if_(condition: str, then: Value, otherwise: Value = NO_VALUE) -> Resource:
    """Return a choice by a condition; without the second value, the property is left out."""
    return {"Fn::If": [condition, then, otherwise]}


def full_name(*suffix: str, prefix: Sequence[str] = ()) -> Resource:
    """Return prefix, application, environment, job (joined by dashes) and suffix as one string."""
    names: list[Value] = [ref("AppName"), Single("-"), ref("EnvName"), Single("-")]
    return {"Fn::Join": Flow([Single(""), Flow([*prefix, *names, ref("WorkloadName"), *suffix])])}


def copilot_description(text: str) -> Resource:
    """Return the metadata that Copilot's progress display shows for a resource."""
    return {Single("aws:copilot:description"): Single(text)}


def statement(
    actions: Value, resources: Value, *, sid: str = "", condition: Resource | None = None
) -> Resource:
    """Return a statement that allows actions on resources."""
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
    """Return the trust policy that lets an AWS service assume a role."""
    return {
        "Version": POLICY_VERSION,
        "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": action}],
    }


def copilot_tags_match(service: str) -> Resource:
    """Return the condition that a resource has the tags of this application and environment."""
    tag = f"{service}:ResourceTag/copilot-"
    return {
        "StringEquals": {
            Single(tag + "application"): sub("${AppName}"),
            Single(tag + "environment"): sub("${EnvName}"),
        }
    }
