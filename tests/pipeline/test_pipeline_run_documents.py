"""Runs of jobs that were just deployed, and exit statuses that are the container's."""

import json
import signal

import pytest
from pipelines import Place, document, documents, on, wait_for
from scripted_runs import Script, run_name, runs


def test_what_was_deployed_is_run_in_a_pipe(place: Place, job: str, script: Script) -> None:
    """The document gets the run, without its times; what did not change is passed on."""
    script(job, log=["hi"], exitCode=0)
    deployed = place.done("deploy", *on(job)).stdout
    skipped = place.done("run", "--if-changed", stdin=deployed)
    assert skipped.stdout == deployed
    assert "nothing was deployed: no run started" in skipped.stderr
    done = place.done("run", stdin=deployed)
    run = document(done)["run"]
    assert (run["name"], run["status"], run["exitCode"]) == (run_name(done), "SUCCEEDED", 0)
    assert not any(key.endswith("At") for key in (*run, *run["attempts"][0]))


def test_a_run_that_failed_is_not_passed_on(place: Place, job: str, script: Script) -> None:
    """Unless it is to be kept."""
    script(job, exitCode=3)
    deployed = place.done("deploy", *on(job)).stdout
    failed = place.run("run", stdin=deployed)
    assert (failed.returncode, failed.stdout) == (4, "")
    kept = place.run("run", "--keep-failed", stdin=deployed)
    assert kept.returncode == 4
    [written] = documents(kept)
    assert (written["run"]["status"], written["run"]["cause"]) == ("FAILED", "ended with status 3")


def test_documents_that_do_not_fit_are_not_run(place: Place, job: str, script: Script) -> None:
    """They are not deployed, not deployed yet, or for another account."""
    script(job, exitCode=0)
    deployed = json.loads(place.done("deploy", *on(job)).stdout)

    def refused(problem: str, **changed: object) -> None:
        given = {**deployed, **changed}
        text = json.dumps({key: value for key, value in given.items() if value is not None})
        done = place.run("run", stdin=text)
        assert (done.returncode, done.stdout) == (2, "")
        assert problem in done.stderr

    refused('the document has no "deployment" section', deployment=None)
    going_on = {**deployed["deployment"], "status": "UPDATE_IN_PROGRESS"}
    refused("has not ended: UPDATE_IN_PROGRESS", deployment=going_on)
    elsewhere = {**deployed["target"], "accountId": "210987654321"}
    refused("target: the document's target is not what AWS has", target=elsewhere)
    assert runs(place, job) == []


def test_a_deployment_runs_what_it_changed(place: Place, script: Script) -> None:
    """And exits as the run did; what did not change is not run."""
    place.job("changed")
    script("changed", exitCode=0)
    first = place.typed("deploy", *on("changed"), "--run")
    assert first.returncode == 0, first.stderr
    assert first.stdout == "changed: deployed (CREATE_COMPLETE)\n"
    assert f"run {run_name(first)} succeeded" in first.stderr
    again = place.typed("deploy", *on("changed"), "--run")
    assert again.returncode == 0
    assert "started run" not in again.stderr
    place.job("changed", "retries: 1\n")
    script("changed", {"1": {"exitCode": 3}}, exitCode=3)
    failed = place.typed("deploy", *on("changed"), "--run")
    assert failed.returncode == 4
    assert failed.stdout == "changed: deployed (UPDATE_COMPLETE)\n"


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        ({"exitCode": 0}, 0),
        ({"exitCode": 42}, 42),
        ({"stopCode": "TaskFailedToStart", "reason": "CannotPullContainerError: x"}, 1),
    ],
    ids=["success", "failure", "never started"],
)
def test_the_exit_status_is_the_containers(
    place: Place, job: str, script: Script, outcome: dict[str, object], status: int
) -> None:
    """If it is asked for."""
    script(job, **outcome)
    assert place.run("run", *on(job), "--pass-exit-code").returncode == status


def test_an_error_of_its_own_is_no_exit_status_of_a_container(place: Place) -> None:
    """125, as docker run has it."""
    done = place.run("run", *on("nowhere"), "--pass-exit-code")
    assert done.returncode == 125
    assert "job 'nowhere' is not deployed" in done.stderr


def test_no_second_run_starts_while_one_is_running(place: Place, job: str, script: Script) -> None:
    """The one that is running is reported."""
    script(job, seconds=600)
    first = run_name(place.done("run", *on(job), "--detach"))
    second = place.done("run", *on(job), "--if-idle", "-o", "json")
    assert f"run {first} has not ended yet: no other one was started" in second.stderr
    assert json.loads(second.stdout)["name"] == first
    assert len(runs(place, job)) == 1


def test_ctrl_c_stops_the_run_if_that_is_asked_for(place: Place, job: str, script: Script) -> None:
    """And so does the end of the time to wait."""
    script(job, seconds=600)
    running = place.start("run", *on(job), "--stop-on-interrupt")
    wait_for(running, "running")
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "was stopped" in err
    over = place.run("run", *on(job), "--stop-on-interrupt", "--max-wait", "1s")
    assert over.returncode == 4
    assert "not done within --max-wait" in over.stderr
    assert [run["status"] for run in runs(place, job)] == ["ABORTED", "ABORTED"]


def test_several_jobs_run_at_once(place: Place, job: str, retried: str, script: Script) -> None:
    """Each line with its job; one that fails does not stop the other."""
    script(job, exitCode=0, seconds=1)
    script(retried, stopCode="TaskFailedToStart", reason="x")
    done = place.run("run", *on(job), "-n", retried, "-o", "json")
    assert done.returncode == 4
    [written] = map(json.loads, done.stdout.splitlines())
    assert (written["job"]["name"], written["status"]) == (job, "SUCCEEDED")
    assert f"{job}: started run" in done.stderr
