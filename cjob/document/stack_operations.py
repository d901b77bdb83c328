"""Operations on a stack: how they start, whose they are, and the AWS CLI's command for one.

Plain facts, for adapters and checks.
"""

import re

STARTS = frozenset(
    {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "IMPORT_IN_PROGRESS"}
)
"""Statuses that start an operation; later ones belong to the same operation."""

_CJOB_TOKEN = re.compile(r"cjob-(.*)-[0-9a-f]{32}")


def client_token(user: str, number: str) -> str:
    """Return a call's client token, which CloudFormation shows with each event of the operation."""
    clean = re.sub(r"[^A-Za-z0-9]+", "-", user).strip("-")[:60]
    return f"cjob-{clean}-{number}"


def is_from_cjob(token: str) -> bool:
    """Return whether a client token is one that cjob makes."""
    return bool(_CJOB_TOKEN.fullmatch(token))


def token_owner(token: str) -> str:
    """Return who started an operation, as far as its client token tells."""
    own = _CJOB_TOKEN.fullmatch(token)
    if own:
        return f"cjob of {own[1]}"
    if token.startswith("Console-"):
        return "someone in the AWS console"
    return f"the sender of token {token!r}" if token else "someone unknown"


def aws_command(verb: str, stack: str, region: str, *more: str) -> str:
    """Return an `aws cloudformation` command for a stack, ready to paste."""
    words = ("aws", "cloudformation", verb, "--region", region, "--stack-name", stack, *more)
    return " ".join(words)
