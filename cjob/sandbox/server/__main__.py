"""Serve the sandbox on an inherited listening socket, until SIGTERM.

The arguments are the socket's file descriptor, the private folder, the account, the region, and
whether permissions are enforced. The variable CJOB_SANDBOX_KEYS contains the access keys of the
users and the secret of the user who started it; it is removed before any other process is started.
Only the private folder is written to.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import access, containers

LOOK_SECONDS = 0.5
MISSES = 4
"""How often a server checks that its record names it, and how many failures end it."""

NO_DOCKER = "unix:///nonexistent/docker.sock"


def main() -> None:
    """Read the arguments, set the variables that ministack reads, and serve."""
    parser = argparse.ArgumentParser(prog="server")
    parser.add_argument("--socket", type=int, required=True, help="descriptor of the socket")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--account", required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--strict", action="store_true", help="enforce permissions")
    args = parser.parse_args()
    keys = json.loads(os.environ.pop("CJOB_SANDBOX_KEYS"))
    with socket.socket(fileno=os.dup(args.socket)) as listener:
        port = listener.getsockname()[1]
    docker_host = reachable_docker()
    os.environ.update(settings(port, args.folder, args.account, args.region))
    os.environ["DOCKER_HOST"] = docker_host or NO_DOCKER
    os.chdir(args.folder)
    about = {"pid": os.getpid(), "folder": str(args.folder), "docker": docker_host}
    asyncio.run(serve(args, keys, port, about))


def settings(port: int, folder: Path, account: str, region: str) -> dict[str, str]:
    """Return the environment variables that ministack reads when it is imported."""
    return {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": region,
        "MINISTACK_ACCOUNT_ID": account,
        "TMPDIR": str(folder / "tmp"),
        "STATE_DIR": str(folder / "tmp"),
        "LAMBDA_EXECUTOR": "local",
        "AUTH": "true",
        "LOG_LEVEL": os.environ.get("CJOB_SANDBOX_LOG_LEVEL", "INFO"),
    }


def reachable_docker() -> str:
    """Return the address of a Docker daemon that responds, or "".

    It is that of DOCKER_HOST or else of the current docker context, as for builds.
    """
    # It is installed in the sandbox's environment.
    import docker  # noqa: PLC0415
    from docker.context import ContextAPI  # noqa: PLC0415

    try:
        host = os.environ.get("DOCKER_HOST", "")
        if not host:
            context = ContextAPI.get_context(os.environ.get("DOCKER_CONTEXT") or None)
            host = os.environ["DOCKER_HOST"] = str(context.Host)
        docker.from_env(timeout=2).ping()
    # Whatever the error is, there is no daemon to use.
    except Exception:  # noqa: BLE001
        return ""
    return host


async def serve(
    args: argparse.Namespace, keys: Mapping[str, Any], port: int, about: Mapping[str, object]
) -> None:
    """Serve until SIGTERM or SIGINT, then exit even if threads are still running."""
    # These are installed in the sandbox's environment, or import what is.
    from hypercorn.asyncio import serve as serve_app  # noqa: PLC0415
    from hypercorn.config import Config  # noqa: PLC0415

    from . import middleware, patches  # noqa: PLC0415

    patches.apply(port, Path.cwd(), strict=args.strict)
    from ministack.app import app  # noqa: PLC0415

    owner = middleware.Owner(args.account, args.region, users(keys), keys["server"])
    owner.create_users()
    config = Config()
    config.bind = [f"fd://{args.socket}"]
    config.graceful_timeout = 1
    config.loglevel = os.environ["LOG_LEVEL"]
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    record = args.folder / "sandbox.json"
    watching = asyncio.create_task(watch(record, stopping))
    ending = asyncio.create_task(patches.end_idle_functions())
    await serve_app(
        middleware.Middleware(app, owner, about), config, shutdown_trigger=stopping.wait
    )
    ending.cancel()
    if watching.done():
        # Nothing else would end what was started here.
        with contextlib.suppress(Exception):
            containers.remove(args.folder)
        os.killpg(os.getpgrp(), signal.SIGKILL)
    # The thread of a custom resource that waits for its response would not end.
    os._exit(0)


async def watch(record: Path, stopping: asyncio.Event) -> None:
    """Stop when the record no longer names this server: nothing else could find and end it."""
    missed = 0
    while missed < MISSES:
        await asyncio.sleep(LOOK_SECONDS)
        missed = 0 if names_me(record) else missed + 1
    stopping.set()


def names_me(record: Path) -> bool:
    """Return whether a sandbox's record names this process."""
    try:
        found = json.loads(record.read_text())
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.get("pid") == os.getpid()


def users(keys: Mapping[str, Any]) -> "tuple[access.User, ...]":
    """Return the sandbox's users: one with the policy, and one for the setup without limits."""
    policy = keys["policy"] or access.EVERYTHING
    return (
        access.User(access.SANDBOX, access.USER_KEY, keys["user"], policy),
        access.User(access.SETUP, access.SETUP_KEY, keys["setup"], access.EVERYTHING),
    )


if __name__ == "__main__":
    main()
