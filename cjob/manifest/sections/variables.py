"""`variables`, `secrets` and `env_file`: the environment of a container."""

import posixpath
import re
from collections.abc import Iterator

from yaml.nodes import Node

from cjob.manifest import functions
from cjob.manifest.field_types import RAW_STRING, STRING, Field, MapOf, empty_string
from cjob.manifest.forms import STRING_OR_IMPORT, reference
from cjob.manifest.report import Report, quoted
from cjob.manifest.tree import Leaf, Section
from cjob.manifest.values import Import

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""A name that shells can read."""

VARIABLES = MapOf(STRING_OR_IMPORT, when_null=empty_string, raw_names=True)
SECRETS = MapOf(
    reference("secretsmanager", "from_cfn", string=RAW_STRING),
    when_null=empty_string,
    raw_names=True,
)

FIELDS = {
    "variables": Field(VARIABLES, "Environment variables of the main container."),
    "env_file": Field(
        STRING, "A file of environment variables, one NAME=value per line; its name ends in .env."
    ),
    "secrets": Field(SECRETS, "Environment variables from SSM parameters or Secrets Manager."),
}


def names_can_be_used(job: Section, report: Report) -> None:
    """Warn about names that no shell can read."""
    for container in _containers(job):
        for key in ("variables", "secrets"):
            section = container.section(key)
            for name in section.fields:
                if not NAME.fullmatch(name) and functions.called(name) is None:
                    message = f"no shell can read a variable named {quoted(name)}"
                    hint = "use letters, digits and _, and begin with a letter or _"
                    report.warn(section.key_node(name), message, hint)


def imports_have_names(job: Section, report: Report) -> None:
    """Check that each variable from another stack has the name of an export."""
    for name, value in job.section("variables").fields.items():
        if isinstance(value, Leaf) and value.value == Import(export=""):
            message = f"variable {quoted(name)}: from_cfn is empty"
            report.error(value.node, message, "write the name of another stack's export")


def env_files_end_in_env(job: Section, report: Report) -> None:
    """Check that the names of env files end in .env: ECS accepts no others."""
    for node, path in env_files(job):
        if not is_env_file(path):
            message = f"env_file: {quoted(path)} does not end in .env"
            report.error(node, message, "rename the file to NAME.env")


RULES = (names_can_be_used, imports_have_names, env_files_end_in_env)


def env_files(job: Section) -> Iterator[tuple[Node, str]]:
    """Yield the path of each env file of a manifest, with the node to point at."""
    for container in _containers(job):
        path = container.string("env_file")
        if path is not None:
            yield container.node_at("env_file"), path


def is_env_file(path: str) -> bool:
    """Return whether ECS accepts the name of an env file."""
    return posixpath.basename(path).endswith(".env")


def _containers(job: Section) -> Iterator[Section]:
    yield from (job, job.section("logging"))
    yield from (sidecar for _, sidecar in job.sections("sidecars"))
