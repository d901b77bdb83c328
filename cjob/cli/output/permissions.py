"""The permissions that commands need, as people read them: by identity, stage, and resources.

Pure: takes rows of `aws.rights`, returns lines.
"""

from collections.abc import Sequence
from itertools import groupby

from cjob.aws import manager_role, policies
from cjob.aws.policies import ASSUME_ROLE, Scope
from cjob.aws.rights import CALLER, Right


def format_permissions(needed: Sequence[Right], scope: Scope, identities: Sequence[str]) -> str:
    """Return the permissions of each identity as people read them."""
    lines = []
    for identity in identities:
        own = [right for right in needed if right.identity == identity]
        lines += _heading(identity, own, scope)
        for stage, of_stage in groupby(own, lambda right: right.stage):
            lines.append(f"  {stage}")
            for on, alike in groupby(of_stage, lambda right: policies.arns(right, scope)):
                lines += [_line(right) for right in alike]
                lines += [f"      on {arn}" for arn in on]
        lines.append("")
    return "\n".join(lines)


def _heading(identity: str, own: list[Right], scope: Scope) -> list[str]:
    role = policies.manager_role(scope)
    if identity == CALLER:
        lines = ["Whoever runs cjob needs these permissions (as a policy: -o json):", ""]
        return lines + (_at_most(role) if any(r.action == ASSUME_ROLE for r in own) else [])
    first = manager_role.first_with(right.action for right in own)
    since = "all environments" if first == manager_role.FIRST else f"environments since {first}"
    return [f"{role} needs these;", f"{since} have given them to it:", ""]


def _at_most(role: str) -> list[str]:
    """Return what those can do at most who may assume the manager role."""
    return [
        f"Note: whoever may assume {role}",
        "can deploy, whatever else this policy lacks: that role changes stacks as the",
        "environment's CFNExecutionRole, which may do almost everything in the account.",
        "For a role that can only read: cjob iam --session-policy, and run its commands",
        "with --as-caller.",
        "",
    ]


def _line(right: Right) -> str:
    notes = [right.why]
    if right.when:
        notes.append(f"if {right.when}")
    if right.optional:
        notes.append("optional")
    return f"    {right.action:<38} {'; '.join(notes)}"
