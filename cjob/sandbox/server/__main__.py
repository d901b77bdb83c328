"""Serve the sandbox on a listening socket that was handed over, until SIGTERM.

The arguments name the socket's file descriptor, the private folder, the account and the region.
Only the private folder is written to.
"""

import argparse
import asyncio
import os
import signal
import socket
from collections.abc import Mapping
from pathlib import Path

NO_DOCKER = "unix:///nonexistent/docker.sock"


def main() -> None:
    """Read the arguments, tell ministack what it takes from the environment, and serve."""
    parser = argparse.ArgumentParser(prog="server")
    parser.add_argument("--socket", type=int, required=True, help="descriptor of the socket")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--account", required=True)
    parser.add_argument("--region", required=True)
    args = parser.parse_args()
    with socket.socket(fileno=os.dup(args.socket)) as listener:
        port = listener.getsockname()[1]
    docker_host = reachable_docker()
    os.environ.update(settings(port, args.folder, args.account, args.region))
    os.environ["DOCKER_HOST"] = docker_host or NO_DOCKER
    os.chdir(args.folder)
    about = {"pid": os.getpid(), "folder": str(args.folder), "docker": docker_host}
    asyncio.run(serve(args.socket, port, about))


def settings(port: int, folder: Path, account: str, region: str) -> dict[str, str]:
    """Give the environment variables that ministack reads when it is imported."""
    return {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": region,
        "MINISTACK_ACCOUNT_ID": account,
        "TMPDIR": str(folder / "tmp"),
        "STATE_DIR": str(folder / "tmp"),
        "LAMBDA_EXECUTOR": "local",
        "LOG_LEVEL": os.environ.get("CJOB_SANDBOX_LOG_LEVEL", "INFO"),
    }


def reachable_docker() -> str:
    """Give the address of the Docker daemon that answers, or nothing.

    It is DOCKER_HOST's, else that of the docker context in use, as for the engine that builds.
    """
    # It is in the sandbox's environment, not in cjob's.
    import docker  # noqa: PLC0415
    from docker.context import ContextAPI  # noqa: PLC0415

    try:
        host = os.environ.get("DOCKER_HOST", "")
        if not host:
            context = ContextAPI.get_context(os.environ.get("DOCKER_CONTEXT") or None)
            host = os.environ["DOCKER_HOST"] = str(context.Host)
        docker.from_env(timeout=2).ping()
    # Whatever goes wrong on the way to a daemon, there is none to use.
    except Exception:  # noqa: BLE001
        return ""
    return host


async def serve(descriptor: int, port: int, about: Mapping[str, object]) -> None:
    """Serve until SIGTERM or SIGINT, and leave then, whatever threads are still at work."""
    # The four below are in the sandbox's environment, or import what is.
    from hypercorn.asyncio import serve as serve_app  # noqa: PLC0415
    from hypercorn.config import Config  # noqa: PLC0415

    from . import edge, mends  # noqa: PLC0415

    mends.apply(port, Path.cwd())
    from ministack.app import app  # noqa: PLC0415

    config = Config()
    config.bind = [f"fd://{descriptor}"]
    config.graceful_timeout = 1
    config.loglevel = os.environ["LOG_LEVEL"]
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await serve_app(edge.Edge(app, port, about), config, shutdown_trigger=stopping.wait)
    # A custom resource that waits for its answer keeps a thread that nothing else would end.
    os._exit(0)


if __name__ == "__main__":
    main()
