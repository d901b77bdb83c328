"""Decisions about CDK overrides: the package manager, the environment variables, the template.

A job's overrides may be an AWS CDK app that reads the template from `.build/in.yml` and synthesizes
another one. Pure.
"""

import json
from collections.abc import Collection, Mapping, Sequence

import yaml

from cjob.reporting.errors import InputError
from cjob.template.nodes import node
from cjob.template.values import Block, Plain
from cjob.yamlio import writer
from cjob.yamlio.nodes import MAP, SEQ, STR, find, put

LOCK_FILES = {"npm": "package-lock.json", "yarn": "yarn.lock"}
"""Package managers with their lock files; the first one is the default."""

LEVELS = 5
"""The most folders that are searched for a lock file: the current one, and those above it."""

# Rules are left out: the CDK uses them only for its own bootstrapping.
_SECTIONS = (
    *("AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Mappings"),
    *("Conditions", "Transform", "Resources", "Outputs"),
)
_BOOTSTRAP = "BootstrapVersion"
_NOTE = "Changed by the AWS CDK overrides of the job."
_ALWAYS = frozenset(("PATH", "HOME", "LANG"))
_NPM = ("npm_config_", "NPM_CONFIG_")
_STACK = "aws:cloudformation:stack"


def package_manager(installed: Collection[str], folders: Sequence[Collection[str]]) -> str:
    """Return npm or yarn: what is installed, and if both are, the one with the nearest lock file.

    `folders` has the names of the files in each folder, the nearest first. Raises InputError if
    neither is installed.
    """
    candidates = [name for name in LOCK_FILES if name in installed]
    if not candidates:
        raise InputError(
            "the job has CDK overrides, which need Node.js, and neither npm nor yarn is on PATH",
            hint="install Node.js with npm, or write the overrides as YAML patches",
        )
    for files in folders:
        for name in candidates:
            if LOCK_FILES[name] in files:
                return name
    return candidates[0]


def environment(
    process: Mapping[str, str], app: str, env: str, names: Sequence[str]
) -> dict[str, str]:
    """Return the environment variables for third-party packages, which are only those they need.

    `names` are variables to add. Raises InputError for one that is not set, and for AWS's own:
    third-party packages should not see credentials.
    """
    for name in names:
        if name.upper().startswith("AWS_"):
            raise InputError(
                f"--cdk-env {name!r}: AWS's variables are not passed to third-party packages",
                hint="pass what the app needs in a variable of your own, or in cdk.json",
            )
        if name not in process:
            raise InputError(f"--cdk-env {name!r}: the variable is not set", hint=f"set {name}")
    kept = {
        name: value
        for name, value in process.items()
        if name in _ALWAYS or name in names or name.startswith(_NPM)
    }
    return kept | {"COPILOT_APPLICATION_NAME": app, "COPILOT_ENVIRONMENT_NAME": env}


def template_file(assembly: str, place: str) -> str:
    """Return the file of the one stack that an app synthesized, from its `manifest.json`.

    Raises InputError if there is no stack, or more than one.
    """
    artifacts = _object(_json(assembly, place).get("artifacts"))
    stacks = {
        name: _object(_object(artifact).get("properties")).get("templateFile")
        for name, artifact in artifacts.items()
        if _object(artifact).get("type") == _STACK
    }
    if len(stacks) > 1:
        raise InputError(
            f"the CDK app synthesized {len(stacks)} stacks: {', '.join(sorted(stacks))}",
            hint="synthesize only the job's stack",
            place=place,
        )
    for file in stacks.values():
        if isinstance(file, str):
            return file
    raise InputError(
        "the CDK app synthesized no stack",
        hint="create one from .build/in.yml with CfnInclude",
        place=place,
    )


def cleaned(text: str, place: str) -> str:
    """Return a synthesized template as cjob writes templates, without what the CDK adds for itself.

    Raises InputError if the text is not a template.
    """
    template = _json(text, place)
    if not isinstance(template.get("Resources"), dict):
        raise InputError(
            "the CDK app's template has no resources",
            hint="include the template in .build/in.yml with CfnInclude",
            place=place,
        )
    parameters = _object(template.get("Parameters"))
    kept = {name: parameters[name] for name in sorted(parameters) if name != _BOOTSTRAP}
    sections = {
        name: kept if name == "Parameters" else template[name]
        for name in _SECTIONS
        if name in template and (kept or name != "Parameters")
    }
    root = _node(sections)
    description = find(root, "Description")
    if isinstance(root, yaml.MappingNode) and isinstance(description, yaml.ScalarNode):
        words = f"{description.value.removesuffix('.')}. {_NOTE}"
        put(root, "Description", yaml.ScalarNode(STR, words, style="'"))
    return writer.text(root)


def _json(text: str, place: str) -> dict[str, object]:
    try:
        value = json.loads(text, parse_float=Plain)
    except ValueError as error:
        raise InputError(
            f"the CDK app's output is not valid JSON: {error}",
            hint="check the versions of aws-cdk and aws-cdk-lib in its package.json",
            place=place,
        ) from None
    return _object(value)


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _node(value: object) -> yaml.Node:
    """Return the nodes of a JSON value; functions keep their long form, as the CDK writes it."""
    if isinstance(value, dict):
        pairs = [(node(key), _node(item)) for key, item in value.items()]
        return yaml.MappingNode(MAP, pairs, flow_style=False)
    if isinstance(value, list):
        return yaml.SequenceNode(SEQ, [_node(item) for item in value], flow_style=False)
    if type(value) is str and "\n" in value:
        return node(Block(value))
    if value is None or isinstance(value, str | int):
        return node(value)
    raise TypeError(f"JSON has no {type(value).__name__}")
