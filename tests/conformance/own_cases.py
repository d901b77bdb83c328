"""A few jobs in the form of conformance cases, for where no folder with real ones was named.

A case is a workspace with `runtime.json` beside `copilot/`: what the manifest does not say.
"""

import json
from collections.abc import Mapping
from pathlib import Path

HEAD = "name: report\ntype: Scheduled Job\n"
ON = 'on: {schedule: "@daily"}\n'

MANIFESTS: Mapping[str, str] = {
    "smallest": HEAD + "image: {location: alpine}\n" + ON,
    "built": HEAD
    + ON
    + """\
image: {build: ./Dockerfile}
command: python -m report --all
cpu: 512
memory: 1024
platform: linux/arm64
retries: 3
timeout: 90m
variables: {LOG_LEVEL: info}
secrets: {TOKEN: /acme/token, PASSWORD: {secretsmanager: acme/password}}
env_file: report.env
""",
    "sidecars": HEAD
    + ON
    + """\
image: {location: alpine, depends_on: {proxy: start}}
sidecars:
  proxy: {image: nginx, port: 80, essential: true, variables: {A: b}}
logging:
  destination: {Name: cloudwatch, log_group_name: logs}
""",
    "files": HEAD
    + ON
    + """\
image: {location: alpine}
storage:
  ephemeral: 30
  readonly_fs: true
  volumes:
    managed: {path: /managed, efs: true}
    own: {path: /own, efs: {id: fs-12345678}}
""",
    "network": HEAD
    + ON
    + """\
image: {location: alpine}
network: {vpc: {placement: private, security_groups: [sg-12345678]}}
publish: {topics: [{name: done}]}
exec: true
environments:
  test: {cpu: 1024, memory: 2048, on: {schedule: "rate(2 hours)"}}
""",
    "addons": HEAD + "image: {location: alpine}\n" + ON,
}

ADDON = """\
Parameters:
  App: {Type: String}
  Env: {Type: String}
  Name: {Type: String}
Resources:
  Topic: {Type: AWS::SNS::Topic}
  Access:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: '2012-10-17'
        Statement: [{Effect: Allow, Action: sns:Publish, Resource: !Ref Topic}]
Outputs:
  TopicArn: {Value: !Ref Topic}
  AccessArn: {Value: !Ref Access}
"""

RUNTIME: Mapping[str, object] = {
    "job": "report",
    "app": "acme",
    "env": "test",
    "account_id": "123456789012",
    "region": "us-west-2",
    "env_version": "v1.33.2",
    "version": "v1.33.2",
    "service_discovery_endpoint": "test.acme.local",
    "artifact_bucket": "artifacts",
    "artifact_key": "arn:aws:kms:us-west-2:123456789012:key/1",
    "permissions_boundary": "",
    "tags": {"team": "data"},
    "images": {},
    "env_file_arns": {},
    "addons_url": "",
    "os_env": {},
}


def write(root: Path) -> tuple[Path, ...]:
    """Write the cases below a folder, one folder each, and give these."""
    return tuple(_write(root / name, text) for name, text in sorted(MANIFESTS.items()))


def _write(case: Path, manifest: str) -> Path:
    runtime = dict(RUNTIME)
    folder = case / "copilot/report"
    folder.mkdir(parents=True)
    (case / "copilot/.workspace").write_text("application: acme\n")
    (folder / "manifest.yml").write_text(manifest)
    if case.name == "built":
        runtime["images"] = {"report": {"repo": "acme/report", "tag": "1", "digest": ""}}
        runtime["env_file_arns"] = {"report": "arn:aws:s3:::artifacts/report.env"}
    if case.name == "addons":
        (folder / "addons").mkdir()
        (folder / "addons/topic.yml").write_text(ADDON)
        runtime["addons_url"] = "https://artifacts.s3.us-west-2.amazonaws.com/addons.yml"
    (case / "runtime.json").write_text(json.dumps(runtime))
    return case
