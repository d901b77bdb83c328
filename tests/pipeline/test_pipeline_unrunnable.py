"""Jobs that could be deployed, and that no run could start: refused before anything is sent."""

import json

import pytest
from calls_proxy import Proxy
from pipelines import Place, document, on, through

WRITES = {"PutObject", "CreateChangeSet", "ExecuteChangeSet", "GetAuthorizationToken"}
UNRUNNABLE = "cpu: 300\nsidecars: {web: {image: 'nginx:'}}\n"


@pytest.fixture
def asked(place: Place, proxy: Proxy) -> Place:
    """Return a workspace whose commands ask through the proxy."""
    return through(place, proxy)


def test_it_renders_with_a_warning_that_has_the_place(asked: Place) -> None:
    """As Copilot renders it."""
    asked.job("unrunnable", UNRUNNABLE)
    done = asked.done("render", *on("unrunnable"), "-o", "params")
    assert json.loads(done.stdout)["Parameters"]["TaskCPU"] == "300"
    manifest = "copilot/unrunnable/manifest.yml"
    assert f"warning: {manifest}:7:6: cpu: 300 with memory: 512 is not a task size" in done.stderr
    assert f"warning: {manifest}:8:25: 'nginx:' is not a valid image" in done.stderr
    assert "hint: use one of the nearest sizes: cpu: 256 with memory: 512" in done.stderr


def test_deploy_refuses_it_before_the_first_build(asked: Place, proxy: Proxy) -> None:
    """No engine is asked, and AWS is only read."""
    asked.job("unrunnable", UNRUNNABLE)
    asked.write("Dockerfile", "FROM scratch\n")
    text = (asked.root / "copilot/unrunnable/manifest.yml").read_text()
    built = text.replace("location: public.ecr.aws/docker/library/busybox", "build: Dockerfile")
    asked.write("copilot/unrunnable/manifest.yml", built)
    done = asked.run(
        "deploy", *on("unrunnable"), "--create-repository", DOCKER_HOST="unix:///nowhere"
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("is not a task size that Fargate offers") == 1
    assert done.stderr.count("is not a valid image reference") == 1
    assert WRITES.isdisjoint(proxy.actions)


def test_push_refuses_it_before_it_sends(asked: Place, proxy: Proxy) -> None:
    """The document of a build says it, too."""
    asked.job("unrunnable", UNRUNNABLE)
    built = asked.done("build", *on("unrunnable"))
    assert "a deployment refuses this" in built.stderr
    done = asked.run("push", stdin=built.stdout)
    assert (done.returncode, done.stdout) == (2, "")
    assert "copilot/unrunnable/manifest.yml:7:6: cpu: 300" in done.stderr
    assert WRITES.isdisjoint(proxy.actions)


def test_push_from_the_workspace_says_it_once(asked: Place, proxy: Proxy) -> None:
    """What it refuses it does not warn of first."""
    asked.job("unrunnable", UNRUNNABLE)
    done = asked.run("push", *on("unrunnable"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("is not a task size that Fargate offers") == 1
    assert done.stderr.count("is not a valid image reference") == 1
    assert WRITES.isdisjoint(proxy.actions)


def test_apply_refuses_what_was_edited_on_the_way(asked: Place, proxy: Proxy) -> None:
    """The stack counts that would be deployed."""
    asked.job("runnable")
    rendered = document(asked.pipe(["build", *on("runnable")], ["push"], ["render"]))
    rendered["stack"]["parameters"]["TaskCPU"] = "300"
    proxy.calls.clear()
    done = asked.run("apply", stdin=json.dumps(rendered))
    assert (done.returncode, done.stdout) == (2, "")
    assert "Resources.TaskDefinition.Properties.Cpu: cpu: 300" in done.stderr
    assert WRITES.isdisjoint(proxy.actions)
