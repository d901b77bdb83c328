"""A job with all that a workspace can hold of it, and the short way from such texts to a stack."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from cjob.document.models import Job, Release, Target
from cjob.document.records import replace
from cjob.reporting.errors import CjobError, InputErrors
from cjob.stages.load import load_job
from cjob.template.render import render_stack
from cjob.workspace.find import Workspace

JOB = Job(app="acme", env="test", name="report")
TARGET = Target(
    account_id="123456789012",
    region="eu-central-1",
    manager_role_arn="arn:aws:iam::123456789012:role/acme-test-EnvManagerRole",
    execution_role_arn="arn:aws:iam::123456789012:role/acme-test-CFNExecutionRole",
    artifact_bucket="artifacts",
    artifact_key_arn="arn:aws:kms:eu-central-1:123456789012:key/1",
    environment_version="v1.33.2",
    features=("EFSWorkloads", "NATWorkloads"),
    service_discovery_endpoint="test.acme.local",
    subnets={"team=a": ("subnet-1",)},
)
VARIABLES = {
    "A": "x",
    "LIST": json.dumps(["a"] * 2000),
    "ODD": "a: ${A} \"'\n",
    "TWICE": "${TWICE}${TWICE}",
}

MANIFEST = """\
# Sends a report every night.
name: report
type: Scheduled Job

image:
  build:
    dockerfile: ./Dockerfile
    args: {stage: "${COPILOT_ENVIRONMENT_NAME}"}
  depends_on: {proxy: start}
  labels: {team: data}
  healthcheck: {command: [CMD, "true"], interval: 5s, retries: 3}
entrypoint: ["/bin/sh", -c]
command: python -m report --all "two words"
cpu: 512
memory: 1024
platform: linux/arm64
count: 1
exec: true
on:
  schedule: "cron(0 2 * * ? *)"
retries: 3
timeout: 1h30m
env_file: report.env
variables: &variables
  LOG_LEVEL: info
  REGION: eu-${A}
  TABLE: {from_cfn: "${COPILOT_APPLICATION_NAME}-table"}
secrets:
  TOKEN: /acme/token
  PASSWORD: {secretsmanager: acme/password}
storage:
  ephemeral: 30
  readonly_fs: true
  volumes:
    shared: {path: /shared, read_only: false, efs: true}
    own: {path: /own, efs: {id: fs-1, root_dir: /data, auth: {iam: true}}}
network:
  vpc:
    placement: private
    security_groups: [sg-1, {from_cfn: group}]
logging:
  retention: 30
  destination: {Name: cloudwatch, log_group_name: logs}
  enableMetadata: true
publish:
  topics: [{name: done}]
sidecars:
  proxy:
    image: nginx:1.27
    port: 8080/tcp
    variables: *variables
    mount_points: [{source_volume: shared, path: /html}]
taskdef_overrides:
  - path: ContainerDefinitions[0].Ulimits[-].Name
    value: nofile
permissions_boundary: limits
tags: {cost: "42"}
environments:
  test:
    cpu: 256
    variables: {LOG_LEVEL: debug}
    network: {vpc: {placement: public}}
"""

TABLE = """\
Parameters:
  App: {Type: String}
  Env: {Type: String}
  Name: {Type: String}
  Capacity: {Type: Number}
Mappings:
  Sizes:
    test: {read: 1}
Conditions:
  IsTest: !Equals [!Ref Env, test]
Transform: [AWS::Serverless-2016-10-31]
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub "${App}-${Env}-${Name}"
      BillingMode: PAY_PER_REQUEST
  Access:
    Type: AWS::IAM::ManagedPolicy
    Properties: {PolicyDocument: {Statement: []}}
  Key: {Type: AWS::SecretsManager::Secret}
  Worker:
    Type: AWS::Lambda::Function
    Properties:
      Code: worker
      Runtime: python3.13
Outputs:
  TableName: {Value: !Ref Table}
  AccessPolicy: {Value: {Ref: Access}}
  KeyArn: {Value: !Ref Key}
"""

TOPIC = """\
Parameters:
  App: {Type: String}
  Env: {Type: String}
  Name: {Type: String}
Resources:
  Topic: {Type: AWS::SNS::Topic}
Outputs:
  TopicArn:
    Value: !Ref Topic
"""

PARAMETERS = """\
Parameters:
  Capacity: !If [IsTest, 1, 2]
"""

PATCHES = """\
- op: add
  path: /Resources/TaskDefinition/Properties/Tags
  value: [{Key: a, Value: !Ref AppName}]
- op: replace
  path: /Resources/LogGroup/Properties/RetentionInDays
  value: 7
- op: remove
  path: /Resources/TaskDefinition/Properties/ContainerDefinitions/0/LogConfiguration
"""

FILES: Mapping[str, str] = {
    "copilot/.workspace": "application: acme\n",
    "copilot/report/manifest.yml": MANIFEST,
    "copilot/report/addons/table.yml": TABLE,
    "copilot/report/addons/topic.yml": TOPIC,
    "copilot/report/addons/addons.parameters.yml": PARAMETERS,
    "copilot/report/overrides/cfn.patches.yml": PATCHES,
    "worker/index.py": "print('worked')\n",
    "report.env": "A=b\n",
}


def write(root: Path, **changed: str | bytes) -> Workspace:
    """Write the workspace; `changed` gives other content by the last part of a file's name."""
    for name, text in FILES.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        content = changed.get(file.stem.rpartition(".")[2], text)
        file.write_bytes(
            content if isinstance(content, bytes) else content.encode(errors="replace")
        )
    return Workspace(root=root, app="acme")


def rendered(workspace: Workspace) -> Release:
    """Load and render the job."""
    release = load_job(JOB, workspace, VARIABLES, lambda _: None)
    return render_stack(replace(release, target=TARGET))


def refusals(workspace: Workspace) -> Sequence[CjobError]:
    """Return what is said against the job; nothing where it is rendered.

    Anything but an error that is made for people goes on to fail the test.
    """
    try:
        rendered(workspace)
    except InputErrors as error:
        return error.problems
    except CjobError as error:
        return (error,)
    return ()
