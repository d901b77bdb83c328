"""Tags that AWS takes, on a stack and on all that is in it.

Takes the tags of a stack, returns findings. Touches nothing. Pattern and lengths are those of IAM's
tags, which botocore's model has; the roles of a stack get its tags.
"""

import unicodedata
from collections.abc import Iterator, Mapping

from cjob.document.models import Job
from cjob.document.names import copilot_tags
from cjob.reporting.findings import Finding

MOST = 50
KEY_LIMIT = 128
VALUE_LIMIT = 256
_SIGNS = frozenset("_.:/=+-@")
_RESERVED = "aws:"


def problems(tags: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what AWS refuses of a stack's tags."""
    if len(tags) > MOST:
        yield _refused(f"the stack has {len(tags)} tags, more than {MOST}", "leave some out")
    spellings: dict[str, str] = {}
    for key, value in tags.items():
        other = spellings.setdefault(key.lower(), key)
        if other != key:
            message = f"the tags {other!r} and {key!r} differ only in upper and lower case"
            yield _refused(message, "keep one of them: keys of tags must differ in IAM")
        if reason := _fault(key, KEY_LIMIT):
            yield _refused(f"the tag {_shown(key)} has a key that AWS refuses: {reason}", _HINT)
        elif key.lower().startswith(_RESERVED):
            yield _refused(f"the tag {_shown(key)} has a key that AWS keeps for itself", _HINT)
        if reason := _fault(value, VALUE_LIMIT):
            yield _refused(f"the tag {_shown(key)} has a value that AWS refuses: {reason}", _HINT)


def reserved(tags: Mapping[str, str], job: Job) -> Iterator[Finding]:
    """Yield tags that a person gave a value of their own, and that say whose stack it is."""
    for key, value in copilot_tags(job.app, job.env, job.name).items():
        if tags.get(key, value) != value:
            message = f"the tag {key!r} is always {value!r}, not {tags[key]!r}"
            yield _refused(message, f"leave {key!r} out of --resource-tags")


_HINT = "use letters, digits, spaces and _ . : / = + - @, with another beginning than 'aws:'"


def _fault(text: str, limit: int) -> str:
    if not text:
        return "it is empty"
    if len(text) > limit:
        return f"{len(text)} characters, more than {limit}"
    bad = next((one for one in text if not _is_allowed(one)), "")
    return f"{bad!r} is in it" if bad else ""


def _is_allowed(character: str) -> bool:
    """Return whether a character is a letter, a separator, a number or one of a few signs."""
    return character in _SIGNS or unicodedata.category(character)[0] in "LZN"


def _shown(key: str) -> str:
    return repr(key if len(key) <= KEY_LIMIT else key[:KEY_LIMIT] + "...")


def _refused(message: str, hint: str) -> Finding:
    return Finding(message, hint, refused=True)
