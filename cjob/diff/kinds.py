"""What a change is about, in a word that people plan by: image, schedule, secret, IAM.

Pure: decided from a change's path and the type of the resource that it is in. `other` is what
none of the rules knows.
"""

import re
from typing import Final

COSMETIC: Final = "cosmetic"
OTHER: Final = "other"
ADDONS: Final = "addons"
FUNCTION: Final = "function"
"""Another function with the same argument, which reads alike; see `changes.function_change`."""

_COSMETIC = re.compile(r"Description|Metadata(?:[.\[]|$)|Resources\.[^.\[]+\.Metadata(?:[.\[]|$)")

_BY_PARAMETER = (
    (re.compile(r"ContainerImage"), "image"),
    (re.compile(r"Schedule"), "schedule"),
    (re.compile(r"EnvFileARN"), "environment variable"),
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
)

# The first part of a task definition's path that is found here decides.
_BY_PROPERTY = {
    "Cpu": "task size",
    "Memory": "task size",
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
    "ExtraHosts": "network",
    "Volumes": "storage",
    "MountPoints": "storage",
    "VolumesFrom": "storage",
    "EphemeralStorage": "storage",
    "ReadonlyRootFilesystem": "storage",
    "LogConfiguration": "logging",
    "FirelensConfiguration": "logging",
}


def kind_of(path: str, resource_type: str) -> str:
    """Give the kind of a change at a path such as `Resources.Rule.Properties.State`.

    `resource_type` is the CloudFormation type of the resource that the path is in, else empty.
    """
    if _COSMETIC.match(path):
        return COSMETIC
    section, _, rest = path.partition(".")
    if section == "tags":
        return "tag"
    if section in ("Parameters", "parameters"):
        return next((kind for name, kind in _BY_PARAMETER if name.match(rest)), OTHER)
    if resource_type == "AWS::ECS::TaskDefinition":
        found = (_BY_PROPERTY.get(part) for part in re.findall(r"[^.\[\]]+", rest))
        return next((kind for kind in found if kind), OTHER)
    return next((kind for name, kind in _BY_TYPE if resource_type.startswith(name)), OTHER)
