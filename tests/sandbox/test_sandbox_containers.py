"""A job's image pushed and run: a real daemon, a real state machine, a real container."""

import base64
import io
import json
import shutil
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import daemons
import docker
import programs
import pytest
import sandboxes
from sandboxes import Sandbox

# docker-py leaves the sockets of streams to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")

# Says what it was given, leaves something in its volumes, and ends as it is told to.
SCRIPT = """
echo "$GREETING $FROM_FILE $TOKEN"
echo run >> /keep/runs
echo run >> /scratch/runs
echo "kept $(/busybox wc -l < /keep/runs), scratch $(/busybox wc -l < /scratch/runs)"
/busybox wget -q -O - --header "Authorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN" \\
  "$AWS_CONTAINER_CREDENTIALS_FULL_URI" | /busybox grep -o 'role/[a-z-]*-Role'
exit $STATUS
"""

STACK = """
Parameters:
  Image: {Type: String}
  Bucket: {Type: String}
  Status: {Type: String}
Resources:
  LogGroup:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: !Sub '/copilot/${AWS::StackName}'}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Action: sts:AssumeRole
            Principal: {Service: [ecs-tasks.amazonaws.com, states.amazonaws.com]}
  TaskDefinition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: !Ref AWS::StackName
      NetworkMode: awsvpc
      RequiresCompatibilities: [FARGATE]
      Cpu: 256
      Memory: 512
      ExecutionRoleArn: !GetAtt Role.Arn
      TaskRoleArn: !GetAtt Role.Arn
      Volumes:
        - Name: scratch
        - Name: keep
          EFSVolumeConfiguration: {FilesystemId: fs-1, RootDirectory: /}
      ContainerDefinitions:
        - Name: report
          Image: !Ref Image
          PortMappings: [{ContainerPort: 80}]
          Environment: [{Name: GREETING, Value: hello}, {Name: STATUS, Value: !Ref Status}]
          EnvironmentFiles: [{Type: s3, Value: !Sub 'arn:aws:s3:::${Bucket}/a.env'}]
          Secrets: [{Name: TOKEN, ValueFrom: /token}]
          MountPoints:
            - {SourceVolume: scratch, ContainerPath: /scratch}
            - {SourceVolume: keep, ContainerPath: /keep}
          LogConfiguration:
            LogDriver: awslogs
            Options:
              awslogs-region: !Ref AWS::Region
              awslogs-group: !Ref LogGroup
              awslogs-stream-prefix: copilot
  StateMachine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !GetAtt Role.Arn
      DefinitionSubstitutions:
        Cluster: !ImportValue demo-test-ClusterId
        Task: !Ref TaskDefinition
        Partition: !Ref AWS::Partition
      DefinitionString: |
        {"StartAt": "Run Fargate Task", "States": {"Run Fargate Task": {
          "Type": "Task", "End": true, "Resource": "arn:${Partition}:states:::ecs:runTask.sync",
          "Parameters": {"LaunchType": "FARGATE", "PlatformVersion": "LATEST",
                         "Cluster": "${Cluster}", "TaskDefinition": "${Task}"},
          "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1,
                     "BackoffRate": 1}]}}}
Outputs:
  StateMachine: {Value: !Ref StateMachine}
"""


@pytest.fixture(scope="module")
def dockerd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[daemons.Dockerd]:
    """Run one daemon for all tests of this file."""
    programs.needs("busybox")
    running = daemons.start_dockerd(tmp_path_factory.mktemp("dockerd"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def engine(dockerd: daemons.Dockerd) -> Iterator[docker.DockerClient]:
    """Connect to the daemon."""
    client = docker.DockerClient(base_url=dockerd.host)
    yield client
    client.close()


@pytest.fixture(scope="module")
def running(
    dockerd: daemons.Dockerd, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sandbox]:
    """Run a sandbox that has a daemon, with an env file and a secret in it."""
    folder = tmp_path_factory.mktemp("docker") / "sandbox"
    sandboxes.prepare(folder)
    started = sandboxes.start(folder, docker_host=dockerd.host)
    session = started.session()
    objects = session.client("s3", endpoint_url=started.endpoint)
    objects.create_bucket(
        Bucket="files", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    objects.put_object(Bucket="files", Key="a.env", Body=b"# a comment\nFROM_FILE=file\n")
    records = session.client("ssm", endpoint_url=started.endpoint)
    records.put_parameter(Name="/token", Value="secret", Type="SecureString")
    yield started
    started.stop()


@dataclass(frozen=True)
class Pushed:
    """An image in the sandbox's registry: ECR's name of the repository, and the digest."""

    repository: str
    digest: str


@pytest.fixture(scope="module")
def pushed(running: Sandbox, engine: docker.DockerClient) -> Pushed:
    """Build an image and push it to where the authorization token says."""
    images = running.session().client("ecr", endpoint_url=running.endpoint)
    token = images.get_authorization_token()["authorizationData"][0]
    user, _, password = base64.b64decode(token["authorizationToken"]).decode().partition(":")
    registry = token["proxyEndpoint"].removeprefix("http://")
    assert token["proxyEndpoint"] == running.endpoint

    image, _ = engine.images.build(fileobj=context(), custom_context=True, encoding="utf-8")
    image.tag(f"{registry}/demo/report", "v1")
    *_, last = engine.api.push(
        f"{registry}/demo/report",
        tag="v1",
        stream=True,
        decode=True,
        auth_config={"username": user, "password": password},
    )
    assert image.id
    engine.images.remove(image.id, force=True)  # so that the task has to pull it
    repositories = images.describe_repositories(repositoryNames=["demo/report"])["repositories"]
    return Pushed(repositories[0]["repositoryUri"], last["aux"]["Digest"])


def context() -> io.BytesIO:
    """Return a build context with a shell and the script."""
    shell = shutil.which("busybox")
    assert shell
    dockerfile = 'FROM scratch\nCOPY busybox job.sh /\nENTRYPOINT ["/busybox", "sh", "/job.sh"]\n'
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as written:
        written.add(shell, "busybox")
        for name, text in (("Dockerfile", dockerfile), ("job.sh", SCRIPT)):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            written.addfile(member, io.BytesIO(text.encode()))
    archive.seek(0)
    return archive


@dataclass(frozen=True)
class Ended:
    """How an execution of a state machine ended; `error` and `cause` of one that failed."""

    status: str
    error: str
    cause: str


def run(running: Sandbox, stack: str, image: str, status: int) -> Ended:
    """Deploy a stack that runs an image, run its state machine once, and give how that ended."""
    session = running.session()
    stacks = session.client("cloudformation", endpoint_url=running.endpoint)
    parameters = {"Image": image, "Bucket": "files", "Status": str(status)}
    stacks.create_stack(
        StackName=stack,
        TemplateBody=STACK,
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
    )
    stacks.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    found = stacks.describe_stacks(StackName=stack)["Stacks"][0]
    machines = session.client("stepfunctions", endpoint_url=running.endpoint)
    started = machines.start_execution(stateMachineArn=found["Outputs"][0]["OutputValue"])
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        execution = machines.describe_execution(executionArn=started["executionArn"])
        if execution["status"] != "RUNNING":
            return Ended(
                execution["status"], execution.get("error", ""), execution.get("cause", "")
            )
        time.sleep(0.1)
    pytest.fail("the state machine did not end")


def log_lines(running: Sandbox, stack: str) -> list[str]:
    """Return what a stack's containers wrote, run by run."""
    logs = running.session().client("logs", endpoint_url=running.endpoint)
    events = logs.filter_log_events(logGroupName=f"/copilot/{stack}")["events"]
    assert all(event["logStreamName"].startswith("copilot/report/") for event in events)
    return [event["message"] for event in events]


def test_a_state_machine_runs_the_image_that_was_pushed(running: Sandbox, pushed: Pushed) -> None:
    """By ECR's name for it; with its env file, secret and volumes, and AWS within reach."""
    image = f"{pushed.repository}@{pushed.digest}"
    assert image.startswith("123456789012.dkr.ecr.us-west-2.amazonaws.com/demo/report@sha256:")
    ended = run(running, "by-ecr-name", image, status=0)
    assert ended.status == "SUCCEEDED", ended.cause
    assert log_lines(running, "by-ecr-name") == [
        "hello file secret",
        "kept 1, scratch 1",
        "role/by-ecr-name-Role",
    ]


def test_the_registrys_own_address_names_the_image_too(running: Sandbox, pushed: Pushed) -> None:
    """As it is after a push to it; a file system keeps what the run before wrote."""
    address = running.endpoint.removeprefix("http://")
    image = f"{address}/demo/report@{pushed.digest}"
    ended = run(running, "by-address", image, status=0)
    assert ended.status == "SUCCEEDED", ended.cause
    assert "kept 2, scratch 1" in log_lines(running, "by-address")


def test_a_container_that_fails_is_tried_again_and_fails_the_run(
    running: Sandbox, pushed: Pushed
) -> None:
    """Once more, as the state machine has it; the cause holds the exit code."""
    ended = run(running, "failing", f"{pushed.repository}@{pushed.digest}", status=3)
    assert ended.status == "FAILED"
    assert log_lines(running, "failing").count("hello file secret") == 2
    assert ended.error == "States.TaskFailed"
    assert json.loads(ended.cause)["Containers"][0]["ExitCode"] == 3


def test_an_image_that_is_not_there_fails_the_run(running: Sandbox, pushed: Pushed) -> None:
    """The task never starts, and the cause says why."""
    absent = f"{pushed.repository}@sha256:{'0' * 64}"
    ended = run(running, "absent", absent, status=0)
    assert ended.status == "FAILED"
    assert json.loads(ended.cause)["StopCode"] == "TaskFailedToStart"


def test_status_names_the_daemon_and_stop_removes_the_containers(
    dockerd: daemons.Dockerd, engine: docker.DockerClient, tmp_path: Path
) -> None:
    """Those of this sandbox alone; the daemon is that of the docker context in use."""
    folder = tmp_path / "sandbox"
    sandboxes.prepare(folder)
    daemons.context_folder(tmp_path, "private", dockerd.host)
    (tmp_path / "config.json").write_text(json.dumps({"currentContext": "private"}))
    started = sandboxes.start(folder, docker_host="", DOCKER_CONFIG=str(tmp_path))
    shown = json.loads(sandboxes.cjob_sandbox(folder, "status").stdout)
    assert shown["docker"] == dockerd.host
    image, _ = engine.images.build(fileobj=context(), custom_context=True, encoding="utf-8")
    assert image.id
    own = engine.containers.create(
        image.id, labels={"ministack.instance": f"cjob-sandbox:{folder}"}
    )
    foreign = engine.containers.create(image.id, labels={"ministack": "ecs"})

    started.stop()

    left = {container.id for container in engine.containers.list(all=True)}
    assert own.id not in left
    assert foreign.id in left
