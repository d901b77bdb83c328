"""Finds the environment variable that causes an error of the connection to AWS.

Takes the error's message and the variables; checks whether a file exists that one names.
"""

import os
from collections.abc import Mapping

_BUNDLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
_PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
_SECRET = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_LOCAL = ("127.0.0.1", "localhost", "[::1]")


def hint_for_value(said: str, environment: Mapping[str, str]) -> str:
    """Return the hint for a wrong setting: the variable with that value."""
    for name, value in sorted(environment.items()):
        if name.startswith("AWS_") and name not in _SECRET and value and repr(value) in said:
            return f"correct {name}, which is {value!r}, or unset it: unset {name}"
    return "check the variables AWS_… and ~/.aws/config: aws configure list"


def hint_for_connection(environment: Mapping[str, str]) -> str:
    """Return the hint for a failed connection, by the variables that it depends on."""
    for name in _BUNDLES:
        file = environment.get(name, "")
        if file and not os.path.exists(file):  # noqa: PTH110 - False for what can't be looked at
            return f"{name} names {file!r}, which does not exist: correct it, or unset {name}"
    endpoint = environment.get("AWS_ENDPOINT_URL", "")
    proxy = next((name for name in _PROXIES if environment.get(name)), "")
    if proxy and any(host in endpoint for host in _LOCAL):
        return f"{proxy} applies to {endpoint}, too: export NO_PROXY=127.0.0.1,localhost"
    if proxy:
        return f"check the network, and the proxy of {proxy}"
    return "check the network, AWS_REGION, and AWS_ENDPOINT_URL if it is set"
