"""What a stack's events come to: progress, an outcome, the root of a failure, what to do next."""

from collections.abc import Iterator

import pytest
from stacks_fake import FakeStacks, of, own
from stage_samples import NAME, STACK_ID, TARGET

from cjob.document.records import replace
from cjob.reporting.errors import ServiceError
from cjob.reporting.progress import Progress
from cjob.stages.deployment.events import Event, Outcome, follow
from cjob.stages.deployment.failures import failed

NESTED = f"{STACK_ID}-AddonsStack"
WHERE = f"--region eu-central-1 --stack-name {NAME}"


def inside(path: str, status: str, reason: str = "") -> Event:
    """Return an event of another stack's resource, by its path."""
    stack, _, logical_id = path.rpartition("/")
    return replace(of(logical_id, status, reason), stack=stack, stack_id=NESTED)


def root_of(*events: Event) -> str:
    """Return the resource that a failure comes from."""
    root = follow(iter(events), lambda _: None).root
    return root.path if root else ""


# What is told on the way


def test_every_event_is_told_with_its_facts() -> None:
    """A program finds in them what the line says."""
    told: list[Progress] = []
    follow(iter([of("Rule", "UPDATE_FAILED", "no schedule"), own("UPDATE_COMPLETE")]), told.append)
    assert told[0] == Progress(
        text="Rule: update failed (no schedule)",
        phase="deploy",
        subject="Rule",
        state="failed",
        type="AWS::IAM::Role",
        status="UPDATE_FAILED",
        reason="no schedule",
    )


def test_what_is_still_at_work_is_told_where_nothing_is_new() -> None:
    """Of a look without events that is all there is to say."""
    told: list[Progress] = []

    def events() -> Iterator[Event | None]:
        yield None
        yield of("Rule", "CREATE_IN_PROGRESS")
        yield inside("AddonsStack/Table", "CREATE_IN_PROGRESS")
        yield of("Role", "CREATE_IN_PROGRESS")
        yield of("Role", "CREATE_COMPLETE")
        yield None
        yield own("CREATE_COMPLETE")

    follow(events(), told.append)
    waiting = [record.text for record in told if record.level == "waiting"]
    assert waiting == ["still in progress: Rule, AddonsStack/Table"]


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("CREATE_IN_PROGRESS", "running"),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "running"),
        ("CREATE_COMPLETE", "done"),
        ("DELETE_SKIPPED", "done"),
        ("UPDATE_FAILED", "failed"),
        ("ROLLBACK_COMPLETE", "failed"),
    ],
)
def test_a_status_comes_to_one_of_three_states(status: str, state: str) -> None:
    """A stack that was rolled back isn't what was asked for."""
    assert own(status).state == state


# The root of a failure


def test_the_root_is_the_first_failure_of_the_jobs_stack() -> None:
    """Neither what was cancelled because of it, nor what failed later."""
    assert (
        root_of(
            of("Role", "CREATE_FAILED", "Resource creation cancelled"),
            of("Rule", "CREATE_FAILED", "no schedule"),
            of("Topic", "CREATE_FAILED", "no name"),
            own("ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Rule]."),
            own("ROLLBACK_COMPLETE"),
        )
        == "Rule"
    )


def test_the_root_is_in_the_innermost_stack_that_failed() -> None:
    """A nested stack's resource only passes on what failed in it."""
    assert (
        root_of(
            inside("AddonsStack/Inner/Key", "CREATE_FAILED", "Resource creation cancelled"),
            inside("AddonsStack/Inner/Table", "CREATE_FAILED", "no key schema"),
            inside("AddonsStack/Inner", "CREATE_FAILED", "Embedded stack was not created"),
            of("AddonsStack", "CREATE_FAILED", "Embedded stack was not created"),
            own("ROLLBACK_COMPLETE"),
        )
        == "AddonsStack/Inner/Table"
    )


def test_a_failure_in_another_stack_is_no_root_where_its_resource_did_not_fail() -> None:
    """The environment's stack may have been rolled back for another job, and updated for this."""
    assert (
        root_of(
            inside("EnvControllerAction/NatGateway1", "UPDATE_FAILED", "too many addresses"),
            of("EnvControllerAction", "CREATE_COMPLETE"),
            of("Rule", "CREATE_FAILED", "no schedule"),
            own("ROLLBACK_COMPLETE"),
        )
        == "Rule"
    )


def test_a_stack_that_was_cancelled_names_itself() -> None:
    """No resource failed by itself."""
    events = [
        of("Rule", "UPDATE_FAILED", "Resource update cancelled"),
        own("UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated"),
        own("UPDATE_ROLLBACK_COMPLETE"),
    ]
    assert root_of(*events) == NAME


# What is said of it


def told_of(status: str, *failures: Event, stacks: FakeStacks | None = None) -> tuple[str, ...]:
    """Return message, hint and notes for a stack that ended so."""
    outcome = Outcome(status=status, failures=failures)
    error = failed(stacks or FakeStacks(), TARGET, outcome, NAME)
    return (error.message, error.hint, *error.notes)


def test_a_failure_names_its_root_and_where_to_look() -> None:
    """The stack that it is in may be another one, and gone by now: it is named by its ARN."""
    root = inside("AddonsStack/Table", "CREATE_FAILED", "no key schema")
    passed_on = of("AddonsStack", "CREATE_FAILED", "Embedded stack was not created")
    message, _, log, events = told_of("ROLLBACK_COMPLETE", root, passed_on)
    assert message == (
        f"stack '{NAME}' ended in ROLLBACK_COMPLETE: "
        "AddonsStack/Table (AWS::IAM::Role): no key schema"
    )
    assert log == "its log: /aws/lambda/one"
    assert events == (
        "to see the stack's events: aws cloudformation describe-stack-events "
        f"--region eu-central-1 --stack-name {NESTED}"
    )


@pytest.mark.parametrize(
    ("status", "step"),
    [
        ("ROLLBACK_COMPLETE", "deploy again, which first deletes what is left of the stack"),
        ("UPDATE_ROLLBACK_COMPLETE", "until then the previous version is still running"),
        (
            "UPDATE_FAILED",
            f"rollback-stack {WHERE} --role-arn {TARGET.execution_role_arn}",
        ),
        (
            "UPDATE_ROLLBACK_FAILED",
            f"aws cloudformation continue-update-rollback {WHERE} --resources-to-skip Rule",
        ),
        (
            "DELETE_FAILED",
            f"aws cloudformation delete-stack {WHERE} --retain-resources Rule",
        ),
        ("DELETE_COMPLETE", "deploy again to create it"),
    ],
)
def test_every_end_has_one_next_step(status: str, step: str) -> None:
    """A sentence, or a command that can be pasted."""
    _, hint, *_ = told_of(
        status, of("Rule", "X_FAILED"), stacks=FakeStacks(failed_resources=("Rule",))
    )
    assert hint.endswith(step)


def test_resources_that_cannot_be_listed_are_no_reason_to_say_nothing() -> None:
    """The failure itself is what the person must know."""
    stacks = FakeStacks(faults={"failed_resources": ServiceError("cannot read it")})
    message, hint, *notes = told_of("UPDATE_ROLLBACK_FAILED", of("Rule", "X_FAILED"), stacks=stacks)
    assert message.endswith("Rule (AWS::IAM::Role): X_FAILED")
    assert "continue-update-rollback" in hint
    assert notes[-1] == "the resources that failed are not known: cannot read it"
