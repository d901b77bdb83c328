"""A task's containers on this machine, with what Fargate gives them and nothing more.

What a task definition says is a stranger's: a job's manifest, its addons and overrides. Volumes are
folders below the sandbox's own, whatever they are called and whatever links containers have put
into them, and no container gets rights on the host.
"""

# ministack is imported when a change is made to it, and most that is used is private to it.
# ruff: noqa: PLC0415, SLF001

import contextlib
import os
import re
from pathlib import Path, PurePosixPath
from typing import Any

from . import access

Json = Any
"""A value of AWS's JSON, as ministack keeps it."""

HOST_KEYS = frozenset({"privileged", "linuxParameters", "pidMode", "ipcMode", "volumesFrom"})
"""Keys that give a container a part of the host; Fargate takes none of them."""

ANYONE = 0o777


def run_here(port: int) -> None:
    """Run tasks on the sandbox's own network, from its own registry."""
    from ministack.services import ecs, s3

    original = ecs._start_task_worker

    def read(arn: str) -> str:
        bucket, _, key = arn.split(":::", 1)[1].partition("/")
        found = s3._get_object_data(bucket, key)
        if found is None:
            raise ecs._SecretResolutionError(f"no env file at {arn}")
        return str(found.decode())

    def start(task: Json, definition: Json, overrides: Json, client: Json) -> None:
        # What is pulled from the sandbox's registry is pulled in the setup's name.
        sign_in = {"username": "AWS", "password": access.registry_password(access.SETUP_KEY)}
        client.api._auth_configs.add_auth(f"127.0.0.1:{port}", sign_in)
        containers = [
            local_container(
                container,
                port,
                [read(file["value"]) for file in container.get("environmentFiles", [])],
            )
            for container in definition.get("containerDefinitions", [])
        ]
        number = task["taskArn"].rsplit("/", 1)[-1]
        local = {
            **confined(definition),
            # The host's network: a container's loopback is the sandbox's, as its registry's is.
            "networkMode": "host",
            "containerDefinitions": containers,
            "volumes": [
                local_volume(volume, number, Path.cwd()) for volume in definition.get("volumes", [])
            ],
        }
        original(task, local, overrides, client)

    ecs._start_task_worker = start


def confined(definition: Json) -> Json:
    """Return a definition without what gives a container a part of the host."""
    return {k: v for k, v in definition.items() if k[:1].lower() + k[1:] not in HOST_KEYS}


def local_container(container: Json, port: int, env_files: list[str]) -> Json:
    """Return a container's definition as this machine can run it.

    An ECR repository is the sandbox's registry; what env files set stands before the definition's
    own environment, which wins over them; on the host's network there are no ports to map.
    """
    from_files = [
        {"name": name, "value": value}
        for text in env_files
        for name, value in env_file_variables(text).items()
    ]
    return {
        **confined(container),
        "image": local_image(container["image"], port),
        "environment": from_files + container.get("environment", []),
        "portMappings": [],
    }


def local_image(image: str, port: int) -> str:
    """Return an image's name with the sandbox's registry in place of an ECR host."""
    host = r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/"
    return re.sub(f"^{host}", f"127.0.0.1:{port}/", image)


def env_file_variables(text: str) -> dict[str, str]:
    """Read an env file as ECS does: NAME=VALUE lines, no quotes, comments by # at the start."""
    lines = [line for line in text.splitlines() if "=" in line and not line.startswith("#")]
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def local_volume(volume: Json, task: str, folder: Path) -> Json:
    """Return a volume as a folder of the sandbox: a file system's stays, others are the task's."""
    efs = volume.get("efsVolumeConfiguration")
    parts = ["tasks", task, volume["name"]]
    if efs:
        access_point = (efs.get("authorizationConfig") or {}).get("accessPointId", "")
        parts = ["efs", efs["fileSystemId"], *inside(efs.get("rootDirectory") or "/")]
        if access_point:
            parts = ["efs", efs["fileSystemId"], access_point]
    return {"name": volume["name"], "host": {"sourcePath": str(made(folder, parts))}}


def inside(path: str) -> list[str]:
    """Return the parts of a path in a file system, whose root has nothing above it."""
    parts: list[str] = []
    for part in PurePosixPath("/", path).parts[1:]:
        parts = parts[:-1] if part == ".." else [*parts, part]
    return parts


def made(folder: Path, parts: list[str]) -> Path:
    """Make a folder below the sandbox's, one part after the other, and follow no link on the way.

    Raises OSError for a link, which a container may have made, and ValueError for a part that is
    not one name.
    """
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
    above = os.open(folder, flags)
    try:
        for part in parts:
            if part in ("", ".", "..") or set(part) & set("/:\0"):
                raise ValueError(f"{part!r} can't be the name of a volume's folder")
            with contextlib.suppress(FileExistsError):
                os.mkdir(part, dir_fd=above)
            below = os.open(part, flags, dir_fd=above)
            os.close(above)
            above = below
        # Containers run as any user; the sandbox's folder above lets nobody else in.
        os.fchmod(above, ANYONE)
    finally:
        os.close(above)
    return folder.joinpath(*parts)
