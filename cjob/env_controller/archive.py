"""Packs the env controller's code for Lambda.

Reads `index.py` beside this module, returns a zip. Its key in the artifact bucket is made from the
code's digest, so the same source must give the same bytes on any machine and with any Python.
"""

import hashlib
import io
from pathlib import Path

MEMBER = "index.py"

_UNIX = 3
_READABLE_FILE = 0o100644


def archive() -> bytes:
    """Return the zip with the controller's code."""
    return pack(_code())


def pack(code: bytes) -> bytes:
    """Return a zip with the code as its only member.

    The code is not compressed, as compressors differ; the date is the oldest one of zip files.
    """
    import zipfile  # noqa: PLC0415 - 2 ms, and rendering does not need it

    member = zipfile.ZipInfo(MEMBER, date_time=(1980, 1, 1, 0, 0, 0))
    member.create_system = _UNIX
    member.external_attr = _READABLE_FILE << 16
    member.compress_type = zipfile.ZIP_STORED
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr(member, code)
    return packed.getvalue()


def digest() -> str:
    """Return the SHA-256 of the code as lower-case hexadecimal digits."""
    return hashlib.sha256(_code()).hexdigest()


def _code() -> bytes:
    return Path(__file__).with_name(MEMBER).read_bytes()
