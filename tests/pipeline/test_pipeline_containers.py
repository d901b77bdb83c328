"""A job with everything, built, deployed and run: a real daemon, registry, Lambda and task."""

import json
import re
import shutil
import time
from collections.abc import Iterator

import daemons
import docker
import programs
import pytest
from pipelines import Done, Place, document, name, on
from sandboxes import Sandbox

# docker-py leaves the sockets of streams to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")

MANIFEST = """\
name: full
type: Scheduled Job
image:
  build:
    dockerfile: app/Dockerfile
    args: {GREETING: hello}
on:
  schedule: "@daily"
env_file: app/full.env
variables:
  PLACE: ${COPILOT_ENVIRONMENT_NAME}
storage:
  volumes:
    kept:
      path: /kept
      read_only: false
      efs: true
sidecars:
  helper:
    image:
      build: helper/Dockerfile
    essential: false
"""

DOCKERFILE = """\
FROM scratch
COPY busybox job.sh /
ARG GREETING
ENV GREETING=$GREETING
ENTRYPOINT ["/busybox", "sh", "/job.sh"]
"""

SCRIPT = (
    'echo "$GREETING $FROM_FILE $PLACE $SETTING_NAME"\n/busybox touch /kept/$PLACE && echo kept\n'
)

ADDON = """\
Parameters: {App: {Type: String}, Env: {Type: String}, Name: {Type: String}}
Resources:
  Setting:
    Type: AWS::SSM::Parameter
    Properties: {Type: String, Value: a, Name: !Sub '/${App}/${Env}/${Name}/setting'}
Outputs:
  SettingName: {Value: !Ref Setting}
"""


@pytest.fixture
def engine(dockerd: daemons.Dockerd | None) -> Iterator[docker.DockerClient]:
    """Connect to the daemon; without one there is no such test, and in CI there must be."""
    programs.needs("dockerd", "busybox")
    assert dockerd
    client = docker.DockerClient(base_url=dockerd.host)
    yield client
    client.close()


@pytest.fixture
def full(place: Place, dockerd: daemons.Dockerd | None, engine: docker.DockerClient) -> Place:
    """Return a workspace with a job that has everything."""
    assert engine
    assert dockerd
    shell = shutil.which("busybox")
    assert shell
    place.write("copilot/full/manifest.yml", MANIFEST)
    place.write("copilot/full/addons/setting.yml", ADDON)
    place.write("app/full.env", "FROM_FILE=file\n")
    for folder, script in (("app", SCRIPT), ("helper", "echo helping\n")):
        place.write(f"{folder}/Dockerfile", DOCKERFILE)
        place.write(f"{folder}/job.sh", script)
        shutil.copy(shell, place.root / folder / "busybox")
    settings = {**place.settings, "DOCKER_HOST": dockerd.host}
    return Place(root=place.root, sandbox=place.sandbox, settings=settings)


def run_once(sandbox: Sandbox, job: str) -> tuple[str, str]:
    """Run a job's state machine, and give how that ended."""
    session = sandbox.session()
    stacks = session.client("cloudformation", endpoint_url=sandbox.endpoint)
    machine = stacks.describe_stack_resource(StackName=name(job), LogicalResourceId="StateMachine")
    machines = session.client("stepfunctions", endpoint_url=sandbox.endpoint)
    arn = machine["StackResourceDetail"]["PhysicalResourceId"]
    started = machines.start_execution(stateMachineArn=arn)["executionArn"]
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        execution = machines.describe_execution(executionArn=started)
        if execution["status"] != "RUNNING":
            return execution["status"], execution.get("cause", "")
        time.sleep(0.1)
    pytest.fail("the state machine did not end")


def log_lines(sandbox: Sandbox, job: str) -> set[str]:
    """Return what a job's containers wrote."""
    logs = sandbox.session().client("logs", endpoint_url=sandbox.endpoint)
    events = logs.filter_log_events(logGroupName=f"/copilot/{name(job)}")["events"]
    return {event["message"] for event in events}


def using_file_systems(place: Place) -> str:
    """Return the jobs for which the environment has a file system."""
    stack = place.stacks.describe_stacks(StackName="demo-test")["Stacks"][0]
    return {p["ParameterKey"]: p["ParameterValue"] for p in stack["Parameters"]}["EFSWorkloads"]


def test_a_job_with_everything_is_built_deployed_and_run(
    full: Place, engine: docker.DockerClient
) -> None:
    """Images by digest, the environment's file system switched on, and its output in the log."""
    assert engine
    before = full.run("deploy", *on("full"), "--diff")
    assert before.returncode == 2
    assert "--yes" in before.stderr
    assert pushed_images(full, "full") == set(), "nothing is sent for a difference"
    assert using_file_systems(full) == ""

    done = full.done("deploy", *on("full"), "--tag", "v1")
    release = document(done)
    assert release["deployment"]["status"] == "CREATE_COMPLETE"
    assert using_file_systems(full) == "full"
    assert release["stack"]["missing"] == []
    images = release["images"]
    assert images["full"]["tags"] == ["latest", "v1"]
    assert images["helper"]["tags"] == ["helper-latest"]
    for one in images.values():
        assert one["uri"] == f"{one['repository']}@{one['digest']}"
    parameters = {p["ParameterKey"]: p["ParameterValue"] for p in full.stack("full")["Parameters"]}
    assert parameters["ContainerImage"] == images["full"]["uri"]
    template = str(full.stacks.get_template(StackName=name("full"))["TemplateBody"])
    assert images["helper"]["uri"] in template

    assert run_once(full.sandbox, "full") == ("SUCCEEDED", ""), log_lines(full.sandbox, "full")
    expected = {"hello file test /demo/test/full/setting", "kept", "helping"}
    assert log_lines(full.sandbox, "full") >= expected

    again = full.done("deploy", *on("full"), "--tag", "v1")
    assert document(again)["deployment"]["changed"] is False
    shown = full.run("package", *on("full"), "--diff")
    assert (shown.returncode, shown.stdout.splitlines()[0]) == (0, "No other changes.")
    assert shown.stdout.count("was not compared: it was not built") == 2
    compared = full.run("package", *on("full"), "--diff", "--build")
    assert (compared.returncode, compared.stdout) == (0, "No changes.\n"), compared.stderr
    assert_images_are_recognised(full)


def assert_images_are_recognised(full: Place) -> None:
    """Compare before a push, though images are named by what only a push gives."""
    pushed = pushed_images(full, "full")
    same = full.done("deploy", *on("full"), "--diff")
    assert (document(same)["deployment"]["changed"], last_line(same)) == (False, "No changes.")
    assert "not compared" not in same.stderr

    full.write("helper/job.sh", "echo helping otherwise\n")
    compared = full.run("diff", *on("full"), "--build", "--exit-code", "-o", "text")
    assert compared.returncode == 1
    assert re.search(r"~ Image: \S+@sha256:\w+ -> \(known after push\)\n", compared.stdout)
    other = full.run("deploy", *on("full"), "--diff")
    assert other.returncode == 2
    assert "full: 1 change: 1 image (helper)\n" in other.stderr
    assert re.search(r"~ Image: \S+@sha256:\w+ -> \(known after push\)\n", other.stderr)
    assert pushed_images(full, "full") == pushed
    before = str(full.stacks.get_template(StackName=name("full"))["TemplateBody"])
    agreed = document(full.done("deploy", *on("full"), "--diff", "--yes"))
    assert agreed["deployment"]["status"] == "UPDATE_COMPLETE"
    after = str(full.stacks.get_template(StackName=name("full"))["TemplateBody"])
    image = agreed["images"]["helper"]
    assert image["uri"] in after
    assert image["uri"] not in before


def last_line(done: Done) -> str:
    """Return what was told last."""
    return done.stderr.splitlines()[-1]


def pushed_images(place: Place, job: str) -> set[str]:
    """Return the digests of the images in a job's repository."""
    repositories = place.sandbox.session().client("ecr", endpoint_url=place.sandbox.endpoint)
    found = repositories.describe_images(repositoryName=f"demo/{job}")["imageDetails"]
    return {one["imageDigest"] for one in found}


def test_images_that_were_pushed_complete_a_document(
    full: Place, engine: docker.DockerClient
) -> None:
    """From the pipe; the same document renders to the same bytes."""
    assert engine
    job = full.root / "copilot/full"
    text = MANIFEST.replace("name: full", "name: built").partition("storage:")[0]
    shutil.rmtree(job)
    full.write("copilot/built/manifest.yml", text)
    pushed = full.pipe(["build", *on("built")], ["push"])
    first = full.done("render", stdin=pushed.stdout).stdout
    assert full.done("render", stdin=pushed.stdout).stdout == first
    image = json.loads(first)["images"]["built"]
    assert image["digest"] in pushed_images(full, "built")
    assert json.loads(first)["stack"]["parameters"]["ContainerImage"] == image["uri"]
