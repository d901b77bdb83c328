"""Finds out who calls AWS, and which permissions that identity lacks.

Reads only: STS, which answers everybody, and IAM's policy simulator, which many may not call.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from cjob.aws import policies
from cjob.aws.errors import translating_errors
from cjob.aws.policies import Scope
from cjob.aws.rights import Right
from cjob.aws.session import Account


class Caller(NamedTuple):
    """An account and the ARN of the identity that calls."""

    account_id: str
    arn: str

    @property
    def principal(self) -> str:
        """The ARN whose policies IAM can simulate: for a session, its role's."""
        found = re.fullmatch(r"arn:([\w-]+):sts::(\d+):assumed-role/([^/]+)/.*", self.arn)
        return "arn:{}:iam::{}:role/{}".format(*found.groups()) if found else self.arn

    @property
    def is_root(self) -> bool:
        """Whether it is the account itself, which no policy limits."""
        return self.arn.endswith(":root")


class AwsIdentity:
    """The caller of an account's session."""

    def __init__(self, account: Account) -> None:
        """Take the account; make no call yet."""
        self._account = account

    def caller(self) -> Caller:
        """Return who calls; raise ServiceError if AWS refuses the credentials."""
        with translating_errors("ask AWS whose credentials these are"):
            found = self._account.client("sts").get_caller_identity()
        return Caller(found["Account"], found["Arn"])

    def missing(self, caller: Caller, needed: Iterable[Right], scope: Scope) -> tuple[str, ...]:
        """Return the sorted actions that the caller's policies do not allow.

        Raise ServiceError if the caller may not use the simulator.
        """
        actions: dict[tuple[str, ...], set[str]] = {}
        for right in needed:
            on = examples(right, scope, caller.account_id, self._account.region)
            actions.setdefault(on, set()).add(right.action)
        lacking: set[str] = set()
        iam = self._account.client("iam")
        for resources, names in actions.items():
            with translating_errors("simulate the caller's policies"):
                pages = iam.get_paginator("simulate_principal_policy").paginate(
                    PolicySourceArn=caller.principal,
                    ActionNames=sorted(names),
                    ResourceArns=list(resources),
                )
                results = [one for page in pages for one in page["EvaluationResults"]]
            lacking |= {denied for one in results for denied in _denied(one)}
        return tuple(sorted(lacking))


def examples(right: Right, scope: Scope, account_id: str, region: str) -> tuple[str, ...]:
    """Return an example of each ARN pattern of a permission, for a job called `job`.

    The simulator does not take an asterisk in an ARN as a wildcard.
    """
    found = []
    for pattern in policies.arns(right, scope):
        parts = pattern.split(":", 5)
        if len(parts) > 5:  # noqa: PLR2004 - an ARN has six parts
            parts[3], parts[4] = (
                filled if part == "*" else part
                for part, filled in zip(parts[3:5], (region, account_id), strict=True)
            )
            parts[5] = re.sub(r"(?<=[\w])\*", "-job", parts[5]).replace("*", "job")
        found.append(":".join(parts))
    return tuple(found)


def _denied(result: Mapping[str, object]) -> Iterable[str]:
    if result.get("EvalDecision") != "allowed":
        yield str(result.get("EvalActionName", ""))
