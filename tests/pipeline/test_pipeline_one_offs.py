"""One-off runs: the job's deployed task with another command, other variables or another size."""

import json
from typing import TYPE_CHECKING

from calls_proxy import Asked, Meddling, Proxy
from pipelines import ENV, Place, name, on, through
from scripted_runs import LOGS, Script, run_name

if TYPE_CHECKING:
    import boto3


def tasks(place: Place, job: str) -> list[dict[str, object]]:
    """Return the tasks of a job as ECS describes them."""
    session: boto3.Session = place.sandbox.session()
    client = session.client("ecs", endpoint_url=place.sandbox.endpoint)
    clusters = client.list_clusters()["clusterArns"]
    found: list[dict[str, object]] = []
    for cluster in clusters:
        for status in ("RUNNING", "STOPPED"):
            arns = client.list_tasks(cluster=cluster, family=name(job), desiredStatus=status)
            if arns["taskArns"]:
                shown = client.describe_tasks(cluster=cluster, tasks=arns["taskArns"])
                found += [dict(task) for task in shown["tasks"]]
    return found


def test_a_one_off_run_has_the_jobs_task_with_what_was_changed(
    place: Place, job: str, script: Script
) -> None:
    """Its outcome and log are as of any other run, while ECS knows the task."""
    script(job, log=["migrated"], exitCode=0)
    words = ("--command", "python 'my app.py' -v", "--var", "DRY_RUN=1", "--memory", "1024")
    done = place.done("run", *on(job), *words, "-o", "json")
    document = json.loads(done.stdout)
    started = run_name(done)
    assert (document["name"], document["status"], document["exitCode"]) == (started, "SUCCEEDED", 0)
    assert document["trigger"] == "cjob"
    assert f"{job} | migrated" in done.stderr
    [task] = tasks(place, job)
    overrides = task["overrides"]
    assert isinstance(overrides, dict)
    assert overrides["memory"] == "1024"
    [container] = overrides["containerOverrides"]
    assert container["command"] == ["python", "my app.py", "-v"]
    assert container["environment"] == [{"name": "DRY_RUN", "value": "1"}]
    assert place.done("logs", *on(job), "--run", started).stdout == "migrated\n"
    [listed] = place.done("runs", *on(job), "--run", started, "-o", "json").stdout.splitlines()
    assert json.loads(listed)["evidence"] == "tasks"


def test_a_one_off_run_that_fails_is_not_retried(
    place: Place, retried: str, script: Script
) -> None:
    """The retries are those of the state machine, which takes no part in it."""
    script(retried, exitCode=3)
    done = place.run("run", *on(retried), "--var", "A=1", *LOGS)
    assert (done.returncode, done.stdout) == (4, "")
    assert "failed: ended with status 3\n" in done.stderr
    assert len(tasks(place, retried)) == 1


def test_a_one_off_run_is_stopped_by_its_task(place: Place, job: str, script: Script) -> None:
    """And then counts as stopped, with who did it."""
    script(job, seconds=600)
    started = run_name(place.done("run", *on(job), "--command", "sleep 600", "--detach"))
    stopped = place.done("stop", *on(job), "--run", started, "-o", "json")
    document = json.loads(stopped.stdout)
    assert document["status"] == "ABORTED"
    assert document["cause"].startswith("stopped: ")


def test_a_one_off_run_is_started_once_for_an_id(place: Place, job: str, script: Script) -> None:
    """A repeated step joins it, also after its end."""
    script(job, exitCode=0)
    words = ("run", *on(job), "--var", "A=1", "--run-id", "ci/7")
    first, again = place.done(*words), place.done(*words)
    assert run_name(first) == run_name(again)
    assert len(tasks(place, job)) == 1


def test_a_lost_answer_starts_no_second_task(
    place: Place, job: str, script: Script, proxy: Proxy
) -> None:
    """The start carries a token, so that its repetition is the same start."""
    script(job, exitCode=0)
    lost: list[Asked] = []

    def lose(asked: Asked) -> Meddling:
        is_first = asked.action == "RunTask" and not lost
        if is_first:
            lost.append(asked)
        return Meddling(cut=is_first)

    proxy.meddle = lose
    through(place, proxy).done("run", *on(job), "--var", "A=1")
    assert len(lost) == 1
    assert len(tasks(place, job)) == 1


def test_a_one_off_run_of_a_job_that_is_not_deployed(place: Place) -> None:
    """With the command that deploys it."""
    done = place.run("run", *on("nowhere"), "--var", "A=1")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"hint: cjob deploy -n nowhere -e {ENV}" in done.stderr
