"""Runs of a state machine in the sandbox, without Docker: they look as they do on AWS."""

import json
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import effort
import pytest
from botocore.exceptions import ClientError
from sandboxes import Sandbox

from cjob.runs import causes, history, names
from cjob.runs.model import UNFINISHED, Run

if TYPE_CHECKING:
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_logs import CloudWatchLogsClient

TEMPLATE = """\
Resources:
  LogGroup: {{Type: AWS::Logs::LogGroup, Properties: {{LogGroupName: /copilot/{name}}}}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - {{Effect: Allow, Principal: {{Service: states.amazonaws.com}}, Action: sts:AssumeRole}}
  TaskDefinition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: {name}
      Cpu: "256"
      Memory: "512"
      NetworkMode: awsvpc
      RequiresCompatibilities: [FARGATE]
      ContainerDefinitions:
        - Name: {job}
          Image: busybox
          LogConfiguration:
            LogDriver: awslogs
            Options:
              awslogs-region: !Ref AWS::Region
              awslogs-group: !Ref LogGroup
              awslogs-stream-prefix: copilot
  StateMachine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      StateMachineName: {name}
      RoleArn: !GetAtt Role.Arn
      DefinitionSubstitutions:
        Cluster: !ImportValue demo-test-ClusterId
        Task: !Ref TaskDefinition
        Partition: !Ref AWS::Partition
      DefinitionString: |
        {{"StartAt": "Run Fargate Task", "TimeoutSeconds": {timeout},
         "States": {{"Run Fargate Task": {{
          "Type": "Task", "End": true, "Resource": "arn:${{Partition}}:states:::ecs:runTask.sync",
          "Parameters": {{"LaunchType": "FARGATE", "PlatformVersion": "LATEST",
                         "Cluster": "${{Cluster}}", "TaskDefinition": "${{Task}}",
                         "Group.$": "$$.Execution.Name"}},
          "Retry": [{{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1,
                     "BackoffRate": 1}}]}}}}}}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: rate(1 minute)
      State: {state}
      Targets:
        - {{Id: statemachine, Arn: !Ref StateMachine, RoleArn: !GetAtt Role.Arn}}
Outputs:
  Machine: {{Value: !Ref StateMachine}}
"""
WAIT_S = 90


class Job:
    """A job's stack in the sandbox, and what is asked about its runs."""

    def __init__(
        self, sandbox: Sandbox, job: str, timeout: int = 600, state: str = "DISABLED"
    ) -> None:
        """Deploy it."""
        session, endpoint = sandbox.session(), sandbox.endpoint
        self.states: Any = session.client("stepfunctions", endpoint_url=endpoint)
        self.logs: CloudWatchLogsClient = session.client("logs", endpoint_url=endpoint)
        self.ecs: ECSClient = session.client("ecs", endpoint_url=endpoint)
        self.job, self.name = job, f"demo-test-{job}"
        self._scripts = sandbox.folder / "scripts"
        stacks = session.client("cloudformation", endpoint_url=endpoint)
        body = TEMPLATE.format(name=self.name, job=job, timeout=timeout, state=state)
        stacks.create_stack(StackName=self.name, TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
        stacks.get_waiter("stack_create_complete").wait(
            StackName=self.name, WaiterConfig={"Delay": 1}
        )
        outputs = stacks.describe_stacks(StackName=self.name)["Stacks"][0]["Outputs"]
        self.machine = outputs[0]["OutputValue"]

    def script(self, attempts: Mapping[str, object] | None = None, **every: object) -> None:
        """Return what each attempt does, and what single ones do instead."""
        self._scripts.mkdir(exist_ok=True)
        text = json.dumps({"every": every, "attempts": attempts or {}})
        (self._scripts / f"{self.name}.json").write_text(text)

    def start(self, given: object = None, name: str = "") -> str:
        """Start an execution and return its ARN."""
        text = json.dumps(given or {})
        name = name or uuid.uuid4().hex
        answer = self.states.start_execution(stateMachineArn=self.machine, name=name, input=text)
        return str(answer["executionArn"])

    def started(self) -> list[str]:
        """Return the ARNs of all executions, the newest first."""
        found = self.states.list_executions(stateMachineArn=self.machine)["executions"]
        return [one["executionArn"] for one in found]

    def in_states(self, execution: str) -> Run:
        """Return a run as Step Functions tells it."""
        pages = self.states.get_paginator("get_execution_history").paginate(executionArn=execution)
        events = [history.event_of_states(e, execution) for page in pages for e in page["events"]]
        return history.run_of(events, app="demo", env="test", job=self.job, evidence="states")

    def in_log(self, execution: str) -> Run:
        """Return a run as the job's log group tells it."""
        pages = self.logs.get_paginator("filter_log_events").paginate(
            logGroupName=names.log_group("demo", "test", self.job),
            logStreamNamePrefix=names.history_streams(self.name),
        )
        found = [history.event_of_log(e["message"]) for page in pages for e in page["events"]]
        events = [e for e in found if e is not None and e.execution_arn == execution]
        return history.run_of(events, app="demo", env="test", job=self.job, evidence="states")

    def run(self) -> Run:
        """Run it to its end."""
        return self.end(self.start())

    def end(self, execution: str) -> Run:
        """Wait for the end of an execution, which both witnesses tell alike."""
        until(lambda: self.in_states(execution).status not in UNFINISHED)
        run = self.in_states(execution)
        assert run == self.in_log(execution)
        assert self.states.describe_execution(executionArn=execution)["status"] == run.status
        return run

    def task(self, arn: str) -> Any:  # noqa: ANN401 - ECS's own
        """Return a task as ECS describes it."""
        cluster = arn.split("/")[1]
        return self.ecs.describe_tasks(cluster=cluster, tasks=[arn])["tasks"][0]

    def lines(self, run: Run) -> list[str]:
        """Return what the last attempt's container wrote."""
        stream = names.container_stream(self.job, run.attempts[-1].task_id)
        group = names.log_group("demo", "test", self.job)
        events = self.logs.get_log_events(logGroupName=group, logStreamName=stream)["events"]
        return [event["message"] for event in events]


def until(check: Callable[[], bool]) -> None:
    """Wait until something holds."""
    ends = time.monotonic() + WAIT_S
    while not check():
        assert time.monotonic() < ends
        time.sleep(0.1)


@pytest.fixture(scope="module")
def job(sandbox: Sandbox) -> Job:
    """Deploy one job for all tests that need no other timeout or rule."""
    return Job(sandbox, "scripted")


def test_a_scripted_run_succeeds_with_its_log(job: Job) -> None:
    """The task's group is the run's name, and its stream has the task's id."""
    job.script(log=["good morning", "done"], exitCode=0)
    run = job.run()
    assert (run.status, run.exit_code, len(run.attempts)) == ("SUCCEEDED", 0, 1)
    assert job.lines(run) == ["good morning", "done"]
    task = job.task(run.attempts[0].task_arn)
    assert (task["group"], task["startedBy"]) == (run.name, "AWS Step Functions")
    assert history.attempt_of(task).containers == run.attempts[0].containers


def test_a_scripted_failure_is_retried_and_has_a_cause(job: Job) -> None:
    """Each attempt is a task of its own."""
    job.script(exitCode=3)
    run = job.run()
    assert (run.status, run.exit_code, len(run.attempts)) == ("FAILED", 3, 2)
    assert causes.cause_of(run).text == "ended with status 3, in each of 2 attempts"


def test_one_attempt_may_have_a_script_of_its_own(job: Job) -> None:
    """So that a retry can succeed."""
    job.script({"1": {"exitCode": 137, "reason": "OutOfMemoryError: killed"}}, exitCode=0)
    run = job.run()
    assert (run.status, run.exit_code) == ("SUCCEEDED", 0)
    assert run.attempts[0].containers[0].reason == "OutOfMemoryError: killed"


def test_a_task_that_cannot_start_fails_the_run(job: Job) -> None:
    """Its containers have no exit code."""
    job.script(stopCode="TaskFailedToStart", reason="CannotPullContainerError: x: not found")
    run = job.run()
    assert (run.status, run.exit_code) == ("FAILED", None)
    assert causes.cause_of(run).text == "the image does not exist any more"


def test_without_docker_and_script_a_task_fails_to_start(sandbox: Sandbox) -> None:
    """At once, with what to do about it."""
    run = Job(sandbox, "unscripted").run()
    assert run.attempts[-1].stop_code == "TaskFailedToStart"
    assert "cjob sandbox script" in causes.cause_of(run).text


def test_a_run_that_is_stopped_stops_its_task(job: Job) -> None:
    """The execution is aborted, and no retry follows."""
    job.script(seconds=600)
    execution = job.start()
    until(lambda: bool(job.in_states(execution).attempts))
    [attempt] = job.in_states(execution).attempts
    job.states.stop_execution(executionArn=execution, error="Stopped", cause="by anna")
    run = job.end(execution)
    assert (run.status, run.message) == ("ABORTED", "by anna")
    task = job.task(attempt.task_arn)
    assert (task["lastStatus"], task["stopCode"]) == ("STOPPED", "UserInitiated")


def test_a_task_that_is_stopped_is_retried(job: Job) -> None:
    """As Step Functions does, whoever stopped it."""
    job.script({"1": {"seconds": 600}}, exitCode=0)
    execution = job.start()
    until(lambda: bool(job.in_states(execution).attempts))
    [attempt] = job.in_states(execution).attempts
    cluster = attempt.task_arn.split("/")[1]
    job.ecs.stop_task(cluster=cluster, task=attempt.task_arn, reason="maintenance")
    run = job.end(execution)
    assert (run.status, len(run.attempts)) == ("SUCCEEDED", 2)
    assert (run.attempts[0].stop_code, run.attempts[0].reason) == ("UserInitiated", "maintenance")


def test_a_run_that_takes_too_long_times_out(sandbox: Sandbox) -> None:
    """And its task is stopped."""
    slow = Job(sandbox, "slow", timeout=1)
    slow.script(seconds=600)
    run = slow.run()
    assert run.status == "TIMED_OUT"
    assert causes.cause_of(run).text.startswith("not done after ")


def test_a_start_can_be_repeated_while_the_run_lasts(job: Job) -> None:
    """With the same name and input; afterwards the name is taken."""
    job.script(seconds=600)
    name = uuid.uuid4().hex
    execution = job.start({"a": 1}, name)
    assert job.start({"a": 1}, name) == execution
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        job.start({"a": 2}, name)
    job.states.stop_execution(executionArn=execution)
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        job.start({"a": 1}, name)


@effort.thorough
def test_a_rule_starts_runs_for_the_minute_that_it_fires(sandbox: Sandbox) -> None:
    """The run knows its fire time, and its name is two UUIDs."""
    regular = Job(sandbox, "regular", state="ENABLED")
    regular.script(exitCode=0)
    until(
        lambda: bool(regular.states.list_executions(stateMachineArn=regular.machine)["executions"])
    )
    [found] = regular.states.list_executions(stateMachineArn=regular.machine)["executions"]
    run = regular.end(found["executionArn"])
    assert run.trigger == "schedule"
    assert run.scheduled_at is not None
    assert run.scheduled_at.second == 0
    assert datetime.now(UTC) - run.scheduled_at < timedelta(minutes=3)
    assert [len(part) for part in run.name.split("_")] == [36, 36]
