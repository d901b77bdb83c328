"""The template's parameters: their declarations, their conditions and the job's values."""

from cjob.document import names
from cjob.manifest.job import Job
from cjob.template.context import Context
from cjob.template.values import Double, Flow, Resource, Single, Value, ref


def has(parameter: str) -> str:
    """Return the name of the condition that an optional parameter has a value."""
    if parameter == "AddonsTemplateURL":
        return "HasAddons"
    return "Has" + parameter.replace("FileARN", "File", 1)


def env_file_parameters(job: Job) -> dict[str, str]:
    """Return the containers of the parameters that hold ARNs of env files, in the template's order.

    Sidecars whose names differ only in punctuation share one; at most one of them has an env file.
    """
    containers = {"EnvFileARN": job.name}
    if job.logging.router:
        containers["LoggingEnvFileARN"] = names.FIRELENS
    for sidecar in job.sidecars:
        parameter = names.sidecar_env_file(sidecar.name)
        if sidecar.env_file is not None or parameter not in containers:
            containers[parameter] = sidecar.name
    return containers


def declarations(job: Job) -> Resource:
    """Return the section `Parameters`."""
    text: Resource = {"Type": "String"}
    number: Resource = {"Type": "Number"}
    return {
        "AppName": text,
        "EnvName": text,
        "WorkloadName": text,
        "Schedule": text,
        "ContainerImage": text,
        "TaskCPU": text,
        "TaskMemory": text,
        "TaskCount": number,
        "LogRetention": number,
        "AddonsTemplateURL": _optional("Where the template of the nested addons stack is stored."),
        **{
            parameter: _optional(f"ARN of the env file of {container}.")
            for parameter, container in env_file_parameters(job).items()
        },
        "ArtifactKeyARN": {
            "Type": "String",
            "Description": Single("KMS key that encrypts the artifacts of the application."),
        },
    }


def _optional(description: str) -> Value:
    return {"Description": Single(description), "Type": "String", "Default": Double("")}


def conditions(job: Job) -> Resource:
    """Return the section `Conditions`: which of the optional parameters have a value."""
    return {
        has(parameter): {
            "Fn::Not": Flow([{"Fn::Equals": Flow([ref(parameter), Double("")])}]),
        }
        for parameter in ("AddonsTemplateURL", *env_file_parameters(job))
    }


def values(job: Job, context: Context) -> dict[str, str]:
    """Return the parameters' values, in the order in which Copilot sends them."""
    built = context.images.get(job.name)
    return {
        "AppName": context.app,
        "EnvName": context.env,
        "WorkloadName": job.name,
        "ContainerImage": built or job.main.location or "",
        "AddonsTemplateURL": context.addons_url,
        "ArtifactKeyARN": context.target.artifact_key_arn,
        **{
            parameter: context.env_files.get(container, "")
            for parameter, container in env_file_parameters(job).items()
        },
        "TaskCPU": str(job.task.cpu),
        "TaskMemory": str(job.task.memory),
        "TaskCount": str(job.task.count),
        "LogRetention": str(job.logging.retention),
        "Schedule": job.trigger.schedule,
    }
