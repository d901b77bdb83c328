"""Whether a name promises a secret, so that its value is better not shown; and passwords covered.

Pure. It is a guess by words, made for names of variables, parameters and tags.
"""

import re

# These say it anywhere in a name, `key` only as a word of its own: a monkey is no secret.
_ANYWHERE = re.compile("PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|APIKEY|PRIVATEKEY")
_WORDS = frozenset({"KEY", "KEYS", "PASS", "PWD", "PAT", "AUTH", "DSN"})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_ADDRESSES = frozenset({"ARN", "ARNS"})


HIDDEN = "(hidden)"

# As in `postgres://user:password@host`; what is filled in by CloudFormation is no secret here.
_ADDRESS = re.compile(r"(://[^/\s:@]*:)(?!\$\{|\{\{resolve:)[^/\s]+(?=@)")


def looks_secret(name: str) -> bool:
    """Return whether a name speaks of a password, token, key or the like.

    The ARN of one is its address and no secret: `ArtifactKeyARN` may be shown.
    """
    words = [word.upper() for word in _WORD.findall(name)]
    if words and words[-1] in _ADDRESSES:
        return False
    return bool(_ANYWHERE.search("".join(words))) or not _WORDS.isdisjoint(words)


def without_passwords(text: str) -> str:
    """Return a text with the passwords of the addresses in it covered."""
    return _ADDRESS.sub(rf"\1{HIDDEN}", text) if "@" in text else text
