"""References to container images: why no registry can resolve one.

The grammar is that of the distribution project (`reference.go`), with which Docker, containerd and
ECS read references: `[host[:port]/]path[:tag][@digest]`. Pure.
"""

import re
from collections.abc import Iterator

from cjob.reporting.findings import Finding

_NAME_LIMIT = 255
_WORD = r"[a-z0-9]+"
_PATH = re.compile(rf"{_WORD}(?:(?:[._]|__|-+){_WORD})*")
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}")
_DIGEST_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
_IMAGE_ID = re.compile(r"[0-9a-f]{64}")
_SHOWN = 60

_Problem = tuple[str, str]
"""A reason, and a hint if there is a better one than `_EXAMPLES`."""

_EXAMPLES = "write repository:tag, host/repository:tag or repository@sha256:…"


def problem(text: str) -> Finding | None:
    """Return why a string is not a reference to an image; None if it is one."""
    reason, hint = next(_problems(text), ("", ""))
    if not reason:
        return None
    shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
    message = f"{shown!r} is not a valid image reference: {reason}"
    return Finding(message, hint or _EXAMPLES, refused=True)


def _problems(text: str) -> Iterator[_Problem]:
    """Yield what is wrong with a reference, the most specific problem first."""
    if not text:
        yield "it is empty", ""
    if "{" in text:
        yield (
            "a variable in it was not substituted",
            "write ${NAME}, and set NAME in the environment",
        )
    if any(character.isspace() for character in text):
        yield "it contains a space", ""
    if "://" in text:
        yield "it begins with a scheme", f"leave out {text.partition('://')[0] + '://'!r}"
    rest, at, digest = text.partition("@")
    if at:
        yield from _digest_problems(digest)
    name, colon, tag = _split_tag(rest)
    if colon and not tag:
        yield "the tag after ':' is empty", "set the variable that the tag comes from"
    if colon and not _TAG.fullmatch(tag):
        yield f"{tag[:_SHOWN]!r} is not a tag", "a tag has up to 128 letters, digits, _ . and -"
    yield from _name_problems(name)


def _split_tag(text: str) -> tuple[str, str, str]:
    """Split at the colon before a tag, which follows the last slash; that of a port does not."""
    head, slash, last = text.rpartition("/")
    name, colon, tag = last.partition(":")
    return head + slash + name, colon, tag


def _digest_problems(digest: str) -> Iterator[_Problem]:
    algorithm, _, value = digest.partition(":")
    length, hint = _DIGEST_LENGTHS.get(algorithm), "copy the whole digest: docker images --digests"
    if length not in {None, len(value)}:
        yield f"its digest has {len(value)} digits instead of {length}", hint
    if not _DIGEST.fullmatch(digest) or (length and value != value.lower()):
        yield "the part after '@' is not a digest", hint


def _name_problems(name: str) -> Iterator[_Problem]:
    if name.startswith((".", "/")):
        yield "it is a path", "to build from a Dockerfile write 'build:' instead of 'location:'"
    if _IMAGE_ID.fullmatch(name):
        yield (
            "it is the id of an image on this machine",
            "push the image, and use its name in the registry",
        )
    first, slash, rest = name.partition("/")
    is_host = slash and (any(sign in first for sign in ".:") or first == "localhost")
    if is_host and not _HOST.fullmatch(first):
        yield f"{first[:_SHOWN]!r} is not a host", ""
    if len(name) > _NAME_LIMIT:
        yield f"its name has {len(name)} characters, more than {_NAME_LIMIT}", ""
    for part in (rest if is_host else name).split("/"):
        if part != part.lower():
            yield f"{part[:_SHOWN]!r} has upper case letters", f"write {part.lower()[:_SHOWN]!r}"
        if not part:
            yield "a part of its name is empty", ""
        elif not _PATH.fullmatch(part):
            yield f"{part[:_SHOWN]!r} is not a valid part of a name", ""
