"""Stacks in each state that the sandbox can bring them to."""

import datetime as dt
import os
import signal
import uuid

import pytest
from calls_proxy import Proxy
from pipelines import Place, document, eventually, name, on, through, wait_for

from cjob import names

TEMPLATE = "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}\n"
BROKEN = "Resources: {Topic: {Type: 'AWS::SNS::Topic', Condition: Nowhere}}\n"

# What STS answers; `Expiration` is told apart.
ASSUMED = """\
<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<Credentials><AccessKeyId>123456789012</AccessKeyId><SecretAccessKey>sandbox</SecretAccessKey>
<SessionToken>token</SessionToken><Expiration>{expiration}</Expiration></Credentials>
</AssumeRoleResult></AssumeRoleResponse>
"""


def propose(place: Place, job: str, template: str, by: str = "copilot") -> None:
    """Make a first change set for a job's stack, as another tool would."""
    place.stacks.create_change_set(
        StackName=name(job),
        ChangeSetName=f"{by}-{uuid.uuid4()}",
        ChangeSetType="CREATE",
        TemplateBody=template,
    )


def make(place: Place, job: str, template: str = TEMPLATE, *, app: str = "demo") -> None:
    """Make a job's stack, as another tool would, whose creation may fail."""
    tags = names.copilot_tags(app, "test", job)
    place.stacks.create_stack(
        StackName=name(job),
        TemplateBody=template,
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )
    eventually(lambda: not place.status(job).endswith("IN_PROGRESS"))


WAITS_AND_FAILS = """\
Resources:
  Handle: {Type: 'AWS::CloudFormation::WaitConditionHandle'}
  Signal:
    Type: AWS::CloudFormation::WaitCondition
    Properties: {Handle: !Ref Handle, Timeout: '1', Count: 1}
"""


def test_a_first_change_set_that_failed_is_in_nobodys_way(place: Place) -> None:
    """The stack that was to be is deleted, and made."""
    place.job("proposed")
    propose(place, "proposed", BROKEN)
    assert place.status("proposed") == "REVIEW_IN_PROGRESS"
    done = place.done("deploy", *on("proposed"))
    assert "deleting stack demo-test-proposed, in which there is nothing" in done.stderr
    assert place.status("proposed") == "CREATE_COMPLETE"


def test_a_change_set_made_by_hand_stays_for_its_review(place: Place) -> None:
    """Nothing is deleted that somebody may still want."""
    place.job("by-hand")
    propose(place, "by-hand", TEMPLATE, by="mine")
    done = place.run("deploy", *on("by-hand"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "waits for somebody to review the change set 'mine-" in done.stderr
    assert len(place.change_sets("by-hand")) == 1


@pytest.mark.skipif("CJOB_CHECK_ALL" not in os.environ, reason="it waits for 15 seconds")
def test_a_deployment_that_was_killed_before_it_began_is_made_again(
    place: Place, proxy: Proxy
) -> None:
    """What it left is an empty stack with a change set that nobody executes."""
    kill(place, proxy, "killed-new")
    assert place.status("killed-new") == "REVIEW_IN_PROGRESS"
    done = place.done("deploy", *on("killed-new"))
    assert "seeing whether somebody is at work on change set cjob-" in done.stderr
    assert place.status("killed-new") == "CREATE_COMPLETE"


def test_an_update_that_was_killed_before_it_began_is_made_again(
    place: Place, proxy: Proxy
) -> None:
    """And the change set that it left is gone with that."""
    place.job("killed-old")
    place.done("deploy", *on("killed-old"))
    kill(place, proxy, "killed-old", "variables: {A: b}\n")
    assert len(place.change_sets("killed-old")) == 1
    done = place.done("deploy", *on("killed-old"))
    assert document(done)["deployment"]["changed"] is True
    assert place.change_sets("killed-old") == []


def kill(place: Place, proxy: Proxy, job: str, more: str = "") -> None:
    """Begin to deploy a job, and kill that once the change is proposed."""
    place.job(job, more)

    def strike(action: str) -> None:
        if action == "DescribeStackEvents":
            running.send_signal(signal.SIGKILL)

    proxy.before = strike
    running = through(place, proxy).start("deploy", *on(job))
    running.communicate(timeout=60)
    assert running.returncode == -signal.SIGKILL


def test_a_failed_creation_that_is_protected_stays(place: Place) -> None:
    """Until somebody takes the protection away."""
    place.job("protected")
    make(place, "protected", WAITS_AND_FAILS)
    assert place.status("protected") == "ROLLBACK_COMPLETE"
    protection = place.stacks.update_termination_protection
    protection(StackName=name("protected"), EnableTerminationProtection=True)
    done = place.run("deploy", *on("protected"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "--stack-name demo-test-protected --no-enable-termination-protection" in done.stderr
    protection(StackName=name("protected"), EnableTerminationProtection=False)
    place.done("deploy", *on("protected"))
    assert place.status("protected") == "CREATE_COMPLETE"


def test_a_stack_of_another_application_is_left_alone(place: Place) -> None:
    """Although it has the name that the job's would have."""
    place.job("theirs")
    make(place, "theirs", app="other")
    done = place.run("deploy", *on("theirs"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "belongs to another application: 'other'" in done.stderr
    assert place.stack("theirs")["StackStatus"] == "CREATE_COMPLETE"


# What may fail while a deployment runs


def test_a_network_that_is_gone_for_a_while_is_told_once(place: Place, proxy: Proxy) -> None:
    """The deployment is followed to its end."""
    place.job("silent")
    place.waiting("silent", seconds=6)
    running = through(place, proxy).start("deploy", *on("silent"))
    wait_for(running, "Signal: ")
    proxy.instead["DescribeStackEvents"] = (503, "")
    wait_for(running, "AWS does not answer")
    del proxy.instead["DescribeStackEvents"]
    _, told = running.communicate(timeout=60)
    assert running.returncode == 4
    assert told.count("AWS answers again") == 1
    assert "AWS does not answer" not in told
    assert "ROLLBACK_COMPLETE" in told


def test_credentials_that_expire_are_fetched_again(place: Place, proxy: Proxy) -> None:
    """The manager role is assumed for an hour, and deployments may take longer."""
    place.job("expiring")
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=30)
    proxy.instead["AssumeRole"] = (200, ASSUMED.format(expiration=f"{soon:%Y-%m-%dT%H:%M:%SZ}"))
    done = document(through(place, proxy).run("deploy", *on("expiring")))
    assert done["deployment"]["status"] == "CREATE_COMPLETE"
    assert proxy.actions.count("AssumeRole") > 3
