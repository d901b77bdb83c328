"""Runs that are stopped, by Step Functions or task by task."""

import json
import signal

import pytest
from pipelines import ENV, Place, on, wait_for
from scripted_runs import LOGS, Script, run_name, runs


def test_a_run_is_stopped_with_its_task(place: Place, job: str, script: Script) -> None:
    """Its history says who stopped it and why, and nothing of it runs any more."""
    script(job, seconds=600)
    started = run_name(place.done("run", *on(job), "--detach"))
    done = place.done("stop", *on(job), "--yes", "--reason", "wrong input", "-o", "json")
    document = json.loads(done.stdout)
    assert (document["name"], document["status"]) == (started, "ABORTED")
    assert document["cause"].endswith(": wrong input")
    assert document["attempts"][-1]["status"] == "STOPPED"
    assert f"run {started} ended: stopped: " in done.stderr
    assert runs(place, job)[0]["status"] == "ABORTED"


def test_without_step_functions_the_task_of_each_attempt_is_stopped(
    place: Place, retried: str, script: Script
) -> None:
    """Which Step Functions starts again as often as the job has retries."""
    script(retried, seconds=600)
    place.done("run", *on(retried), "--detach")
    done = place.done("stop", *on(retried), "--yes", *LOGS)
    assert "its task and each retry are stopped" in done.stderr
    assert "of attempt 2" in done.stderr
    [found] = runs(place, retried, "--attempts", *LOGS)
    assert found["status"] == "FAILED"
    assert [one["stopCode"] for one in found["attempts"]] == ["UserInitiated"] * 2


def test_nothing_is_stopped_that_nobody_meant(place: Place, job: str, script: Script) -> None:
    """Without a terminal a run is named, or --yes is given; two running ones are not guessed at."""
    script(job, seconds=600)
    first = run_name(place.done("run", *on(job), "--detach"))
    unasked = place.run("stop", *on(job))
    assert (unasked.returncode, unasked.stdout) == (2, "")
    assert f"there is no terminal to ask whether to stop run {first}" in unasked.stderr
    assert f"cjob stop -n {job} -e {ENV} --run {first}" in unasked.stderr
    second = run_name(place.done("run", *on(job), "--detach"))
    several = place.run("stop", *on(job), "--yes")
    assert (several.returncode, several.stdout) == (2, "")
    assert f"2 runs of job '{job}' are running: " in several.stderr
    place.done("stop", *on(job), "--run", first)
    assert [one["name"] for one in runs(place, job, "--running")] == [second]
    place.done("stop", *on(job), "--run", "running", "--yes")
    assert runs(place, job, "--running") == []


def test_a_run_that_has_ended_needs_no_stop(place: Place, job: str, script: Script) -> None:
    """That is no error, and neither is a job without any run."""
    none = place.run("stop", *on(job), "--yes")
    assert (none.returncode, none.stdout) == (0, "")
    assert f"no run of job '{job}' is running" in none.stderr
    script(job, exitCode=0)
    name = run_name(place.done("run", *on(job)))
    ended = place.run("stop", *on(job), "--run", name, "-o", "json")
    assert (ended.returncode, ended.stdout) == (0, "")
    assert f"run {name} has ended already: succeeded" in ended.stderr
    unknown = place.run("stop", *on(job), "--run", "other")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert f"job '{job}' has no run 'other'" in unknown.stderr


@pytest.mark.parametrize("witness", [(), LOGS], ids=["states", "logs"])
def test_a_job_that_is_not_deployed_has_nothing_to_stop(
    place: Place, witness: tuple[str, ...]
) -> None:
    """With the command that deploys it."""
    done = place.run("stop", *on("nowhere"), "--yes", *witness)
    assert (done.returncode, done.stdout) == (2, "")
    assert "hint: cjob deploy -n nowhere -e test" in done.stderr


def test_ctrl_c_while_stopping_says_what_to_look_at(
    place: Place, retried: str, script: Script
) -> None:
    """A retry may still start."""
    script(retried, seconds=600)
    name = run_name(place.done("run", *on(retried), "--detach"))
    stopping = place.start("stop", *on(retried), "--yes", *LOGS)
    wait_for(stopping, "stopped task")
    stopping.send_signal(signal.SIGINT)
    _, err = stopping.communicate(timeout=30)
    assert stopping.returncode == 130
    assert f"check the result with: cjob runs -n {retried} -e {ENV} --run {name}" in err
