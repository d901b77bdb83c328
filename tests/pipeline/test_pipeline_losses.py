"""What may be lost while a deployment runs: the network, the credentials, the process itself.

CJOB_CHECK_ALL asks for a minute without network, and for waits that cjob makes by itself.
"""

import datetime as dt
import signal
import time

import pytest
from call_by_call import at_once, is_stable, leftovers
from calls_proxy import UNTOUCHED, Asked, Meddling, Proxy, running
from effort import ALL
from pipelines import Place, document, name, on, through, wait_for

WAIT = "--wait-for-stack"

# What STS answers; `Expiration` is told apart.
ASSUMED = """\
<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<Credentials><AccessKeyId>{AccessKeyId}</AccessKeyId>
<SecretAccessKey>{SecretAccessKey}</SecretAccessKey>
<SessionToken>{SessionToken}</SessionToken><Expiration>{soon}</Expiration></Credentials>
</AssumeRoleResult></AssumeRoleResponse>
"""
THROTTLED = "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>"
EXPIRED = """\
<ErrorResponse><Error><Code>ExpiredToken</Code>
<Message>The security token included in the request is expired</Message></Error></ErrorResponse>
"""

# The network

GONE_S = 60 if ALL else 7  # longer than botocore's own tries take
UNSEEN_S = 60 if ALL else 1
PHASES = {
    "ListStackInstances": (0, 3),
    "PutObject": (0,),
    "CreateChangeSet": (0,),
    "DescribeChangeSet": (0,),
    "DescribeStackEvents": (0,),
    "ExecuteChangeSet": (0,),
}
"""Calls at which the network goes away, with the statuses that a run may end with.

Before AWS has answered at all, nobody waits for it for long.
"""


class Outage:
    """A network that goes away as a call comes, and comes back after a while."""

    def __init__(self, action: str) -> None:
        """Wait for that call."""
        self._action = action
        self._ends = 0.0

    def meddle(self, asked: Asked) -> Meddling:
        """Cut each connection while it is gone."""
        if asked.action == self._action and not self._ends:
            self._ends = time.monotonic() + GONE_S
        return Meddling(cut=True, passed=False) if time.monotonic() < self._ends else UNTOUCHED


def test_a_network_that_goes_away_is_waited_for_in_each_phase(place: Place) -> None:
    """Whatever was under way; and the next run finds all as it should be."""
    actions = list(PHASES)
    jobs = [f"outage-{action.lower()}" for action in actions]
    for job in jobs:
        place.job(job)
    patient = Place(place.root, place.sandbox, place.settings, limit_s=300)

    def case(number: int, action: str) -> str:
        with running(place.sandbox.endpoint) as proxy:
            proxy.meddle = Outage(action).meddle
            done = through(patient, proxy).run("deploy", *on(jobs[number]))
        left = list(leftovers(place, jobs[number]))
        if done.returncode in PHASES[action] and not left:
            return ""
        return f"{action}: {done.returncode} {left}\n{done.stderr}"

    wrong = at_once(case, actions) + list(is_stable(place, jobs))
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("action", ["DescribeChangeSet", "DescribeStackEvents"])
def test_throttling_that_lasts_makes_looks_fewer_and_fails_nothing(
    place: Place, proxy: Proxy, action: str
) -> None:
    """Longer than any single call is tried again."""
    left = iter(range(10))

    def throttle(asked: Asked) -> Meddling:
        if asked.action == action and following and next(left, None) is not None:
            return Meddling(answer=(400, THROTTLED), passed=False)
        following.update({asked.action} & {"CreateChangeSet", "ExecuteChangeSet"})
        return UNTOUCHED

    following: set[str] = set()
    job = f"throttled-{action.lower()}"
    place.job(job)
    proxy.meddle = throttle
    done = through(place, proxy).done("deploy", *on(job))
    assert document(done)["deployment"]["status"] == "CREATE_COMPLETE"
    assert next(left, None) is None, "it was to be throttled more often"


def test_a_network_that_is_gone_while_a_deployment_is_followed_is_told_once(
    place: Place, proxy: Proxy
) -> None:
    """The deployment goes on, and is followed to its end."""
    place.job("silent")
    place.waiting("silent", seconds=UNSEEN_S + 6)
    running = through(place, proxy).start("deploy", *on("silent"))
    wait_for(running, "Signal: ")
    proxy.meddle = lambda _: Meddling(cut=True, passed=False)
    wait_for(running, "AWS does not answer")
    time.sleep(UNSEEN_S)
    proxy.meddle = lambda _: UNTOUCHED
    _, told = running.communicate(timeout=60)
    assert running.returncode == 4
    assert told.count("AWS answers again") == 1
    assert "AWS does not answer" not in told
    assert "ROLLBACK_COMPLETE" in told


# Credentials


def expiring(place: Place, proxy: Proxy) -> None:
    """Let the role be given for so short a time that it is asked for again at each call."""
    sandbox = place.sandbox
    tokens = sandbox.session().client("sts", endpoint_url=sandbox.endpoint)
    role = "arn:aws:iam::123456789012:role/demo-test-EnvManagerRole"
    real = tokens.assume_role(RoleArn=role, RoleSessionName="cjob")["Credentials"]
    soon = f"{dt.datetime.now(dt.UTC) + dt.timedelta(seconds=30):%Y-%m-%dT%H:%M:%SZ}"
    proxy.instead["AssumeRole"] = (200, ASSUMED.format(**real, soon=soon))


def test_credentials_that_expire_are_fetched_again(place: Place, proxy: Proxy) -> None:
    """The manager role is assumed for an hour, and deployments may take longer."""
    place.job("expiring")
    expiring(place, proxy)
    done = document(through(place, proxy).run("deploy", *on("expiring")))
    assert done["deployment"]["status"] == "CREATE_COMPLETE"
    assert proxy.actions.count("AssumeRole") > 3


def test_a_caller_whose_own_session_ends_is_told_that_the_deployment_goes_on(
    place: Place, proxy: Proxy
) -> None:
    """And what to do, first for the credentials and then for the stack."""
    place.job("signed-out")
    place.waiting("signed-out", seconds=5)
    expiring(place, proxy)
    running = through(place, proxy).start("deploy", *on("signed-out"))
    wait_for(running, "Signal: ")
    proxy.instead["AssumeRole"] = (403, EXPIRED)
    out, told = running.communicate(timeout=60)
    assert (running.returncode, out) == (3, ""), told
    assert "the deployment of stack 'demo-test-signed-out' continues without cjob: cannot" in told
    assert "sign in again" in told
    assert f"describe-stacks --region us-west-2 --stack-name {name('signed-out')}" in told
    place.write("copilot/signed-out/overrides/cfn.patches.yml", "[]\n")
    assert document(place.run("deploy", *on("signed-out"), WAIT))["deployment"]["changed"] is True


# The process


def kill(place: Place, proxy: Proxy, job: str, action: str) -> None:
    """Begin to deploy a job, and kill that as it makes a call."""

    def strike(now: str) -> None:
        if now == action:
            process.send_signal(signal.SIGKILL)

    proxy.before = strike
    process = through(place, proxy).start("deploy", *on(job))
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL


def test_a_deployment_that_was_killed_before_it_began_is_made_again(
    place: Place, proxy: Proxy
) -> None:
    """What it left is an empty stack with a change set that nobody executes."""
    place.job("killed-new")
    kill(place, proxy, "killed-new", "DescribeStackEvents")
    assert place.status("killed-new") == "REVIEW_IN_PROGRESS"
    done = place.done("deploy", *on("killed-new"))
    assert "checking whether someone is about to execute change set cjob-" in done.stderr
    assert place.status("killed-new") == "CREATE_COMPLETE"


def test_an_update_that_was_killed_before_it_began_is_made_again(
    place: Place, proxy: Proxy
) -> None:
    """And the change set that it left is gone with that."""
    place.job("killed-old")
    place.done("deploy", *on("killed-old"))
    place.job("killed-old", "variables: {A: b}\n")
    kill(place, proxy, "killed-old", "DescribeStackEvents")
    assert len(place.change_sets("killed-old")) == 1
    done = place.done("deploy", *on("killed-old"))
    assert document(done)["deployment"]["changed"] is True
    assert place.change_sets("killed-old") == []


@pytest.mark.parametrize("job", ["orphaned-new", "orphaned-old"])
def test_a_deployment_that_goes_on_without_its_process_is_met_again(place: Place, job: str) -> None:
    """The next one says whose it is, or waits for it."""
    place.job(job)
    if job.endswith("old"):
        place.done("deploy", *on(job))
    place.waiting(job, seconds=8)
    running = place.start("deploy", *on(job))
    wait_for(running, "Signal: ")
    running.kill()
    running.communicate()
    place.write(f"copilot/{job}/overrides/cfn.patches.yml", "[]\n")
    place.job(job, "variables: {A: b}\n")
    waiting = place.start("deploy", *on(job), WAIT)
    refused = place.run("deploy", *on(job))
    assert (refused.returncode, refused.stdout) == (2, ""), refused.stderr
    assert "_IN_PROGRESS began at " in refused.stderr
    assert ", by cjob of " in refused.stderr
    wait_for(waiting, f"waiting: stack '{name(job)}' is busy")
    out, told = waiting.communicate(timeout=60)
    assert waiting.returncode == 0, told
    assert '"changed":true' in out
    assert list(leftovers(place, job)) == []
