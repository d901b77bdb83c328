"""A stack that Copilot deployed, its Node controller included, is taken over by cjob."""

import io
import json
import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sandboxes
from pipelines import Place, document, eventually, make

from cjob.template.render import TEMPLATE_VERSION

# A stack as Copilot left it; it is not this project's, so it is read where it lies.
LEFT = Path(os.environ.get("CJOB_CONFORMANCE", "/nonexistent")) / "takeover"

pytestmark = pytest.mark.skipif(not LEFT.exists(), reason="no stack of Copilot's is here")

LEFT_VERSION = "1.33.2"
JOB = ("-n", "nightly", "-e", "test")
STACK, ENVIRONMENT = "acme-test-nightly", "acme-test"

# Answers as Copilot's controller does once the environment is as it should be.
NODE = """\
const http = require("http");
exports.handler = (event) => new Promise((resolve, reject) => {
  const answer = JSON.stringify({
    Status: "SUCCESS", Reason: "", Data: {ManagedFileSystemID: "%s"},
    PhysicalResourceId: event.PhysicalResourceId || "envcontoller/acme-test/nightly",
    StackId: event.StackId, RequestId: event.RequestId, LogicalResourceId: event.LogicalResourceId,
  });
  const headers = {"content-type": "", "content-length": Buffer.byteLength(answer)};
  const put = http.request(event.ResponseURL, {method: "PUT", headers}, resolve);
  put.on("error", reject);
  put.end(answer);
});
"""


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sandboxes.Sandbox]:
    """Run a sandbox with the application of that stack."""
    folder = tmp_path_factory.mktemp("acme") / "sandbox"
    sandboxes.prepare(folder)
    running = sandboxes.start(folder, "--app", "acme", "--job", "nightly")
    yield running
    running.stop()


@pytest.fixture
def taken(acme: sandboxes.Sandbox, tmp_path: Path) -> Place:
    """Return the job's workspace, with its stack as Copilot deployed it to the environment."""
    assert shutil.which("node"), "Copilot's controller runs on it"
    place = make(tmp_path / "workspace", acme)
    place.write("copilot/.workspace", "application: acme\n")
    given = json.loads((LEFT / "params.json").read_text())
    # The image that runs is named, rather than built: another one would be a change of its own.
    image = f"location: {given['Parameters']['ContainerImage']}"
    manifest = (LEFT / "manifest.yml").read_text().replace("build: ./Dockerfile", image)
    place.write("copilot/nightly/manifest.yml", manifest)
    switch_on_file_system(place)
    target = document(place.done("target", *JOB))["target"]
    parameters = {**given["Parameters"], "ArtifactKeyARN": target["artifactKeyArn"]}
    place.stacks.create_stack(
        StackName=STACK,
        TemplateBody=as_deployed(place, target["environmentVersion"]),
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
        Tags=[{"Key": k, "Value": v} for k, v in given["Tags"].items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    rests(place, STACK, "CREATE_COMPLETE")
    return place


def as_deployed(place: Place, version: str) -> str:
    """Return Copilot's template for this environment, its controller's code where that lies."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("index.js", NODE % outputs(place)["ManagedFileSystemID"])
    text = (LEFT / "stack.yml").read_text().replace("EnvVersion: v1.42.0", f"EnvVersion: {version}")
    key = next(line.split()[-1] for line in text.splitlines() if "S3Key:" in line)
    place.objects.create_bucket(
        Bucket="acme-artifacts", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    place.objects.put_object(Bucket="acme-artifacts", Key=key, Body=code.getvalue())
    return text


def outputs(place: Place) -> dict[str, str]:
    """Return the environment's outputs."""
    stack = place.stacks.describe_stacks(StackName=ENVIRONMENT)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def switch_on_file_system(place: Place) -> None:
    """Return the environment its file system for the job."""
    stack = place.stacks.describe_stacks(StackName=ENVIRONMENT)["Stacks"][0]
    place.stacks.update_stack(
        StackName=ENVIRONMENT,
        UsePreviousTemplate=True,
        Parameters=[
            {"ParameterKey": p["ParameterKey"], "ParameterValue": "nightly"}
            if p["ParameterKey"] == "EFSWorkloads"
            else {"ParameterKey": p["ParameterKey"], "UsePreviousValue": True}
            for p in stack["Parameters"]
        ],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    rests(place, ENVIRONMENT, "UPDATE_COMPLETE")


def rests(place: Place, stack: str, status: str) -> None:
    """Wait for a stack, and see how it ended."""

    def now() -> str:
        return place.stacks.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]

    eventually(lambda: not now().endswith("IN_PROGRESS"), 60)
    assert now() == status


def resources(place: Place) -> dict[str, str]:
    """Return the physical id of each resource of the job's stack."""
    found = place.stacks.describe_stack_resources(StackName=STACK)["StackResources"]
    return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}


def live_version(place: Place) -> str:
    """Return the version that the live template says it has."""
    text = str(place.stacks.get_template(StackName=STACK)["TemplateBody"])
    return text.partition("Version: v")[2].splitlines()[0]


def test_a_stack_of_copilots_is_taken_over_and_nothing_is_replaced(taken: Place) -> None:
    """What differs is the controller's code and runtime, descriptions and the version."""
    before = resources(taken)
    planned = taken.pipe(("build", *JOB), ("push",), ("render",), ("diff",)).stdout
    changes = json.loads(planned)["diff"]["changes"]
    controller = "Resources.EnvControllerFunction.Properties"
    assert {c["path"] for c in changes if "escription" not in c["path"]} == {
        "Metadata.Version",
        f"{controller}.Code.S3Bucket",
        f"{controller}.Code.S3Key",
        f"{controller}.Runtime",
    }
    assert {change["replacement"] for change in changes} <= {"", "false"}
    done = document(taken.run("apply", stdin=planned))
    assert done["deployment"]["status"] == "UPDATE_COMPLETE"
    assert resources(taken) == before
    assert document(taken.run("deploy", *JOB))["deployment"]["changed"] is False

    # And the other way: what a newer tool makes of it is not replaced by this one.
    assert (LEFT_VERSION, live_version(taken)) == ("1.33.2", TEMPLATE_VERSION.removeprefix("v"))
    template = str(taken.stacks.get_template(StackName=STACK)["TemplateBody"])
    newer = template.replace(f"Version: {TEMPLATE_VERSION}", "Version: v1.99.0")
    stack = taken.stacks.describe_stacks(StackName=STACK)["Stacks"][0]
    taken.stacks.update_stack(
        StackName=STACK,
        TemplateBody=newer,
        Parameters=[
            {"ParameterKey": p["ParameterKey"], "ParameterValue": "2048"}
            if p["ParameterKey"] == "TaskMemory"  # CloudFormation passes over metadata alone
            else {"ParameterKey": p["ParameterKey"], "UsePreviousValue": True}
            for p in stack["Parameters"]
        ],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    rests(taken, STACK, "UPDATE_COMPLETE")
    refused = taken.run("deploy", *JOB)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "v1.99.0, newer than" in refused.stderr
    taken.done("deploy", *JOB, "--allow-downgrade")
    assert live_version(taken) == TEMPLATE_VERSION.removeprefix("v")
