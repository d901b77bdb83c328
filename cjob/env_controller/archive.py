"""The env controller's code, packed as Lambda takes it.

Takes the text of `index.py` beside this module and gives a zip; its key in the artifact bucket is
made from the code's digest, so the same source has to give the same bytes on any machine and any
Python. Touches nothing else.
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
    """Return a zip with the one member.

    It is stored, as compressors differ between versions; the date is the oldest that a zip has.
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
    """Return the code's SHA-256 in lower-case hexadecimal digits; it is known without packing."""
    return hashlib.sha256(_code()).hexdigest()


def _code() -> bytes:
    return Path(__file__).with_name(MEMBER).read_bytes()
