"""Run cjob in processes that are forked from one that has imported it already.

A process of its own for each command, with its own environment, folder, streams and exit status,
without the start of an interpreter and the import of botocore: a tenth of the time. Tests of
start-up, of signals and of what a shell does start real interpreters.
"""

import multiprocessing
import os
import pkgutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import cjob
from cjob.cli.main import main

# What an interpreter reads as it starts, so that a fork would not.
START_UP = ("PYTHON", "LC_", "LANG")

# The sandbox's server has libraries of its own.
MODULES = [
    module.name
    for module in pkgutil.walk_packages(cjob.__path__, "cjob.")
    if not module.name.startswith("cjob.sandbox.server")
]

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([*MODULES, "boto3", "docker", "rich.live"])


def run(
    arguments: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    stdin: bytes = b"",
    limit_s: float = 120,
) -> subprocess.CompletedProcess[bytes]:
    """Run `cjob ARGUMENTS` to its end; raise TimeoutExpired after so many seconds."""
    with tempfile.TemporaryDirectory(prefix="cjob-forked-") as kept:
        streams = [Path(kept, name) for name in ("stdin", "stdout", "stderr")]
        for stream, content in zip(streams, (stdin, b"", b""), strict=True):
            stream.write_bytes(content)
        target = (tuple(arguments), folder, dict(environment), streams)
        running = _context.Process(target=_become, args=target)
        running.start()
        running.join(limit_s)
        if running.exitcode is None:
            running.kill()
            running.join()
            raise subprocess.TimeoutExpired(list(arguments), limit_s, *_read(streams))
        status = running.exitcode
        running.close()
        return subprocess.CompletedProcess(list(arguments), status, *_read(streams))


def _read(streams: Sequence[Path]) -> tuple[bytes, bytes]:
    return streams[1].read_bytes(), streams[2].read_bytes()


def _become(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], streams: Sequence[Path]
) -> None:
    """Be the process of a command, as the shell would have started it."""
    for number, stream in enumerate(streams):
        opened = os.open(stream, os.O_WRONLY | os.O_APPEND if number else os.O_RDONLY)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - it stays open; multiprocessing closed it
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = ["cjob", *arguments]
    main()


def can_fork(settings: Mapping[str, str]) -> bool:
    """Return whether a fork behaves as a new interpreter would with these settings."""
    return not any(name.startswith(START_UP) for name in settings)
