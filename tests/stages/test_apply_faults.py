"""A deployment that fails or is interrupted, at each of its points."""

import pytest
from stacks_fake import CREATED, TOKEN, UPDATED, FakeStacks, FakeStore, of, own
from stage_samples import NAME, STACK_ID, TEMPLATE, live, release, stack

from cjob.concurrency.interrupts import Started
from cjob.context import DeployOptions
from cjob.document.models import Release
from cjob.document.records import replace
from cjob.document.snapshot import Activity, StackSnapshot
from cjob.reporting.errors import DeploymentError, InputError, Interrupted, ServiceError
from cjob.stages.deployment.change_sets import ApplyDeps
from cjob.stages.deployment.decide import deploy

CTRL_C = KeyboardInterrupt
REFUSED = ServiceError("AWS said no")


def applied(
    stacks: FakeStacks, options: DeployOptions | None = None, template: str = TEMPLATE
) -> tuple[Release, list[str]]:
    """Apply a document to a stack in memory; give it with what was reported."""
    lines: list[str] = []
    tools = ApplyDeps(
        stacks=stacks,
        store=FakeStore(),
        started=Started(),
        report=lambda record: lines.append(record.text),
    )
    return deploy(release(stack(template)), tools, options or DeployOptions()), lines


def test_an_update_that_succeeds_is_deployed() -> None:
    """Once, with rollback, and no change set is left."""
    stacks = FakeStacks(live(), events=tuple(map(own, UPDATED)))
    done, lines = applied(stacks)
    assert done.deployment is not None
    assert (done.deployment.status, done.deployment.changed) == ("UPDATE_COMPLETE", True)
    assert done.deployment.stack_id == STACK_ID
    assert stacks.rollback
    assert lines[-1] == "acme-test-report: update complete"
    assert stacks.change_sets == {}


def test_a_detached_deployment_is_not_followed() -> None:
    """Its status says that it goes on."""
    stacks = FakeStacks(live())
    done, _ = applied(stacks, DeployOptions(detach=True, rollback=False))
    assert done.deployment is not None
    assert (done.deployment.status, done.deployment.changed) == ("UPDATE_IN_PROGRESS", True)
    assert not stacks.rollback


def test_a_stack_whose_creation_failed_is_deleted_and_created() -> None:
    """The document's deployment is that of the new one."""
    stacks = FakeStacks(live("ROLLBACK_COMPLETE"), events=tuple(map(own, CREATED)))
    done, lines = applied(stacks)
    assert done.deployment is not None
    assert done.deployment.status == "CREATE_COMPLETE"
    assert lines[0] == "deleting stack acme-test-report, whose creation failed"


# Nothing to change


def test_an_empty_change_set_changes_nothing() -> None:
    """Although we saw a difference, CloudFormation saw none."""
    stacks = FakeStacks(live(), empty=True)
    done, lines = applied(stacks)
    assert done.deployment is not None
    assert (done.deployment.status, done.deployment.changed) == ("UPDATE_COMPLETE", False)
    assert "execute" not in stacks.asked
    assert lines[-1] == f"stack {NAME} is up to date"


@pytest.mark.parametrize("status", ["UPDATE_FAILED", "CREATE_FAILED"])
def test_a_failed_stack_with_nothing_new_for_it_is_not_called_unchanged(status: str) -> None:
    """It keeps what failed, until it is rolled back."""
    stacks = FakeStacks(live(status, template=TEMPLATE), empty=True)
    with pytest.raises(DeploymentError, match=f"is still {status}") as caught:
        applied(stacks)
    assert "rollback-stack" in caught.value.hint


def test_a_rolled_back_update_is_tried_again_although_nothing_differs() -> None:
    """It is CloudFormation that says whether there is something to do."""
    stacks = FakeStacks(
        live("UPDATE_ROLLBACK_COMPLETE", template=TEMPLATE), events=tuple(map(own, UPDATED))
    )
    done, _ = applied(stacks)
    assert done.deployment is not None
    assert done.deployment.changed


# Failures


def test_the_first_cause_of_a_failure_is_told() -> None:
    """Not what was cancelled because of it, nor what came after."""
    events = (
        own("UPDATE_IN_PROGRESS"),
        of("TaskRole", "UPDATE_FAILED", "Resource update cancelled"),
        of("Rule", "UPDATE_FAILED", "the schedule is no schedule"),
        own("UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to update: [Rule]."),
        of("Rule", "UPDATE_COMPLETE"),
        own("UPDATE_ROLLBACK_COMPLETE"),
    )
    with pytest.raises(DeploymentError) as caught:
        applied(FakeStacks(live(), events=events))
    assert caught.value.status == 4
    assert caught.value.message == (
        f"stack '{NAME}' ended in UPDATE_ROLLBACK_COMPLETE: "
        "Rule (AWS::IAM::Role): the schedule is no schedule"
    )


def test_a_reason_that_only_the_stack_has_is_told() -> None:
    """Some failures have no resource."""
    events = (
        own("CREATE_IN_PROGRESS"),
        own("ROLLBACK_IN_PROGRESS", "the role is not allowed to be passed"),
        own("ROLLBACK_COMPLETE"),
    )
    with pytest.raises(DeploymentError, match="the role is not allowed to be passed"):
        applied(FakeStacks(events=events))


def test_a_failure_without_any_reason_says_so() -> None:
    """And which status the stack ended in."""
    events = (own("CREATE_IN_PROGRESS"), own("ROLLBACK_COMPLETE"))
    with pytest.raises(DeploymentError, match=r"ROLLBACK_COMPLETE: CloudFormation gave no reason"):
        applied(FakeStacks(events=events))


# Without rollback

TASK = """\
Metadata:
  Version: v1.34.1
Resources:
  TaskDefinition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Cpu: %s
"""


@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "UPDATE_FAILED", "CREATE_FAILED"])
def test_a_replacement_without_rollback_is_warned_of(status: str) -> None:
    """CloudFormation may refuse it halfway; a stack that failed before has a way out already."""
    stacks = FakeStacks(live(status, TASK % 256), events=tuple(map(own, UPDATED)))
    _, lines = applied(stacks, DeployOptions(rollback=False), TASK % 512)
    (told,) = [line for line in lines if line.startswith("warning: ")]
    assert "replaces TaskDefinition; without rollback CloudFormation may refuse that" in told
    assert ("rollback-stack" in told) == status.endswith("_FAILED")
    assert not stacks.rollback


def test_a_replacement_with_rollback_needs_no_warning() -> None:
    """Neither does an update that replaces nothing."""
    stacks = FakeStacks(live(template=TASK % 256), events=tuple(map(own, UPDATED)))
    _, lines = applied(stacks, DeployOptions(), TASK % 512)
    stacks = FakeStacks(live(template=TASK % 256, Schedule="a"), events=tuple(map(own, UPDATED)))
    _, more = applied(stacks, DeployOptions(rollback=False), TASK % 256)
    assert not [line for line in (*lines, *more) if line.startswith("warning: ")]


def test_a_replacement_that_was_refused_without_rollback_names_the_way_out() -> None:
    """Deploying again the same way would fail again."""
    reason = "Replacement type updates not supported on stack with disable-rollback."
    events = (
        own("UPDATE_IN_PROGRESS"),
        of("TaskDefinition", "UPDATE_FAILED", reason),
        own("UPDATE_FAILED", "The following resource(s) failed to update: [TaskDefinition]."),
    )
    with pytest.raises(DeploymentError) as caught:
        applied(FakeStacks(live(), events=events), DeployOptions(rollback=False))
    hint = "roll it back, then deploy without --no-rollback: aws cloudformation rollback-stack"
    assert caught.value.hint.startswith(hint)
    assert "express mode" in caught.value.notes[-1]


# Whatever goes wrong before it is executed


@pytest.mark.parametrize("step", ["propose", "follow", "execute"])
@pytest.mark.parametrize("before", [live(), StackSnapshot()], ids=["update", "create"])
def test_ctrl_c_before_the_change_is_executed_leaves_nothing(
    step: str, before: StackSnapshot
) -> None:
    """No change set, no empty stack; and it says that nothing was deployed."""
    stacks = FakeStacks(before, faults={step: CTRL_C()})
    with pytest.raises(Interrupted, match="before anything was deployed"):
        applied(stacks)
    assert (stacks.change_sets, stacks.live) == ({}, before)
    assert "cancel" not in stacks.asked


@pytest.mark.parametrize("step", ["propose", "follow", "execute"])
@pytest.mark.parametrize("before", [live(), StackSnapshot()], ids=["update", "create"])
def test_an_error_before_the_change_is_executed_leaves_nothing(
    step: str, before: StackSnapshot
) -> None:
    """And is what the person sees."""
    stacks = FakeStacks(before, faults={step: REFUSED})
    with pytest.raises(ServiceError, match="AWS said no"):
        applied(stacks)
    assert (stacks.change_sets, stacks.live) == ({}, before)


def test_the_first_error_stays_the_one_that_is_told() -> None:
    """What can't be cleaned up either is a warning."""
    lines: list[str] = []
    faults = {
        "execute": REFUSED,
        "discard": ServiceError("gone"),
        "delete": ServiceError("never"),
    }
    tools = ApplyDeps(
        stacks=FakeStacks(faults=faults),
        store=FakeStore(),
        started=Started(),
        report=lambda record: lines.append(record.text),
    )
    with pytest.raises(ServiceError, match="AWS said no"):
        deploy(replace(release(), snapshot=StackSnapshot()), tools, DeployOptions())
    assert lines[-2:] == ["warning: gone", "warning: never"]


@pytest.mark.parametrize(
    "moved",
    [live(template=TEMPLATE), live(Schedule="none"), live("UPDATE_IN_PROGRESS")],
    ids=["template", "parameters", "status"],
)
def test_a_stack_that_moves_while_the_change_is_proposed_is_left_alone(
    moved: StackSnapshot,
) -> None:
    """The change set is deleted, since it was made for another state."""
    stacks = FakeStacks(live(), moves=moved)
    with pytest.raises(InputError, match="changed by another deployment"):
        applied(stacks)
    assert (stacks.change_sets, stacks.live) == ({}, moved)
    assert "execute" not in stacks.asked


# Ctrl-C while the deployment runs


def test_a_create_that_is_interrupted_deletes_the_stack() -> None:
    """It is waited for."""
    stacks = FakeStacks(events=tuple(map(own, CREATED)), faults={"event": CTRL_C()})
    with pytest.raises(Interrupted, match="is deleted"):
        applied(stacks)
    assert stacks.live == StackSnapshot()


def test_an_update_that_is_interrupted_is_cancelled() -> None:
    """And followed to the end of its rollback."""
    stacks = FakeStacks(live(), events=tuple(map(own, UPDATED)), faults={"event": CTRL_C()})
    with pytest.raises(Interrupted, match="ended: UPDATE_ROLLBACK_COMPLETE") as caught:
        applied(stacks)
    assert caught.value.status == 130
    assert "delete" not in stacks.asked


def test_an_update_that_ended_before_it_could_be_cancelled_is_not_waited_for() -> None:
    """There will be no more events; its status says what came of it."""
    events = (own("UPDATE_COMPLETE"),)
    stacks = FakeStacks(live(), events=events, faults={"event": CTRL_C()})
    with pytest.raises(Interrupted, match=r"too late .* the stack is UPDATE_COMPLETE now"):
        applied(stacks)
    assert "cancel" not in stacks.asked


@pytest.mark.parametrize("before", [live(), StackSnapshot()], ids=["update", "create"])
def test_ctrl_c_in_the_moment_of_executing_takes_back_what_was_started(
    before: StackSnapshot,
) -> None:
    """The answer to it never came, but the stack is at work."""
    stacks = FakeStacks(before, events=(own("X"),), faults={"executed": CTRL_C()})
    with pytest.raises(Interrupted, match="interrupted; the stack"):
        applied(stacks)
    assert ("cancel" if before.exists else "delete") in stacks.asked


@pytest.mark.parametrize("before", [live(), StackSnapshot()], ids=["update", "create"])
def test_a_deployment_whose_start_was_not_answered_is_followed(before: StackSnapshot) -> None:
    """Its token says whose it is; nobody else is blamed for it."""
    events = tuple(map(own, UPDATED if before.exists else CREATED))
    stacks = FakeStacks(
        before,
        events=events,
        faults={"executed": REFUSED},
        activity=Activity(status=events[0].status, token=TOKEN),
    )
    done, _ = applied(stacks)
    assert done.deployment is not None
    assert (done.deployment.status, done.deployment.changed) == (events[-1].status, True)


@pytest.mark.parametrize("token", ["", "cjob-of-another"])
def test_a_deployment_of_somebody_else_is_not_taken_for_the_own_one(token: str) -> None:
    """The change set was refused since the stack was at work already."""
    stacks = FakeStacks(
        live(),
        faults={"executed": REFUSED},
        activity=Activity(status="UPDATE_IN_PROGRESS", token=token),
    )
    with pytest.raises(InputError, match="was changed by another deployment"):
        applied(stacks)


def test_a_start_of_which_nothing_is_known_is_no_error_of_the_input() -> None:
    """AWS did not answer; whether it deploys is to be looked up."""
    stacks = FakeStacks(
        live(), events=(own("X"),), faults={"executed": REFUSED, "activity": REFUSED}
    )
    with pytest.raises(ServiceError, match="AWS said no") as caught:
        applied(stacks)
    assert "describe-stacks" in caught.value.hint


@pytest.mark.parametrize("of_others", [live("CREATE_IN_PROGRESS"), live("UPDATE_IN_PROGRESS")])
def test_what_others_began_is_not_taken_back(of_others: StackSnapshot) -> None:
    """Ours may have ended unheard before they did; theirs is told by the token of its calls."""
    stacks = FakeStacks(
        live(),
        events=(own("UPDATE_IN_PROGRESS"), own(of_others.status)),
        faults={"event": KeyboardInterrupt()},
        activity=Activity(status=of_others.status, token="cjob-of-another"),
    )
    with pytest.raises(Interrupted, match="another deployment changed the stack since"):
        applied(stacks)
    assert not {"delete", "cancel"} & set(stacks.asked)


def test_a_second_ctrl_c_leaves_the_deployment_as_it_is() -> None:
    """At once, whatever is under way, with the command that shows how it went on."""
    faults = {"event": CTRL_C(), "cancel": CTRL_C()}
    stacks = FakeStacks(live(), events=tuple(map(own, UPDATED)), faults=faults)
    with pytest.raises(Interrupted, match="interrupted again") as caught:
        applied(stacks)
    assert caught.value.hint.endswith(
        "describe-stacks --region eu-central-1 --stack-name acme-test-report"
    )


@pytest.mark.parametrize("step", ["discard", "delete"])
def test_a_second_ctrl_c_while_a_proposal_is_taken_back_leaves_it(step: str) -> None:
    """Nobody waits for AWS any longer, and where to look is told."""
    stacks = FakeStacks(faults={"follow": CTRL_C(), step: CTRL_C()})
    with pytest.raises(Interrupted, match="interrupted again") as caught:
        applied(stacks)
    assert "describe-stacks" in caught.value.hint
