"""AWS as it is for those who have certain rights and no others: a proxy that denies.

What each call needs, and on what, is written here from AWS's own documentation, apart from cjob's
table, so that one can be held against the other. Who asks is seen from the access key.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import unquote, urlsplit

from calls_proxy import UNTOUCHED, Asked, Meddling

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


# Calls whose rights can't be confined to anything.
ON_NOTHING = {
    "GetAuthorizationToken": "ecr:GetAuthorizationToken",
    "DescribeSubnets": "ec2:DescribeSubnets",
}


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
        for action, resource in needs(asked, self.proposed):
            if not allows(self.policies[whose], action, resource):
                self.denied.append((whose, action, resource))
                return Meddling(answer=denial(asked, action, resource), passed=False)
            self.used.add((whose, action))
        return UNTOUCHED


def allows(policy: Mapping[str, Any], action: str, resource: str) -> bool:
    """Say whether a policy has the right."""
    return any(
        action in statement["Action"]
        and any(fnmatchcase(resource, pattern) for pattern in statement["Resource"])
        for statement in policy["Statement"]
    )


def without(policy: Mapping[str, Any], actions: Iterable[str]) -> dict[str, Any]:
    """Give a policy that lacks some actions."""
    left = set(actions)
    statements = [
        {**statement, "Action": [a for a in statement["Action"] if a not in left]}
        for statement in policy["Statement"]
    ]
    return {**policy, "Statement": statements}


def needs(asked: Asked, proposed: Mapping[str, str]) -> Needs:
    """Give what a call needs; an unknown one needs what no policy has."""
    if asked.path.startswith("/v2/"):
        return _registry(asked)
    if asked.action in ("HeadObject", "PutObject", "GetObject"):
        return _s3(asked)
    if asked.action in ON_NOTHING:
        return [(ON_NOTHING[asked.action], "*")]
    given = asked.parameters
    if asked.action in ("GetParameter", "GetParametersByPath", "PutParameter"):
        arn = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{given.get('Name') or given['Path']}"
        tagging = [("ssm:AddTagsToResource", arn)] if asked.action == "PutParameter" else []
        return [(f"ssm:{asked.action}", arn), *tagging]
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{given.get('logGroupName')}"
    alone = {
        "AssumeRole": ("sts:AssumeRole", given.get("RoleArn", "")),
        "FilterLogEvents": ("logs:FilterLogEvents", group),
    }
    if asked.action in alone:
        return [alone[asked.action]]
    if "StackName" not in given and "ChangeSetName" in given:
        name = given["ChangeSetName"].split("/")[1]
        given = {**given, "StackName": proposed[name]}
    return _cloudformation(asked.action, given)


def _cloudformation(action: str, given: Mapping[str, str]) -> Needs:
    """Give what is needed of stacks; a template is read in the name of who asks for it."""
    arns = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}"
    if "StackSetName" in given:
        right = f"cloudformation:{action}"
        found: Needs = [(right, f"{arns}:stackset/{given['StackSetName']}:1")]
        if action == "UpdateStackSet":
            types = re.findall(r"Type: AWS::(\w+)::(\w+)", given["TemplateBody"])
            kind = f"arn:aws:cloudformation:{REGION}::type/resource/AWS-"
            found += [(right, f"{kind}{'-'.join(one)}") for one in types]
            found += [("iam:PassRole", given["AdministrationRoleARN"])]
        return found
    stack = given["StackName"]
    if not stack.startswith("arn:"):
        stack = f"{arns}:stack/{stack}/1"
    found = [(f"cloudformation:{action}", stack)]
    if action == "CreateChangeSet":
        address = urlsplit(given["TemplateURL"])
        object_arn = f"arn:aws:s3:::{address.netloc.partition('.')[0]}{address.path}"
        found += [("iam:PassRole", given["RoleARN"])]
        found += [("s3:GetObject", object_arn), ("kms:Decrypt", KEY)]
    return found


def _s3(asked: Asked) -> Needs:
    arn = "arn:aws:s3:::" + unquote(urlsplit(asked.path).path).lstrip("/")
    if asked.action == "PutObject":
        return [("s3:PutObject", arn), ("s3:PutObjectAcl", arn), ("kms:GenerateDataKey", KEY)]
    # Without the second, what is absent is answered like what is forbidden.
    return [("s3:GetObject", arn), ("s3:ListBucket", arn.partition("/")[0])]


def _registry(asked: Asked) -> Needs:
    path = urlsplit(asked.path).path
    for method, part, action in REGISTRY:
        if asked.method == method and part in path:
            repository = path.removeprefix("/v2/").partition(part)[0]
            return [(f"ecr:{action}", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{repository}")]
    return []  # the registry's greeting


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
