"""Digests and archives of the local files that addons refer to.

Reads files in pieces, and writes to the file that it is given. The digests are the same as
Copilot's, so that a file that Copilot uploaded is not uploaded again; times and owners do not
count.
"""

import hashlib
import stat
from collections.abc import Iterable
from typing import IO, NamedTuple

_EPOCH = (1980, 1, 1, 0, 0, 0)


class AssetFile(NamedTuple):
    """One file of an asset: its name relative to the asset's root, its mode bits, its content.

    The content is an iterator of pieces, read once.
    """

    name: str
    mode: int
    content: Iterable[bytes]


def file_digest(content: Iterable[bytes], out: IO[bytes] | None = None) -> str:
    """Return the SHA-256 of a file that is uploaded as it is, and write it while reading."""
    digest = hashlib.sha256()
    for piece in content:
        digest.update(piece)
        if out is not None:
            out.write(piece)
    return digest.hexdigest()


def archive_digest(files: Iterable[AssetFile]) -> str:
    """Return the digest of files that are zipped: of names, modes and contents, in order."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(_heading(file))
        for piece in file.content:
            digest.update(piece)
    return digest.hexdigest()


def archive(files: Iterable[AssetFile], out: IO[bytes]) -> str:
    """Write files as a zip and return their digest; the same files give the same bytes."""
    import zipfile  # noqa: PLC0415 - a job without addons needs none of it

    digest = hashlib.sha256()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zipped:
        for file in files:
            digest.update(_heading(file))
            entry = zipfile.ZipInfo(file.name, _EPOCH)
            entry.create_system = 3  # Unix, so that the mode bits below count
            entry.external_attr = (stat.S_IFREG | stat.S_IMODE(file.mode)) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            with zipped.open(entry, "w") as member:
                for piece in file.content:
                    digest.update(piece)
                    member.write(piece)
    return digest.hexdigest()


def _heading(file: AssetFile) -> bytes:
    mode = stat.filemode(stat.S_IFREG | stat.S_IMODE(file.mode))
    return f"{file.name} {mode}".encode()
