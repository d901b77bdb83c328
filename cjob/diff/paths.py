"""Paths in a template or in other data: keys after dots, indexes in brackets."""

import json
import re

_BARE_KEY = re.compile(r'[^.\[\]"]+')


def step(path: str, key: str) -> str:
    """Return the path of a key below another path."""
    if not _BARE_KEY.fullmatch(key):
        return f"{path}[{json.dumps(key, ensure_ascii=False)}]"
    return f"{path}.{key}" if path else key


def item(path: str, index: int | None) -> str:
    """Return the path of an item of the list at another path."""
    return f"{path}[{index}]"
