"""Run `cjob render`."""

import argparse
import json
from collections.abc import Sequence

from cjob.cli import stage_command
from cjob.document.models import Release
from cjob.stages.override import override
from cjob.stages.render import render
from cjob.stages.resolve import resolve


def run(args: argparse.Namespace) -> int:
    """Write documents with their stack, or the template or parameters alone."""
    phases = ((resolve, render, override),)
    together = {"template": templates, "text": templates, "template-json": templates_as_json}
    return stage_command.run_command(
        args, phases, phases, _parameters, needs="source", together=together
    )


def templates(releases: Sequence[Release]) -> str:
    """Return the templates as one stream of YAML: those after the first begin with `---`."""
    return "---\n".join(release.stack.template for release in releases if release.stack)


def templates_as_json(releases: Sequence[Release]) -> str:
    """Return the templates in JSON, one after another, with functions in full form, as jq reads."""
    import cfn_flip  # noqa: PLC0415 - slow to import, and for this form alone

    return "".join(
        cfn_flip.to_json(release.stack.template) + "\n" for release in releases if release.stack
    )


def _parameters(release: Release, _form: str) -> str:
    return parameter_file(release)


def parameter_file(release: Release, *, blank_missing: bool = False) -> str:
    """Return parameters and tags in the form of CodePipeline and the AWS CLI: JSON, which is YAML.

    With `blank_missing`, what is known only after a push is an empty string.
    """
    stack = release.stack
    if stack is None:
        return ""
    parameters = {
        name: "" if blank_missing and name in stack.missing else value
        for name, value in stack.parameters.items()
    }
    content = {"Parameters": parameters, "Tags": dict(stack.tags)}
    return json.dumps(content, indent=2, sort_keys=True) + "\n"
