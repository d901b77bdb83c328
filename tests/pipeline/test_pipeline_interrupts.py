"""Ctrl-C, SIGTERM and SIGHUP at each point of a deployment that goes to a real sandbox."""

import os
import pty
import signal
import subprocess
import time

import pytest
from calls_proxy import Proxy
from pipelines import CJOB, Place, document, interrupt, name, on, through, wait_for


class Interrupter:
    """Sends a signal to a command as soon as the proxy sees a certain call, before it is passed."""

    def __init__(self, proxy: Proxy, action: str, *, answered: bool) -> None:
        """Take the call that it waits for, and whether that is to be answered before."""
        self._action = action
        self._running: subprocess.Popen[str] | None = None
        proxy.before = self._skip if answered else self._seen
        proxy.after = self._seen if answered else self._skip

    def on(self, running: "subprocess.Popen[str]") -> "subprocess.CompletedProcess[str]":
        """Interrupt this command, and give how it ended."""
        self._running = running
        out, err = running.communicate(timeout=60)
        return subprocess.CompletedProcess([], running.returncode, stdout=out, stderr=err)

    def _seen(self, action: str) -> None:
        if action == self._action:
            self._action = ""
            while self._running is None:
                time.sleep(0.01)
            self._running.send_signal(signal.SIGINT)
            time.sleep(0.3)  # for the signal to come before the answer

    def _skip(self, action: str) -> None:
        """Let it pass."""


def assert_deleted(job: str, told: str) -> None:
    """See that CloudFormation told of the stack's end, and the command of that.

    The sandbox may go on with a creation in which a stack was deleted, and bring the name back.
    """
    assert f"{name(job)}: delete complete\n" in told
    assert "the stack that was being created is deleted" in told


@pytest.mark.parametrize("action", ["CreateChangeSet", "DescribeChangeSet", "DescribeStackEvents"])
def test_ctrl_c_before_a_stack_is_made_leaves_none(place: Place, proxy: Proxy, action: str) -> None:
    """Nor the change set, whose making may not even have been answered."""
    job = f"early-{action.lower()}"
    place.job(job)
    interrupter = Interrupter(proxy, action, answered=False)
    done = interrupter.on(through(place, proxy).start("deploy", *on(job)))
    assert (done.returncode, done.stdout) == (130, ""), done.stderr
    assert "interrupted before anything was deployed" in done.stderr
    assert place.status(job) == ""
    assert "ExecuteChangeSet" not in proxy.actions


@pytest.mark.parametrize("action", ["CreateChangeSet", "DescribeChangeSet", "DescribeStackEvents"])
def test_ctrl_c_before_an_update_leaves_the_stack_as_it_is(
    place: Place, proxy: Proxy, action: str
) -> None:
    """And no change set that somebody could execute later."""
    job = f"late-{action.lower()}"
    place.job(job)
    place.done("deploy", *on(job))
    place.job(job, "variables: {A: b}\n")
    interrupter = Interrupter(proxy, action, answered=False)
    done = interrupter.on(through(place, proxy).start("deploy", *on(job)))
    assert (done.returncode, done.stdout) == (130, ""), done.stderr
    assert (place.status(job), place.change_sets(job)) == ("CREATE_COMPLETE", [])
    assert "ExecuteChangeSet" not in proxy.actions


def test_ctrl_c_in_the_moment_of_executing_takes_the_stack_back(place: Place, proxy: Proxy) -> None:
    """Its answer never comes to be read."""
    place.job("moment")
    place.waiting("moment", seconds=60)
    interrupter = Interrupter(proxy, "ExecuteChangeSet", answered=True)
    done = interrupter.on(through(place, proxy).start("deploy", *on("moment")))
    assert (done.returncode, done.stdout) == (130, ""), done.stderr
    assert_deleted("moment", done.stderr)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_create_that_is_interrupted_is_deleted(place: Place, number: signal.Signals) -> None:
    """By a person or by CI, and it is waited for."""
    job = f"created-{number.name.lower()}"
    place.job(job)
    place.waiting(job, seconds=60)
    running = place.start("deploy", *on(job))
    wait_for(running, "Signal: ")
    running.send_signal(number)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, ""), err
    assert "rolling back" in err
    assert_deleted(job, err)


# The sandbox begins to roll back once the resource that it works on has come to its end.


def test_an_update_that_is_interrupted_is_rolled_back(place: Place) -> None:
    """And followed until the stack is what it was."""
    place.job("updated")
    place.done("deploy", *on("updated"))
    place.waiting("updated", seconds=10)
    running = place.start("deploy", *on("updated"))
    wait_for(running, "Signal: ")
    done = interrupt(running)
    assert (done.returncode, done.stdout) == (130, ""), done.stderr
    assert "the stack's deployment ended: UPDATE_ROLLBACK_COMPLETE" in done.stderr
    assert place.status("updated") == "UPDATE_ROLLBACK_COMPLETE"


def test_ctrl_c_takes_back_every_job_that_is_under_way(place: Place) -> None:
    """Each in its own way; one that was deployed already is written."""
    for job in ("many-new", "many-old"):
        place.job(job)
    place.done("deploy", *on("many-old"))
    place.waiting("many-new", seconds=60)
    place.waiting("many-old", seconds=10)
    running = place.start("deploy", "-n", "many-new", "-n", "many-old", "-e", "test")
    wait_for(running, "Signal: ", times=2)
    done = interrupt(running)
    assert (done.returncode, done.stdout) == (130, ""), done.stderr
    assert_deleted("many-new", done.stderr)
    assert place.status("many-old") == "UPDATE_ROLLBACK_COMPLETE"


def test_a_second_ctrl_c_ends_at_once(place: Place, proxy: Proxy) -> None:
    """The deployment goes on as it may."""
    place.job("twice")
    place.waiting("twice", seconds=60)
    running = through(place, proxy).start("deploy", *on("twice"))
    wait_for(running, "Signal: ")
    proxy.delay = 5
    running.send_signal(signal.SIGINT)
    wait_for(running, "rolling back")
    began = time.monotonic()
    done = interrupt(running)
    assert (done.returncode, done.stdout) == (130, "")
    assert time.monotonic() - began < 4
    assert "interrupted again" in done.stderr
    assert f"describe-stacks --region us-west-2 --stack-name {name('twice')}" in done.stderr
    place.stacks.delete_stack(StackName=name("twice"))


def test_both_signals_at_one_moment_are_one_interrupt(place: Place) -> None:
    """As a CI may send them; the stack is taken back all the same."""
    place.job("both")
    place.waiting("both", seconds=60)
    running = place.start("deploy", *on("both"))
    wait_for(running, "Signal: ")
    running.send_signal(signal.SIGTERM)
    done = interrupt(running)
    assert (done.returncode, done.stdout) == (130, ""), done.stderr
    assert_deleted("both", done.stderr)


def test_a_deployment_that_was_taken_back_can_be_made_again(place: Place) -> None:
    """Nothing of it is in the way."""
    place.job("again")
    place.waiting("again", seconds=60)
    running = place.start("deploy", *on("again"))
    wait_for(running, "Signal: ")
    assert interrupt(running).returncode == 130
    place.write("copilot/again/overrides/cfn.patches.yml", "[]\n")
    assert document(place.run("deploy", *on("again")))["deployment"]["changed"] is True


def test_a_deployment_whose_terminal_is_closed_is_rolled_back(place: Place) -> None:
    """Nobody reads any more what it prints; that must not end it early."""
    place.job("hung-up")
    place.done("deploy", *on("hung-up"))
    place.waiting("hung-up", seconds=10)
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(place.root)
        command = [*CJOB, "deploy", *on("hung-up")]
        os.execve(command[0], command, {**place.settings, "TERM": "xterm"})  # noqa: S606 - under test
    told = b""
    while b"Signal" not in told:
        told += os.read(terminal, 65536)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 130
    assert place.status("hung-up") == "UPDATE_ROLLBACK_COMPLETE"
