"""The env controller: a custom resource that turns on environment features that the job uses."""

from cjob.manifest.job import Job
from cjob.manifest.sections.storage import ManagedFileSystem
from cjob.template.context import Context
from cjob.template.roles import boundary
from cjob.template.values import (
    Double,
    Flow,
    Plain,
    Resource,
    copilot_description,
    copilot_tags_match,
    get_att,
    policy,
    ref,
    statement,
    sub,
    trust,
)


def features(job: Job) -> list[str]:
    """Return the environment features that the job uses, as parameters of its stack."""
    managed = any(isinstance(volume.efs, ManagedFileSystem) for volume in job.storage.volumes)
    return [
        *(["NATWorkloads"] if job.network.placement == "private" else []),
        *(["EFSWorkloads"] if managed else []),
    ]


def resources(job: Job, context: Context) -> Resource:
    """Return the custom resource, its function and the function's role."""
    return {
        "EnvControllerAction": {
            "Metadata": copilot_description("Adjustments of the environment that this job needs"),
            "Type": "Custom::EnvControllerFunction",
            "Properties": {
                "ServiceToken": get_att("EnvControllerFunction", "Arn"),
                "Workload": ref("WorkloadName"),
                "EnvStack": sub("${AppName}-${EnvName}"),
                "Parameters": Flow(features(job)),
                "EnvVersion": context.target.environment_version,
            },
        },
        "EnvControllerFunction": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Code": {
                    "S3Bucket": context.controller_bucket,
                    "S3Key": context.controller_key,
                },
                "Handler": Double("index.handler"),
                "Timeout": 900,
                "MemorySize": 512,
                "Role": get_att("EnvControllerRole", "Arn"),
                "Runtime": "python3.13",
            },
        },
        "EnvControllerRole": _role(context),
    }


def _role(context: Context) -> Resource:
    stack = "arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stack/"
    role = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/"
    return {
        "Metadata": copilot_description("Role of the function that adjusts the environment"),
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": trust(["lambda.amazonaws.com"], ["sts:AssumeRole"]),
            **boundary(context),
            "Path": "/",
            "Policies": [
                policy(
                    Double("EnvControllerStackUpdate"),
                    [
                        statement(
                            ["cloudformation:DescribeStacks", "cloudformation:UpdateStack"],
                            sub(stack + "${AppName}-${EnvName}/*"),
                            condition=copilot_tags_match("cloudformation"),
                        )
                    ],
                ),
                policy(
                    Double("EnvControllerRolePass"),
                    [
                        statement(
                            ["iam:PassRole"],
                            sub(role + "${AppName}-${EnvName}-CFNExecutionRole"),
                            condition=copilot_tags_match("iam"),
                        )
                    ],
                ),
            ],
            "ManagedPolicyArns": [
                sub(
                    Plain(
                        "arn:${AWS::Partition}:iam::aws:policy/service-role/"
                        "AWSLambdaBasicExecutionRole"
                    )
                )
            ],
        },
    }
