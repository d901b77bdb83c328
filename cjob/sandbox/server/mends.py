"""What must be changed inside ministack, and can't be added outside: one function a change.

They hold for the pinned version alone, and refuse any other. `apply` is called once, before
ministack serves; the port is the sandbox's own. ministack's code carries no types, so its values
are dictionaries as AWS's JSON has them.
"""

# ministack is imported when a change is made to it, and most that is to change is private to it.
# ruff: noqa: PLC0415, SLF001

import functools
import importlib.metadata
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from . import containers, executions, networking, proposals

VERSION = "1.5.33"

Json = Any
"""A value of AWS's JSON, as ministack keeps it."""

FREE_KEYS = frozenset({"dockerLabels", "options", "driverOpts", "labels"})
"""Keys of a task definition whose own keys are names that people give."""

IRREGULAR_KEYS = {
    "EFSVolumeConfiguration": "efsVolumeConfiguration",
    "FilesystemId": "fileSystemId",
    "IAM": "iam",
}


def apply(port: int, folder: Path) -> None:
    """Make all changes; raise RuntimeError when it is another version of ministack."""
    found = importlib.metadata.version("ministack")
    if found != VERSION:
        raise RuntimeError(f"made for ministack {VERSION}, found {found}")
    keep_to_own_containers(folder)
    read_template_urls()
    networking.add_types()
    name_nested_stacks_early()
    proposals.keep_apart()
    keep_nested_task_keys()
    leave_repositories_that_exist()
    reveal_secrets_to_tasks()
    run_containers_here(port)
    executions.apply()


def keep_to_own_containers(folder: Path) -> None:
    """Label containers with the folder, and leave alone those of any other ministack."""
    from ministack.core import container_reaper

    container_reaper.instance_id = lambda: containers.owner(folder)
    # By itself it also removes, when it starts, those that name no owner.
    container_reaper.SERVICE_LABELS = ()


def read_template_urls() -> None:
    """Find a template by a URL that has the bucket in its host's name, as uploads give it."""
    from ministack.services.cloudformation import helpers

    original = helpers._resolve_document

    def resolve(params: Json, body_key: str, url_key: str, label: str) -> Json:
        url = helpers._p(params, url_key)
        return original({**params, url_key: [path_style(url)]}, body_key, url_key, label)

    helpers._resolve_document = resolve


def path_style(url: str) -> str:
    """Give an S3 URL with the bucket in its path; anything else stays as it is."""
    parts = urlsplit(url)
    bucket, s3, rest = (parts.hostname or "").partition(".s3")
    if not s3 or not rest.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return url
    return f"https://s3.amazonaws.com/{bucket}{parts.path}"


def name_nested_stacks_early() -> None:
    """Tell in a stack's events which nested stack has begun, as soon as it has."""
    from ministack.services import cloudformation
    from ministack.services.cloudformation import stacks

    original = stacks._add_event

    def tell(*given: Any, **named: Any) -> None:  # noqa: ANN401 - passed on as it is
        original(*given, **named)
        stack_id, name, logical_id, kind, status = given[:5]
        parent = cloudformation._stacks.get(name, {}).get("_parent_stack_name")
        if parent and logical_id == name and status.endswith("_IN_PROGRESS"):
            inside = nested_logical_id(name, parent)
            parent_id = cloudformation._stacks[parent]["StackId"]
            initiated = "Resource creation Initiated" if status.startswith("CREATE") else ""
            original(parent_id, parent, inside, kind, status, initiated, stack_id)

    stacks._add_event = tell


def nested_logical_id(name: str, parent: str) -> str:
    """Give a nested stack's logical id: its name is made of the parent's, that, and a number."""
    return name.removeprefix(f"{parent}-").partition("-")[0]


def keep_nested_task_keys() -> None:
    """Register a template's task definition with all that is nested in it."""
    from ministack.services import ecs
    from ministack.services.cloudformation import provisioners

    original = provisioners._ecs_task_def_create

    def create(logical_id: str, props: Json, stack_name: str) -> Json:
        nested = {
            key: lower_keys(props.get(key, [])) for key in ("ContainerDefinitions", "Volumes")
        }
        arn, attributes = original(logical_id, {**props, **nested}, stack_name)
        definition = ecs._task_defs[arn.rsplit("/", 1)[1]]
        for key in ("EphemeralStorage", "RuntimePlatform"):
            if key in props:
                definition[key[0].lower() + key[1:]] = lower_keys(props[key])
        return arn, attributes

    # An update looks the function up by its name, a creation in the table.
    provisioners._ecs_task_def_create = create
    provisioners._RESOURCE_HANDLERS["AWS::ECS::TaskDefinition"]["create"] = create


def leave_repositories_that_exist() -> None:
    """Let no stack take a repository for its own that was there before, as AWS doesn't."""
    from ministack.services import ecr
    from ministack.services.cloudformation import provisioners

    original = provisioners._ecr_repo_create

    def create(logical_id: str, props: Json, stack_name: str) -> Json:
        name = props.get("RepositoryName")
        if name in ecr._repositories:
            raise ValueError(f"a repository {name} already exists")
        return original(logical_id, props, stack_name)

    provisioners._ecr_repo_create = create
    provisioners._RESOURCE_HANDLERS["AWS::ECR::Repository"]["create"] = create


def lower_keys(value: Json) -> Json:
    """Give a template's value with the keys that ECS's interface has."""
    if isinstance(value, list):
        return [lower_keys(item) for item in value]
    if not isinstance(value, dict):
        return value
    lowered = {IRREGULAR_KEYS.get(k, k[:1].lower() + k[1:]): v for k, v in value.items()}
    return {k: v if k in FREE_KEYS else lower_keys(v) for k, v in lowered.items()}


def reveal_secrets_to_tasks() -> None:
    """Give a task the text of a SecureString, and not what stands for it while it is stored."""
    from ministack.services import ssm

    ssm.resolve_parameter_value = functools.partial(ssm.resolve_parameter_value, decrypt=True)


def run_containers_here(port: int) -> None:
    """Run a task's containers on the sandbox's own network, from its own registry."""
    from ministack.services import ecs, s3

    original = ecs._start_task_worker

    def read(arn: str) -> str:
        bucket, _, key = arn.split(":::", 1)[1].partition("/")
        found = s3._get_object_data(bucket, key)
        if found is None:
            raise ecs._SecretResolutionError(f"no env file at {arn}")
        return str(found.decode())

    def start(task: Json, definition: Json, overrides: Json, client: Json) -> None:
        containers = [
            local_container(
                container,
                port,
                [read(file["value"]) for file in container.get("environmentFiles", [])],
            )
            for container in definition.get("containerDefinitions", [])
        ]
        task_folder = Path("tasks") / task["taskArn"].rsplit("/", 1)[-1]
        local = {
            **definition,
            # The host's network: a container's loopback is the sandbox's, as its registry's is.
            "networkMode": "host",
            "containerDefinitions": containers,
            "volumes": [local_volume(v, task_folder) for v in definition.get("volumes", [])],
        }
        original(task, local, overrides, client)

    ecs._start_task_worker = start


def local_container(container: Json, port: int, env_files: list[str]) -> Json:
    """Give a container's definition as this machine can run it.

    An ECR repository is the sandbox's registry; what env files set stands before the definition's
    own environment, which wins over them; on the host's network there are no ports to map.
    """
    from_files = [
        {"name": name, "value": value}
        for text in env_files
        for name, value in env_file_variables(text).items()
    ]
    return {
        **container,
        "image": local_image(container["image"], port),
        "environment": from_files + container.get("environment", []),
        "portMappings": [],
    }


def local_image(image: str, port: int) -> str:
    """Give an image's name with the sandbox's registry in place of an ECR host."""
    host = r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/"
    return re.sub(f"^{host}", f"127.0.0.1:{port}/", image)


def env_file_variables(text: str) -> dict[str, str]:
    """Read an env file as ECS does: NAME=VALUE lines, no quotes, comments by # at the start."""
    lines = [line for line in text.splitlines() if "=" in line and not line.startswith("#")]
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def local_volume(volume: Json, task_folder: Path) -> Json:
    """Give a volume as a folder of the sandbox: a file system's stays, any other is the task's."""
    efs = volume.get("efsVolumeConfiguration")
    folder = task_folder / volume["name"]
    if efs:
        access_point = (efs.get("authorizationConfig") or {}).get("accessPointId", "")
        inside = access_point or efs.get("rootDirectory", "").strip("/")
        folder = Path("efs") / efs["fileSystemId"] / inside
    folder.mkdir(parents=True, exist_ok=True)
    # Containers run as any user; the sandbox's folder above lets nobody else in.
    folder.chmod(0o777)
    return {**volume, "host": {"sourcePath": str(folder.absolute())}}
