"""Check the sizes that CloudFormation and ECS limit. Pure."""

import json
from collections.abc import Iterator

from yaml.nodes import MappingNode

from cjob.checks.resolved import Resolved
from cjob.document.models import Stack
from cjob.reporting.errors import InputError
from cjob.reporting.findings import Finding
from cjob.yamlio import reader

TEMPLATE_LIMIT = 1_000_000
"""Bytes of a template in S3; AWS says "may not exceed 1000000 bytes in size"."""

RESOURCES_LIMIT = 500
PARAMETERS_LIMIT = 200
PARAMETER_LIMIT = 4096
"""Bytes of one parameter's value."""

DEFINITION_LIMIT = 64 * 1024
"""Bytes of a task definition."""


def of_template(text: str, what: str, place: str) -> Iterator[Finding]:
    """Yield a finding for a template that is too long or has too many resources."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > TEMPLATE_LIMIT:
        message = f"{what} has {size:,} bytes, more than the {TEMPLATE_LIMIT:,} of CloudFormation"
        yield _refused(message, "shorten it: comments of the manifest are part of it", place)
    elif text.count("Type") > RESOURCES_LIMIT and (count := _resources(text)) > RESOURCES_LIMIT:
        message = f"{what} has {count} resources, more than the {RESOURCES_LIMIT} of a stack"
        yield _refused(message, "move some of them to a stack of their own", place)


def of_parameters(stack: Stack) -> Iterator[Finding]:
    """Yield findings for parameters that are too many or too long."""
    for name, value in stack.parameters.items():
        size = len(value.encode("utf-8", "surrogatepass"))
        if size > PARAMETER_LIMIT:
            message = f"parameter {name!r} has {size:,} bytes, more than {PARAMETER_LIMIT:,}"
            yield _refused(message, "shorten it", f"stack.parameters.{name}")
    if len(stack.parameters) > PARAMETERS_LIMIT:
        message = f"the stack has {len(stack.parameters)} parameters, more than {PARAMETERS_LIMIT}"
        yield _refused(message, "use fewer sidecars with env files", "stack.parameters")


def of_task(stack: Resolved) -> Iterator[Finding]:
    """Yield findings for task definitions that are too large, as far as their size is known."""
    for name, task in stack.properties("AWS::ECS::TaskDefinition"):
        text = json.dumps(task, ensure_ascii=False, separators=(",", ":"))
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > DEFINITION_LIMIT:
            message = (
                f"the task definition has about {size:,} bytes, more than {DEFINITION_LIMIT:,}"
            )
            hint = "move variables to an env file, and long values to Parameter Store or S3"
            yield _refused(message, hint, f"Resources.{name}")


def _resources(template: str) -> int:
    try:
        root = reader.compose(template, "")
    except InputError:  # reported when the template is parsed
        return 0
    for key, value in root.value if isinstance(root, MappingNode) else ():
        if key.value == "Resources":
            return len(value.value)
    return 0


def _refused(message: str, hint: str, place: str) -> Finding:
    return Finding(message, hint, place, refused=True)
