"""Whether a changed property makes CloudFormation put a new resource in the place of the old one.

Pure: a table, and a look into it. The facts are "Update requires" of each property in
CloudFormation's template reference (there: "Replacement", "No interruption"); the lists are of
2026. Of a type or property that is not in the table, nobody here knows: `conditional`.
"""

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
    # A nested stack is never replaced; what becomes of its resources is their own matter.
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
    # Its function keeps the identifier that the resource was given when it was made.
    "Custom::EnvControllerFunction": "EnvStack EnvVersion Parameters Workload",
}

_TABLE = {
    resource_type: {
        **dict.fromkeys(_REPLACING[resource_type].split(), REPLACES),
        **dict.fromkeys(_KEEPING[resource_type].split(), KEEPS),
    }
    for resource_type in _REPLACING
}


def replacement(resource_type: str, name: str) -> str:
    """Tell for a property, such as `AWS::IAM::Role` and `Path`, whether its change replaces."""
    return _TABLE.get(resource_type, {}).get(name, DEPENDS)


def types() -> frozenset[str]:
    """Give the types of resources that the table covers."""
    return frozenset(_TABLE)
