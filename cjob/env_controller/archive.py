"""The env controller's code, packed as Lambda takes it.

Takes the text of `index.py` beside this module and gives a zip; its key in the artifact bucket is
made from its digest, so the same source has to give the same bytes on any machine and any Python.
Touches nothing else.
"""

import functools
import hashlib
import io
import zipfile
from pathlib import Path

MEMBER = "index.py"

_UNIX = 3
_READABLE_FILE = 0o100644


@functools.cache
def archive() -> bytes:
    """Give the zip with the controller's code."""
    return pack(Path(__file__).with_name(MEMBER).read_bytes())


def pack(code: bytes) -> bytes:
    """Give a zip with the one member.

    It is stored, as compressors differ between versions; the date is the oldest that a zip has.
    """
    member = zipfile.ZipInfo(MEMBER, date_time=(1980, 1, 1, 0, 0, 0))
    member.create_system = _UNIX
    member.external_attr = _READABLE_FILE << 16
    member.compress_type = zipfile.ZIP_STORED
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr(member, code)
    return packed.getvalue()


def digest() -> str:
    """Give the zip's SHA-256 in lower-case hexadecimal digits."""
    return hashlib.sha256(archive()).hexdigest()
