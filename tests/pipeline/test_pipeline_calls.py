"""How often AWS is asked, and that it need not be asked at all."""

import json
import socket

import pytest
from calls_proxy import Proxy
from pipelines import ENV, Place, document, on, through

SUBNETS = """\
network: {vpc: {placement: {subnets: {from_tags: {Name: copilot-demo-test-pub0}}}}}
"""


def nowhere() -> str:
    """Return an address where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def counted(place: Place, proxy: Proxy) -> Place:
    """Return a workspace whose commands ask through the proxy."""
    return through(place, proxy)


def test_a_target_is_looked_up_in_three_waves(counted: Place, proxy: Proxy) -> None:
    """What does not depend on an answer is asked at the same time as what gives it."""
    counted.job("waves")
    proxy.delay = 0.2
    target = document(counted.run("target", *on("waves")))["target"]
    assert sorted(proxy.actions) == [
        "AssumeRole",
        "DescribeStacks",
        "DescribeStacks",
        "GetParameter",
        "GetParameter",
        "GetTemplateSummary",
        "ListStackInstances",
    ]
    assert len(proxy.longest_chain()) == 3
    assert target["region"] == "us-west-2"
    assert target["environmentVersion"] == "v1.33.2"
    assert {"EFSWorkloads", "NATWorkloads"} <= set(target["features"])
    assert target["repositories"]["built"].endswith(".amazonaws.com/demo/built")


def test_a_template_is_packaged_with_eight_calls(counted: Place, proxy: Proxy) -> None:
    """A job that was never deployed has the fewest."""
    counted.job("counted-package")
    counted.done("package", *on("counted-package"))
    assert len(proxy.calls) <= 8, proxy.actions


@pytest.mark.parametrize("jobs", [1, 4, 50])
def test_many_jobs_are_compared_with_eight_calls_and_two_for_each(
    counted: Place, proxy: Proxy, jobs: int
) -> None:
    """The environment, and subnets that are named by tags, are looked up once for all of them."""
    wanted = []
    for number in range(jobs):
        job = f"counted-{jobs}-{number}"
        counted.job(job, SUBNETS)
        wanted += ["-n", job]
    assert counted.run("package", *wanted, "-e", ENV, "--diff").returncode == 1
    shared = [action for action in proxy.actions if action not in ("DescribeStacks", "GetTemplate")]
    assert sorted(shared) == [
        "AssumeRole",
        "DescribeSubnets",
        "GetParameter",
        "GetParameter",
        "GetTemplateSummary",
        "ListStackInstances",
    ]
    assert len(proxy.calls) <= 8 + 2 * jobs


def test_an_unchanged_deployment_takes_eleven_calls(counted: Place, proxy: Proxy) -> None:
    """None of which changes anything; the last one sees that the stack is still the same."""
    counted.job("counted-deploy")
    counted.done("deploy", *on("counted-deploy"))
    proxy.calls.clear()
    done = document(counted.run("deploy", *on("counted-deploy")))
    assert done["deployment"]["changed"] is False
    assert len(proxy.calls) <= 11, proxy.actions
    assert proxy.actions[-1] == "DescribeStacks"
    reads = ("Get", "List", "Describe", "Head", "AssumeRole")
    assert [action for action in proxy.actions if not action.startswith(reads)] == []


def test_a_first_deployment_asks_for_nothing_twice(counted: Place, proxy: Proxy) -> None:
    """But for what is polled."""
    counted.job("counted-first")
    counted.done("deploy", *on("counted-first"))
    polled = {"DescribeStackEvents", "DescribeChangeSet"}
    changing = [a for a in proxy.actions if a not in polled and not a.startswith("GetParameter")]
    assert changing.count("CreateChangeSet") == changing.count("ExecuteChangeSet") == 1
    assert changing.count("AssumeRole") == 1


def test_what_was_shown_is_deployed_without_being_looked_up_again(
    counted: Place, proxy: Proxy
) -> None:
    """Only the stack is looked at once more, before the change set is executed."""
    counted.job("counted-shown")
    counted.done("deploy", *on("counted-shown"))
    proxy.calls.clear()
    counted.job("counted-shown", "variables: {A: b}\n")
    counted.done("deploy", *on("counted-shown"), "--diff", "--yes")
    assert proxy.actions.count("GetParameter") == 2
    assert proxy.actions.count("ListStackInstances") == 1
    before = proxy.actions[: proxy.actions.index("ExecuteChangeSet")]
    assert before.count("GetTemplate") == 2


def test_with_a_target_nothing_is_asked_until_something_is_compared(place: Place) -> None:
    """AWS is where nothing listens, and there are no credentials."""
    place.job("offline")
    place.write("target.json", place.done("target", *on("offline")).stdout)
    online = place.done("render", *on("offline")).stdout
    nothing = {
        "AWS_ENDPOINT_URL": nowhere(),
        "AWS_ACCESS_KEY_ID": "",
        "AWS_SECRET_ACCESS_KEY": "",
        "AWS_REGION": "",
        "AWS_DEFAULT_REGION": "",
    }
    given = (*on("offline"), "--target", "target.json")
    built = place.done("build", *given, **nothing)
    assert document(built)["images"] == {}
    assert place.done("render", stdin=built.stdout, **nothing).stdout
    assert place.done("render", *given, **nothing).stdout == online
    template = place.done("render", *given, "-o", "template", **nothing).stdout
    assert place.done("package", *given, **nothing).stdout == template


@pytest.mark.parametrize(
    "command", [["push"], ["deploy"], ["package", "--upload-assets"]], ids=" ".join
)
def test_nothing_is_sent_to_a_target_that_is_not_what_aws_says(
    place: Place, command: list[str]
) -> None:
    """Whoever could touch the file could have all that is sent."""
    place.job("misled")
    forged = json.loads(place.done("target", *on("misled")).stdout)
    forged["target"]["artifactBucket"] = "somebody-elses"
    place.write("forged.json", json.dumps(forged))
    done = place.run(*command, *on("misled"), "--target", "forged.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "target is out of date: artifact bucket 'somebody-elses'" in done.stderr
    assert place.status("misled") == ""


def test_a_target_of_another_environment_is_refused(place: Place) -> None:
    """It would lead the job there."""
    place.job("elsewhere")
    place.write("target.json", place.done("target", *on("elsewhere")).stdout)
    done = place.run("render", "-n", "elsewhere", "-e", "prod", "--target", "target.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "environment 'test'" in done.stderr
