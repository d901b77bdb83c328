"""The task's containers: the main one, the log router and the sidecars."""

from collections.abc import Mapping, Sequence

from cjob.document import names
from cjob.manifest.job import Job
from cjob.manifest.sections.container import Container, HealthCheck
from cjob.manifest.sections.logging import Logging
from cjob.manifest.sections.sidecars import Sidecar
from cjob.manifest.values import Import, Secret, StringOrImport
from cjob.manifest.values import SecretsManagerSecret as ManagerSecret
from cjob.template import volumes
from cjob.template.context import Context
from cjob.template.nodes import unquoted_scalar
from cjob.template.parameters import has
from cjob.template.topics import topic_arns
from cjob.template.values import (
    Double,
    Resource,
    Single,
    Value,
    get_att,
    if_,
    import_value,
    ref,
    sub,
)


def containers(job: Job, context: Context) -> list[Value]:
    """Return the container definitions, in the order in which overrides count them."""
    return [
        _main(job, context),
        *([_log_router(job, job.logging.router, context)] if job.logging.router else []),
        *(_sidecar(job, sidecar, context) for sidecar in job.sidecars),
    ]


def _main(job: Job, context: Context) -> Resource:
    main = job.main
    addon_secrets: list[Value] = [
        {"Name": name, "ValueFrom": get_att("AddonsStack", f"Outputs.{output}")}
        for output, name in (context.addons.secrets.items() if context.addons else ())
    ]
    return {
        "Name": ref("WorkloadName"),
        "Image": ref("ContainerImage"),
        **_given("Secrets", [*_secrets(main.secrets), *addon_secrets]),
        "Environment": [
            *_environment(job, main, context),
            *volumes.mounted_paths((volume.name, volume.path) for volume in job.storage.volumes),
        ],
        "EnvironmentFiles": _env_files("EnvFileARN"),
        "LogConfiguration": _routed_logs(job.logging) if job.logging.router else _LOGS,
        **_entrypoint(main),
        **_given("MountPoints", volumes.mount_points(job)),
        **_labels(main),
        **_depends_on(main),
        **_health_check(main.health_check),
        **(
            {}
            if job.storage.read_only_root is None
            else {"ReadonlyRootFilesystem": job.storage.read_only_root}
        ),
        **_credentials(main),
    }


def _log_router(job: Job, router: Container, context: Context) -> Resource:
    logging = job.logging
    options: Resource = {"enable-ecs-log-metadata": logging.metadata}
    if logging.config_file is not None:
        options["config-file-type"] = "file"
        options["config-file-value"] = unquoted_scalar(logging.config_file)
    return {
        "Name": names.FIRELENS,
        "Image": unquoted_scalar(router.location or ""),
        "Environment": _environment(job, router, context),
        "EnvironmentFiles": _env_files("LoggingEnvFileARN"),
        **_given("Secrets", _secrets(router.secrets)),
        "FirelensConfiguration": {"Type": "fluentbit", "Options": options},
        "LogConfiguration": _LOGS,
    }


def _sidecar(job: Job, sidecar: Sidecar, context: Context) -> Resource:
    image = sidecar.location if sidecar.build is None else context.images.get(sidecar.name)
    return {
        "Name": unquoted_scalar(sidecar.name),
        "Image": unquoted_scalar(image or ""),
        **({} if sidecar.essential is None else {"Essential": sidecar.essential}),
        **_entrypoint(sidecar),
        **_port(sidecar),
        **_health_check(sidecar.health_check),
        "Environment": [
            *_environment(job, sidecar, context),
            *volumes.mounted_paths((p.source_volume, p.path) for p in sidecar.mount_points),
        ],
        "EnvironmentFiles": _env_files(names.sidecar_env_file(sidecar.name)),
        **_given("Secrets", _secrets(sidecar.secrets)),
        "LogConfiguration": _LOGS,
        **_labels(sidecar),
        **_depends_on(sidecar),
        **_credentials(sidecar),
        **_given("MountPoints", volumes.sidecar_mount_points(sidecar)),
    }


_LOGS: Resource = {
    "LogDriver": "awslogs",
    "Options": {
        "awslogs-region": ref("AWS::Region"),
        "awslogs-group": ref("LogGroup"),
        "awslogs-stream-prefix": "copilot",
    },
}


def _given(name: str, values: Sequence[Value]) -> Resource:
    """Return a property, or nothing if it is empty."""
    return {name: values} if values else {}


def _environment(job: Job, container: Container, context: Context) -> list[Value]:
    """Return the variables that describe the job to every container, and a container's own."""
    addons = context.addons.variables.items() if context.addons else ()
    variables: list[tuple[str | Value, Value]] = [
        ("COPILOT_APPLICATION_NAME", sub("${AppName}")),
        ("COPILOT_SERVICE_DISCOVERY_ENDPOINT", context.target.service_discovery_endpoint),
        ("COPILOT_ENVIRONMENT_NAME", sub("${EnvName}")),
        ("COPILOT_SERVICE_NAME", sub("${WorkloadName}")),
        *((name, get_att("AddonsStack", f"Outputs.{output}")) for output, name in addons),
    ]
    if job.topics:
        variables.append(("COPILOT_SNS_TOPIC_ARNS", Single(topic_arns(job, context))))
    for name, value in container.variables.items():
        variables.append((unquoted_scalar(name), _value(value)))
    return [{"Name": name, "Value": value} for name, value in variables]


def _value(variable: StringOrImport) -> Value:
    if isinstance(variable, Import):
        return import_value(Double(variable.export))
    return Double(variable)


def _secrets(secrets: Mapping[str, Secret]) -> list[Value]:
    return [
        {"Name": unquoted_scalar(name), "ValueFrom": _origin(secret)}
        for name, secret in secrets.items()
    ]


def _origin(secret: Secret) -> Value:
    """Return the location of a secret for ECS."""
    if isinstance(secret, Import):
        return import_value(Double(secret.export))
    if isinstance(secret, ManagerSecret):
        account = "${AWS::Region}:${AWS::AccountId}"
        return sub(f"arn:${{AWS::Partition}}:secretsmanager:{account}:secret:{secret.name}")
    return unquoted_scalar(secret)


def _env_files(parameter: str) -> list[Value]:
    return [if_(has(parameter), {"Type": "s3", "Value": ref(parameter)})]


def _routed_logs(logging: Logging) -> Resource:
    options: Resource = {}
    for name, value in logging.destination.items():
        options[name] = Double(value)
    return {
        "LogDriver": "awsfirelens",
        **({"Options": options} if options else {}),
        **_given("SecretOptions", _secrets(logging.secret_options)),
    }


def _entrypoint(container: Container) -> Resource:
    entrypoint, command = (
        [unquoted_scalar(word) for word in words or ()]
        for words in (container.entrypoint, container.command)
    )
    return {**_given("EntryPoint", entrypoint), **_given("Command", command)}


def _port(sidecar: Sidecar) -> Resource:
    if sidecar.port is None:
        return {}
    number, protocol = sidecar.port.number, sidecar.port.protocol
    return {"PortMappings": [{"ContainerPort": number, "Protocol": protocol}]}


def _labels(container: Container) -> Resource:
    if not container.labels:
        return {}
    labels: Resource = {}
    for name, value in container.labels.items():
        labels[Double(name)] = Double(value)
    return {"DockerLabels": labels}


def _depends_on(container: Container) -> Resource:
    return _given(
        "DependsOn",
        [
            {"Condition": condition, "ContainerName": unquoted_scalar(name)}
            for name, condition in container.depends_on.items()
        ],
    )


def _health_check(check: HealthCheck | None) -> Resource:
    if check is None:
        return {}
    return {
        "HealthCheck": {
            "Command": [Double(word) for word in check.command],
            "Interval": check.interval,
            "Retries": check.retries,
            "StartPeriod": check.start_period,
            "Timeout": check.timeout,
        }
    }


def _credentials(container: Container) -> Resource:
    if not container.credentials:
        return {}
    return {
        "RepositoryCredentials": {"CredentialsParameter": unquoted_scalar(container.credentials)}
    }
