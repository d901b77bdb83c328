"""Whether a change of a property makes CloudFormation replace the resource.

Pure: two tables. For the types of a job's own template the facts are "Update requires" in
CloudFormation's template reference of 2026 ("Replacement", "No interruption"). For all other types
they are the create-only properties of AWS's resource schemas (`create-only.txt`, which
`bin/create-only` writes). For a type in neither table it is not known: `conditional`.
"""

import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import Final

REPLACES: Final = "true"
KEEPS: Final = "false"
DEPENDS: Final = "conditional"

_REPLACING = {
    "AWS::CloudFormation::Stack": "",
    "AWS::ECS::TaskDefinition": (
        "ContainerDefinitions Cpu EnableFaultInjection EphemeralStorage ExecutionRoleArn Family"
        " InferenceAccelerators IpcMode Memory NetworkMode PidMode PlacementConstraints"
        " ProxyConfiguration RequiresCompatibilities RuntimePlatform TaskRoleArn Volumes"
    ),
    "AWS::EFS::AccessPoint": "ClientToken FileSystemId PosixUser RootDirectory",
    "AWS::Events::Rule": "Name",
    "AWS::IAM::Role": "Path RoleName",
    "AWS::Lambda::Function": "FunctionName PackageType TenancyConfig",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::SNS::Topic": "FifoTopic TopicName",
    "AWS::SNS::TopicPolicy": "",
    "AWS::StepFunctions::StateMachine": "StateMachineName StateMachineType",
    "Custom::EnvControllerFunction": "ServiceToken",
}

_KEEPING = {
    # A nested stack is never replaced; its template decides what happens to its resources.
    "AWS::CloudFormation::Stack": "NotificationARNs Parameters Tags TemplateURL",
    "AWS::ECS::TaskDefinition": "Tags",
    "AWS::EFS::AccessPoint": "AccessPointTags",
    "AWS::Events::Rule": "Description EventPattern RoleArn ScheduleExpression State Tags Targets",
    "AWS::IAM::Role": (
        "AssumeRolePolicyDocument Description ManagedPolicyArns MaxSessionDuration"
        " PermissionsBoundary Policies Tags"
    ),
    "AWS::Lambda::Function": (
        "Architectures Code CodeSigningConfigArn DeadLetterConfig Description Environment"
        " EphemeralStorage FileSystemConfigs Handler ImageConfig KmsKeyArn Layers LoggingConfig"
        " MemorySize RecursiveLoop ReservedConcurrentExecutions Role Runtime"
        " RuntimeManagementConfig SnapStart Tags Timeout TracingConfig VpcConfig"
    ),
    "AWS::Logs::LogGroup": (
        "DataProtectionPolicy DeletionProtectionEnabled FieldIndexPolicies KmsKeyId"
        " ResourcePolicyDocument RetentionInDays Tags"
    ),
    "AWS::SNS::Topic": (
        "ArchivePolicy ContentBasedDeduplication DataProtectionPolicy DeliveryStatusLogging"
        " DisplayName FifoThroughputScope KmsMasterKeyId SignatureVersion Subscription Tags"
        " TracingConfig"
    ),
    "AWS::SNS::TopicPolicy": "PolicyDocument Topics",
    "AWS::StepFunctions::StateMachine": (
        "Definition DefinitionS3Location DefinitionString DefinitionSubstitutions"
        " EncryptionConfiguration LoggingConfiguration RoleArn Tags TracingConfiguration"
    ),
    # Its function keeps the resource's physical id.
    "Custom::EnvControllerFunction": "EnvStack EnvVersion Parameters Workload",
}

_TABLE = {
    resource_type: {
        **dict.fromkeys(_REPLACING[resource_type].split(), REPLACES),
        **dict.fromkeys(_KEEPING[resource_type].split(), KEEPS),
    }
    for resource_type in _REPLACING
}


# Not in the schema; the reference says "Replacement".
_KEY_SCHEMA = {"AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"}


def replacement(resource_type: str, name: str) -> str:
    """Return whether a change of a property, such as `AWS::IAM::Role` and `Path`, replaces."""
    if resource_type in _TABLE:
        return _TABLE[resource_type].get(name, DEPENDS)
    if resource_type in _KEY_SCHEMA and name == "KeySchema":
        return REPLACES
    known = _create_only().get(resource_type)
    if known is None or not name:
        return DEPENDS
    return known.get(name, KEEPS)


@cache
def _create_only() -> Mapping[str, Mapping[str, str]]:
    """Return the create-only properties of every resource type with a published schema."""
    text = (pkgutil.get_data(__package__, "create-only.txt") or b"").decode()
    return {
        f"AWS::{name}": {
            one.removesuffix("?"): DEPENDS if one.endswith("?") else REPLACES for one in properties
        }
        for name, *properties in map(str.split, text.splitlines())
    }


def types() -> frozenset[str]:
    """Return the types of resources of a job's own template."""
    return frozenset(_TABLE)
