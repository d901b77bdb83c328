"""References from a manifest to values that are kept elsewhere."""

from cjob.document.records import dataclass


@dataclass(frozen=True, kw_only=True)
class Import:
    """A value exported by another stack (`from_cfn`)."""

    export: str


@dataclass(frozen=True, kw_only=True)
class SecretsManagerSecret:
    """A secret in Secrets Manager (`secretsmanager`), `name[:key:stage:version]`."""

    name: str


StringOrImport = str | Import
Secret = str | SecretsManagerSecret | Import
