"""The permissions that commands need, as text: by identity, stage and resources.

Pure: takes rows of `aws.rights`, returns lines.
"""

from collections.abc import Sequence
from itertools import groupby

from cjob.aws import manager_role, policies
from cjob.aws.policies import ASSUME_ROLE, Scope
from cjob.aws.rights import CALLER, Right


def format_permissions(needed: Sequence[Right], scope: Scope, identities: Sequence[str]) -> str:
    """Return the permissions of each identity, for people."""
    lines = []
    for identity in identities:
        own = [right for right in needed if right.identity == identity]
        lines += _heading(identity, own, scope)
        for stage in dict.fromkeys(right.stage for right in own):
            lines.append(f"  {stage}")
            of_stage = (right for right in own if right.stage == stage)
            for on, alike in groupby(of_stage, lambda right: policies.arns(right, scope)):
                lines += [_line(right) for right in alike]
                lines += [f"      on {arn}" for arn in on]
        lines.append("")
    return "\n".join(lines)


def _heading(identity: str, own: list[Right], scope: Scope) -> list[str]:
    role = policies.manager_role(scope)
    if identity == CALLER:
        lines = ["The caller of cjob needs these permissions (as a policy: -o json):", ""]
        return lines + (_at_most(role) if any(r.action == ASSUME_ROLE for r in own) else [])
    first = manager_role.first_with(right.action for right in own if not right.when)
    which = "all environments" if first == manager_role.FIRST else f"environments since {first}"
    return [f"{role} needs these permissions;", f"it has them in {which}:", ""]


def _at_most(role: str) -> list[str]:
    """Return a note on what everyone who can assume the manager role can do."""
    return [
        f"Note: everyone who can assume {role}",
        "can deploy, even without the other permissions: that role changes stacks as the",
        "environment's CFNExecutionRole, which can do almost everything in the account.",
        "For a read-only role: cjob iam --session-policy, and --as-caller in its commands.",
        "",
    ]


def _line(right: Right) -> str:
    notes = [right.why]
    if right.when:
        notes.append(f"if {right.when}")
    if right.optional:
        notes.append("optional")
    return f"    {right.action:<38} {'; '.join(notes)}"
