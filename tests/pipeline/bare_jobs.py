"""Stacks of jobs without most of what they have: quickly made, for tests of many jobs."""

import uuid
from typing import Any

from pipelines import APP, ENV, Place, name

from cjob.document import names

BARE = """\
Parameters: {{Schedule: {{Type: String}}, ContainerImage: {{Type: String}}}}
Resources:
  LogGroup: {{Type: AWS::Logs::LogGroup, Properties: {{LogGroupName: /copilot/{name}}}}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement:
          - {{Effect: Allow, Principal: {{Service: states.amazonaws.com}}, Action: sts:AssumeRole}}
  StateMachine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      StateMachineName: {name}
      RoleArn: !GetAtt Role.Arn
      DefinitionString: '{{"StartAt": "Done", "States": {{"Done": {{"Type": "Succeed"}}}}}}'
"""


def client(place: Place, service: str) -> Any:  # noqa: ANN401 - of any service
    """Return a client of the sandbox's own user, past any proxy."""
    session: Any = place.sandbox.session()
    return session.client(service, endpoint_url=place.sandbox.endpoint)


def create(place: Place, job: str, template: str, **parameters: str) -> None:
    """Create a stack with the tags of a workload's."""
    tags = names.copilot_tags(APP, ENV, job)
    place.stacks.create_stack(
        StackName=name(job),
        TemplateBody=template,
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )


def bare(place: Place, count: int) -> list[str]:
    """Create stacks of jobs that ran once, and return the jobs' names."""
    kind = uuid.uuid4().hex[:6]
    jobs = [f"bare-{kind}-{number}" for number in range(count)]
    for job in jobs:
        template = BARE.format(name=name(job))
        create(place, job, template, Schedule="cron(0 0 * * ? *)", ContainerImage="busybox")
    states, waiter = (
        client(place, "stepfunctions"),
        place.stacks.get_waiter("stack_create_complete"),
    )
    for job in jobs:
        waiter.wait(StackName=name(job), WaiterConfig={"Delay": 1})
        machine = f"arn:aws:states:us-west-2:123456789012:stateMachine:{name(job)}"
        states.start_execution(stateMachineArn=machine, name="once")
    return jobs
