"""Makes IAM policies from the table of permissions, and trust policies for CI systems' roles.

Pure: takes permissions and names, returns documents for `aws iam`.
"""

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from cjob.aws import patterns
from cjob.aws.rights import Right, needed

READING = ("target", "render", "diff", "package")
"""The commands that only read, and so work without the manager role."""

SESSION_POLICY_LIMIT = 2048
"""The characters that AWS allows in a session policy."""

ASSUME_ROLE = "sts:AssumeRole"

GITHUB, GITLAB = "github", "gitlab"
HOSTS = {GITHUB: "token.actions.githubusercontent.com", GITLAB: "gitlab.com"}
"""The OIDC providers of the CI systems."""


class Scope(NamedTuple):
    """What permissions are limited to; `*` means all applications or environments."""

    app: str
    env: str = "*"
    partition: str = "aws"


class Repository(NamedTuple):
    """A repository whose CI runs may assume a role of an account.

    `host` is the address of the OIDC provider.
    """

    system: str
    path: str
    host: str
    account_id: str


def arns(right: Right, scope: Scope) -> list[str]:
    """Return the ARNs of the resources that a permission is for."""
    return [arn(pattern, scope) for pattern in right.resources]


def arn(pattern: str, scope: Scope) -> str:
    """Return a pattern of the table with its placeholders filled in."""
    return pattern.format(**scope._asdict()).replace("**", "*")


def policy(rights: Iterable[Right], scope: Scope) -> dict[str, object]:
    """Return an IAM policy with these permissions: a statement for each set of resources."""
    resources: dict[str, dict[str, None]] = {}  # used as ordered sets
    for right in rights:
        resources.setdefault(right.action, {}).update(dict.fromkeys(arns(right, scope)))
    actions: dict[tuple[str, ...], list[str]] = {}
    for action, allowed in resources.items():
        actions.setdefault(tuple(allowed), []).append(action)
    statements = [
        {"Effect": "Allow", "Action": sorted(grouped), "Resource": list(on)}
        for on, grouped in actions.items()
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def document(rights: Iterable[Right], scope: Scope) -> str:
    """Return a policy as JSON, for `aws iam create-policy`."""
    return json.dumps(policy(rights, scope), indent=2) + "\n"


def session_policy(scope: Scope) -> str:
    """Return a policy that only reads, as short as AWS requires of session policies.

    It allows what both identities read for a comparison, but not to assume a role: a session policy
    does not limit the roles that the session assumes, and the manager role can deploy.
    """
    reads = [r for r in needed(("target", "render", "diff")) if r.action != ASSUME_ROLE]
    return json.dumps(policy(reads, scope), separators=(",", ":")) + "\n"


def manager_role(scope: Scope) -> str:
    """Return the ARN of the manager role, or the pattern of all of them."""
    return arn(patterns.MANAGER_ROLE, scope)


def trust_policy(repository: Repository, subject: Mapping[str, str], scope: Scope) -> str:
    """Return the trust policy of a role for a repository's runs with a subject.

    `subject` maps the condition's operator to its value.
    """
    host = repository.host
    audience = "sts.amazonaws.com" if repository.system == GITHUB else f"https://{host}"
    conditions: dict[str, dict[str, str]] = {"StringEquals": {f"{host}:aud": audience}}
    for operator, value in subject.items():
        conditions.setdefault(operator, {})[f"{host}:sub"] = value
    provider = f"arn:{scope.partition}:iam::{repository.account_id}:oidc-provider/{host}"
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": conditions,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2) + "\n"


def subject(repository: Repository, *, env: str, branch: str, reads: bool) -> dict[str, str]:
    """Return the condition on the `sub` of the runs that may assume a role.

    These are the runs of a branch if one is named. Otherwise they are those of pull requests for a
    role that only reads, and those that deploy to the environment for any other role.
    """
    if repository.system == GITLAB:
        prefix = f"project_path:{repository.path}:ref_type:branch:ref:"
        if reads and not branch:
            return {"StringLike": f"{prefix}*"}
        return {"StringEquals": prefix + (branch or "main")}
    if branch:
        rest = f"ref:refs/heads/{branch}"
    else:
        rest = "pull_request" if reads else f"environment:{env}"
    return {"StringEquals": f"repo:{repository.path}:{rest}"}
