"""Every right that cjob needs in AWS: whose, on what, for which stage, and what asks for it.

Plain data, and IAM policies made from it. `cjob iam` prints them, an error about a denied call
names what lacked from them, and tests let nothing pass that is not here.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

CALLER, MANAGER = "caller", "manager"

STAGES: Mapping[str, tuple[str, ...]] = {
    "target": ("target",),
    "push": ("target", "push"),
    "render": ("target",),
    "diff": ("target", "diff"),
    "apply": ("target", "diff", "apply"),
    "package": ("target", "push", "render", "diff"),
    "deploy": ("target", "push", "diff", "apply"),
    "create-repository": ("target", "repository"),
}
"""The commands that call AWS, each with the stages whose rights it needs, and what is an option."""

# What rights are on; `cjob iam` puts names in. A repository and a stack set belong to the
# application, what else is of the environment has both names in its own.
ANYTHING = "*"
RECORDS = (
    "arn:{partition}:ssm:*:*:parameter/copilot/applications/{app}",
    "arn:{partition}:ssm:*:*:parameter/copilot/applications/{app}/environments/{env}",
)
JOB_RECORDS = "arn:{partition}:ssm:*:*:parameter/copilot/applications/{app}/components/*"
APPLICATIONS = "arn:{partition}:ssm:*:*:parameter/copilot/applications"
ENVIRONMENTS = "arn:{partition}:ssm:*:*:parameter/copilot/applications/{app}/environments"
STACK_SET = "arn:{partition}:cloudformation:*:*:stackset/{app}-infrastructure:*"
REGIONAL_STACK = "arn:{partition}:cloudformation:*:*:stack/StackSet-{app}-infrastructure-*"
RESOURCE_TYPES = "arn:{partition}:cloudformation:*::type/resource/AWS-*"
STACKS = "arn:{partition}:cloudformation:*:*:stack/{app}-{env}*"
MANAGER_ROLE = "arn:{partition}:iam::*:role/{app}-{env}-EnvManagerRole"
STACK_SET_ROLE = "arn:{partition}:iam::*:role/{app}-adminrole"
EXECUTION_ROLE = "arn:{partition}:iam::*:role/{app}-{env}-CFNExecutionRole"
REPOSITORIES = "arn:{partition}:ecr:*:*:repository/{app}/*"
BUCKETS = "arn:{partition}:s3:::*"
OBJECTS = "arn:{partition}:s3:::*/manual/*"
KEYS = "arn:{partition}:kms:*:*:key/*"
LOGS = "arn:{partition}:logs:*:*:log-group:/aws/lambda/{app}-{env}*"
CLUSTERS = "arn:{partition}:ecs:*:*:*/{app}-{env}*"


class Right(NamedTuple):
    """A right: to do something, as somebody, on something, in a stage, for some calls.

    `when` says for which jobs it is needed, empty for all. Without an `optional` one a run ends
    as well, and knows or shows less.
    """

    action: str
    whose: str
    on: tuple[str, ...]
    stage: str
    calls: tuple[str, ...]
    why: str
    when: str = ""
    optional: bool = False


BUILDS = "images are built here"
FAILS = "a deployment fails"

PUTTING = (
    ("s3:PutObject", (OBJECTS,)),
    ("s3:PutObjectAcl", (OBJECTS,)),
    ("kms:GenerateDataKey", (KEYS,)),
)

RIGHTS = (
    Right(
        "ssm:GetParameter",
        CALLER,
        RECORDS,
        "target",
        ("GetParameter",),
        "the records of application and environment",
    ),
    Right(
        "ssm:GetParametersByPath",
        CALLER,
        (ENVIRONMENTS, ENVIRONMENTS + "/*", APPLICATIONS, APPLICATIONS + "/*"),
        "target",
        ("GetParametersByPath",),
        "which environments and applications there are, for a question or a hint",
        optional=True,
    ),
    Right(
        "sts:AssumeRole",
        CALLER,
        (MANAGER_ROLE,),
        "target",
        ("AssumeRole",),
        "acting as the environment's manager role",
    ),
    Right(
        "cloudformation:ListStackInstances",
        CALLER,
        (STACK_SET,),
        "target",
        ("ListStackInstances",),
        "the application's stack in the environment's region",
    ),
    Right(
        "cloudformation:DescribeStacks",
        CALLER,
        (REGIONAL_STACK,),
        "target",
        ("DescribeStacks",),
        "its bucket, key and repositories",
    ),
    Right(
        "cloudformation:DescribeStacks",
        MANAGER,
        (STACKS,),
        "target",
        ("DescribeStacks",),
        "the environment's features, and the job's stack",
    ),
    Right(
        "cloudformation:GetTemplateSummary",
        MANAGER,
        (STACKS,),
        "target",
        ("GetTemplateSummary",),
        "the environment's version",
    ),
    Right(
        "ec2:DescribeSubnets",
        MANAGER,
        (ANYTHING,),
        "target",
        ("DescribeSubnets",),
        "subnets that have certain tags",
        "the manifest names subnets by tags",
    ),
    Right(
        "ecr:GetAuthorizationToken",
        CALLER,
        (ANYTHING,),
        "push",
        ("GetAuthorizationToken",),
        "a token for the registry",
        BUILDS,
    ),
    *(
        Right(f"ecr:{name}", CALLER, (REPOSITORIES,), "push", (name,), why, BUILDS)
        for name, why in (
            ("BatchCheckLayerAvailability", "which layers are there already"),
            ("InitiateLayerUpload", "sending those that are not"),
            ("UploadLayerPart", "sending those that are not"),
            ("CompleteLayerUpload", "sending those that are not"),
            ("BatchGetImage", "which images are there already"),
            ("PutImage", "sending the image itself"),
        )
    ),
    Right(
        "s3:GetObject",
        MANAGER,
        (OBJECTS,),
        "push",
        ("HeadObject",),
        "which files are there already; without it all are sent",
        optional=True,
    ),
    Right(
        "s3:ListBucket",
        MANAGER,
        (BUCKETS,),
        "push",
        ("HeadObject",),
        "which files are there already; without it all are sent",
        optional=True,
    ),
    *(Right(action, MANAGER, on, "push", ("PutObject",), "sending them") for action, on in PUTTING),
    *(
        Right(f"cloudformation:{name}", CALLER, on, "repository", (name,), why)
        for name, on, why in (
            ("DescribeStackSet", (STACK_SET,), "the application's jobs and repositories"),
            ("UpdateStackSet", (STACK_SET, RESOURCE_TYPES), "adding the job's"),
            ("DescribeStackSetOperation", (STACK_SET,), "following that"),
        )
    ),
    Right(
        "cloudformation:ListStackSetOperationResults",
        CALLER,
        (STACK_SET,),
        "repository",
        ("ListStackSetOperationResults",),
        "why that failed",
        optional=True,
    ),
    Right(
        "iam:PassRole",
        CALLER,
        (STACK_SET_ROLE,),
        "repository",
        ("UpdateStackSet",),
        "letting CloudFormation act as its own role",
    ),
    *(
        Right(f"ssm:{name}", CALLER, (JOB_RECORDS,), "repository", ("PutParameter",), why)
        for name, why in (
            ("PutParameter", "the job's record"),
            ("AddTagsToResource", "tags of that record"),
        )
    ),
    Right(
        "cloudformation:GetTemplateSummary",
        MANAGER,
        (STACKS,),
        "render",
        ("GetTemplateSummary",),
        "the version of the job's stack",
    ),
    Right(
        "cloudformation:GetTemplate",
        MANAGER,
        (STACKS,),
        "diff",
        ("GetTemplate",),
        "the live template",
    ),
    Right(
        "cloudformation:DescribeStackResource",
        MANAGER,
        (STACKS,),
        "diff",
        ("DescribeStackResource",),
        "the stack of the addons",
        "the job has addons",
    ),
    *(
        Right(action, MANAGER, on, "apply", ("PutObject",), "sending the template")
        for action, on in PUTTING
    ),
    *(
        Right(action, MANAGER, on, "apply", ("CreateChangeSet",), why)
        for action, on, why in (
            ("s3:GetObject", (OBJECTS,), "the template, which CloudFormation reads in our name"),
            ("kms:Decrypt", (KEYS,), "the template, which CloudFormation reads in our name"),
            ("iam:PassRole", (EXECUTION_ROLE,), "letting CloudFormation act as its own role"),
        )
    ),
    *(
        Right(f"cloudformation:{name}", MANAGER, (STACKS,), "apply", (name,), why, when)
        for name, why, when in (
            ("CreateChangeSet", "proposing the change", ""),
            ("DescribeChangeSet", "what CloudFormation thinks of it", ""),
            ("ExecuteChangeSet", "making the change", ""),
            ("DescribeStackEvents", "following it", ""),
            ("DeleteChangeSet", "taking a proposal back", "there is nothing to change, or no way"),
            ("DeleteStack", "taking a creation back", "it failed or is interrupted"),
            ("CancelUpdateStack", "taking an update back", "it is interrupted"),
        )
    ),
    *(
        Right(action, MANAGER, (on,), "apply", (call,), why, FAILS, optional=True)
        for action, on, call, why in (
            ("logs:FilterLogEvents", LOGS, "FilterLogEvents", "the log of a custom resource"),
            ("ecs:ListTasks", CLUSTERS, "ListTasks", "why the tasks of a service stopped"),
            ("ecs:DescribeTasks", CLUSTERS, "DescribeTasks", "why the tasks of a service stopped"),
        )
    ),
)


class Scope(NamedTuple):
    """What rights are confined to; `*` stands for all applications or environments."""

    app: str
    env: str = "*"
    partition: str = "aws"


def needed(commands: Iterable[str], whose: str = "") -> list[Right]:
    """Give the rights that commands need, of one identity or of both, in the table's order."""
    stages = {stage for command in commands for stage in STAGES[command]}
    return [r for r in RIGHTS if r.stage in stages and whose in ("", r.whose)]


def resources(right: Right, scope: Scope) -> list[str]:
    """Give the ARNs that a right is on."""
    return [arn(pattern, scope) for pattern in right.on]


def arn(pattern: str, scope: Scope) -> str:
    """Put names into one of the patterns of this module."""
    return pattern.format(**scope._asdict()).replace("**", "*")


def policy(rights: Iterable[Right], scope: Scope) -> dict[str, object]:
    """Give an IAM policy document with these rights: a statement for each kind of resource."""
    actions: dict[tuple[str, ...], set[str]] = {}
    for right in rights:
        actions.setdefault(tuple(resources(right, scope)), set()).add(right.action)
    statements = [
        {"Effect": "Allow", "Action": sorted(allowed), "Resource": list(on)}
        for on, allowed in actions.items()
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def actions_of(call: str) -> Iterator[str]:
    """Give the rights that a call needs, by the name that its API has for it."""
    seen = set()
    for right in RIGHTS:
        if call in right.calls and right.action not in seen:
            seen.add(right.action)
            yield right.action


def document(rights: Iterable[Right], scope: Scope) -> str:
    """Give a policy document as text, as `aws iam create-policy` takes it."""
    return json.dumps(policy(rights, scope), indent=2) + "\n"
