"""What AWS refuses and ministack takes: names, lengths, schedules and sizes that do not exist.

Patterns and lengths are those of botocore's models, for calls as well as for a template's
resources; what the models do not say is written here. Pure functions but for the models.
"""

# ministack is imported when a request comes: importing it reads settings that are made first.
# ruff: noqa: PLC0415, SLF001

import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

Json = Any
"""A value of AWS's JSON, as ministack keeps it."""

RESOURCES = {
    "AWS::ECR::Repository": ("ecr", "CreateRepository"),
    "AWS::ECS::TaskDefinition": ("ecs", "RegisterTaskDefinition"),
    "AWS::Events::Rule": ("events", "PutRule"),
    "AWS::IAM::Role": ("iam", "CreateRole"),
    "AWS::Logs::LogGroup": ("logs", "CreateLogGroup"),
    "AWS::SNS::Topic": ("sns", "CreateTopic"),
    "AWS::SQS::Queue": ("sqs", "CreateQueue"),
    "AWS::SSM::Parameter": ("ssm", "PutParameter"),
    "AWS::StepFunctions::StateMachine": ("stepfunctions", "CreateStateMachine"),
}
"""The call that makes a resource of a template."""

SERVICES = {"states": "stepfunctions"} | {
    name: name for name in ("cloudformation", "ecr", "ecs", "events", "iam", "logs", "ssm")
}
"""Services whose calls are looked at, as signatures name them and as botocore does."""

CODES = {"ecr": "InvalidParameterException", "ecs": "ClientException"} | {
    "logs": "InvalidParameterException"
}

OTHER_NAMES = {"StateMachineName": "name", "FunctionName": "functionName"}
"""Properties whose member of the call has another name than theirs."""

LETTERS, NUMBERS = r"\w", r"\d"
BLANKS = r" \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"

ECS_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")

FARGATE = {
    256: (512, 1024, 2048),
    512: range(1024, 4097, 1024),
    1024: range(2048, 8193, 1024),
    2048: range(4096, 16385, 1024),
    4096: range(8192, 30721, 1024),
    8192: range(16384, 61441, 4096),
    16384: range(32768, 122881, 8192),
}
"""Memory in MiB that Fargate has, by CPU units."""

CRON_STEPS = (59, 23, 31, 12, 7, 199)
YEARS = range(1970, 2200)


def keep_to_limits() -> None:
    """Let a template's resource fail as AWS fails it."""
    from ministack.services.cloudformation import provisioners, stacks

    create, update = provisioners._provision_resource, provisioners._update_resource

    def created(kind: str, name: str, props: Json, *given: Json) -> Json:
        demand(kind, props)
        return create(kind, name, props, *given)

    def updated(kind: str, number: str, old: Json, new: Json, *given: Json) -> Json:
        demand(kind, new)
        return update(kind, number, old, new, *given)

    for module in (provisioners, stacks):
        module._provision_resource, module._update_resource = created, updated


def demand(kind: str, props: Json) -> None:
    """Raise ValueError with what AWS says about a resource that it would not make."""
    if kind in RESOURCES and isinstance(props, dict):
        found = next(problems(*RESOURCES[kind], props), "")
        if found:
            raise ValueError(found)


def refusal(service: str, headers: Mapping[str, str], body: bytes) -> Json:
    """Return the answer to a call that AWS refuses for what it names; None for any other."""
    if service not in SERVICES:
        return None
    action, given = call(headers, body)
    found = next(problems(SERVICES[service], action, given), "")
    if not found:
        return None
    if headers.get("x-amz-target"):
        error = {"__type": CODES.get(service, "ValidationException"), "message": found}
        return 400, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(error).encode()
    from ministack.services.cloudformation import helpers

    return helpers._error("ValidationError", found)


def call(headers: Mapping[str, str], body: bytes) -> tuple[str, dict[str, Json]]:
    """Return a call's name and what it is given: of a form only what is not nested."""
    target = headers.get("x-amz-target", "")
    if target:
        try:
            found = json.loads(body or b"{}")
        except ValueError:
            found = {}
        return target.rpartition(".")[2], found if isinstance(found, dict) else {}
    form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    return form.pop("Action", ""), {k: v for k, v in form.items() if "." not in k}


def problems(service: str, action: str, given: Mapping[str, Json]) -> Iterator[str]:
    """Yield what AWS says about a call's values: by the model, and what the model leaves out."""
    from ministack.core.iam_actions import _load_botocore_model

    model = _load_botocore_model(service)
    shapes = model.get("shapes", {})
    shape = model.get("operations", {}).get(action, {}).get("input", {}).get("shape", "")
    yield from in_model(shapes, shape, dict(given), "")
    more = RULES.get((service, action))
    if more:
        yield from more({name[:1].lower() + name[1:]: value for name, value in given.items()})


def in_model(shapes: Mapping[str, Json], name: str, value: Json, path: str) -> Iterator[str]:
    """Yield in which members a value is not what the model of its shape says."""
    shape = shapes.get(name, {})
    if shape.get("type") == "string" and isinstance(value, str):
        yield from of_text(shape, value, path)
    elif shape.get("type") == "list" and isinstance(value, list):
        for number, item in enumerate(value, 1):
            yield from in_model(shapes, shape["member"]["shape"], item, f"{path}.{number}.member")
    elif shape.get("type") == "structure" and isinstance(value, dict):
        members = {member.lower(): member for member in shape.get("members", {})}
        for key, inner in value.items():
            member = members.get(str(OTHER_NAMES.get(key, key)).lower())
            if member:
                place = f"{path}.{member}" if path else member[:1].lower() + member[1:]
                yield from in_model(shapes, shape["members"][member]["shape"], inner, place)


def of_text(shape: Mapping[str, Json], value: str, path: str) -> Iterator[str]:
    """Yield what is wrong with a string: its length, or its pattern."""
    said = f"1 validation error detected: Value '{value}' at '{path}' failed to satisfy constraint:"
    if len(value) < shape.get("min", 0):
        yield f"{said} Member must have length greater than or equal to {shape['min']}"
    elif len(value) > shape.get("max", len(value)):
        yield f"{said} Member must have length less than or equal to {shape['max']}"
    elif "pattern" in shape and not pattern(shape["pattern"]).fullmatch(value):
        yield f"{said} Member must satisfy regular expression pattern: {shape['pattern']}"


@functools.cache
def pattern(text: str) -> re.Pattern[str]:
    """Return a model's pattern as Python has it; one that it can't read takes everything."""
    ours = text.replace(r"\p{L}", LETTERS).replace(r"\p{N}", NUMBERS).replace(r"\p{Z}", BLANKS)
    try:
        return re.compile(ours, re.DOTALL)
    except re.error:
        return re.compile(".*", re.DOTALL)


def of_rule(given: Mapping[str, Json]) -> Iterator[str]:
    """Yield what EventBridge says about a rule's schedule."""
    schedule = given.get("scheduleExpression")
    if isinstance(schedule, str) and schedule and not schedule_exists(schedule):
        yield "Parameter ScheduleExpression is not valid."


def schedule_exists(schedule: str) -> bool:
    """Return whether EventBridge takes a schedule, as far as ministack does not know."""
    rate = re.fullmatch(r"rate\((\d+) (minute|hour|day)(s?)\)", schedule)
    if rate:
        return int(rate[1]) > 0 and (int(rate[1]) == 1) == (not rate[3])
    cron = re.fullmatch(r"cron\(([^()]*)\)", schedule)
    fields = cron[1].split() if cron else []
    if len(fields) != len(CRON_STEPS):
        return False
    steps = [
        0 < int(step) <= most
        for field, most in zip(fields, CRON_STEPS, strict=True)
        for step in re.findall(r"/(\d+)", field)
    ]
    years = [int(year) in YEARS for year in re.findall(r"(?<!/)\b\d+", fields[-1])]
    return all(steps) and all(years)


def of_task(given: Mapping[str, Json]) -> Iterator[str]:
    """Yield what ECS says about a task definition's names, and Fargate about its size."""
    named = [("Family", given.get("family", ""))]
    for what, plural in (("Container", "containerDefinitions"), ("Volume", "volumes")):
        items = given.get(plural) or []
        named += [(f"{what} name", lower(one).get("name", "")) for one in items]
    for what, name in named:
        if isinstance(name, str) and not ECS_NAME.fullmatch(name):
            allowed = (
                "Up to 255 letters (uppercase and lowercase), numbers, hyphens, and underscores"
            )
            yield f"{what} contains invalid characters: '{name}'. {allowed} are allowed."
    if "FARGATE" in (given.get("requiresCompatibilities") or []):
        yield from of_size(str(given.get("cpu", "")), str(given.get("memory", "")))
        if any(lower(one).get("privileged") for one in given.get("containerDefinitions") or []):
            yield "Fargate only supports privileged mode being disabled."


def of_size(cpu: str, memory: str) -> Iterator[str]:
    """Yield what Fargate says about a size that it does not have; units are as good as numbers."""
    if not (cpu.isdecimal() and memory.isdecimal()):
        return
    if int(memory) not in FARGATE.get(int(cpu), ()):
        yield f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory."


def of_role(given: Mapping[str, Json]) -> Iterator[str]:
    """Yield what IAM says about tags whose keys differ in case alone."""
    keys = [str(lower(tag).get("key", "")).lower() for tag in given.get("tags") or []]
    if len(set(keys)) < len(keys):
        yield "Duplicate tag keys found. Please note that Tag keys are case insensitive."


def lower(value: Json) -> dict[str, Json]:
    """Return a mapping with keys as ECS's interface has them; empty for anything else."""
    return {k[:1].lower() + k[1:]: v for k, v in value.items()} if isinstance(value, dict) else {}


RULES: Mapping[tuple[str, str], Callable[[Mapping[str, Json]], Iterator[str]]] = {
    ("events", "PutRule"): of_rule,
    ("ecs", "RegisterTaskDefinition"): of_task,
    ("iam", "CreateRole"): of_role,
}
