"""Names of runs are such as Step Functions takes and logs."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cjob.runs import names

ALLOWED = re.compile("[0-9A-Za-z_-]{1,80}")
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


@given(st.text(max_size=200))
def test_any_user_and_any_id_make_a_name(text: str) -> None:
    """At most 80 characters, and none that keeps an execution out of the log."""
    assert ALLOWED.fullmatch(names.new(text, NOON, "5f3a"))
    assert ALLOWED.fullmatch(names.for_id(text))


def test_a_name_says_who_and_when() -> None:
    """A domain or an address is cleaned and cut."""
    assert names.new("anna", NOON, "5f3a") == "cjob-anna-20261127T120000Z-5f3a"
    assert names.new("CORP\\anna.b", NOON, "5f3a") == "cjob-CORP-anna-b-20261127T120000Z-5f3a"


def test_an_id_has_one_name() -> None:
    """Ids that look alike once cleaned stay apart."""
    assert names.for_id("ci/42") == names.for_id("ci/42")
    assert names.for_id("ci/42").startswith("id-ci-42-")
    assert names.for_id("ci/42") != names.for_id("ci 42")


def test_what_belongs_to_a_run_has_known_names() -> None:
    """No look-up is needed for them."""
    machine = names.state_machine("acme", "prod", "report")
    arn = names.state_machine_arn("aws-cn", "cn-north-1", "123456789012", machine)
    assert arn == "arn:aws-cn:states:cn-north-1:123456789012:stateMachine:acme-prod-report"
    assert names.execution_arn(arn, "x").endswith(":execution:acme-prod-report:x")
    assert names.log_group("acme", "prod", "report") == "/copilot/acme-prod-report"
    assert names.container_stream("report", "0f3c") == "copilot/report/0f3c"
    assert names.history_streams(machine, "2026-11-27") == "states/acme-prod-report/2026-11-27"


@pytest.mark.parametrize("name", ["cjob-ann-20260101T000000Z-1a2b", "a_b.c@d(e)", "x" * 80])
def test_a_possible_name_is_looked_for(name: str) -> None:
    """Other tools start runs with names of their own."""
    assert names.is_possible(name)


@pytest.mark.parametrize("name", ["", "a b", "a/b", 'a"b', "a:b", "a*", "a\n", "x" * 81])
def test_an_impossible_name_is_known_without_aws(name: str) -> None:
    """Step Functions would call its ARN invalid, and a log's filter its pattern."""
    assert not names.is_possible(name)
