"""Patches to ministack's internals, one function each, for what cannot be added from outside.

They are made for the pinned version and refuse any other. `apply` is called once, before ministack
serves. ministack has no type hints, so its values are dictionaries with the keys of AWS's JSON.
"""

# ministack is imported when it is patched, and most of what is patched is private.
# ruff: noqa: PLC0415, SLF001

import asyncio
import functools
import importlib.metadata
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from . import (
    access,
    answers,
    containers,
    executions,
    limits,
    networking,
    permissions,
    stack_conflicts,
    stacksets,
    tasks,
)

VERSION = "1.5.33"

Json = Any
"""A value of AWS's JSON, as ministack keeps it."""

FREE_KEYS = frozenset({"dockerLabels", "options", "driverOpts", "labels"})
"""Keys of a task definition whose values have keys that users choose."""

IDLE_SECONDS = 4.0
"""How long a function's process is kept for another call: a job's stack makes several."""

NESTED_ARGUMENTS = 4
"""How many arguments a nested stack's update of a resource has, besides its type and id."""

IRREGULAR_KEYS = {
    "EFSVolumeConfiguration": "efsVolumeConfiguration",
    "FilesystemId": "fileSystemId",
    "IAM": "iam",
}


def apply(port: int, folder: Path, *, strict: bool) -> None:
    """Apply all patches; raise RuntimeError for another version of ministack."""
    found = importlib.metadata.version("ministack")
    if found != VERSION:
        raise RuntimeError(f"made for ministack {VERSION}, found {found}")
    # First, because other modules of ministack import the functions that these replace.
    access.install()
    permissions.install(strict=strict)
    answers.complete(stacksets.serve())
    keep_to_own_containers(folder)
    read_template_urls()
    networking.add_types()
    name_nested_stacks_early()
    keep_attributes_in_nested_stacks()
    find_stacks_by_tags()
    stack_conflicts.apply()
    limits.keep_to_limits()
    keep_nested_task_keys()
    leave_repositories_that_exist()
    reveal_secrets_to_tasks()
    tasks.run_here(port)
    executions.apply()


def keep_to_own_containers(folder: Path) -> None:
    """Label containers with the folder, and ignore those of any other ministack."""
    from ministack.core import container_reaper

    container_reaper.instance_id = lambda: containers.owner(folder)
    # Otherwise it also removes containers without an owner when it starts.
    container_reaper.SERVICE_LABELS = ()


def read_template_urls() -> None:
    """Read a template from a URL with the bucket in its host name, as uploads return it."""
    from ministack.services.cloudformation import helpers

    original = helpers._resolve_document

    def resolve(params: Json, body_key: str, url_key: str, label: str) -> Json:
        url = helpers._p(params, url_key)
        return original({**params, url_key: [path_style(url)]}, body_key, url_key, label)

    helpers._resolve_document = resolve


def path_style(url: str) -> str:
    """Return an S3 URL with the bucket in its path; return any other URL unchanged."""
    parts = urlsplit(url)
    bucket, s3, rest = (parts.hostname or "").partition(".s3")
    if not s3 or not rest.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return url
    return f"https://s3.amazonaws.com/{bucket}{parts.path}"


def name_nested_stacks_early() -> None:
    """Add an event to a stack as soon as one of its nested stacks has started."""
    from ministack.services import cloudformation
    from ministack.services.cloudformation import stacks

    original = stacks._add_event

    def add_event(*given: Any, **named: Any) -> None:  # noqa: ANN401 - passed on as it is
        original(*given, **named)
        stack_id, name, logical_id, kind, status = given[:5]
        parent = cloudformation._stacks.get(name, {}).get("_parent_stack_name")
        if parent and logical_id == name and status.endswith("_IN_PROGRESS"):
            inside = nested_logical_id(name, parent)
            parent_id = cloudformation._stacks[parent]["StackId"]
            initiated = "Resource creation Initiated" if status.startswith("CREATE") else ""
            original(parent_id, parent, inside, kind, status, initiated, stack_id)

    stacks._add_event = add_event


def nested_logical_id(name: str, parent: str) -> str:
    """Return a nested stack's logical id, which is in its name after the parent's name."""
    return name.removeprefix(f"{parent}-").partition("-")[0]


def keep_attributes_in_nested_stacks() -> None:
    """Keep a resource's attributes if its nested stack is updated and the resource is not.

    Only the update of a parent stack passes the previous attributes to ministack.
    """
    from ministack.services.cloudformation import provisioners

    create, update = provisioners._provision_resource, provisioners._update_resource
    known: dict[tuple[str, str], Json] = {}

    def created(kind: str, *given: Json) -> Json:
        physical_id, attributes = create(kind, *given)
        known[kind, physical_id] = attributes
        return physical_id, attributes

    def updated(kind: str, physical_id: str, *given: Json) -> Json:
        before = known.get((kind, physical_id))
        complete = len(given) > NESTED_ARGUMENTS
        made, attributes = update(kind, physical_id, *given, *[before] * (not complete))
        known[kind, made] = attributes
        return made, attributes

    provisioners._provision_resource, provisioners._update_resource = created, updated


def find_stacks_by_tags() -> None:
    """Make GetResources find stacks, which Copilot and cjob rely on."""
    from ministack.services import cloudformation, tagging

    def collect() -> Json:
        stacks = cloudformation._stacks.values()
        living = [one for one in stacks if one["StackStatus"] != "DELETE_COMPLETE"]
        return [(stack["StackId"], stack.get("Tags") or []) for stack in living]

    tagging._COLLECTORS["cloudformation"] = collect


def keep_nested_task_keys() -> None:
    """Register a template's task definition with everything nested in it."""
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

    # An update finds the function by its name, a creation in the table.
    provisioners._ecs_task_def_create = create
    provisioners._RESOURCE_HANDLERS["AWS::ECS::TaskDefinition"]["create"] = create


def leave_repositories_that_exist() -> None:
    """Fail a stack whose repository already exists, as AWS does."""
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
    """Return a template's value with the keys of the ECS API."""
    if isinstance(value, list):
        return [lower_keys(item) for item in value]
    if not isinstance(value, dict):
        return value
    lowered = {IRREGULAR_KEYS.get(k, k[:1].lower() + k[1:]): v for k, v in value.items()}
    return {k: v if k in FREE_KEYS else lower_keys(v) for k, v in lowered.items()}


def reveal_secrets_to_tasks() -> None:
    """Pass the decrypted value of a SecureString to a task."""
    from ministack.services import ssm

    ssm.resolve_parameter_value = functools.partial(ssm.resolve_parameter_value, decrypt=True)


async def end_idle_functions() -> None:
    """End a function's process some seconds after its last call; ministack keeps them all."""
    from ministack.core import lambda_runtime

    while True:
        await asyncio.sleep(IDLE_SECONDS / 2)
        before = time.time() - IDLE_SECONDS
        with lambda_runtime._lock:
            idle = [
                worker
                for workers in lambda_runtime._workers.values()
                for worker in workers
                if not worker.in_use and worker.last_used < before
            ]
            for key, workers in list(lambda_runtime._workers.items()):
                lambda_runtime._workers[key] = [one for one in workers if one not in idle]
        await asyncio.to_thread(lambda_runtime.kill_workers, idle)
