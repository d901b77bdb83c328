"""Jobs, targets and contexts for the tests of the template; each takes what a test varies."""

from typing import Any

import yaml

from cjob.document.models import Target
from cjob.document.records import replace
from cjob.manifest.job import Job
from cjob.manifest.sections.container import Container
from cjob.manifest.sections.triggers import Trigger
from cjob.template.context import Context
from cjob.template.nodes import node
from cjob.template.stack import template
from cjob.yamlio import reader

MAIN = Container(name="report", location="alpine")
TARGET = Target(
    account_id="123456789012",
    region="eu-central-1",
    manager_role_arn="arn:aws:iam::123456789012:role/acme-test-EnvManagerRole",
    execution_role_arn="arn:aws:iam::123456789012:role/acme-test-CFNExecutionRole",
    artifact_bucket="artifacts",
    artifact_key_arn="arn:aws:kms:eu-central-1:123456789012:key/1",
    environment_version="v1.33.2",
    service_discovery_endpoint="test.acme.local",
)


def job(**changes: Any) -> Job:  # noqa: ANN401 - any field of a job
    """Return a small job, with what a test needs otherwise."""
    return replace(Job(name="report", trigger=Trigger("cron(0 0 * * ? *)"), main=MAIN), **changes)


def context(**changes: Any) -> Context:  # noqa: ANN401 - any field of a context
    """Return a context without addons."""
    plain = Context(
        app="acme",
        env="test",
        target=TARGET,
        controller_bucket="artifacts",
        controller_key="controller.zip",
        version="v1.34.1",
    )
    return replace(plain, **changes)


def rendered(sample: Job, where: Context | None = None) -> dict[str, Any]:
    """Return the template with functions in long form, and all scalars as texts."""
    tree = plain(node(template(sample, where or context())))
    assert isinstance(tree, dict)
    return tree


def resource(sample: Job, name: str, where: Context | None = None) -> Any:  # noqa: ANN401 - YAML
    """Return the properties of one resource."""
    return rendered(sample, where)["Resources"][name]["Properties"]


def containers(sample: Job, where: Context | None = None) -> Any:  # noqa: ANN401 - YAML
    """Return the container definitions."""
    return resource(sample, "TaskDefinition", where)["ContainerDefinitions"]


def loaded(text: str) -> Any:  # noqa: ANN401 - YAML
    """Read YAML text as `plain` gives it."""
    root = reader.compose(text, "test.yml")
    return None if root is None else plain(root)


def plain(one: yaml.Node) -> Any:  # noqa: ANN401 - YAML
    """Return a node's value: functions in long form, scalars as texts."""
    if isinstance(one, yaml.ScalarNode):
        value: Any = one.value
    elif isinstance(one, yaml.MappingNode):
        value = {plain(key): plain(item) for key, item in one.value}
    else:
        value = [plain(item) for item in one.value]
    if not one.tag.startswith("!"):
        return value
    if one.tag == "!GetAtt":
        value = value.split(".", 1)
    return {("" if one.tag == "!Ref" else "Fn::") + one.tag[1:]: value}
