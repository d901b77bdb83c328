"""The roles of a task: one for the agent that starts it, one for its containers."""

from cjob.manifest.job import Job
from cjob.template import volumes
from cjob.template.context import Context
from cjob.template.parameters import env_file_parameters, has
from cjob.template.topics import publish_policy
from cjob.template.values import (
    Flow,
    Resource,
    Single,
    Value,
    copilot_description,
    copilot_tags_match,
    full_name,
    get_att,
    if_,
    policy,
    ref,
    statement,
    sub,
    trust,
)


def boundary(context: Context) -> Resource:
    """Return a role's permissions boundary, if the application has one."""
    name = context.target.permissions_boundary
    if not name:
        return {}
    return {
        "PermissionsBoundary": sub(
            f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:policy/{name}"
        )
    }


def resources(job: Job, context: Context) -> Resource:
    """Return the execution role and the task role."""
    return {
        "ExecutionRole": {
            "Metadata": copilot_description("Role of the agent that starts the containers"),
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": trust("ecs-tasks.amazonaws.com"),
                **boundary(context),
                "Policies": [
                    policy(full_name("SecretsPolicy"), _read_secrets()),
                    *(
                        if_(has(parameter), _read_env_file(parameter))
                        for parameter in env_file_parameters(job)
                    ),
                ],
                "ManagedPolicyArns": [
                    sub(
                        "arn:${AWS::Partition}:iam::aws:policy/service-role/"
                        "AmazonECSTaskExecutionRolePolicy"
                    )
                ],
            },
        },
        "TaskRole": {
            "Metadata": copilot_description("Role of the containers"),
            "Type": "AWS::IAM::Role",
            "Properties": {
                **_addon_policies(context),
                **boundary(context),
                "AssumeRolePolicyDocument": trust("ecs-tasks.amazonaws.com"),
                "Policies": [
                    policy(Single("DenyIAM"), [_DENY_IAM]),
                    *volumes.policies(job),
                    *publish_policy(job),
                ],
            },
        },
    }


_DENY_IAM: Resource = {
    "Effect": Single("Deny"),
    "Action": Single("iam:*"),
    "Resource": Single("*"),
}


def _addon_policies(context: Context) -> Resource:
    if not context.addons or not context.addons.policies:
        return {}
    return {
        "ManagedPolicyArns": [
            get_att("AddonsStack", f"Outputs.{output}") for output in context.addons.policies
        ]
    }


def _read_secrets() -> list[Value]:
    account = "${AWS::Region}:${AWS::AccountId}"
    return [
        statement(
            [Single("ssm:GetParameters")],
            [sub(f"arn:${{AWS::Partition}}:ssm:{account}:parameter/*")],
            condition=copilot_tags_match("ssm"),
        ),
        statement(
            [Single("secretsmanager:GetSecretValue")],
            [sub(f"arn:${{AWS::Partition}}:secretsmanager:{account}:secret:*")],
            condition=copilot_tags_match("secretsmanager"),
        ),
        statement([Single("kms:Decrypt")], [ref("ArtifactKeyARN")]),
        statement(
            [Single("kms:Decrypt")],
            [sub(f"arn:${{AWS::Partition}}:kms:{account}:key/*")],
            sid="DecryptTaggedKMSKey",
            condition=copilot_tags_match("aws"),
        ),
    ]


def _read_env_file(parameter: str) -> Resource:
    """Return the statements to read an env file and to locate its bucket, taken from its ARN."""
    bucket = _part(0, "/", _part(5, ":", ref(parameter)))
    bucket_arn: list[Value] = [Single("arn:"), ref("AWS::Partition"), Single(":s3:::"), bucket]
    return policy(
        full_name("Get" + has(parameter).removeprefix("Has").replace("File", "FilePolicy", 1)),
        [
            statement([Single("s3:GetObject")], [ref(parameter)]),
            statement([Single("s3:GetBucketLocation")], [{"Fn::Join": [Single(""), bucket_arn]}]),
        ],
    )


def _part(index: int, separator: str, whole: Resource) -> Resource:
    return {"Fn::Select": Flow([index, {"Fn::Split": Flow([Single(separator), whole])}])}
