"""The category of a change: image, schedule, secret, IAM and so on.

Pure: decided from a change's path and the type of its resource. `other` is a resource or a section
that a job's own template does not have. In documents the field is `kind`.
"""

import re
from typing import Final

COSMETIC: Final = "cosmetic"
OTHER: Final = "other"
ADDONS: Final = "addons"
FUNCTION: Final = "function"
"""Another function with the same argument; see `changes.function_change`."""

_COSMETIC = re.compile(
    r"(?:(?:Parameters|Outputs)\.[^.\[]+\.)?Description$"
    r"|(?:Resources\.[^.\[]+\.)?Metadata(?:[.\[]|$)"
)

_BY_SECTION = {
    "tags": "tag",
    "Parameters": "parameter",
    "parameters": "parameter",
    "Conditions": "condition",
    "Outputs": "output",
    "Resources": "resource",
    "AWSTemplateFormatVersion": "template",
    "Mappings": "template",
    "Rules": "template",
    "Transform": "template",
}
OWN_SECTIONS: Final = frozenset(_BY_SECTION.values())

_BY_PARAMETER = (
    (re.compile(r"ContainerImage"), "image"),
    (re.compile(r"Schedule"), "schedule"),
    (re.compile(r"\w*EnvFileARN"), "environment variable"),
    (re.compile(r"LogRetention"), "logging"),
    (re.compile(r"Task(CPU|Memory|Count)"), "task size"),
    (re.compile(r"AddonsTemplateURL"), ADDONS),
)

_BY_TYPE = (
    ("AWS::Events::", "schedule"),
    ("AWS::Scheduler::", "schedule"),
    ("AWS::StepFunctions::", "state machine"),
    ("AWS::IAM::", "IAM"),
    ("AWS::Logs::", "logging"),
    ("AWS::EFS::", "storage"),
    ("AWS::S3::", "storage"),
    ("AWS::EC2::", "network"),
    ("AWS::SecretsManager::", "secret"),
    ("AWS::Lambda::", "controller"),
    ("Custom::EnvController", "controller"),
    ("AWS::SNS::", "topic"),
    ("AWS::CloudFormation::Stack", ADDONS),
)

# The first part of a task definition's path that is listed here decides. Without one, the category
# is the container if the path is in one, otherwise the task.
_BY_PROPERTY = {
    "Cpu": "task size",
    "Memory": "task size",
    "MemoryReservation": "task size",
    "Command": "command",
    "EntryPoint": "command",
    "Image": "image",
    "RepositoryCredentials": "image",
    "Environment": "environment variable",
    "EnvironmentFiles": "environment variable",
    "Secrets": "secret",
    "ExecutionRoleArn": "IAM",
    "TaskRoleArn": "IAM",
    "NetworkMode": "network",
    "PortMappings": "network",
    "DnsServers": "network",
    "DnsSearchDomains": "network",
    "ExtraHosts": "network",
    "Hostname": "network",
    "ProxyConfiguration": "network",
    "Volumes": "storage",
    "MountPoints": "storage",
    "VolumesFrom": "storage",
    "EphemeralStorage": "storage",
    "ReadonlyRootFilesystem": "storage",
    "LogConfiguration": "logging",
    "FirelensConfiguration": "logging",
    "HealthCheck": "health check",
    "DependsOn": "start order",
    "DockerLabels": "tag",
    "Tags": "tag",
    "RuntimePlatform": "platform",
    "RequiresCompatibilities": "platform",
}
_CONTAINERS = "ContainerDefinitions"


def category_of(path: str, resource_type: str) -> str:
    """Return the category of a change at a path such as `Resources.Rule.Properties.State`.

    `resource_type` is the CloudFormation type of the path's resource; empty outside of resources.
    """
    if _COSMETIC.match(path):
        return COSMETIC
    section, _, rest = path.partition(".")
    if section in ("Parameters", "parameters"):
        found = (kind for name, kind in _BY_PARAMETER if name.match(rest))
        return next(found, _BY_SECTION[section])
    if resource_type == "AWS::ECS::TaskDefinition":
        parts = re.findall(r"[^.\[\]]+", rest.partition(".")[2])
        known = (_BY_PROPERTY[part] for part in parts if part in _BY_PROPERTY)
        return next(known, "container" if _CONTAINERS in parts else "task")
    if resource_type:
        return next((kind for name, kind in _BY_TYPE if resource_type.startswith(name)), OTHER)
    return _BY_SECTION.get(section, OTHER) if section != "Resources" or not rest else OTHER
