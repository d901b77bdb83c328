"""`logging`: the retention of logs, and the log router."""

from collections.abc import Mapping
from typing import NamedTuple

from cjob.document import names
from cjob.document.records import EMPTY
from cjob.manifest.field_types import (
    BOOLEAN,
    INTEGER,
    RAW_STRING,
    STRING,
    STRING_MAP,
    Field,
    Fields,
)
from cjob.manifest.report import Report
from cjob.manifest.sections.container import Container, check_image
from cjob.manifest.sections.variables import SECRETS, VARIABLES
from cjob.manifest.tree import Section
from cjob.manifest.values import Secret

ROUTER_IMAGE = "public.ecr.aws/aws-observability/aws-for-fluent-bit:stable"

_RETENTION = 30


class Logging(NamedTuple):
    """The days that logs are kept, and the FireLens log router; None if there is none."""

    retention: int = _RETENTION
    router: Container | None = None
    destination: Mapping[str, str] = EMPTY
    metadata: bool = True
    secret_options: Mapping[str, Secret] = EMPTY
    config_file: str | None = None


_LOGGING = Fields(
    "logging",
    {
        "retention": Field(INTEGER, "How many days logs are kept: 30 by default."),
        "image": Field(RAW_STRING, "The FireLens router's image."),
        "destination": Field(STRING_MAP, "Options of the log driver, by name."),
        "enableMetadata": Field(
            BOOLEAN, "Whether log records contain ECS metadata: true by default."
        ),
        "secretOptions": Field(SECRETS, "Secret options of the log driver."),
        "configFilePath": Field(
            RAW_STRING, "The path of a configuration file in the router's image."
        ),
        "variables": Field(VARIABLES, "The router's environment variables."),
        "secrets": Field(
            SECRETS, "The router's environment variables from SSM parameters or Secrets Manager."
        ),
        "env_file": Field(
            STRING, "A file of environment variables for the router; its name ends in .env."
        ),
    },
)

FIELDS = {"logging": Field(_LOGGING, "How long logs are kept, and the FireLens log router.")}


def image_can_be_resolved(job: Section, report: Report) -> None:
    """Check that a registry can resolve the router's image."""
    check_image(job.section("logging"), "image", report)


RULES = (image_can_be_resolved,)


def routes_logs(job: Section) -> bool:
    """Return whether the manifest has a log router: any field but the retention adds one."""
    fields = job.section("logging")
    return any(key != "retention" and fields.get(key) is not None for key in fields.fields)


def logging(job: Section) -> Logging:
    """Return the retention and the log router."""
    fields = job.section("logging")
    retention = fields.integer("retention")
    days = _RETENTION if retention is None else retention
    if not routes_logs(job):
        return Logging(days)
    image = fields.string("image")
    return Logging(
        retention=days,
        router=Container(
            name=names.FIRELENS,
            location=ROUTER_IMAGE if image is None else image,
            variables=fields.variables("variables"),
            secrets=fields.secrets("secrets"),
            env_file=fields.string("env_file"),
        ),
        destination=fields.strings("destination"),
        metadata=fields.boolean("enableMetadata") is not False,
        secret_options=fields.secrets("secretOptions"),
        config_file=fields.string("configFilePath"),
    )
