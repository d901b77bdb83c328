"""What is done with a stack in each status that CloudFormation knows."""

import re
from collections.abc import Iterator

import botocore.session
import pytest
from stacks_fake import CREATED, UPDATED, FakeStacks, FakeStore, own
from stage_samples import NAME, STACK_ID, TAGS, TEMPLATE, live, plan, release

from cjob.checks import stack_status
from cjob.checks.stack_status import STATES
from cjob.cli import help_topics
from cjob.concurrency.interrupts import Started
from cjob.context import DeployOptions
from cjob.document import names
from cjob.document.models import Deployment, Release
from cjob.document.records import replace
from cjob.document.snapshot import Activity, Placeholder, StackSnapshot
from cjob.document.stack_operations import client_token, token_owner
from cjob.reporting.errors import InputError
from cjob.stages.deployment.change_sets import ApplyDeps
from cjob.stages.deployment.decide import deploy

WHERE = f"--region eu-central-1 --stack-name {NAME}"

BUSY = [status for status, state in STATES.items() if state.action == stack_status.WAIT]
# Of an empty stack: cjob's own by its change set or by its token, and somebody else's.
NAMED = Placeholder(
    created_at="2024-05-01 10:00:00 UTC", age_s=60, change_set=names.creation_change_set(NAME)
)
SIGNED = Placeholder(
    created_at=NAMED.created_at,
    age_s=60,
    token=client_token("ci-at-runner", "0" * 32),
)
THEIRS = Placeholder(created_at=NAMED.created_at, age_s=60)
UNDER_REVIEW = StackSnapshot(status="REVIEW_IN_PROGRESS", stack_id=STACK_ID)

Told = tuple[Deployment, list[str]]


def applied(stacks: FakeStacks, *, document: Release | None = None, wait: bool = False) -> Told:
    """Apply a document to a stack in memory; give what came of it, with what was reported."""
    lines: list[str] = []
    tools = ApplyDeps(
        stacks=stacks,
        store=FakeStore(),
        started=Started(),
        report=lambda record: lines.append(record.text),
    )
    done = deploy(document or release(), tools, DeployOptions(wait_for_stack=wait)).deployment
    assert done is not None
    return done, lines


def rows() -> Iterator[tuple[str, ...]]:
    """Yield the rows of the page's table, without its head."""
    for line in help_topics.page("stack-states").splitlines():
        cells = tuple(cell.strip().strip("`") for cell in line.strip("|").split("|"))
        if line.startswith("| ") and cells[0] != "Status":
            yield cells


def test_the_page_and_the_code_have_the_same_table() -> None:
    """Row by row, in the same order."""
    coded = [(status or "no stack", *state) for status, state in STATES.items()]
    assert list(rows()) == [*coded, ("any other", *stack_status.UNKNOWN)]


def test_every_status_of_cloudformation_has_a_row() -> None:
    """Those that its own model names."""
    model = botocore.session.get_session().get_service_model("cloudformation")
    known = set(model.shape_for("StackStatus").enum)  # type: ignore[attr-defined]
    assert set(STATES) == known | {""}
    assert {s for s in known if s.endswith("_IN_PROGRESS")} == {*BUSY, "REVIEW_IN_PROGRESS"}


@pytest.mark.parametrize("status", ["", "DELETE_COMPLETE"])
def test_a_stack_that_is_not_there_is_made(status: str) -> None:
    """Nothing has to go first."""
    stacks = FakeStacks(StackSnapshot(status=status), events=tuple(map(own, CREATED)))
    assert applied(stacks)[0].status == "CREATE_COMPLETE"
    assert "delete" not in stacks.asked


@pytest.mark.parametrize("found", [NAMED, SIGNED], ids=["named", "signed"])
def test_an_empty_stack_that_cjob_left_is_deleted_and_created(found: Placeholder) -> None:
    """It is watched first, in case its maker is about to execute its change set."""
    stacks = FakeStacks(UNDER_REVIEW, events=tuple(map(own, CREATED)), placeholder=found)
    assert applied(stacks)[0].status == "CREATE_COMPLETE"
    assert stacks.watched_s == [15]
    assert stacks.asked.index("delete") < stacks.asked.index("propose")


def test_an_empty_stack_whose_change_set_failed_is_deleted_at_once() -> None:
    """Nobody can execute that."""
    failed = replace(NAMED, change_set_status="FAILED")
    stacks = FakeStacks(UNDER_REVIEW, events=tuple(map(own, CREATED)), placeholder=failed)
    assert applied(stacks)[0].status == "CREATE_COMPLETE"
    assert stacks.watched_s == []


def test_a_change_set_that_is_still_being_created_is_watched_longer() -> None:
    """Whoever asked for it waits for it, until it is 15 minutes old."""
    working = replace(NAMED, change_set_status="CREATE_IN_PROGRESS")
    stacks = FakeStacks(UNDER_REVIEW, events=tuple(map(own, CREATED)), placeholder=working)
    assert applied(stacks)[0].status == "CREATE_COMPLETE"
    assert sum(stacks.watched_s) == 15 * 60 - working.age_s


def test_an_empty_stack_of_somebody_else_is_refused_with_the_command_to_delete_it() -> None:
    """They may execute its change set at any time."""
    stacks = FakeStacks(UNDER_REVIEW, placeholder=THEIRS)
    with pytest.raises(InputError, match="REVIEW_IN_PROGRESS since 2024-05-01 10") as caught:
        applied(stacks)
    assert caught.value.hint.endswith(f": aws cloudformation delete-stack {WHERE}")
    assert "--wait-for-stack" in caught.value.hint
    assert stacks.asked == ["read", "placeholder"]


def test_an_empty_stack_of_somebody_else_is_awaited_until_it_is_old_enough() -> None:
    """And then deleted, since nobody came back to it."""
    stacks = FakeStacks(UNDER_REVIEW, events=tuple(map(own, CREATED)), placeholder=THEIRS)
    done, lines = applied(stacks, wait=True)
    assert done.status == "CREATE_COMPLETE"
    assert lines[0].startswith(f"waiting: stack '{NAME}' is being created by another run")
    assert stacks.watched_s == [15 * 60 - THEIRS.age_s]


def test_an_empty_stack_that_somebody_makes_while_it_is_awaited_is_updated() -> None:
    """With what it has then."""
    stacks = FakeStacks(UNDER_REVIEW, placeholder=THEIRS, rests=live(template=TEMPLATE))
    done, _ = applied(stacks, wait=True)
    assert (done.changed, done.status) == (False, "UPDATE_COMPLETE")
    assert "delete" not in stacks.asked


def test_a_stack_under_review_that_has_resources_is_never_deleted() -> None:
    """However old it is, and whosever."""
    odd = replace(NAMED, has_resources=True, age_s=10**6)
    stacks = FakeStacks(UNDER_REVIEW, placeholder=odd)
    with pytest.raises(InputError, match="cannot be updated: REVIEW_IN_PROGRESS"):
        applied(stacks)
    assert stacks.live == UNDER_REVIEW


def test_a_stack_that_somebody_is_about_to_make_is_left_alone() -> None:
    """Its change set was executed while it was looked at; with leave to wait, that is awaited."""
    stacks = FakeStacks(UNDER_REVIEW, placeholder=NAMED, rests=live(template=TEMPLATE))
    with pytest.raises(InputError, match="changed by another deployment"):
        applied(stacks)
    assert "delete" not in stacks.asked
    stacks = FakeStacks(UNDER_REVIEW, placeholder=NAMED, rests=live(template=TEMPLATE))
    assert not applied(stacks, wait=True)[0].changed


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED"])
def test_a_stack_whose_creation_failed_is_deleted_and_made_anew(status: str) -> None:
    """Its deletion is followed to its end."""
    stacks = FakeStacks(live(status), events=tuple(map(own, CREATED)))
    assert applied(stacks)[0].status == "CREATE_COMPLETE"
    assert stacks.asked.index("delete") < stacks.asked.index("propose")


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED"])
def test_a_stack_that_must_go_but_is_protected_is_refused(status: str) -> None:
    """The command that ends the protection is there; nobody else decides on it."""
    stacks = FakeStacks(StackSnapshot(status=status, stack_id=STACK_ID, tags=TAGS, protected=True))
    with pytest.raises(InputError, match="has termination protection") as caught:
        applied(stacks)
    assert caught.value.hint.endswith(" --no-enable-termination-protection")
    assert stacks.asked == ["read"]


@pytest.mark.parametrize("status", ["CREATE_FAILED", "UPDATE_FAILED"])
def test_a_failed_stack_is_updated_without_rollback(status: str) -> None:
    """CloudFormation takes no other update there, and the person is told."""
    stacks = FakeStacks(live(status), events=tuple(map(own, UPDATED)))
    done, lines = applied(stacks)
    assert (done.status, stacks.rollback) == ("UPDATE_COMPLETE", False)
    assert f"stack {NAME} is {status}: this update can't be rolled back" in lines


@pytest.mark.parametrize(
    "status", [s for s, row in STATES.items() if row.action == stack_status.UPDATE]
)
def test_a_stack_at_rest_is_updated(status: str) -> None:
    """With rollback."""
    stacks = FakeStacks(live(status), events=tuple(map(own, UPDATED)))
    assert applied(stacks)[0].status == "UPDATE_COMPLETE"
    assert stacks.rollback


@pytest.mark.parametrize("status", BUSY)
def test_a_stack_at_work_is_refused_with_who_and_since_when(status: str) -> None:
    """Before anything is sent."""
    number = "0" * 32
    began = Activity(
        status="UPDATE_IN_PROGRESS", started_at="2024-05-01 10:00:00 UTC", token=f"cjob-ci-{number}"
    )
    stacks = FakeStacks(live(status), activity=began)
    with pytest.raises(InputError) as caught:
        applied(stacks)
    assert caught.value.message == (
        f"stack '{NAME}' is busy: {status}; UPDATE_IN_PROGRESS began at 2024-05-01 10:00:00 UTC, "
        "by cjob of ci"
    )
    assert "--wait-for-stack" in caught.value.hint
    assert stacks.asked == ["read", "activity"]


@pytest.mark.parametrize("status", BUSY)
def test_a_stack_at_work_is_awaited_where_that_was_asked_for(status: str) -> None:
    """And compared as it is then."""
    stacks = FakeStacks(live(status), rests=live(template=TEMPLATE))
    done, lines = applied(stacks, wait=True)
    assert (done.changed, done.status) == (False, "UPDATE_COMPLETE")
    assert lines[0].startswith(f"waiting: stack '{NAME}' is busy")


def test_what_was_awaited_outdates_a_plan() -> None:
    """Others changed what the plan was made against."""
    other = live(template=TEMPLATE.replace("Role:", "Other:"))
    stacks = FakeStacks(live("UPDATE_IN_PROGRESS"), rests=other)
    with pytest.raises(InputError, match="the plan is out of date"):
        applied(stacks, document=plan(live("UPDATE_IN_PROGRESS")), wait=True)


def test_a_stack_that_moves_under_a_proposal_is_compared_once_more() -> None:
    """Where waiting was asked for; the other one's change is not undone unseen."""
    stacks = FakeStacks(live(), moves=live(template=TEMPLATE))
    done, lines = applied(stacks, wait=True)
    assert not done.changed
    assert any(line.startswith("trying again: ") for line in lines)
    assert stacks.change_sets == {}


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (
            "UPDATE_ROLLBACK_FAILED",
            f"continue-update-rollback {WHERE} --resources-to-skip Rule A-1.Table",
        ),
        ("DELETE_FAILED", f"delete-stack {WHERE} --retain-resources Rule"),
        ("IMPORT_ROLLBACK_FAILED", f"describe-stack-events {WHERE}"),
        ("SOMETHING_NEW", f"describe-stack-events {WHERE}"),
    ],
)
def test_a_stack_that_takes_no_update_is_refused_with_the_command(status: str, hint: str) -> None:
    """With all that it has to name."""
    stacks = FakeStacks(live(status), failed_resources=("Rule", "A-1.Table"))
    with pytest.raises(InputError, match=f"cannot be updated: {status}") as caught:
        applied(stacks)
    assert caught.value.hint == f"aws cloudformation {hint}"


@pytest.mark.parametrize("key", ["copilot-application", "copilot-environment", "copilot-service"])
@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "ROLLBACK_COMPLETE", "UPDATE_IN_PROGRESS"])
def test_a_stack_of_somebody_else_is_not_touched(key: str, status: str) -> None:
    """Names are joined with hyphens, so another job may have come to the same."""
    stacks = FakeStacks(
        StackSnapshot(status=status, stack_id=STACK_ID, tags={**TAGS, key: "theirs"})
    )
    kind = key.removeprefix("copilot-")
    with pytest.raises(InputError, match=f"belongs to another {kind}: 'theirs'"):
        applied(stacks)
    assert stacks.asked == ["read"]


@pytest.mark.parametrize(
    ("token", "who"),
    [
        (
            client_token("alice@laptop.local", "0" * 32),
            "cjob of alice-laptop-local",
        ),
        ("Console-UpdateStack-4af5", "someone in the AWS console"),
        ("abc", "the sender of token 'abc'"),
        ("", "someone unknown"),
    ],
)
def test_a_token_says_who_began_something(token: str, who: str) -> None:
    """As far as it can be told."""
    assert token_owner(token) == who
    assert re.fullmatch(r"[A-Za-z0-9][-A-Za-z0-9]{0,127}|", token)
