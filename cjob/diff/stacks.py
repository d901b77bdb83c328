"""Compare a rendered stack with the deployed one.

Takes a Release with a `stack` and the deployed stack, returns its `diff`. Images that are built and
were not pushed count as unchanged, unless they are known to differ (see `stages.match_images`);
everything else is content-addressed, and so is compared before a push. Secrets are masked. Pure.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

import yaml

from cjob import diff as differ
from cjob.document.fingerprint import fingerprint
from cjob.document.models import Change, Diff, Release, Stack, Target, required
from cjob.document.records import dataclass, replace
from cjob.document.snapshot import WITHOUT_RESOURCES, StackSnapshot
from cjob.document.versions import NO_VERSION
from cjob.reporting.errors import InputError
from cjob.yamlio.nodes import find, text_of
from cjob.yamlio.reader import compose_if_valid

NO_ECHO = "****"
MAIN_IMAGE = "ContainerImage"
IMAGE = "Image:"
ADDONS = "AddonsTemplateURL"
ADDONS_STACK = "AddonsStack"
_ALWAYS = frozenset({"tags", "addons", "Transform", ""})
"""Parts of a stack of which every change is an update; the empty one is a whole template."""

KNOWN_LATER = "(known after push)"
"""The value of an image that differs from the deployed one and was not pushed."""


_VERSION = re.compile(r"^Metadata:\n(?:  .*\n)*?  Version: ['\"]?(v[0-9.]{1,20})", re.MULTILINE)


class LiveStacks(Protocol):
    """Reads deployed stacks."""

    def read(self, target: Target, name: str) -> StackSnapshot:
        """Return a deployed stack without its addons; the status is empty if it does not exist."""

    def nested_template(self, target: Target, stack_id: str, logical_id: str) -> str:
        """Return the template of a nested stack; empty if there is none."""


def with_live_addons(live: StackSnapshot, release: Release, stacks: LiveStacks) -> StackSnapshot:
    """Return the deployed stack with its addons' template.

    The template is read only if it differs, which its URL tells: that has the template's digest.
    """
    stack, target = required(release.stack, "stack"), required(release.target, "target")
    deployed = live.parameters.get(ADDONS, "") if live.exists else ""
    if not deployed or live.addons:
        return live
    if deployed == stack.parameters.get(ADDONS, ""):
        return replace(live, addons=stack.addons)
    text = stacks.nested_template(target, live.stack_id, ADDONS_STACK)
    return replace(live, addons=text)


def compare(release: Release, live: StackSnapshot) -> Diff:
    """Return how a stack differs; raise InputError if the new template is not YAML.

    A deployed template that is not YAML differs, without details.

    `live` includes its addons. For a new stack, the text is the template alone.
    """
    stack = required(release.stack, "stack")
    deployed, wanted = _templates(release, stack, live)
    comparison = _compared(deployed, wanted, stack.name)
    readable = _read(comparison, wanted)
    hidden = differ.no_echo_parameters(readable)
    template = _template(comparison)
    flat = _mappings(release, stack, live)
    others = [*(_mapping(*one, hidden, readable) for one in flat), _addons(stack, live)]
    changes = [*template.changes, *(change for part in others for change in part.changes)]
    return Diff(
        changed=bool(changes) and _takes_effect(changes, (deployed, wanted), flat[0]),
        text=template.text + ("".join(part.text for part in others) if live.exists else ""),
        changes=tuple(changes),
        against=fingerprint(live),
    )


def _takes_effect(
    changes: Sequence[Change], templates: tuple[str, str], parameters: "_Flat"
) -> bool:
    """Return whether CloudFormation would update anything for these changes.

    It rejects an update as empty if resources, outputs and tags stay the same, such as a change of
    a description or of an unused condition. If that is not certain, the answer is True.
    """
    if any(change.path.partition(".")[0] in _ALWAYS for change in changes):
        return True
    try:
        old, new = (
            differ.resolve(differ.template_value(text, "a template", typed=True), values)
            for text, values in zip(differ.comparable(*templates), parameters[1:], strict=True)
        )
    except InputError:
        return True
    if old.transform or new.transform:
        return True
    return (old.resources, old.outputs) != (new.resources, new.outputs)


@dataclass(frozen=True, kw_only=True)
class _Part:
    """The differences in one part of a stack."""

    text: str = ""
    changes: tuple[Change, ...] = ()


_Compared = differ.Comparison | InputError
"""A comparison of templates, or the error that the deployed one is not valid YAML."""


def _compared(deployed: str, wanted: str, of: str) -> _Compared:
    return differ.compare_deployed(
        deployed,
        wanted,
        old_name=f"the deployed template of {of}",
        new_name=f"the new template of {of}",
    )


def _read(comparison: _Compared, wanted: str) -> differ.Comparison:
    """Return the comparison, or if there is none, that of the new template with nothing."""
    return differ.compare("", wanted) if isinstance(comparison, InputError) else comparison


def _unreadable(reason: InputError, path: str) -> _Part:
    """Return a difference without details."""
    change = Change(op="change", path=path, kind=differ.category_of(path, ""))
    return _Part(text=f"(differs, but cannot be shown: {reason})\n", changes=(change,))


def _template(compared: _Compared) -> _Part:
    if isinstance(compared, InputError):
        return _unreadable(compared, "Resources")
    comparison = differ.redact(compared)
    changes = differ.changes(comparison)
    if not comparison.changed and (change := differ.function_change(comparison)):
        return _Part(text=differ.function_text(change), changes=(change,))
    return _Part(text=differ.render(comparison, within_json=True), changes=changes)


_Flat = tuple[str, Mapping[str, str], Mapping[str, str]]


def _mappings(release: Release, stack: Stack, live: StackSnapshot) -> tuple[_Flat, _Flat]:
    """Return the flat parts by name, deployed and new."""
    parameters = _expected_parameters(release, stack, live)
    if not live.exists:
        return ("parameters", {}, parameters), ("tags", {}, stack.tags)
    shown = _shown(live.parameters, parameters)
    return ("parameters", shown, parameters), ("tags", live.tags, stack.tags)


def _mapping(
    name: str,
    old: Mapping[str, str],
    new: Mapping[str, str],
    hidden: frozenset[str],
    templates: differ.Comparison,
) -> _Part:
    found = differ.mappings(old, new, section=name, hidden=hidden)
    changes = differ.with_replacements(templates, found.changes)
    return _Part(text=_section(name, found.text), changes=changes)


def _addons(stack: Stack, live: StackSnapshot) -> _Part:
    """Return the differences of the addons' templates, which the main template only refers to."""
    deployed = live.addons if live.exists else ""
    comparison = _compared(deployed, stack.addons, f"{ADDONS_STACK} in {stack.name}")
    if isinstance(comparison, InputError):
        part = _unreadable(comparison, "addons.Resources")
        return replace(part, text=_section("addons", part.text))
    redacted = differ.redact(comparison)
    changes = differ.changes(redacted, below="addons")
    text = differ.render(redacted, within_json=True)
    return _Part(text=_section("addons", text), changes=changes)


def _section(name: str, text: str) -> str:
    return f"# {name}\n{text}" if text else ""


def _expected_parameters(release: Release, stack: Stack, live: StackSnapshot) -> Mapping[str, str]:
    """Return the new parameters; an image that was not pushed keeps its deployed value."""
    if MAIN_IMAGE not in stack.missing:
        return stack.parameters
    if release.job.name in _found_to_differ(release):
        return {**stack.parameters, MAIN_IMAGE: KNOWN_LATER}
    known = live.parameters.get(MAIN_IMAGE, stack.parameters.get(MAIN_IMAGE, ""))
    return {**stack.parameters, MAIN_IMAGE: known}


def _templates(release: Release, stack: Stack, live: StackSnapshot) -> tuple[str, str]:
    """Return the deployed and the new template, with images that were not pushed made equal.

    Such an image counts as unchanged, unless it is known to differ.
    """
    differing = _found_to_differ(release)
    missing = [one.removeprefix(IMAGE) for one in stack.missing if one.startswith(IMAGE)]
    wanted = stack.template
    for name in missing:
        if name in differing:
            wanted = _with_image(wanted, name, KNOWN_LATER)
    if not live.exists:
        return "", wanted
    deployed = live.template
    for name in missing:
        if name not in differing and (image := _image(wanted, name)):
            written = wanted[image.start_mark.index : image.end_mark.index]
            deployed = _with_image(deployed, name, written)
    return deployed, wanted


def _found_to_differ(release: Release) -> frozenset[str]:
    return frozenset(name for name, image in (release.images or {}).items() if image.differs)


def _with_image(template: str, container: str, written: str) -> str:
    """Return a template's text with another image for a container, if it has that container."""
    template = template.removeprefix("\ufeff")
    found = _image(template, container)
    if found is None:
        return template
    return template[: found.start_mark.index] + written + template[found.end_mark.index :]


def deployed_image(live: StackSnapshot, job: str, container: str) -> str:
    """Return the image that a container was deployed with; empty if there is none."""
    if not live.exists:
        return ""
    if container == job:
        return live.parameters.get(MAIN_IMAGE, "")
    return text_of(_image(live.template, container))


def _image(template: str, container: str) -> yaml.Node | None:
    """Return the node of a container's image in the text of a template."""
    path = ("Resources", "TaskDefinition", "Properties", "ContainerDefinitions")
    containers = find(compose_if_valid(template), *path)
    for one in containers.value if isinstance(containers, yaml.SequenceNode) else ():
        if text_of(find(one, "Name")) == container:
            return find(one, "Image")
    return None


def _shown(old: Mapping[str, str], new: Mapping[str, str]) -> Mapping[str, str]:
    """Return the deployed parameters; those that CloudFormation masks count as unchanged."""
    return {k: new.get(k, v) if v == NO_ECHO else v for k, v in old.items()}


def not_compared(release: Release) -> tuple[str, ...]:
    """Return the containers whose images could not be compared, because they were not pushed.

    Images that were matched with the deployed ones are compared; a new stack has none to compare
    with.
    """
    if release.diff and release.diff.against.status in WITHOUT_RESOURCES:
        return ()
    known = [name for name, one in (release.images or {}).items() if one.uri or one.differs]
    missing = release.stack.missing if release.stack else ()
    images = [one for one in missing if one == MAIN_IMAGE or one.startswith(IMAGE)]
    names = (release.job.name if one == MAIN_IMAGE else one.removeprefix(IMAGE) for one in images)
    return tuple(name for name in names if name not in known)


def template_version(template: str) -> str:
    """Return the `Metadata.Version` of a template's text; `v0.0.0` if it has none.

    In a text that is not YAML, the version is found where Copilot writes it.
    """
    version = find(compose_if_valid(template), "Metadata", "Version")
    if isinstance(version, yaml.ScalarNode):
        return str(version.value)
    written = _VERSION.search(template)
    return written[1] if written else NO_VERSION
