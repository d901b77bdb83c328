"""Recognizes names that probably have secret values, and masks passwords in texts.

Pure. The names are those of variables, parameters and tags; they are judged by their words.
"""

import re

# These count anywhere in a name, the words below only as whole words: a monkey is not a key.
_ANYWHERE = re.compile("PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|APIKEY|PRIVATEKEY")
_WORDS = frozenset({"KEY", "KEYS", "PASS", "PWD", "PAT", "AUTH", "DSN"})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_ADDRESSES = frozenset({"ARN", "ARNS"})


HIDDEN = "(hidden)"

# As in `postgres://user:password@host`; a value that CloudFormation fills in is not a secret here.
_ADDRESS = re.compile(r"(://[^/\s:@]*:)(?!\$\{|\{\{resolve:)[^/\s]+(?=@)")


def looks_secret(name: str) -> bool:
    """Check whether a name is that of a password, token, key or the like.

    The ARN of a secret is not a secret: `ArtifactKeyARN` may be shown.
    """
    words = [word.upper() for word in _WORD.findall(name)]
    if words and words[-1] in _ADDRESSES:
        return False
    return bool(_ANYWHERE.search("".join(words))) or not _WORDS.isdisjoint(words)


def mask_passwords(text: str) -> str:
    """Return a text with the passwords in its URLs masked."""
    return _ADDRESS.sub(rf"\1{HIDDEN}", text) if "@" in text else text
