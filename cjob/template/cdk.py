"""What is decided about CDK overrides: which package manager, which variables, which template.

A job's overrides may be an AWS CDK app that takes the template from `.build/in.yml` and synthesizes
another one. Takes texts and names, gives texts and names. Touches nothing.
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
"""Each package manager with the file that shows its use; the first one where nothing does."""

LEVELS = 5
"""How many folders may hold a lock file: the current one, and those above it."""

# Rules are left out: all that the CDK writes there is about its own bootstrapping.
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
    """Choose between npm and yarn: what is there, else the one whose lock file is nearest.

    `folders` holds the names of the files in each folder that counts, the nearest first. Raises
    InputError where neither is installed.
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
    """Give the variables that other people's packages get to see, which is no more than they need.

    `names` are those that the person adds. Raises InputError for one that is not set, and for AWS's
    own: what runs there is not to act in the person's name.
    """
    for name in names:
        if name.upper().startswith("AWS_"):
            raise InputError(
                f"--cdk-env {name!r}: AWS's variables are kept from the packages of CDK overrides",
                hint="give what the app must know in a variable of your own, or in cdk.json",
            )
        if name not in process:
            raise InputError(f"--cdk-env {name!r}: there is no such variable", hint=f"set {name}")
    kept = {
        name: value
        for name, value in process.items()
        if name in _ALWAYS or name in names or name.startswith(_NPM)
    }
    return kept | {"COPILOT_APPLICATION_NAME": app, "COPILOT_ENVIRONMENT_NAME": env}


def template_file(assembly: str, place: str) -> str:
    """Return the file of the one stack that an app synthesized, from its `manifest.json`.

    Raises InputError where there is none, or more than one.
    """
    artifacts = _object(_json(assembly, place).get("artifacts"))
    stacks = {
        name: _object(_object(artifact).get("properties")).get("templateFile")
        for name, artifact in artifacts.items()
        if _object(artifact).get("type") == _STACK
    }
    if len(stacks) > 1:
        raise InputError(
            f"the CDK app made {len(stacks)} stacks: {', '.join(sorted(stacks))}",
            hint="let it make one, the job's",
            place=place,
        )
    for file in stacks.values():
        if isinstance(file, str):
            return file
    raise InputError(
        "the CDK app made no stack", hint="make one from .build/in.yml with CfnInclude", place=place
    )


def cleaned(text: str, place: str) -> str:
    """Return a synthesized template without what the CDK adds for itself, as cjob writes templates.

    Raises InputError where the text is no template.
    """
    template = _json(text, place)
    if not isinstance(template.get("Resources"), dict):
        raise InputError(
            "what the CDK app made has no resources",
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
            f"what the CDK app made is no JSON: {error}",
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
