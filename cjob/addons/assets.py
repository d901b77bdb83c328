"""Digests and archives of the local files that addons refer to.

Pure functions of bytes. The digests are the ones that Copilot made, so that a file which is in the
bucket already is found there; times and owners count for nothing.
"""

import hashlib
import io
import stat
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_EPOCH = (1980, 1, 1, 0, 0, 0)


class AssetFile(NamedTuple):
    """One file of an asset: its name relative to the asset's root, its mode bits, its content."""

    name: str
    mode: int
    content: bytes


def file_digest(content: bytes) -> str:
    """Give the SHA-256 of a file that is sent as it is, in lower-case hexadecimals."""
    return hashlib.sha256(content).hexdigest()


def archive_digest(files: Iterable[AssetFile]) -> str:
    """Return the digest of files that are sent zipped: of names, modes and contents, in order."""
    digest = hashlib.sha256()
    for file in files:
        _add(file, digest)
    return digest.hexdigest()


def archive_with_digest(files: Iterable[AssetFile]) -> tuple[str, bytes]:
    """Return the digest of files and their archive, with one of them in memory at a time."""
    digest = hashlib.sha256()

    def added() -> Iterator[AssetFile]:
        for file in files:
            _add(file, digest)
            yield file

    content = archive(added())
    return digest.hexdigest(), content


def _add(file: AssetFile, digest: "hashlib._Hash") -> None:
    mode = stat.filemode(stat.S_IFREG | stat.S_IMODE(file.mode))
    digest.update(f"{file.name} {mode}".encode())
    digest.update(file.content)


def archive(files: Iterable[AssetFile]) -> bytes:
    """Zip files; the same files give the same bytes."""
    import zipfile  # noqa: PLC0415 - a job without addons needs none of it

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zipped:
        for file in files:
            entry = zipfile.ZipInfo(file.name, _EPOCH)
            entry.create_system = 3  # Unix: the mode bits below mean something
            entry.external_attr = (stat.S_IFREG | stat.S_IMODE(file.mode)) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            zipped.writestr(entry, file.content)
    return out.getvalue()
