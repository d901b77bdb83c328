"""The status of deployed jobs: from either witness, with few calls, with and without rights."""

import json
import uuid
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from typing import Any

import pytest
from bare_jobs import bare, client, create
from calls_proxy import UNTOUCHED, Asked, Meddling, Proxy
from pipelines import APP, ENV, Place, document, documents, name, on, through
from scripted_runs import LOGS, Script

SERVICE = "Resources: {LogGroup: {Type: AWS::Logs::LogGroup}}"

PER_ENVIRONMENT = ["AssumeRole", "GetParameter", "ListRules"]


class Texts(HTMLParser):
    """The texts of a page."""

    def __init__(self, page: str) -> None:
        """Read it."""
        super().__init__()
        self.seen: list[str] = []
        self.feed(page)

    def handle_data(self, data: str) -> None:
        """Keep one."""
        self.seen.append(data)


def named(jobs: Sequence[str]) -> list[str]:
    """Return the arguments that name jobs and the environment."""
    return [*(word for job in jobs for word in ("-n", job)), "-e", ENV]


def denying(*actions: str) -> Callable[[Asked], Meddling]:
    """Return what answers these calls as AWS does if they are not allowed."""
    text = json.dumps({"__type": "AccessDeniedException", "message": "not authorized"})
    denied = Meddling(answer=(400, text), passed=False)
    return lambda asked: denied if asked.action in actions else UNTOUCHED


@pytest.mark.parametrize("witness", [(), LOGS], ids=["states", "logs"])
def test_the_status_shows_what_is_deployed_and_how_it_ran(
    place: Place, job: str, script: Script, witness: tuple[str, ...]
) -> None:
    """The same from either witness."""
    script(job, exitCode=0)
    place.done("run", *on(job))
    script(job, exitCode=3)
    place.run("run", *on(job))
    found = document(place.run("status", *on(job), "-o", "json", *witness))
    assert found["kind"] == "Status"
    assert found["job"] == {"app": APP, "env": ENV, "name": job}
    assert found["stack"]["status"] == "CREATE_COMPLETE"
    assert found["image"] == "public.ecr.aws/docker/library/busybox"
    assert found["schedule"]["expression"] == "cron(0 0 * * ? *)"
    assert found["schedule"]["state"] == "ENABLED"
    assert len(found["schedule"]["next"]) == 3
    assert [run["status"] for run in found["runs"]] == ["FAILED", "SUCCEEDED"]
    assert found["lastRun"] == found["runs"][0]
    assert found["lastRun"]["exitCode"] == 3
    assert found["lastRun"]["evidence"] == ("logs" if witness else "states")
    assert found["problems"] == ["the last run failed: ended with status 3"]


def test_the_exit_code_tells_whether_there_are_problems(
    place: Place, job: str, script: Script
) -> None:
    """A table for people is printed in any case."""
    script(job, exitCode=0)
    place.done("run", *on(job))
    done = place.done("status", *on(job), "--exit-code")
    head, line = done.stdout.splitlines()
    assert " ".join(head.split()) == (
        "JOB DEPLOYED IMAGE SCHEDULE NEXT (UTC) LAST RUN RUNS PROBLEMS"
    )
    assert line.split()[0] == job
    assert line.split()[-2:] == ["✔", "-"]
    script(job, exitCode=1)
    place.run("run", *on(job))
    done = place.run("status", *on(job), "--exit-code")
    assert (done.returncode, done.stdout.splitlines()[1].count("✔✘")) == (1, 1)
    assert place.run("status", *on(job)).returncode == 0


@pytest.mark.parametrize("count", [1, 20])
def test_a_job_takes_three_calls_and_an_environment_three(
    place: Place, proxy: Proxy, count: int
) -> None:
    """Its stack, the list of its runs, and the history of the newest one."""
    jobs = bare(place, count)
    found = documents(through(place, proxy).run("status", *named(jobs), "-o", "json"))
    assert [one["job"]["name"] for one in found] == jobs
    assert [[run["status"] for run in one["runs"]] for one in found] == [["SUCCEEDED"]] * count
    per_job = ["DescribeStacks", "ListExecutions", "GetExecutionHistory"] * count
    assert sorted(proxy.actions) == sorted([*PER_ENVIRONMENT, *per_job])


@pytest.mark.parametrize("count", [1, 20])
def test_without_rights_in_step_functions_a_job_takes_two_calls(
    place: Place, proxy: Proxy, count: int
) -> None:
    """Whether it may be asked is found out once; the log has all the rest."""
    jobs = bare(place, count)
    proxy.meddle = denying("ListExecutions", "ListRules")
    done = through(place, proxy).run("status", *named(jobs), "-o", "json")
    found = documents(done)
    assert [[run["status"] for run in one["runs"]] for one in found] == [["SUCCEEDED"]] * count
    assert not any("state" in one["schedule"] for one in found)
    assert done.stderr.count("Step Functions") == 1
    per_job = ["DescribeStacks", "FilterLogEvents"] * count
    assert sorted(proxy.actions) == sorted([*PER_ENVIRONMENT, "ListExecutions", *per_job])


def test_calls_that_need_no_answer_of_each_other_go_out_together(
    place: Place, proxy: Proxy
) -> None:
    """Seven of 27 wait for another's answer; the first list of runs finds out who may be asked."""
    jobs = bare(place, 8)
    proxy.delay = 0.4
    through(place, proxy).done("status", *named(jobs))
    assert len(proxy.calls) == 27
    assert len(proxy.longest_chain()) <= 10  # some start late on a busy machine


def test_a_history_that_is_denied_is_less_detail_and_no_failure(place: Place, proxy: Proxy) -> None:
    """The stack, the schedule and its next times are there all the same."""
    [job] = bare(place, 1)
    proxy.meddle = denying("ListExecutions", "ListRules", "FilterLogEvents")
    found = document(through(place, proxy).run("status", *on(job), "-o", "json"))
    assert found["notes"] == ["its history cannot be read"]
    assert (found["runs"], found["problems"]) == ([], [])
    assert found["schedule"]["next"]


def test_all_deployed_jobs_are_found_without_the_workspace(place: Place, tmp_path: Any) -> None:  # noqa: ANN401 - pytest's
    """Services and nested stacks are not jobs, whatever tags they have."""
    [job] = bare(place, 1)
    service = f"web-{uuid.uuid4().hex[:6]}"
    create(place, service, SERVICE)
    done = place.done(
        "status", "--deployed", "-a", APP, "-e", ENV, "-o", "json", "-C", str(tmp_path)
    )
    found = [one["job"]["name"] for one in documents(done)]
    assert job in found
    assert service not in found
    assert found == sorted(found)


def test_an_environment_without_jobs_has_no_lines(place: Place, proxy: Proxy) -> None:
    """It says so on stderr; the page says so itself."""
    proxy.instead = {"GetResources": (200, json.dumps({"ResourceTagMappingList": []}))}
    own = through(place, proxy)
    done = own.done("status", "--deployed", "-e", ENV)
    assert (done.stdout, done.stderr) == ("", f"no job is deployed in environment '{ENV}'\n")
    assert (
        "There are no jobs here."
        in own.done("status", "--deployed", "-e", ENV, "-o", "html").stdout
    )


def test_a_disabled_rule_is_a_problem(place: Place, job: str) -> None:
    """Only the caller may ask for it; CloudFormation does not know that it was disabled by hand."""
    events = client(place, "events")
    [rule] = events.list_rules(NamePrefix=f"{name(job)}-Rule-")["Rules"]
    events.disable_rule(Name=rule["Name"])
    found = document(place.run("status", *on(job), "-o", "json"))
    assert found["schedule"] == {
        "expression": "cron(0 0 * * ? *)",
        "state": "DISABLED",
        "next": [],
    }
    assert found["problems"] == ["its rule is disabled: the schedule starts no runs"]


def test_a_job_that_was_never_deployed_is_a_problem_and_one_that_is_nowhere_an_error(
    place: Place,
) -> None:
    """The second is misspelt."""
    place.job("never")
    found = document(place.run("status", *on("never"), "-o", "json"))
    assert found["problems"] == ["not deployed"]
    assert place.run("status", *on("never"), "--exit-code").returncode == 1
    done = place.run("status", *on("nevr"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"cjob: job 'nevr' is neither in the workspace nor deployed in '{ENV}'\n"
        "hint: did you mean 'never'?\n"
    )


def test_the_page_is_one_document_with_each_job(place: Place, job: str, script: Script) -> None:
    """Under a policy that lets it load nothing."""
    script(job, exitCode=3, log=["<b>"])
    place.run("run", *on(job))
    text = place.done("status", *on(job), "-o", "html").stdout
    seen = Texts(text).seen
    assert text.startswith("<!DOCTYPE html>\n")
    assert "default-src 'none'" in text
    assert job in seen
    assert "the last run failed: ended with status 3" in seen
