"""The state machine, which runs the task, retries it and stops it at its timeout; and its role."""

import json
import re

from cjob.manifest.job import Job
from cjob.manifest.sections.network import SubnetsByTag
from cjob.template.context import Context
from cjob.template.nodes import unquoted_or_imported, unquoted_scalar
from cjob.template.roles import boundary
from cjob.template.values import (
    Block,
    Double,
    Plain,
    Resource,
    Single,
    Value,
    copilot_description,
    get_att,
    import_value,
    policy,
    ref,
    sub,
    trust,
)

# The joined strings are in quotes in the definition, so this closes and opens the quotes too.
_BETWEEN = Single('","')


def resources(job: Job, context: Context) -> Resource:
    """Return the state machine and its role."""
    return {
        "StateMachine": {
            "Metadata": copilot_description(
                "State machine that runs the job, with its retries and timeout"
            ),
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "StateMachineName": sub("${AppName}-${EnvName}-${WorkloadName}"),
                "RoleArn": get_att("StateMachineRole", "Arn"),
                "LoggingConfiguration": {
                    "Destinations": [
                        {"CloudWatchLogsLogGroup": {"LogGroupArn": get_att("LogGroup", "Arn")}}
                    ],
                    "IncludeExecutionData": Plain("True"),
                    "Level": "ALL",
                },
                "DefinitionSubstitutions": {
                    "ContainerName": ref("WorkloadName"),
                    "Cluster": import_value(sub("${AppName}-${EnvName}-ClusterId")),
                    "TaskDefinition": ref("TaskDefinition"),
                    "Partition": ref("AWS::Partition"),
                    "Subnets": _subnets(job, context),
                    "AssignPublicIp": (
                        "ENABLED" if job.network.placement == "public" else "DISABLED"
                    ),
                    "SecurityGroups": _security_groups(job, context),
                },
                "DefinitionString": Block(_definition_text(job)),
            },
        },
        "StateMachineRole": {
            "Metadata": copilot_description(
                "Role of the state machine, to run tasks in the cluster"
            ),
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": trust("states.amazonaws.com", "sts:AssumeRole"),
                **boundary(context),
                "Policies": [policy("StateMachine", _statements())],
            },
        },
    }


def _subnets(job: Job, context: Context) -> Resource:
    placement = job.network.placement
    if isinstance(placement, SubnetsByTag):
        return {"Fn::Join": [_BETWEEN, list(context.subnets)]}
    if isinstance(placement, tuple):
        return {"Fn::Join": [_BETWEEN, [unquoted_scalar(subnet) for subnet in placement]]}
    exported = f"${{AppName}}-${{EnvName}}-{placement.title()}Subnets"
    return {"Fn::Join": [_BETWEEN, {"Fn::Split": [Single(","), import_value(sub(exported))]}]}


def _security_groups(job: Job, context: Context) -> Resource:
    of_environment = sub(Double("${AppName}-${EnvName}-EnvironmentSecurityGroup"))
    groups: list[Value] = [import_value(of_environment)]
    groups.extend(unquoted_or_imported(group) for group in job.network.security_groups)
    created = context.addons.security_groups if context.addons else ()
    groups.extend(get_att("AddonsStack", f"Outputs.{output}") for output in created)
    return {"Fn::Join": [_BETWEEN, groups]}


def _definition_text(job: Job) -> str:
    """Return the definition as Copilot writes it, space for space.

    CloudFormation compares it as a string, and would update the state machine of every adopted
    stack.
    """
    text = json.dumps(_definition(job), indent=2)
    return re.sub(r'\[\s+("\$\{\w+}")\s+]', r"[\1]", text) + " " * 6


def _definition(job: Job) -> dict[str, object]:
    """Return the state machine's definition: one task, with the manifest's settings."""
    task = {
        "Type": "Task",
        "Resource": "arn:${Partition}:states:::ecs:runTask.sync",
        "Parameters": {
            "LaunchType": "FARGATE",
            "PlatformVersion": "1.0.0"
            if job.task.platform.family.startswith("WINDOWS")
            else "LATEST",
            "Cluster": "${Cluster}",
            "TaskDefinition": "${TaskDefinition}",
            "PropagateTags": "TASK_DEFINITION",
            "Group.$": "$$.Execution.Name",
            "NetworkConfiguration": {
                "AwsvpcConfiguration": {
                    "Subnets": ["${Subnets}"],
                    "AssignPublicIp": "${AssignPublicIp}",
                    "SecurityGroups": ["${SecurityGroups}"],
                }
            },
        },
        **({"Retry": [_retry(job.trigger.retries)]} if job.trigger.retries else {}),
        "End": True,
    }
    return {
        "Version": "1.0",
        "Comment": "Run AWS Fargate task",
        **({"TimeoutSeconds": job.trigger.timeout} if job.trigger.timeout is not None else {}),
        "StartAt": "Run Fargate Task",
        "States": {"Run Fargate Task": task},
    }


def _retry(attempts: int) -> dict[str, object]:
    return {
        "ErrorEquals": ["States.ALL"],
        "IntervalSeconds": 10,
        "MaxAttempts": attempts,
        "BackoffRate": 1.5,
    }


def _statements() -> list[Value]:
    cluster = Plain(
        "arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:cluster/${ClusterID}"
    )
    cluster_id = import_value(sub("${AppName}-${EnvName}-ClusterId"))
    in_cluster: Resource = {
        "ArnEquals": {Single("ecs:cluster"): {"Fn::Sub": [cluster, {"ClusterID": cluster_id}]}}
    }
    account = "${AWS::Region}:${AWS::AccountId}"
    deliveries = [f"logs:{verb}LogDelivery" for verb in ("Create", "Get", "Update", "Delete")]
    rule = f"arn:${{AWS::Partition}}:events:{account}:rule/StepFunctionsGetEventsForECSTaskRule"
    return [
        {
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": [get_att("ExecutionRole", "Arn"), get_att("TaskRole", "Arn")],
        },
        {
            "Effect": "Allow",
            "Action": "ecs:RunTask",
            "Resource": ref("TaskDefinition"),
            "Condition": in_cluster,
        },
        {
            "Effect": "Allow",
            "Action": ["ecs:StopTask", "ecs:DescribeTasks"],
            "Resource": Double("*"),
            "Condition": in_cluster,
        },
        {
            "Effect": "Allow",
            "Action": [
                *deliveries,
                "logs:ListLogDeliveries",
                "logs:PutResourcePolicy",
                "logs:DescribeResourcePolicies",
                "logs:DescribeLogGroups",
            ],
            "Resource": Double("*"),
        },
        {
            "Effect": "Allow",
            "Action": ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
            "Resource": sub(Plain(rule)),
        },
    ]
