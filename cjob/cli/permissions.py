"""The rights that commands need, as people read them: by identity, stage, and what they are on.

Pure: takes rights of `aws.rights`, gives lines.
"""

from collections.abc import Sequence
from itertools import groupby

from cjob.aws import manager_role, rights
from cjob.aws.rights import CALLER, Right, Scope


def explained(needed: Sequence[Right], scope: Scope, identities: Sequence[str]) -> str:
    """Give the rights of each identity as people read them, by stage and by what they are on."""
    lines = []
    for whose in identities:
        own = [right for right in needed if right.identity == whose]
        lines += _heading(whose, own, scope)
        for stage, of_stage in groupby(own, lambda right: right.stage):
            lines.append(f"  {stage}")
            for on, alike in groupby(of_stage, lambda right: rights.arns(right, scope)):
                lines += [_line(right) for right in alike]
                lines += [f"      on {arn}" for arn in on]
        lines.append("")
    return "\n".join(lines)


def _heading(whose: str, own: list[Right], scope: Scope) -> list[str]:
    if whose == CALLER:
        return ["Whoever runs cjob needs these permissions (as a policy: -o json):", ""]
    role = rights.arn(rights.MANAGER_ROLE, scope)
    first = manager_role.first_with(right.action for right in own)
    return [f"{role} needs these;", f"in environments from {first} on it has them:", ""]


def _line(right: Right) -> str:
    notes = [right.why]
    if right.when:
        notes.append(f"where {right.when}")
    if right.optional:
        notes.append("optional")
    return f"    {right.action:<38} {'; '.join(notes)}"
