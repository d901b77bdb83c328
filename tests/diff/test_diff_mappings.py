"""Flat maps: parameters and tags compared, with what looks secret kept to itself."""

import pytest

from cjob import diff
from cjob.document.models import Change
from cjob.reporting.redaction import looks_secret


def test_entries_are_told_in_the_order_of_their_keys() -> None:
    """Changed, added and removed ones, each on its line; the rest not at all."""
    found = diff.mappings(
        {"TaskCPU": "256", "B": "x", "Same": "1"},
        {"TaskCPU": "512", "A": "y", "Same": "1"},
        section="parameters",
    )
    assert found.text == "+ A: y\n- B: x\n~ TaskCPU: 256 -> 512\n"
    assert found.changes == (
        Change(op="add", path="parameters.A", kind="parameter", new="y"),
        Change(op="remove", path="parameters.B", kind="parameter", old="x"),
        Change(op="change", path="parameters.TaskCPU", kind="task size", old="256", new="512"),
    )


def test_equal_maps_have_no_differences() -> None:
    """Nothing is said and nothing listed."""
    assert diff.mappings({"A": "1"}, {"A": "1"}, section="tags") == diff.MapDiff()


def test_secret_values_are_told_nowhere() -> None:
    """Neither those that look so by name nor those that the caller names."""
    found = diff.mappings(
        {"DB_PASSWORD": "old-1", "Plain": "old-2", "GoneToken": "old-3"},
        {"DB_PASSWORD": "new-1", "Plain": "new-2", "NewApiKey": "new-3"},
        section="parameters",
        hidden={"Plain"},
    )
    assert "old-" not in f"{found}"
    assert "new-" not in f"{found}"
    assert [change.op for change in found.changes] == ["change", "remove", "add", "change"]
    assert "~ DB_PASSWORD: (hidden)" in found.text


def test_a_value_that_does_not_fit_on_a_line_is_quoted() -> None:
    """Empty texts, edges of space and control characters can be seen, and do no harm."""
    found = diff.mappings(
        {"a": "", "b": " x", "c": "1"}, {"a": "1\n2", "b": "x", "c": "\x1b[31m"}, section="tags"
    )
    assert found.text == '~ a: "" -> "1\\n2"\n~ b: " x" -> x\n~ c: 1 -> "\\e[31m"\n'


@pytest.mark.parametrize(
    "name",
    [
        "PASSWORD",
        "DB_PASSWORD",
        "dbPassword",
        "DBPASSWORD",
        "AUTH_TOKEN",
        "AuthToken",
        "SECRET",
        "client_secret",
        "API_KEY",
        "apiKey",
        "APIKEY",
        "SSH_KEYS",
        "AWS_SECRET_ACCESS_KEY",
        "Credentials",
        "PrivateKey",
        "passphrase",
        "DB_PWD",
    ],
)
def test_a_name_that_promises_a_secret_is_known(name: str) -> None:
    """In capitals, with underscores or in camel case."""
    assert looks_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "ArtifactKeyARN",
        "SecretArn",
        "TOKEN_ARN",
        "MONKEY",
        "Keyboard",
        "LOG_LEVEL",
        "TaskCPU",
        "Schedule",
        "HOSTNAME",
        "copilot-application",
        "PATH",
    ],
)
def test_an_ordinary_name_and_an_address_are_shown(name: str) -> None:
    """An ARN says where a secret is, not what it is."""
    assert not looks_secret(name)
