"""Deployments of one job that meet: they wait or refuse, and none is lost, mixed or spoilt."""

import itertools
import json
import re
from collections.abc import Callable, Mapping, Sequence

import pytest
from calls_proxy import UNTOUCHED, Meddling, Proxy
from pipelines import APP, ENV, MANIFEST, Place, document, name, on, through, wait_for

from cjob.document import names

TEMPLATE = "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}\n"


def test_the_second_of_two_deployments_is_refused_or_waits(place: Place) -> None:
    """It says who is at work, and since when; or deploys once that has ended."""
    place.job("met")
    place.done("deploy", *on("met"))
    place.waiting("met", seconds=8)
    first = place.start("deploy", *on("met"))
    wait_for(first, "Signal: ")
    place.write("copilot/met/overrides/cfn.patches.yml", "[]\n")
    place.job("met", "variables: {A: b}\n")
    waiting = place.start("deploy", *on("met"), "--wait-for-stack")
    refused = place.run("deploy", *on("met"), TZ="Asia/Tokyo")
    assert (refused.returncode, refused.stdout) == (2, "")
    at = r"[-\d]+ [:\d]+ UTC \(\w+ [:\d]+ JST\)"
    began = rf"is busy: UPDATE_\w+; UPDATE_IN_PROGRESS began at {at}, by cjob of \w+"
    assert re.search(began, refused.stderr), refused.stderr
    wait_for(waiting, "waiting: stack 'demo-test-met' is busy")
    out, told = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, told
    assert json.loads(out)["deployment"] == {
        "stackId": place.stack("met")["StackId"],
        "status": "UPDATE_COMPLETE",
        "changed": True,
    }
    first.communicate(timeout=60)
    assert first.returncode == 4


def test_a_deployment_that_failed_unseen_is_not_taken_for_the_one_after_it(
    place: Place, proxy: Proxy
) -> None:
    """Somebody deployed with success before the network was there again."""
    place.job("unseen")
    place.done("deploy", *on("unseen"))
    place.waiting("unseen", seconds=2)
    first = through(place, proxy).start("deploy", *on("unseen"))
    wait_for(first, "Signal: ")
    proxy.meddle = lambda _: Meddling(cut=True, passed=False)
    place.write("copilot/unseen/overrides/cfn.patches.yml", "[]\n")
    place.job("unseen", "variables: {A: b}\n")
    second = document(place.run("deploy", *on("unseen"), WAIT))
    assert second["deployment"]["status"] == "UPDATE_COMPLETE"
    proxy.meddle = lambda _: UNTOUCHED
    out, told = first.communicate(timeout=60)
    assert (first.returncode, out) == (4, ""), told
    assert "UPDATE_ROLLBACK_COMPLETE" in told


@pytest.mark.parametrize("job", ["at-once-new", "at-once-old"])
def test_of_deployments_at_one_moment_none_is_lost_or_mixed(place: Place, job: str) -> None:
    """With leave to wait, each is deployed in its turn; what is there is one of them, whole."""
    place.job(job)
    if job.endswith("old"):
        place.done("deploy", *on(job))
    running = []
    for number in range(3):
        place.write(f"{number}/copilot/.workspace", "application: demo\n")
        manifest = MANIFEST.format(name=job) + f"variables: {{NUMBER: 'number-{number}'}}\n"
        place.write(f"{number}/copilot/{job}/manifest.yml", manifest)
        command = ("deploy", *on(job), "--wait-for-stack", "-C", str(place.root / str(number)))
        running.append(place.start(*command))
    ends = [(one.communicate(timeout=90), one.returncode) for one in running]
    assert [status for _, status in ends] == [0, 0, 0], ends
    assert place.status(job).endswith("_COMPLETE")
    assert "ROLLBACK" not in place.status(job)
    assert place.change_sets(job) == []
    template = str(place.stacks.get_template(StackName=name(job))["TemplateBody"])
    assert len(set(re.findall(r"number-\d", template))) == 1


@pytest.mark.parametrize("flags", [(), ("--diff",)], ids=["deploy", "diff"])
def test_a_stack_that_changes_after_it_was_read_is_not_called_up_to_date(
    place: Place, proxy: Proxy, flags: tuple[str, ...]
) -> None:
    """A build may take minutes, and another run may deploy another schedule in that time."""
    job = f"overtaken{len(flags)}"
    place.job(job)
    place.done("deploy", *on(job))

    def reschedule() -> None:
        place.stacks.update_stack(
            StackName=name(job),
            UsePreviousTemplate=True,
            Parameters=[
                {"ParameterKey": key, "ParameterValue": "rate(9 days)"}
                if key == "Schedule"
                else {"ParameterKey": key, "UsePreviousValue": True}
                for one in place.stack(job).get("Parameters", [])
                for key in [one["ParameterKey"]]
            ],
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        waiter = place.stacks.get_waiter("stack_update_complete")
        waiter.wait(StackName=name(job), WaiterConfig={"Delay": 1})

    reads = itertools.count()

    def after(action: str) -> None:
        if action == "GetTemplate" and next(reads) == 0:
            reschedule()

    proxy.after = after
    done = through(place, proxy).run("deploy", *on(job), *flags, "-o", "json")
    schedules = [p["ParameterValue"] for p in place.stack(job)["Parameters"]]
    if flags:
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert "was changed by another deployment" in done.stderr
        assert "rate(9 days)" in schedules
    else:
        assert document(done)["deployment"]["changed"] is True
        assert "rate(9 days)" not in schedules


class Rival:
    """Somebody who makes a job's stack at the same time, as another tool or process would."""

    def __init__(self, place: Place, job: str, change_set: str = "") -> None:
        """Take the job, and the name of its change set (default: the one that cjob gives)."""
        self._place = place
        self._tags = names.copilot_tags(APP, ENV, job)
        self._stack = name(job)
        self._name = change_set or names.creation_change_set(self._stack)

    def propose(self) -> None:
        """Make a first change set."""
        self._change_set = self._place.stacks.create_change_set(
            StackName=self._stack,
            ChangeSetName=self._name,
            ChangeSetType="CREATE",
            TemplateBody=TEMPLATE,
            Description="cjob-rival-at-work-1",
            Tags=[{"Key": k, "Value": v} for k, v in self._tags.items()],
        )

    def execute(self) -> None:
        """Make what was proposed."""
        self._place.stacks.execute_change_set(ChangeSetName=self._change_set["Id"])

    def clear(self) -> None:
        """Delete a stack in which there is nothing."""
        self._place.stacks.delete_stack(StackName=self._stack)


def before(proxy: Proxy, steps: Mapping[str, Sequence[Callable[[], None]]]) -> None:
    """Take steps as soon as a call comes for the first time, before it is passed on."""
    todo = dict(steps)

    def act(action: str) -> None:
        for step in todo.pop(action, ()):
            step()

    proxy.before = act


WAIT = "--wait-for-stack"
LOOKED_AT, MARKED, DONE = (
    "DescribeChangeSet",
    "DescribeStackEvents",
    "ExecuteChangeSet",
)


@pytest.mark.parametrize("flags", [(), (WAIT,)], ids=["refused", "waits"])
def test_a_stack_that_somebody_makes_by_now_is_not_deleted_for_an_empty_one(
    place: Place, proxy: Proxy, flags: tuple[str, ...]
) -> None:
    """Its change set is executed while it is watched."""
    job = f"made-{len(flags)}"
    place.job(job)
    rival = Rival(place, job)
    rival.propose()
    running = through(place, proxy).start("deploy", *on(job), *flags)
    wait_for(running, "checking whether someone is about to execute change set cjob-")
    rival.execute()
    out, told = running.communicate(timeout=60)
    assert "which has no resources" not in told
    assert "DeleteStack" not in proxy.actions
    if flags:
        assert json.loads(out)["deployment"]["status"] == "UPDATE_COMPLETE"
    else:
        assert (running.returncode, out) == (2, ""), told
        assert "changed by another deployment" in told


@pytest.mark.parametrize("action", [LOOKED_AT, MARKED, DONE])
@pytest.mark.parametrize("again", [False, True], ids=["gone", "proposed-anew"])
def test_a_stack_that_somebody_cleared_away_is_proposed_once_more(
    place: Place, proxy: Proxy, action: str, *, again: bool
) -> None:
    """Who finds an empty stack may delete it, just as somebody else proposed to make it."""
    job = f"cleared-{action.lower()}-{again}".lower()
    place.job(job)
    rival = Rival(place, job)
    steps = [rival.clear, rival.propose] if again else [rival.clear]
    before(proxy, {action: steps})
    running = through(place, proxy).start("deploy", *on(job), WAIT)
    wait_for(running, "trying again: ")
    if again:
        rival.execute()
    out, told = running.communicate(timeout=60)
    assert running.returncode == 0, told
    assert '"changed":true' in out


def test_a_stack_that_is_made_while_a_proposal_is_taken_back_stays(
    place: Place, proxy: Proxy
) -> None:
    """Its change set was there a moment ago; what fails afterwards is no reason to delete it."""
    place.job("proposed-twice")
    rival = Rival(place, "proposed-twice", "copilot-1")
    before(proxy, {MARKED: [rival.propose], "DeleteChangeSet": [rival.execute]})
    proxy.instead["ExecuteChangeSet"] = (403, DENIED)
    done = through(place, proxy).run("deploy", *on("proposed-twice"))
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert "DeleteStack" not in proxy.actions
    assert place.status("proposed-twice").startswith("CREATE_")


DENIED = "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"
