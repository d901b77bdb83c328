"""Parse a job's addons folder into Addons: what the job's stack needs to know of them.

Pure: the contents of the files are given.
"""

import re
from collections.abc import Mapping

import yaml

from cjob.document.records import EMPTY, dataclass, replace
from cjob.reporting.errors import ErrorCollector, InputError
from cjob.template.addons.merging import merge
from cjob.yamlio import nodes, reader, writer
from cjob.yamlio.nodes import find, is_null, pairs, text_of

PARAMETER_FILES = ("addons.parameters.yml", "addons.parameters.yaml")
"""Names of the file with values for the templates' own parameters."""

RESERVED = ("App", "Env", "Name")
"""Parameters that every addon template declares; the job's stack sets them."""


@dataclass(frozen=True, kw_only=True)
class Addons:
    """The merged template, its parameters and its outputs.

    `variables` and `secrets` map the name of an output to the name of its variable in containers;
    `policies` and `security_groups` are names of outputs. `parameters` has the values that the
    job's stack sets besides App, Env and Name, as YAML nodes.
    """

    text: str
    variables: Mapping[str, str] = EMPTY
    secrets: Mapping[str, str] = EMPTY
    policies: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    parameters: Mapping[str, yaml.Node] = EMPTY


def is_template(file: str) -> bool:
    """Return whether a file of the addons folder is a template, by its name."""
    return file.endswith((".yml", ".yaml")) and file not in PARAMETER_FILES


def read(files: Mapping[str, str], folder: str = "addons") -> Addons | None:
    """Parse the files of an addons folder, given by name; return None if none is a template.

    `folder` is its name in messages. Raises InputError if a template or the parameters file breaks
    a rule.
    """
    templates = {f"{folder}/{name}": text for name, text in files.items() if is_template(name)}
    if not templates:
        return None
    merged = merge(templates)
    declared = find(merged, "Parameters")
    found = ErrorCollector()
    with found:
        _check_reserved(declared, folder)
    with found:
        parameters = _parameters(files, folder, declared)
    found.raise_all()
    return _with_outputs(merged, Addons(text=writer.text(merged), parameters=parameters))


def _check_reserved(declared: yaml.Node | None, folder: str) -> None:
    absent = [f"'{name}'" for name in RESERVED if find(declared, name) is None]
    if absent:
        raise InputError(
            f"the addons do not declare the parameter {', '.join(absent)}",
            hint="addon templates declare App, Env and Name under Parameters",
            place=folder,
        )


def _parameters(
    files: Mapping[str, str], folder: str, declared: yaml.Node | None
) -> dict[str, yaml.Node]:
    """Parse the parameters file and compare it with what the templates declare."""
    present = [name for name in PARAMETER_FILES if name in files]
    if len(present) > 1:
        raise InputError(
            f"'{folder}' has both '{present[0]}' and '{present[1]}'",
            hint="keep one of them",
            place=folder,
        )
    values: dict[str, yaml.Node] = {}
    for name in present:
        values = _parameter_values(files[name], f"{folder}/{name}", declared)
    for key, declaration in pairs(declared):
        given = key.value in values or key.value in RESERVED
        if not given and find(declaration, "Default") is None:
            raise InputError(
                f"the addons' parameter '{key.value}' has no value",
                hint=f"give it one in '{folder}/{PARAMETER_FILES[0]}', or a Default",
                place=folder,
            )
    return values


def _parameter_values(text: str, file: str, declared: yaml.Node | None) -> dict[str, yaml.Node]:
    root = reader.compose(text, file)
    section = find(root, "Parameters")
    if section is None or not (isinstance(section, yaml.MappingNode) or is_null(section)):
        raise InputError(
            f"'{file}' has no mapping 'Parameters'",
            hint="write each parameter's name and value below Parameters",
            place=nodes.place(file, section) if section else file,
        )
    values: dict[str, yaml.Node] = {}
    known = {key.value for key, _ in pairs(declared)}
    for key, value in pairs(section):
        if key.value in RESERVED:
            raise InputError(
                f"'{file}' gives a value to '{key.value}', which is reserved",
                hint="App, Env and Name get their values from the job: leave them out",
                place=nodes.place(file, key),
            )
        if key.value not in known:
            raise InputError(
                f"no addon template declares the parameter '{key.value}'",
                hint="declare it under Parameters of a template, or leave it out here",
                place=nodes.place(file, key),
            )
        values[key.value] = value
    return values


def _with_outputs(merged: yaml.MappingNode, addons: Addons) -> Addons:
    """Return the outputs by their use in the job."""
    resources = {key.value: value for key, value in reversed(pairs(find(merged, "Resources")))}
    variables: dict[str, str] = {}
    secrets: dict[str, str] = {}
    policies: list[str] = []
    groups: list[str] = []
    for key, output in pairs(find(merged, "Outputs")):
        name = key.value
        match text_of(find(resources.get(_referred(find(output, "Value"))), "Type")):
            case "AWS::SecretsManager::Secret":
                secrets[name] = variable_name(name)
                continue
            case "AWS::IAM::ManagedPolicy":
                policies.append(name)
                continue
            case "AWS::EC2::SecurityGroup":
                groups.append(name)
        variables[name] = variable_name(name)
    return replace(
        addons,
        variables=variables,
        secrets=secrets,
        policies=tuple(policies),
        security_groups=tuple(groups),
    )


def _referred(value: yaml.Node | None) -> str:
    """Return the name that a value is a `Ref` to; empty for other values."""
    short = value is not None and value.tag == "!Ref"
    return text_of(value if short else find(value, "Ref"))


def variable_name(output: str) -> str:
    """Return an output's variable: `usersDDBTableName` becomes `USERS_DDB_TABLE_NAME`."""
    text = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", output)
    return re.sub(r"([A-Z0-9])([A-Z][a-z])", r"\1_\2", text).upper()
