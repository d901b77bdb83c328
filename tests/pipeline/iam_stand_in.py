"""AWS as it is for those who have certain rights and no others: a proxy that denies.

What each call needs is taken from cjob's table, and what it is about from the call itself. Who asks
is seen from the access key.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import unquote, urlsplit

from calls_proxy import UNTOUCHED, Asked, Meddling

from cjob.aws import rights
from cjob.aws.rights import CALLER, MANAGER

Needs = list[tuple[str, str]]
"""Rights, each with the ARN of what it is needed on."""

ACCOUNT, REGION = "123456789012", "us-west-2"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"

# What an engine asks of a registry when it pushes, and what ECR takes that for.
REGISTRY = (
    ("HEAD", "/blobs/", "BatchCheckLayerAvailability"),
    ("POST", "/blobs/uploads/", "InitiateLayerUpload"),
    ("PATCH", "/blobs/uploads/", "UploadLayerPart"),
    ("PUT", "/blobs/uploads/", "CompleteLayerUpload"),
    ("HEAD", "/manifests/", "BatchGetImage"),
    ("GET", "/manifests/", "BatchGetImage"),
    ("PUT", "/manifests/", "PutImage"),
)


@dataclass
class Iam:
    """Two identities with a policy each; `used` is what they did, `denied` what they could not.

    The right to a change set is one to its stack; `proposed` has the stack of each.
    """

    caller_key: str
    policies: Mapping[str, Mapping[str, Any]]
    used: set[tuple[str, str]] = field(default_factory=set)
    denied: list[tuple[str, str, str]] = field(default_factory=list)
    proposed: dict[str, str] = field(default_factory=dict)

    def judge(self, asked: Asked) -> Meddling:
        """Let a call pass where all that it needs is allowed, else answer as AWS does."""
        whose = MANAGER if asked.key not in ("", self.caller_key) else CALLER
        if asked.action == "CreateChangeSet":
            self.proposed[asked.parameters["ChangeSetName"]] = asked.parameters["StackName"]
        for action, resource in needs(asked, whose, self.proposed):
            if not allows(self.policies[whose], action, resource):
                self.denied.append((whose, action, resource))
                return Meddling(answer=denial(asked, action, resource), passed=False)
            self.used.add((whose, action))
        return UNTOUCHED


def allows(policy: Mapping[str, Any], action: str, resource: str) -> bool:
    """Return whether a policy has the right."""
    return any(
        action in statement["Action"]
        and any(fnmatchcase(resource, pattern) for pattern in statement["Resource"])
        for statement in policy["Statement"]
    )


def without(policy: Mapping[str, Any], actions: Iterable[str]) -> dict[str, Any]:
    """Return a policy that lacks some actions."""
    left = set(actions)
    statements = [
        {**statement, "Action": [a for a in statement["Action"] if a not in left]}
        for statement in policy["Statement"]
    ]
    return {**policy, "Statement": statements}


def needs(asked: Asked, identity: str, proposed: Mapping[str, str]) -> Needs:
    """Return what a call needs, by cjob's table; one that is not in it needs what no policy has."""
    operation = registry_operation(asked) if asked.path.startswith("/v2/") else asked.action
    if not operation:  # the registry's greeting
        return []
    # With --as-caller the caller makes the manager role's calls.
    actions = rights.actions_of(operation, identity) or rights.actions_of(operation)
    actions = actions or (f"undeclared:{operation}",)
    return [(action, arn) for action in actions for arn in resources(action, asked, proposed)]


def resources(action: str, asked: Asked, proposed: Mapping[str, str]) -> list[str]:
    """Return the ARNs of what a call does an action to, from what was sent."""
    given = asked.parameters
    service = action.partition(":")[0]
    if service == "cloudformation":
        return _stacks(given, proposed)
    if service == "ecr" and asked.path.startswith("/v2/"):
        repository = urlsplit(asked.path).path.removeprefix("/v2/")
        repository = re.split("/(?:blobs|manifests)/", repository)[0]
        return [f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{repository}"]
    group = f"log-group:{given.get('logGroupName', '')}"
    named = {
        "s3": _object(asked),
        "kms": KEY,
        "iam": given.get("RoleARN") or given.get("AdministrationRoleARN", ""),
        "ssm": f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{given.get('Name') or given.get('Path')}",
        "sts": given.get("RoleArn", ""),
        "logs": f"arn:aws:logs:{REGION}:{ACCOUNT}:{group}",
        "states": given.get("executionArn") or given.get("stateMachineArn", ""),
        "ecs": given.get("task") or f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/{given.get('cluster')}/1",
    }
    if asked.action == "RunTask":
        own = given["taskDefinition"]
        role = f"arn:aws:iam::{ACCOUNT}:role/{own.rpartition('/')[2].partition(':')[0]}-TaskRole"
        named |= {"ecs": own, "iam": role}
    arn = named.get(service, "*")
    return [arn.partition("/")[0] if action == "s3:ListBucket" else arn]


def _stacks(given: Mapping[str, str], proposed: Mapping[str, str]) -> list[str]:
    arns = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}"
    if "StackSetName" in given:
        kind = f"arn:aws:cloudformation:{REGION}::type/resource/AWS-"
        types = re.findall(r"Type: AWS::(\w+)::(\w+)", given.get("TemplateBody", ""))
        found = [f"{kind}{'-'.join(one)}" for one in types]
        return [f"{arns}:stackset/{given['StackSetName']}:1", *found]
    stack = given.get("StackName") or proposed[given["ChangeSetName"].split("/")[1]]
    return [stack if stack.startswith("arn:") else f"{arns}:stack/{stack}/1"]


def _object(asked: Asked) -> str:
    """Return the ARN of the object that is sent or read, or that CloudFormation is to read."""
    address = urlsplit(asked.parameters.get("TemplateURL", ""))
    if address.netloc:
        return f"arn:aws:s3:::{address.netloc.partition('.')[0]}{address.path}"
    return "arn:aws:s3:::" + unquote(urlsplit(asked.path).path).lstrip("/")


def registry_operation(asked: Asked) -> str:
    """Return what ECR takes a request to the registry for, empty for its greeting."""
    path = urlsplit(asked.path).path
    for method, part, operation in REGISTRY:
        if asked.method == method and part in path:
            return operation
    return ""


def denial(asked: Asked, action: str, resource: str) -> tuple[int, str]:
    """Answer as the service does where the right is lacking."""
    if asked.path.startswith("/v2/"):
        return 403, json.dumps(
            {"errors": [{"code": "DENIED", "message": f"not allowed: {action}"}]}
        )
    if asked.method == "HEAD":
        return 403, ""
    message = (
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/x/y is not authorized to perform: {action} "
        f"on resource: {resource} because no identity-based policy allows the {action} action"
    )
    if action.startswith(("s3:", "kms:")) and asked.action == "CreateChangeSet":
        return 400, _xml("ValidationError", "S3 error: Access Denied")
    if re.fullmatch("ssm|ecr|logs", action.partition(":")[0]):
        return 400, json.dumps({"__type": "AccessDeniedException", "message": message})
    return 403, _xml("AccessDenied", message)


def _xml(code: str, message: str) -> str:
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return f"<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>"
