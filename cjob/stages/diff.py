"""Diff: compare what was rendered with the live stack.

Takes a Release with a `stack` and the live side, gives it with `diff`; what was read before is
handed in, so nothing is touched here. Images that are built here and were not pushed count as
unchanged; all else is known by its content before it is sent, and compared.
"""

import dataclasses
from collections.abc import Mapping
from typing import Protocol

import yaml

from cjob import diff as differ
from cjob.errors import InputError
from cjob.live import Live, against
from cjob.release import Diff, Release, Stack, Target, required

NO_VERSION = "v0.0.0"
NO_ECHO = "****"
MAIN_IMAGE = "ContainerImage"
IMAGE = "Image:"


class LiveStacks(Protocol):
    """Where the live side is read."""

    def read(self, target: Target, name: str) -> Live:
        """Give a stack as it is; one that is absent has an empty status."""


def diff(release: Release, live: Live) -> Release:
    """Add `diff`, with what it was made against."""
    return dataclasses.replace(release, diff=compare(release, live))


def compare(release: Release, live: Live) -> Diff:
    """Compare template, parameters and tags; InputError where a template cannot be read."""
    stack = required(release.stack, "stack")
    comparison = differ.compare(
        unbuilt_as_deployed(live, stack) if live.exists else "",
        stack.template,
        old_name=f"the deployed template of {stack.name}",
        new_name=f"the new template of {stack.name}",
    )
    sections = [differ.render(comparison)]
    changes = list(differ.changes(comparison))
    if live.exists:
        for name, old, new in (
            ("parameters", live.parameters, _expected_parameters(stack, live)),
            ("tags", live.tags, stack.tags),
        ):
            found = differ.mappings(_shown(old, new), new, section=name)
            sections.append(f"# {name}\n{found.text}" if found.text else "")
            changes += found.changes
    return Diff(
        changed=bool(changes) or comparison.changed,
        text="".join(sections),
        changes=tuple(changes),
        against=against(live),
    )


def _expected_parameters(stack: Stack, live: Live) -> Mapping[str, str]:
    """Give the new parameters; an image that a push has yet to give keeps its live value."""
    if MAIN_IMAGE not in stack.missing:
        return stack.parameters
    known = live.parameters.get(MAIN_IMAGE, stack.parameters.get(MAIN_IMAGE, ""))
    return {**stack.parameters, MAIN_IMAGE: known}


def unbuilt_as_deployed(live: Live, stack: Stack) -> str:
    """Give the deployed template with the images that are yet to be pushed as the new one has them.

    So they count as unchanged, and what is around them is compared as it was written.
    """
    text = live.template
    for name in (one.removeprefix(IMAGE) for one in stack.missing if one.startswith(IMAGE)):
        old, new = _image(text, name), _image(stack.template, name)
        if old is not None and new is not None:
            start, end = old.start_mark.index, old.end_mark.index
            text = (
                text[:start]
                + stack.template[new.start_mark.index : new.end_mark.index]
                + text[end:]
            )
    return text


def _image(template: str, container: str) -> yaml.Node | None:
    """Find what is written for the image of a container in a template's text."""
    node = _compose(template)
    for key in ("Resources", "TaskDefinition", "Properties", "ContainerDefinitions"):
        node = _entry(node, key)
    for one in node.value if isinstance(node, yaml.SequenceNode) else ():
        name = _entry(one, "Name")
        if isinstance(name, yaml.ScalarNode) and name.value == container:
            return _entry(one, "Image")
    return None


def _shown(old: Mapping[str, str], new: Mapping[str, str]) -> Mapping[str, str]:
    """Give the old parameters; one that CloudFormation hides can't be told from the new one."""
    return {k: new.get(k, v) if v == NO_ECHO else v for k, v in old.items()}


def not_compared(stack: Stack) -> tuple[str, ...]:
    """Tell, for people, what was left out of a comparison because it was not pushed."""
    told = []
    for name in stack.missing:
        if name == MAIN_IMAGE:
            told.append("the main image is not compared: not built here")
        elif name.startswith(IMAGE):
            told.append(f"the image of {name.removeprefix(IMAGE)} is not compared: not built here")
    return tuple(told)


def template_version(template: str) -> str:
    """Give the `Metadata.Version` of a template's text; `v0.0.0` where it has none."""
    version = _entry(_entry(_compose(template), "Metadata"), "Version")
    return str(version.value) if isinstance(version, yaml.ScalarNode) else NO_VERSION


def _compose(template: str) -> yaml.Node | None:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.compose(template, loader)
    except yaml.YAMLError as error:
        raise InputError(
            f"the deployed template is not YAML: {error}",
            hint="look at it: aws cloudformation get-template --stack-name NAME",
        ) from None


def _entry(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == key:
                return value  # type: ignore[no-any-return]
    return None
