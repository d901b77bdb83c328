"""Documents in and out: a stream of JSON values to Releases, and Releases to lines of JSON.

Reading takes any run of JSON values, so that one document a line and what `jq` prints both do.
Writing gives one document a line, keys in the document's own order, and always the same bytes for
the same Releases. Both touch only the stream that they are handed.
"""

import json
from collections.abc import Iterable

from cjob.errors import InputError
from cjob.release import Release, from_json, to_json

EMPTY = "no document on stdin; did the command before this one fail?"


def parse(text: str, name: str = "stdin") -> tuple[Release, ...]:
    """Read all documents of a text; raise InputError, with the place, at the first that is off."""
    releases: list[Release] = []
    decoder = json.JSONDecoder(object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)
    at = _skip_blanks(text, 0)
    while at < len(text):
        try:
            value, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise _not_json(text, error.pos, error.msg, name) from None
        except RecursionError:
            raise _not_json(text, at, "nested too deeply", name) from None
        releases.append(_read(value, len(releases) + 1, name))
        at = _skip_blanks(text, end)
    if not releases:
        hint = "run it with -n NAME -e ENV, or put a command that writes a document before it"
        message = EMPTY if name == "stdin" else f"no document in {name!r}"
        raise InputError(message, hint=hint)
    return tuple(releases)


def dump(releases: Iterable[Release]) -> str:
    """Give one line of JSON a document, in ASCII, so that any text survives any pipe."""
    return "".join(json.dumps(to_json(r), separators=(",", ":")) + "\n" for r in releases)


def _read(value: object, number: int, name: str) -> Release:
    try:
        return from_json(value)
    except InputError as error:
        place = f"{name}, document {number}"
        error.place = f"{place}, {error.place}" if error.place else place
        raise


def _skip_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n\ufeff\x1e":
        at += 1
    return at


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    out = dict(pairs)
    if len(out) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InputError(
            f"key {twice!r} stands twice in one object",
            hint="pass on the document as the command before this one wrote it",
        )
    return out


def _refuse_constant(constant: str) -> object:
    raise InputError(
        f"{constant} is not JSON",
        hint="pass on the document as the command before this one wrote it",
    )


def _not_json(text: str, at: int, why: str, name: str) -> InputError:
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    return InputError(
        f"not a JSON document: {why[:1].lower()}{why[1:]}",
        hint="a document is what cjob's commands write on stdout; send only that into the pipe",
        place=f"{name}:{line}:{column}",
    )
