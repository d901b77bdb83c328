"""The task definition: its size, platform and storage, and the containers in it."""

from cjob.manifest.job import Job
from cjob.template.containers import containers
from cjob.template.context import Context
from cjob.template.values import Resource, copilot_description, full_name, get_att, ref
from cjob.template.volumes import volumes

# Fargate's default.
_DEFAULT_STORAGE_GIB = 20


def resources(job: Job, context: Context) -> Resource:
    """Return the task definition."""
    return {
        "TaskDefinition": {
            "Metadata": copilot_description("ECS task definition with the containers of the job"),
            "Type": "AWS::ECS::TaskDefinition",
            "DependsOn": "LogGroup",
            "Properties": {
                "Family": full_name(),
                **_platform(job),
                "NetworkMode": "awsvpc",
                "RequiresCompatibilities": ["FARGATE"],
                "Cpu": ref("TaskCPU"),
                "Memory": ref("TaskMemory"),
                **_storage(job),
                "ExecutionRoleArn": get_att("ExecutionRole", "Arn"),
                "TaskRoleArn": get_att("TaskRole", "Arn"),
                "ContainerDefinitions": containers(job, context),
                **({"Volumes": volumes(job)} if job.storage.volumes else {}),
            },
        }
    }


def _platform(job: Job) -> Resource:
    family, architecture = job.task.platform.family, job.task.platform.architecture
    if (family, architecture) == ("LINUX", "X86_64"):
        return {}
    return {"RuntimePlatform": {"OperatingSystemFamily": family, "CpuArchitecture": architecture}}


def _storage(job: Job) -> Resource:
    if job.storage.ephemeral in (None, _DEFAULT_STORAGE_GIB):
        return {}
    return {"EphemeralStorage": {"SizeInGiB": job.storage.ephemeral}}
