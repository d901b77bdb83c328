"""Check the tags of a stack, which all its resources get. Pure.

Pattern and lengths are those of IAM's tags in botocore's model, since the stack's roles get them.
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
    """Yield findings for tags that AWS would reject."""
    if len(tags) > MOST:
        yield _refused(f"the stack has {len(tags)} tags, more than {MOST}", "remove some")
    spellings: dict[str, str] = {}
    for key, value in tags.items():
        other = spellings.setdefault(key.lower(), key)
        if other != key:
            message = f"the tags {other!r} and {key!r} differ only in upper and lower case"
            yield _refused(message, "keep one of them: keys of tags must differ in IAM")
        if reason := _fault(key, KEY_LIMIT):
            yield _refused(f"the key of tag {_shown(key)} is not valid: {reason}", _HINT)
        elif key.lower().startswith(_RESERVED):
            yield _refused(f"the key of tag {_shown(key)} is reserved by AWS", _HINT)
        if reason := _fault(value, VALUE_LIMIT):
            yield _refused(f"the value of tag {_shown(key)} is not valid: {reason}", _HINT)


def reserved(tags: Mapping[str, str], job: Job) -> Iterator[Finding]:
    """Yield findings for `--resource-tags` that would replace Copilot's tags."""
    for key, value in copilot_tags(job.app, job.env, job.name).items():
        if tags.get(key, value) != value:
            message = f"the tag {key!r} is always {value!r}, not {tags[key]!r}"
            yield _refused(message, f"remove {key!r} from --resource-tags")


_HINT = "use letters, digits, spaces and _ . : / = + - @, with another beginning than 'aws:'"


def _fault(text: str, limit: int) -> str:
    if not text:
        return "it is empty"
    if len(text) > limit:
        return f"{len(text)} characters, more than {limit}"
    bad = next((one for one in text if not _is_allowed(one)), "")
    return f"it contains {bad!r}" if bad else ""


def _is_allowed(character: str) -> bool:
    """Return whether a character is a letter, a separator, a number or one of a few signs."""
    return character in _SIGNS or unicodedata.category(character)[0] in "LZN"


def _shown(key: str) -> str:
    return repr(key if len(key) <= KEY_LIMIT else key[:KEY_LIMIT] + "...")


def _refused(message: str, hint: str) -> Finding:
    return Finding(message, hint, refused=True)
