"""Read and write documents: a sequence of JSON values in, one line of JSON for each out. Pure.

Reading accepts any sequence of JSON values, one on a line or as `jq` prints them. Writing keeps the
document's order of keys, and the same Releases are always the same bytes.
"""

import hashlib
import json
import math
from collections.abc import Iterable

from cjob.document.json_form import from_json, to_json
from cjob.document.models import Release
from cjob.reporting.errors import InputError

NESTING = 100
"""How deep values may be nested; documents need far less."""

TOO_DEEP = "values are nested too deeply"
REPEAT = "pass on the document as the command before this one wrote it"

EMPTY = "no document on stdin; did the command before this one fail?"

BEGIN = "put a command that writes documents before this one"


def parse(text: str, name: str = "stdin", hint: str = BEGIN) -> tuple[Release, ...]:
    """Return all documents of a string; raise InputError with the place of the first error.

    `hint` is for a string without a document.
    """
    releases: list[Release] = []
    at = _skip_blanks(text, 0)
    while at < len(text):
        release, at = _read(text, at, name, f"{name}, document {len(releases) + 1}")
        releases.append(release)
        at = _skip_blanks(text, at)
    if not releases:
        message = EMPTY if name == "stdin" else f"no document in {name!r}"
        raise InputError(message, hint=hint)
    return tuple(releases)


def dump(releases: Iterable[Release]) -> str:
    """Return one line of ASCII JSON for each document, which survives any pipe."""
    return "".join(json.dumps(to_json(r), separators=(",", ":")) + "\n" for r in releases)


def digest(release: Release) -> str:
    """Return the digest of a document, which identifies a reviewed one: `sha256:` and hex."""
    return "sha256:" + hashlib.sha256(dump([release]).encode()).hexdigest()


def _read(text: str, at: int, name: str, place: str) -> tuple[Release, int]:
    """Return the document at a position, and the position after it."""
    try:
        value, end = DECODER.raw_decode(text, at)
        _check_depth(value, NESTING)
        return from_json(value), end
    except json.JSONDecodeError as error:
        raise _not_json(text, error.pos, error.msg, name) from None
    except RecursionError:
        raise _not_json(text, at, TOO_DEEP, name) from None
    except InputError as error:
        error.place = f"{place}, {error.place}" if error.place else place
        raise


def _check_depth(value: object, levels: int) -> None:
    """Raise InputError if values are nested deeper than so many levels."""
    if isinstance(value, dict | list):
        if levels == 0:
            raise InputError(TOO_DEEP, hint=REPEAT)
        for inner in value.values() if isinstance(value, dict) else value:
            _check_depth(inner, levels - 1)


def _skip_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n\ufeff\x1e":
        at += 1
    return at


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    out = dict(pairs)
    if len(out) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise InputError(f"duplicate key {key!r} in an object", hint=REPEAT)
            seen.add(key)
    return out


def _refuse_constant(constant: str) -> object:
    raise InputError(f"{constant} is not JSON", hint=REPEAT)


def _whole(digits: str) -> int:
    try:
        return int(digits)
    except ValueError:  # Python reads no more than some thousands of digits
        raise InputError(f"a number has {len(digits)} digits", hint=REPEAT) from None


def _decimal(text: str) -> float:
    number = float(text)
    if math.isinf(number):  # it would be written as Infinity, which is not JSON
        raise InputError(f"the number {text[:20]} is too large", hint=REPEAT)
    return number


DECODER = json.JSONDecoder(
    object_pairs_hook=_unique_keys,
    parse_constant=_refuse_constant,
    parse_int=_whole,
    parse_float=_decimal,
)


def _not_json(text: str, at: int, why: str, name: str) -> InputError:
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    return InputError(
        f"not a JSON document: {why[:1].lower()}{why[1:]}",
        hint="a document is what cjob's commands write on stdout; send only that into the pipe",
        place=f"{name}:{line}:{column}",
    )
