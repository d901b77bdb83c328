"""Check the names that AWS limits: the job's own, and those joined from several. Pure.

The limits are those of each service's API, as in botocore's models.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from cjob.checks.resolved import Resolved
from cjob.document.models import Job
from cjob.reporting.findings import Finding

_JOB = re.compile(r"[a-z][a-z0-9-]+")
_STACK_LIMIT = 128


class _Limit(NamedTuple):
    """The limit of a name: what it names, its length, and its characters."""

    what: str
    most: int
    characters: str = ""


_HYPHENATED = r"[A-Za-z0-9_-]*"
_LIMITS: Mapping[tuple[str, str], _Limit] = {
    ("AWS::StepFunctions::StateMachine", "StateMachineName"): _Limit(
        "the name of a state machine", 80, _HYPHENATED
    ),
    ("AWS::ECS::TaskDefinition", "Family"): _Limit("a task's family", 255, _HYPHENATED),
    ("AWS::Logs::LogGroup", "LogGroupName"): _Limit(
        "the name of a log group", 512, r"[A-Za-z0-9._/#-]*"
    ),
    ("AWS::SNS::Topic", "TopicName"): _Limit("the name of a topic", 256, r"[A-Za-z0-9_.-]*"),
    ("AWS::EFS::AccessPoint", "ClientToken"): _Limit("the token of an access point", 64),
}
_POLICY = _Limit("the name of a policy", 128, r"[\w+=,.@-]*")
_CONTAINER = _Limit("the name of a container", 255, _HYPHENATED)
_VOLUME = _Limit("the name of a volume", 255, _HYPHENATED)


def of_job(job: Job) -> Iterator[Finding]:
    """Yield a finding for a job's name that is not valid in the names made from it."""
    name = job.name
    if _JOB.fullmatch(name) and not name.endswith("-") and "--" not in name:
        return
    message = f"{name!r} is not a name that a job can have in AWS"
    hint = "use lower case letters, digits and single hyphens, with a letter first"
    yield Finding(message, hint, refused=True)


def of_stack(job: Job) -> Iterator[Finding]:
    """Yield a finding for a stack's name that is too long; cut, two jobs could share it."""
    full = f"{job.app}-{job.env}-{job.name}"
    if len(full) > _STACK_LIMIT:
        limit = _Limit("the name of a stack", _STACK_LIMIT)
        yield _too_long(limit, full)


def of_resources(stack: Resolved) -> Iterator[Finding]:
    """Yield findings for names in resources that their services would reject."""
    for kind, key in _LIMITS:
        for name, properties in stack.properties(kind):
            place = f"Resources.{name}.Properties.{key}"
            yield from _check(_LIMITS[kind, key], properties.get(key), place)
    for name, role in stack.properties("AWS::IAM::Role"):
        yield from _named(role, "Policies", "PolicyName", _POLICY, name)
    for name, task in stack.properties("AWS::ECS::TaskDefinition"):
        yield from _named(task, "ContainerDefinitions", "Name", _CONTAINER, name)
        yield from _named(task, "Volumes", "Name", _VOLUME, name)


def _named(
    properties: Mapping[str, object], key: str, inner: str, limit: _Limit, name: str
) -> Iterator[Finding]:
    """Yield findings for the names of a list's items."""
    items = properties.get(key)
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, Mapping):
            place = f"Resources.{name}.Properties.{key}[{index}].{inner}"
            yield from _check(limit, item.get(inner), place)


def _check(limit: _Limit, value: object, place: str) -> Iterator[Finding]:
    if not isinstance(value, str):
        return
    if len(value) > limit.most:
        yield _too_long(limit, value)._replace(place=place)
    elif limit.characters and not re.fullmatch(limit.characters, value, re.ASCII):
        bad = next(one for one in value if not re.fullmatch(limit.characters, one, re.ASCII))
        message = f"{value!r} cannot be {limit.what}: it contains {bad!r}"
        yield Finding(message, "use letters, digits and hyphens", place, refused=True)


def _too_long(limit: _Limit, value: str) -> Finding:
    message = f"{value!r} cannot be {limit.what}: {len(value)} characters, more than {limit.most}"
    return Finding(message, "shorten the names that it is made of", refused=True)
