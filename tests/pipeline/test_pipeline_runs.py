"""Runs of a deployed job: started, followed, listed and read, with scripted outcomes."""

import json
import re
import signal
import subprocess

import pytest
from pipelines import ENV, Done, Place, on, wait_for
from scripted_runs import LOGS, Script, run_name, runs


@pytest.mark.parametrize("witness", [(), LOGS], ids=["states", "logs"])
def test_a_run_succeeds_and_shows_what_its_container_writes(
    place: Place, job: str, script: Script, witness: tuple[str, ...]
) -> None:
    """Whoever says what became of it."""
    script(job, log=["good morning", "\x1b[2Jdone"], exitCode=0)
    done = place.run("run", *on(job), *witness)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert f"{job} | good morning\n{job} | \\x1b[2Jdone\n" in done.stderr
    assert f"run {run_name(done)} succeeded after" in done.stderr


@pytest.mark.parametrize("witness", [(), LOGS], ids=["states", "logs"])
def test_a_run_that_fails_ends_with_4_and_its_cause(
    place: Place, retried: str, script: Script, witness: tuple[str, ...]
) -> None:
    """Both attempts are in its history, from either witness."""
    job = retried
    script(job, exitCode=3)
    done = place.run("run", *on(job), "-o", "json", *witness)
    assert (done.returncode, done.stdout) == (4, "")
    started = run_name(done)
    assert (
        f"run {started} of job '{job}' failed: ended with status 3, in each of 2 attempts"
        in done.stderr
    )
    assert f"hint: see its log: cjob logs -n {job} -e {ENV} --run {started}" in done.stderr
    [found] = runs(place, job, "--attempts", *witness)
    assert (found["name"], found["status"], found["exitCode"]) == (started, "FAILED", 3)
    assert len(found["attempts"]) == 2
    assert found["evidence"] == ("logs" if witness else "states")
    assert found["trigger"] == "cjob"


def test_a_task_that_never_started_is_a_failure(place: Place, job: str, script: Script) -> None:
    """With its cause, and never status 0."""
    script(job, stopCode="TaskFailedToStart", reason="CannotPullContainerError: x: not found")
    done = place.run("run", *on(job))
    assert done.returncode == 4
    assert "failed: the image does not exist any more" in done.stderr
    assert f"cjob deploy -n {job} -e {ENV}" in done.stderr
    assert "hint: check image.location, or build and push it again: " in done.stderr


def test_a_repeated_run_id_joins_the_run(place: Place, job: str, script: Script) -> None:
    """While it runs and after its end: the status is that of the one run."""
    script(job, exitCode=3)
    first = place.run("run", *on(job), "--run-id", "ci/42")
    again = place.run("run", *on(job), "--run-id", "ci/42")
    assert (first.returncode, again.returncode) == (4, 4)
    assert "joined run" in again.stderr
    assert len(runs(place, job)) == 1


def test_a_repeated_run_id_joins_a_run_that_goes_on(place: Place, job: str, script: Script) -> None:
    """AWS answers with the start of the one that runs; its whole log is shown again."""
    script(job, seconds=2, log=["begun"], exitCode=0)
    place.done("run", *on(job), "--run-id", "twice", "--detach")
    again = place.run("run", *on(job), "--run-id", "twice", *LOGS)
    assert again.returncode == 0
    assert f"{job} | begun" in again.stderr
    assert len(runs(place, job)) == 1


def test_a_detached_run_is_left_and_can_be_followed(place: Place, job: str, script: Script) -> None:
    """The document says that it runs; logs -f goes from its first line to its end."""
    script(job, seconds=2, log=["begun"], exitCode=0)
    done = place.done("run", *on(job), "--detach", "-o", "json")
    document = json.loads(done.stdout)
    assert (document["kind"], document["status"]) == ("Run", "RUNNING")
    followed = place.done("logs", *on(job), "--run", document["name"], "-f")
    assert followed.stdout == "begun\n"
    assert runs(place, job)[0]["status"] == "SUCCEEDED"


@pytest.mark.parametrize("limit", ["0s", "1s"])
def test_a_wait_that_is_over_ends_with_5_and_the_run_continues(
    place: Place, job: str, script: Script, limit: str
) -> None:
    """So that a script can tell it from a failure."""
    script(job, seconds=600)
    done = place.run("run", *on(job), "--max-wait", limit)
    assert (done.returncode, done.stdout) == (5, "")
    assert f"cjob logs -n {job} -e {ENV} --run {run_name(done)} -f" in done.stderr
    assert [one["status"] for one in runs(place, job, "--running")] == ["RUNNING"]


def test_ctrl_c_leaves_the_run_and_says_so(place: Place, job: str, script: Script) -> None:
    """A half-done report is worse than a finished one."""
    script(job, seconds=600)
    running = place.start("run", *on(job))
    wait_for(running, "running")
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "continues" in err
    assert runs(place, job)[0]["status"] == "RUNNING"


def test_logs_are_of_one_run(place: Place, job: str, script: Script) -> None:
    """The last one, the last that failed, the Nth last, or one by name; each line once."""
    names = []
    for number, code in enumerate((0, 3, 0)):
        script(job, log=[f"line of {number}"], exitCode=code)
        names.append(run_name(place.run("run", *on(job))))

    def logged(*which: str) -> str:
        return place.done("logs", *on(job), *which).stdout

    assert logged() == "line of 2\n"
    assert logged("--run", "last-failed") == "line of 1\n"
    assert logged("--run=-3") == "line of 0\n"
    assert logged("--run", names[0], "-o", "raw") == "line of 0\n"
    assert logged("--since", "1h", "--grep", "of 1", "--tail", "1") == "line of 1\n"
    [line] = map(json.loads, logged("-o", "json").splitlines())
    assert (line["run"], line["container"], line["message"]) == (names[2], job, "line of 2")
    begun = runs(place, job, "--run", names[1])[0]["startedAt"]
    assert "line of 2" not in logged("--until", begun, "--since", "1h")
    events = logged("--state-machine", *LOGS)
    assert events.splitlines()[0] == "state-machine | ExecutionStarted"
    assert events.splitlines()[-1] == "state-machine | ExecutionSucceeded"
    assert f"\n{job} | line of 2\n" in events
    none = place.run("logs", *on(job), "--run", "running")
    assert (none.returncode, none.stdout) == (2, "")
    assert f"no run of job '{job}' is running, of the last 3" in none.stderr
    for words, problem in (
        (("--run", "last-failed", "--attempt", "2"), f"no attempt 2 in run {names[1]}"),
        (("--container", "other"), f"no container 'other' in run {names[2]}"),
        (("--run=-4",), f"job '{job}' has no run -4, only 3 altogether"),
    ):
        wrong = place.run("logs", *on(job), *words)
        assert (wrong.returncode, wrong.stdout) == (2, ""), words
        assert problem in wrong.stderr


def test_a_run_that_wrote_nothing_is_not_silence(place: Place, job: str, script: Script) -> None:
    """The person is pointed at how the run ended."""
    script(job, stopCode="TaskFailedToStart", reason="ResourceInitializationError: x")
    place.run("run", *on(job))
    done = place.run("logs", *on(job))
    assert (done.returncode, done.stdout) == (0, "")
    assert f"has an empty log; to see how it ended: cjob runs -n {job} -e {ENV}" in done.stderr
    assert place.run("logs", *on(job), "--grep", "x").stderr == ""


def test_an_empty_list_of_runs_says_why(place: Place, job: str, script: Script) -> None:
    """No run failed, none is that recent, and none has such a name are three answers."""
    script(job, exitCode=0)
    place.done("run", *on(job))
    failed = place.run("runs", *on(job), "--failed")
    assert (failed.returncode, failed.stdout) == (0, "")
    assert f"no run of job '{job}' failed, of the last 1\n" in failed.stderr
    recent = place.run("runs", *on(job), "--since", "1ms")
    assert re.search(f"job '{job}' has no runs since 20.*Z\n", recent.stderr)
    for odd in ("nonsense", "no such/run", 'a"b', ""):
        for witness in ((), LOGS):
            named = place.run("runs", *on(job), "--run", odd, *witness)
            assert (named.returncode, named.stdout) == (2, "")
            assert f"there is no run {odd!r} of job '{job}'" in named.stderr


def test_all_jobs_are_listed_though_one_is_not_deployed(
    place: Place, job: str, script: Script
) -> None:
    """It is named; an environment with none of the jobs is an error."""
    script(job, exitCode=0)
    place.done("run", *on(job))
    place.job("never")
    done = place.run("runs", "--all", "-e", ENV)
    assert done.returncode == 0, done.stderr
    assert "job 'never' is not deployed in environment 'test'" in done.stderr
    assert len(done.stdout.splitlines()) == 2


def test_a_job_that_has_not_run_says_when_it_will(place: Place, job: str) -> None:
    """That is not an error."""
    done = place.run("logs", *on(job))
    assert (done.returncode, done.stdout) == (0, "")
    assert re.search(f"job '{job}' has not run yet in 'test'; next run: .* 00:00 UTC", done.stderr)
    listed = place.run("runs", *on(job))
    assert (listed.returncode, listed.stdout) == (0, "")
    assert f"job '{job}' has no runs here yet" in listed.stderr


def test_the_history_is_a_table(place: Place, job: str, script: Script) -> None:
    """Newest first, with the cause of what failed; --exit-code asks about the last one."""
    script(job, exitCode=0)
    place.done("run", *on(job))
    script(job, {"1": {"exitCode": 137, "reason": "OutOfMemoryError: killed"}}, exitCode=137)
    place.run("run", *on(job))
    done = place.run("runs", *on(job), "--exit-code")
    assert done.returncode == 1
    head, newest, oldest = done.stdout.splitlines()
    assert re.sub(" +", " ", head) == "JOB STARTED (UTC) AFTER TOOK BY STATUS EXIT CAUSE"
    assert " failed " in newest
    assert " 137 " in newest
    assert " succeeded " in oldest
    script(job, exitCode=0)
    place.done("run", *on(job))
    assert place.run("runs", *on(job), "--exit-code").returncode == 0


@pytest.mark.parametrize("command", ["run", "runs", "logs"])
@pytest.mark.parametrize("witness", [(), LOGS], ids=["states", "logs"])
def test_a_job_that_is_not_deployed(place: Place, command: str, witness: tuple[str, ...]) -> None:
    """Each command says so, with the command that deploys it."""
    done = place.run(command, *on("nowhere"), *witness)
    assert (done.returncode, done.stdout) == (2, "")
    assert "job 'nowhere' is not deployed in environment 'test'" in done.stderr
    assert "hint: cjob deploy -n nowhere -e test" in done.stderr


def test_no_workspace_is_needed(place: Place, job: str, script: Script) -> None:
    """With the application's name."""
    script(job, exitCode=0)
    elsewhere = Place(place.root / "empty", place.sandbox, place.settings)
    elsewhere.root.mkdir()
    elsewhere.done("run", *on(job), "-a", "demo")
    assert len(elsewhere.done("runs", *on(job), "-a", "demo").stdout.splitlines()) == 2


def test_a_closed_pipe_ends_the_log(place: Place, job: str, script: Script) -> None:
    """As of any other command."""
    script(job, log=[f"line {number}" for number in range(3000)], exitCode=0)
    place.done("run", *on(job), "--quiet")
    running = place.start("logs", *on(job))
    assert isinstance(running, subprocess.Popen)
    assert running.stdout
    running.stdout.readline()
    running.stdout.close()
    assert running.wait(30) == 141
    assert running.stderr
    running.stderr.close()


def test_a_script_is_written_by_the_sandbox_command(place: Place, job: str) -> None:
    """For all attempts or one of them, until it is cleared."""
    settings = {"CJOB_SANDBOX_DIR": str(place.sandbox.folder)}

    def scripted(*words: str) -> Done:
        return place.typed("sandbox", "script", *words, **settings)

    assert scripted(job, "--exit", "3", "--log", "a", "--log", "b").returncode == 0
    assert place.run("run", *on(job)).returncode == 4
    assert place.done("logs", *on(job)).stdout == "a\nb\n"
    assert scripted(job, "--attempt", "1", "--exit", "0").returncode == 0
    assert place.run("run", *on(job)).returncode == 0
    wrong = scripted(job, "--stop-code", "Odd")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "--stop-code 'Odd' is not one of the choices" in wrong.stderr
    for option, value in (("--exit", "256"), ("--exit", "-1"), ("--seconds", "-1")):
        wrong = scripted(job, option, value)
        assert (wrong.returncode, wrong.stdout) == (2, "")
        assert f"{option} {value} is not a" in wrong.stderr
    assert "--seconds nan is not a duration" in scripted(job, "--seconds", "nan").stderr
    assert scripted(job, "--clear").returncode == 0
    assert "had no script" in scripted(job, "--clear").stderr
