"""Explains a denied call: who may not do what, which policy decides, and how to fix it.

Pure: takes the message of a response, returns an error that names the missing permission and its
resource.
"""

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from cjob.aws import manager_role, rights
from cjob.reporting.errors import ServiceError

# The placeholders of an ARN pattern: for the partition, the application, the environment.
PLACEHOLDER = re.compile(r"{\w+}")

# AWS's message for a denial; services leave parts of it out, and S3 quotes the resource.
WORDS = re.compile(
    r"(?:User: (?P<who>\S+) )?is not authorized to perform: (?P<action>[\w-]+:\w+)"
    r'(?: on resource: "?(?P<on>[^\s,"]+)"?)?'
    r"(?:,? (?P<why>(?:because|with an explicit deny)[^.]*))?"
)

# The policies that may decide, by AWS's names for them, and what to do about each. What they deny
# can't be allowed elsewhere.
POLICIES = {
    "service control policy": "ask the administrators of the AWS organization for an exception",
    "resource control policy": "ask the administrators of the AWS organization for an exception",
    "permissions boundary": "check the permissions boundary of {who}",
    "session policy": "use credentials without this session policy, or extend it: cjob iam",
    "VPC endpoint policy": "check the policy of the VPC endpoint that the call goes through",
}

# The policy of a resource, and the command that shows it.
RESOURCE_POLICIES = {
    "s3": ("bucket", "aws s3api get-bucket-policy --bucket {name}"),
    "kms": ("key", "aws kms get-key-policy --key-id {arn} --policy-name default"),
    "ecr": ("repository", "aws ecr get-repository-policy --repository-name {name}"),
}


class Denial(NamedTuple):
    """A denied call: who, which permissions, on which resource, and why if AWS says so."""

    who: str
    actions: Sequence[str]
    resource: str
    why: str
    role: str

    @property
    def is_explicit(self) -> bool:
        """Check whether a policy denies it explicitly, so that no other can allow it."""
        return "explicit deny" in self.why


def explain(words: str, operation: str, purpose: str, role: str, resource: str) -> ServiceError:
    """Return the error for an operation that was denied with this message.

    `role` is the role that made the call, empty for the caller; `resource` is used if the message
    names none.
    """
    if operation == "AssumeRole":
        role, resource = "", role
    found = WORDS.search(words)
    said = found.groupdict(default="") if found else {}
    denial = Denial(
        who=role or said.get("who") or "the identity in use",
        actions=[said["action"]] if found else rights.actions_of(operation) or [operation],
        resource=said.get("on") or resource,
        why=said["why"] if found else f"({words})",
        role=role,
    )
    parts = [
        f"cannot {purpose}: {denial.who} is not allowed to perform {' or '.join(denial.actions)}",
        f"on {denial.resource}" if denial.resource else "",
        denial.why,
    ]
    return ServiceError(" ".join(filter(None, parts)), hint=hint(denial))


def hint(denial: Denial) -> str:
    """Return the hint for a denial, by the policy that decided it."""
    for policy, remedy in POLICIES.items():
        if policy in denial.why:
            return remedy.format(who=denial.who)
    if "resource-based policy" in denial.why:
        return _of_resource(denial)
    if denial.is_explicit:
        return f"check which policy of {denial.who} denies it; allowing it elsewhere does not help"
    since = manager_role.first_with(denial.actions) if denial.role else ""
    if since == manager_role.FIRST:
        return f"{denial.role} had this permission when it was created: check its policies"
    if since:
        return (
            f"environments have this permission since version {since}: deploy the environment "
            "again with the tool that created it"
        )
    needed = "cjob iam prints the permissions that cjob needs"
    if not _is_of_callers(denial):
        needed = "cjob iam --session-policy prints what --as-caller needs"
    return f"grant it to {denial.who}; {needed}"


def _is_of_callers(denial: Denial) -> bool:
    """Check whether the caller needs this permission even with the manager role."""
    on_any = denial.resource in ("", "*")
    return any(
        on_any or fnmatchcase(denial.resource, PLACEHOLDER.sub("*", pattern))
        for right in rights.RIGHTS
        if right.identity == rights.CALLER and right.action in denial.actions
        for pattern in right.resources
    )


def _of_resource(denial: Denial) -> str:
    """Return the hint about a resource's policy, with the command that shows it."""
    does = "denies it" if denial.is_explicit else "does not allow it"
    service = (denial.resource or denial.actions[0]).removeprefix("arn:").split(":")
    kind = service[1] if denial.resource.startswith("arn:") else service[0]
    if kind not in RESOURCE_POLICIES or not denial.resource.startswith("arn:"):
        return f"check the policy of the resource, which {does}"
    what, command = RESOURCE_POLICIES[kind]
    path = denial.resource.split(":", 5)[5]
    name = path.partition("/")[2] if kind == "ecr" else path.partition("/")[0]
    shown = command.format(name=name, arn=denial.resource)
    return f"check the policy of the {what}, which {does}: {shown}"
