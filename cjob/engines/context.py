"""Packs a build's context for the classic builder.

The archive is a file without a name, which disappears with the process however that ends;
docker-py's own would stay in TMPDIR if another thread ends the process.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from docker.api.build import process_dockerfile
from docker.utils.build import tar


@contextmanager
def packed(context: Path, dockerfile: Path) -> Iterator[tuple[IO[bytes], str]]:
    """Yield the archive of a context, and the Dockerfile's path in it."""
    name, content = process_dockerfile(str(dockerfile), str(context))
    with tempfile.TemporaryFile() as archive:
        tar(context, exclude=_ignored(context), dockerfile=(name, content), fileobj=archive)
        yield archive, name or dockerfile.name


def _ignored(context: Path) -> list[str] | None:
    """Return the patterns of the context's .dockerignore, or None without one."""
    try:
        text = (context / ".dockerignore").read_text("utf-8")
    except FileNotFoundError:
        return None
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]
