"""Every permission that cjob needs in AWS: of which identity, on which resources, for which calls.

Plain data; `policies` makes IAM policies of it. `session` refuses a call that is not declared here
for the identity that makes it. `cjob iam` prints the table; hints about denied calls, the tests'
stand-in for IAM and the check of the manager role use it.
"""

from collections.abc import Iterable, Mapping

from cjob.aws import patterns as on
from cjob.aws.operating_rights import OPERATE
from cjob.aws.right import CALLER, MANAGER, Right
from cjob.aws.status_rights import STATUS

__all__ = ["CALLER", "MANAGER", "RIGHTS", "STAGES", "Right"]

STAGES: Mapping[str, tuple[str, ...]] = {
    "target": ("target",),
    "push": ("target", "push"),
    "render": ("target",),
    "diff": ("target", "diff"),
    "apply": ("target", "diff", "apply"),
    "package": ("target", "push", "render", "diff"),
    "deploy": ("target", "push", "diff", "apply"),
    "create-repository": ("target", "repository"),
    "doctor": ("target", "doctor"),
    "run": ("environment", "start", "once", "history", "output"),
    "runs": ("environment", "history", "schedule"),
    "logs": ("environment", "history", "output", "schedule"),
    "status": ("environment", "history", "schedule", "status"),
    "stop": ("environment", "history", "stop"),
}
"""The commands and options that call AWS, each with the stages whose permissions it needs."""


REGISTRY = "registry"
"""The service of the container engine's calls, made with a token of the caller."""

BUILDS = "images are built here"
FAILS = "a deployment fails"
STUCK = "a stack is empty, or its rollback or deletion failed"

PUTTING = (
    ("s3:PutObject", (on.OBJECTS,)),
    ("s3:PutObjectAcl", (on.OBJECTS,)),
    ("kms:GenerateDataKey", (on.KEYS,)),
)

TARGET = (
    Right(
        "ssm:GetParameter",
        CALLER,
        on.RECORDS,
        "target",
        "the records of application and environment",
    ),
    Right(
        "ssm:GetParametersByPath",
        CALLER,
        (on.ENVIRONMENTS, on.ENVIRONMENTS + "/*", on.APPLICATIONS, on.APPLICATIONS + "/*"),
        "target",
        "which environments and applications exist, for a prompt or a hint",
        optional=True,
    ),
    Right(
        "sts:AssumeRole",
        CALLER,
        (on.MANAGER_ROLE,),
        "target",
        "acting as the environment's manager role",
    ),
    Right(
        "cloudformation:ListStackInstances",
        CALLER,
        (on.STACK_SET,),
        "target",
        "the application's stack in the environment's region",
    ),
    Right(
        "cloudformation:DescribeStacks",
        CALLER,
        (on.REGIONAL_STACK,),
        "target",
        "its bucket, key and repositories",
    ),
    Right(
        "cloudformation:DescribeStacks",
        MANAGER,
        (on.STACKS,),
        "target",
        "the environment's features, and the job's stack",
    ),
    Right(
        "cloudformation:GetTemplateSummary",
        MANAGER,
        (on.STACKS,),
        "target",
        "the environment's version",
    ),
    Right(
        "ec2:DescribeSubnets",
        MANAGER,
        (on.ANYTHING,),
        "target",
        "subnets that have certain tags",
        when="the manifest names subnets by tags",
    ),
)

PUSH = (
    Right(
        "ecr:GetAuthorizationToken",
        CALLER,
        (on.ANYTHING,),
        "push",
        "a token for the registry",
        when=BUILDS,
    ),
    *(
        Right(
            f"ecr:{name}",
            CALLER,
            (on.REPOSITORIES,),
            "push",
            why,
            calls=(f"{REGISTRY}:{name}",),
            when=BUILDS,
        )
        for name, why in (
            ("BatchCheckLayerAvailability", "which layers exist already"),
            ("InitiateLayerUpload", "sending those that are not"),
            ("UploadLayerPart", "sending those that are not"),
            ("CompleteLayerUpload", "sending those that are not"),
            ("PutImage", "sending the image itself"),
        )
    ),
    Right(
        "ecr:BatchGetImage",
        CALLER,
        (on.REPOSITORIES,),
        "push",
        "which images exist already",
        calls=("ecr:BatchGetImage", f"{REGISTRY}:BatchGetImage"),
        when=BUILDS,
    ),
    *(
        Right(
            action,
            MANAGER,
            (resource,),
            "push",
            "which files exist already; without it all are sent",
            calls=calls,
            optional=True,
        )
        for action, resource, calls in (
            ("s3:GetObject", on.OBJECTS, ("s3:HeadObject",)),
            # botocore looks for a bucket's region if HeadObject fails.
            ("s3:ListBucket", on.BUCKETS, ("s3:HeadObject", "s3:HeadBucket")),
        )
    ),
    *(
        Right(action, MANAGER, resources, "push", "sending them", calls=("s3:PutObject",))
        for action, resources in PUTTING
    ),
)

FIRST = "a job is deployed for the first time"


def _record(stage: str, when: str = "", *, optional: bool = False) -> tuple[Right, ...]:
    """Return the permissions to register a job for Copilot."""
    calls = ("ssm:PutParameter",)
    return tuple(
        Right(f"ssm:{name}", CALLER, (on.JOB_RECORDS,), stage, why, calls, when, optional)
        for name, why in (
            ("PutParameter", "the job's record"),
            ("AddTagsToResource", "tags of that record"),
        )
    )


REPOSITORY = (
    *(
        Right(f"cloudformation:{name}", CALLER, resources, "repository", why)
        for name, resources, why in (
            ("DescribeStackSet", (on.STACK_SET,), "the application's jobs and repositories"),
            ("UpdateStackSet", (on.STACK_SET, on.RESOURCE_TYPES), "adding the job's"),
            ("DescribeStackSetOperation", (on.STACK_SET,), "following that"),
        )
    ),
    Right(
        "cloudformation:ListStackSetOperationResults",
        CALLER,
        (on.STACK_SET,),
        "repository",
        "why that failed",
        optional=True,
    ),
    Right(
        "iam:PassRole",
        CALLER,
        (on.STACK_SET_ROLE,),
        "repository",
        "letting CloudFormation act as its own role",
        calls=("cloudformation:UpdateStackSet",),
    ),
    *_record("repository"),
)

COMPARISON = (
    Right(
        "cloudformation:GetTemplateSummary",
        MANAGER,
        (on.STACKS,),
        "render",
        "the version of the job's stack",
    ),
    Right(
        "ecr:BatchGetImage",
        CALLER,
        (on.REPOSITORIES,),
        "diff",
        "whether the deployed image is that of the sources; without it images are not compared",
        when=BUILDS,
        optional=True,
    ),
    Right("cloudformation:GetTemplate", MANAGER, (on.STACKS,), "diff", "the live template"),
    Right(
        "cloudformation:DescribeStackResource",
        MANAGER,
        (on.STACKS,),
        "diff",
        "the stack of the addons",
        when="the job has addons",
    ),
)

APPLY = (
    *(
        Right(action, MANAGER, resources, "apply", "sending the template", calls=("s3:PutObject",))
        for action, resources in PUTTING
    ),
    *(
        Right(action, MANAGER, resources, "apply", why, calls=("cloudformation:CreateChangeSet",))
        for action, resources, why in (
            (
                "s3:GetObject",
                (on.OBJECTS,),
                "the template, which CloudFormation reads as cjob's role",
            ),
            ("kms:Decrypt", (on.KEYS,), "the template, which CloudFormation reads as cjob's role"),
            ("iam:PassRole", (on.EXECUTION_ROLE,), "letting CloudFormation act as its own role"),
        )
    ),
    *(
        Right(f"cloudformation:{name}", MANAGER, (on.STACKS,), "apply", why, when=when)
        for name, why, when in (
            ("CreateChangeSet", "creating the change set", ""),
            ("DescribeChangeSet", "reading the change set", ""),
            ("ExecuteChangeSet", "executing the change set", ""),
            ("DescribeStackEvents", "following the deployment", ""),
            ("DescribeStackResources", "what the stack contains, and what failed", STUCK),
            ("DeleteChangeSet", "deleting a change set", "nothing has changed, or it failed"),
            ("DeleteStack", "rolling back a creation", "it failed or is interrupted"),
            ("CancelUpdateStack", "rolling back an update", "it is interrupted"),
        )
    ),
    *(
        Right(action, MANAGER, (resource,), "apply", why, when=FAILS, optional=True)
        for action, resource, why in (
            ("logs:FilterLogEvents", on.LOGS, "the log of a custom resource"),
            ("ecs:ListTasks", on.CLUSTERS, "why the tasks of a service stopped"),
            ("ecs:DescribeTasks", on.CLUSTERS, "why the tasks of a service stopped"),
        )
    ),
    *_record("apply", FIRST, optional=True),
)

DOCTOR = (
    Right(
        "sts:GetCallerIdentity",
        CALLER,
        (on.ANYTHING,),
        "doctor",
        "which account and identity it is; AWS allows that to all",
        optional=True,
    ),
    Right(
        "iam:SimulatePrincipalPolicy",
        CALLER,
        (on.ANYTHING,),
        "doctor",
        "which permissions are missing",
        optional=True,
    ),
)

RIGHTS = (*TARGET, *PUSH, *REPOSITORY, *COMPARISON, *APPLY, *DOCTOR, *OPERATE, *STATUS)
"""All permissions; `session` refuses calls that need any other."""


class UndeclaredCallError(Exception):
    """A call that the table does not declare for the identity that makes it: a bug in cjob."""


def check_declared(identity: str, service: str, operation: str) -> None:
    """Raise UndeclaredCallError unless the table declares a call for an identity."""
    if (identity, f"{service}:{operation}") not in DECLARED:
        raise UndeclaredCallError(f"{service}:{operation} is not declared for the {identity}")


DECLARED = frozenset((right.identity, call) for right in RIGHTS for call in right.operations)


def needed(commands: Iterable[str], identity: str = "") -> list[Right]:
    """Return the permissions that commands need, of one identity or both, in the table's order."""
    stages = {stage for command in commands for stage in STAGES[command]}
    return [r for r in RIGHTS if r.stage in stages and identity in ("", r.identity)]


def actions_of(operation: str, identity: str = "") -> tuple[str, ...]:
    """Return the actions that an operation needs, by its API's name, of one identity or both."""
    found = (
        right.action
        for right in RIGHTS
        if identity in ("", right.identity)
        and any(call.partition(":")[2] == operation for call in right.operations)
    )
    return tuple(dict.fromkeys(found))
