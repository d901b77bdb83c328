"""Digests and archives of the local files that addons refer to.

Pure functions of bytes. The digests are the ones that Copilot made, so that a file which is in the
bucket already is found there; times and owners count for nothing.
"""

import hashlib
import io
import stat
from collections.abc import Sequence
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


def archive_digest(files: Sequence[AssetFile]) -> str:
    """Give the digest of files that are sent zipped: of names, modes and contents, in order."""
    digest = hashlib.sha256()
    for file in files:
        mode = stat.filemode(stat.S_IFREG | stat.S_IMODE(file.mode))
        digest.update(f"{file.name} {mode}".encode())
        digest.update(file.content)
    return digest.hexdigest()


def archive(files: Sequence[AssetFile]) -> bytes:
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
