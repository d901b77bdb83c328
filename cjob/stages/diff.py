"""Diff: compare what was rendered with the live stack.

Takes a Release with a `stack` and the live side, gives it with `diff`; what was read before is
handed in, so nothing is touched here. Parameters and images that only a push could have given
count as unchanged.
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
        live.template,
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
    """Give the new parameters; what a push has yet to give keeps its live value."""
    return {
        name: live.parameters.get(name, value) if name in stack.missing else value
        for name, value in stack.parameters.items()
    }


def _shown(old: Mapping[str, str], new: Mapping[str, str]) -> Mapping[str, str]:
    """Give the old parameters; one that CloudFormation hides can't be told from the new one."""
    return {k: new.get(k, v) if v == NO_ECHO else v for k, v in old.items()}


def not_compared(stack: Stack) -> tuple[str, ...]:
    """Tell, for people, what was left out of a comparison because it was not pushed."""
    told = []
    for name in stack.missing:
        if name == "ContainerImage":
            told.append("the main image is not compared: not built here")
        elif name.startswith(IMAGE):
            told.append(f"the image of {name.removeprefix(IMAGE)} is not compared: not built here")
        elif name in stack.parameters:
            told.append(f"{name} is not compared: its file was not sent")
    return tuple(told)


def template_version(template: str) -> str:
    """Give the `Metadata.Version` of a template's text; `v0.0.0` where it has none."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = yaml.compose(template, loader)
    except yaml.YAMLError as error:
        raise InputError(
            f"the deployed template is not YAML: {error}",
            hint="look at it: aws cloudformation get-template --stack-name NAME",
        ) from None
    metadata = _entry(root, "Metadata")
    version = _entry(metadata, "Version")
    return str(version.value) if isinstance(version, yaml.ScalarNode) else NO_VERSION


def _entry(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == key:
                return value  # type: ignore[no-any-return]
    return None
