"""The template of an application's regional resources, and a job's repository in it.

It belongs to the application's StackSet. Its Metadata lists the workloads, and Copilot generates
the template from that list: what is not listed is lost. Takes and returns text, without comments.
Pure.
"""

from typing import NamedTuple

import yaml

from cjob.document import names
from cjob.reporting.errors import InputError, ServiceError
from cjob.template.nodes import node
from cjob.template.values import POLICY_VERSION, Resource, Value, get_att, sub
from cjob.yamlio import reader
from cjob.yamlio.nodes import find, put, text_of
from cjob.yamlio.writer import text

PULL_AND_PUSH = (
    "GetDownloadUrlForLayer",
    "BatchGetImage",
    "BatchCheckLayerAvailability",
    "PutImage",
    "InitiateLayerUpload",
    "UploadLayerPart",
    "CompleteLayerUpload",
)


class Update(NamedTuple):
    """A template, and the id of the operation that deploys it: the version in the Metadata.

    The id of an operation can be used once, so of two that start from the same template one fails.
    """

    template: str
    operation: str


def with_repository(template: str, app: str, job: str) -> Update:
    """Return the template's next version, with the job in its list and its repository.

    What exists stays. Raises InputError if the name is that of a service without images, and
    ServiceError if the template is not as Copilot writes it.
    """
    root = reader.compose(template, names.stack_set(app))
    metadata = find(root, "Metadata")
    version = text_of(find(metadata, "Version"))
    if root is None or not isinstance(metadata, yaml.MappingNode) or not version.isdecimal():
        raise _unknown(app, "has no version")
    resources, outputs = find(root, "Resources"), find(root, "Outputs")
    if not isinstance(resources, yaml.MappingNode) or not isinstance(outputs, yaml.MappingNode):
        raise _unknown(app, "has no Resources or no Outputs")
    count = int(version) + 1
    put(metadata, "Version", node(count))
    counted = find(outputs, "StackSetOpId")
    if isinstance(counted, yaml.MappingNode):  # it changes with every update
        put(counted, "Value", node(count))
    _list(metadata, app, job)
    name = names.repository_output(job)
    if find(resources, name) is None:
        accounts = [text_of(one) for one in _items(find(metadata, "Accounts"))]
        put(resources, name, node(_repository(app, job, accounts)))
    if find(outputs, name) is None:
        about = f"Repository of the images of {job}."
        put(outputs, name, node({"Description": about, "Value": get_att(name, "Arn")}))
    return Update(text(root), str(count))


def _list(metadata: yaml.MappingNode, app: str, job: str) -> None:
    """Add a job to the list of workloads; templates before v1.2.0 list names, as services."""
    workloads, services = find(metadata, "Workloads"), find(metadata, "Services")
    for one in _items(workloads):
        if text_of(find(one, "Name")) == job:
            if text_of(find(one, "WithECR")) == "true":
                return
            raise InputError(
                f"application '{app}' has a service '{job}' that has no images",
                hint="give the job another name",
            )
    if job in map(text_of, _items(services)):
        return
    if isinstance(workloads, yaml.SequenceNode):
        _append(workloads, node({"Name": job, "WithECR": True}))
    elif isinstance(services, yaml.SequenceNode):
        _append(services, node(job))
    else:
        raise _unknown(app, "lists no workloads")


def _append(items: yaml.SequenceNode, item: yaml.Node) -> None:
    items.value.append(item)
    items.flow_style = False


def _items(found: yaml.Node | None) -> list[yaml.Node]:
    return list(found.value) if isinstance(found, yaml.SequenceNode) else []


def _repository(app: str, job: str, accounts: list[str]) -> Resource:
    """Return the repository as Copilot writes it: all accounts of the application have access."""
    principals: list[Value] = [
        sub(f"arn:${{AWS::Partition}}:iam::{account}:root")
        for account in ("${AWS::AccountId}", *accounts)
    ]
    statement: Resource = {
        "Sid": "AllowPushPull",
        "Effect": "Allow",
        "Principal": {"AWS": principals},
        "Action": [f"ecr:{name}" for name in PULL_AND_PUSH],
    }
    return {
        "Metadata": {"aws:copilot:description": f"ECR repository of the images of {job}"},
        "Type": "AWS::ECR::Repository",
        "Properties": {
            "RepositoryName": f"{app}/{job}",
            "Tags": [{"Key": "copilot-service", "Value": job}],
            "RepositoryPolicyText": {"Version": POLICY_VERSION, "Statement": [statement]},
        },
    }


def _unknown(app: str, what: str) -> ServiceError:
    return ServiceError(
        f"the template of the StackSet '{names.stack_set(app)}' {what}",
        hint="it is not as Copilot writes it; make the repository with copilot job init",
    )
