"""Check that a deployment removes or replaces no resource that holds data.

Compares the deployed and the new stack, resolved with their parameters, for the job's template and
the addons'. A resource holds data unless its type is known not to (`stateless`), and loses none if
its policy is to be retained, or to leave a snapshot.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Literal

from cjob import diff
from cjob.checks.stateless import REPLACED_SAFELY, is_stateless
from cjob.document.models import Stack
from cjob.document.records import dataclass
from cjob.document.snapshot import StackSnapshot
from cjob.reporting.errors import InputError

ADDONS_STACK = "AddonsStack"
NO_ECHO = "****"

_VARIABLE = re.compile(r"\$\{([^!{}]+)\}")

_KEPT = frozenset({"Retain", "RetainExceptOnCreate", "Snapshot"})

Resources = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Loss:
    """A resource that would lose its data; `why` is the property that changes.

    `maybe` means that only AWS knows whether the change of that property replaces the resource.
    """

    logical_id: str
    type: str
    how: Literal["remove", "replace"]
    why: str = ""
    maybe: bool = False

    def __str__(self) -> str:
        """Return the loss for people: verb, resource, and the reason."""
        of = f"{self.type}, whose {self.why} changes" if self.why else self.type
        return f"{self.how} {self.logical_id} ({of})"


def check_data_loss(found: Collection[Loss], allowed: Collection[str], stack: str) -> None:
    """Refuse to lose data, unless each resource is named in `allowed`."""
    lost = [loss for loss in found if not loss.maybe and loss.logical_id not in allowed]
    if not lost:
        return
    flags = " ".join(f"--allow-removal {loss.logical_id}" for loss in lost)
    raise InputError(
        f"stack {stack!r}: this would {', '.join(map(str, lost))}, and so lose the data in "
        + ("it" if len(lost) == 1 else "them"),
        hint=f"to do it anyway, pass {flags}",
    )


def doubts(found: Collection[Loss], allowed: Collection[str]) -> tuple[str, ...]:
    """Return a line for each resource that may lose data; only AWS knows, so it is not refused."""
    return tuple(
        f"{loss.logical_id} ({loss.type}) may be replaced, and its data lost: {loss.why} changes"
        for loss in found
        if loss.maybe and loss.logical_id not in allowed
    )


def unread(live: StackSnapshot, stack: Stack) -> tuple[str, ...]:
    """Return a line for each deployed template that could not be checked: it is not YAML."""
    if not live.exists:
        return ()
    found = []
    for subject, old, new in (
        (f"the live template of stack {stack.name!r}", live.template, stack.template),
        (f"the live template of the addons of stack {stack.name!r}", live.addons, stack.addons),
    ):
        try:
            diff.template_value(diff.comparable(old, new)[0], "the template", typed=False)
        except InputError:
            found.append(f"{subject} is not YAML: whether data would be lost was not checked")
    return tuple(found)


def losses(live: StackSnapshot, stack: Stack) -> tuple[Loss, ...]:
    """Return the losses if the deployed stack, with its addons, became this one.

    None are found in a deployed template that is not YAML; `unread` reports that.
    """
    if not live.exists:
        return ()
    old_parameters = {
        name: stack.parameters.get(name, value) if value == NO_ECHO else value
        for name, value in live.parameters.items()
    }
    old, new = _resolved((live.template, stack.template), (old_parameters, stack.parameters))
    found = tuple(_between(old.resources, new.resources))
    if not {ADDONS_STACK} <= old.resources.keys() & new.resources.keys():
        return found  # the addons are removed or added with their stack
    given = (old.addons_parameters, new.addons_parameters)
    old, new = _resolved((live.addons, stack.addons), given)
    return (*found, *_between(old.resources, new.resources))


def _resolved(
    templates: tuple[str, str], parameters: tuple[Mapping[str, Any], Mapping[str, Any]]
) -> tuple[diff.Resolved, diff.Resolved]:
    """Return two resolved templates; both empty if one is not YAML."""
    try:
        old, new = (
            diff.template_value(text, "the template", typed=False)
            for text in diff.comparable(*templates)
        )
    except InputError:
        return diff.Resolved(), diff.Resolved()
    return diff.resolve(old, parameters[0]), diff.resolve(new, parameters[1])


def _between(old: Resources, new: Resources) -> Iterator[Loss]:
    """Yield what is lost between two states of one stack."""
    replaced = _replaced(old, new)
    for name, resource in old.items():
        of = _type(resource)
        if is_stateless(of):
            continue
        if name not in new or _type(new[name]) != of:
            if resource.get("DeletionPolicy") not in _KEPT:
                yield Loss(logical_id=name, type=of, how="remove")
        elif name in replaced and of not in REPLACED_SAFELY:
            # Either policy may be the one that counts.
            kept = all(one.get("UpdateReplacePolicy") in _KEPT for one in (resource, new[name]))
            why, surely = replaced[name]
            if not kept:
                yield Loss(logical_id=name, type=of, how="replace", why=why, maybe=not surely)


def _replaced(old: Resources, new: Resources) -> dict[str, tuple[str, bool]]:
    """Return the replaced resources, each with the property and whether that is certain.

    A property that refers to a replaced resource changes, too.
    """
    found: dict[str, tuple[str, bool]] = {}
    same = [name for name in new if name in old and _type(old[name]) == _type(new[name])]
    before = -1
    while before != sum(sure for _, sure in found.values()):  # each may bring on others
        before = sum(sure for _, sure in found.values())
        gone = frozenset(name for name, (_, sure) in found.items() if sure)
        for name in same:
            if reason := _reason(old[name], new[name], gone):
                found[name] = reason
    return found


def _reason(
    old: Mapping[str, Any], new: Mapping[str, Any], gone: AbstractSet[str]
) -> tuple[str, bool] | None:
    """Return the property that replaces a resource, if any, and whether that is certain."""
    before, after = _properties(old), _properties(new)
    changing = [
        name
        for name in dict.fromkeys((*before, *after))
        if before.get(name) != after.get(name) or _mentions(after.get(name), gone)
    ]
    for certainty in (diff.REPLACES, diff.DEPENDS):
        for name in changing:
            if diff.replacement(_type(new), name) == certainty:
                return name, certainty == diff.REPLACES
    return None


def _mentions(value: object, names: AbstractSet[str]) -> bool:
    """Return whether a value refers to a resource of one of these names."""
    if not names:
        return False
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
            return name in names
        case {"Fn::Sub": str(text)} | {"Fn::Sub": [str(text), *_]} if _in_text(text, names):
            return True
        case dict():
            return any(_mentions(one, names) for one in value.values())
        case list():
            return any(_mentions(one, names) for one in value)
    return False


def _in_text(text: str, names: AbstractSet[str]) -> bool:
    return any(name.partition(".")[0] in names for name in _VARIABLE.findall(text))


def _type(resource: Mapping[str, Any]) -> str:
    return str(resource.get("Type", ""))


def _properties(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    found = resource.get("Properties")
    return found if isinstance(found, dict) else {}
