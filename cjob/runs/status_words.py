"""How a status is written for people: words for results, ages, and short names of images."""

import re
from datetime import datetime

from cjob.runs.model import Status as RunStatus

_REGISTRY = re.compile(r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/")
_DIGEST = re.compile(r"@sha256:([0-9a-f]{7})[0-9a-f]{57}$")

_DAY = 86_400
_UNITS = ((_DAY, "d"), (3600, "h"), (60, "m"))


def word(status: RunStatus) -> str:
    """Return a run's status as a word."""
    words = {"TIMED_OUT": "timed out", "ABORTED": "stopped", "PENDING_REDRIVE": "redrive pending"}
    return words.get(status, status.lower())


def age(moment: datetime, now: datetime) -> str:
    """Return how long ago a moment was, in its largest unit, such as 12s, 4m, 3h or 20d."""
    seconds = max(0, int((now - moment).total_seconds()))
    unit = next(((size, name) for size, name in _UNITS if seconds >= size), (1, "s"))
    return f"{seconds // unit[0]}{unit[1]}"


def short_image(image: str) -> str:
    """Return an image without the registry's host if that is ECR, and with a short digest."""
    return _DIGEST.sub(r"@\1", _REGISTRY.sub("", image, count=1))
