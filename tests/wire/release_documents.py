"""A document with every section, and ways to spoil one."""

import copy
from typing import Any

Document = dict[str, Any]

FULL: Document = {
    "apiVersion": "cjob/v1",
    "kind": "Release",
    "job": {"app": "acme", "env": "test", "name": "report"},
    "source": {
        "manifest": "name: report\n",
        "addons": {"table": "Resources: {}\n"},
        "overrides": {"patches": "[]\n", "cdk": ""},
        "builds": {
            "report": {
                "context": ".",
                "dockerfile": "Dockerfile",
                "target": "",
                "args": {"A": "1"},
                "cacheFrom": ["acme/base"],
                "platform": "linux/amd64",
            }
        },
        "assets": [
            {
                "kind": "envFile",
                "sha256": "ab",
                "key": "manual/env-files/a.env/ab.env",
                "path": "a.env",
                "containers": ["report"],
                "zipped": False,
            }
        ],
        "tag": "v1",
        "tags": {"team": "data"},
        "revision": {"commit": "1a2b3c4", "dirty": True},
    },
    "target": {
        "accountId": "123456789012",
        "region": "eu-west-1",
        "managerRoleArn": "arn:aws:iam::123456789012:role/manager",
        "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
        "artifactBucket": "bucket",
        "artifactKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/k",
        "repositories": {"report": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/acme/report"},
        "environmentVersion": "v1.33.2",
        "features": ["NATWorkloads"],
        "serviceDiscoveryEndpoint": "test.acme.local",
        "permissionsBoundary": "",
        "tags": {},
        "subnets": {"Name=a": ["subnet-1"]},
    },
    "images": {
        "report": {
            "id": "sha256:1",
            "platform": "linux/amd64",
            "tags": ["latest"],
            "repository": "acme/report",
            "digest": "sha256:2",
            "uri": "acme/report@sha256:2",
            "differs": False,
        }
    },
    "artifacts": {"bucket": "bucket", "keys": ["manual/a"]},
    "stack": {
        "name": "acme-test-report",
        "template": "Resources: {}\n",
        "parameters": {"AppName": "acme"},
        "tags": {"copilot-application": "acme"},
        "addons": "",
        "missing": ["ContainerImage"],
    },
    "diff": {
        "changed": True,
        "text": "~ x: 1 -> 2\n",
        "changes": [
            {
                "op": "change",
                "path": "Resources.A.Properties.x",
                "kind": "",
                "type": "AWS::SNS::Topic",
                "replacement": "false",
                "resources": {"Role": "true"},
                "old": 1,
                "new": [None, {"b": 2}],
                "inside": [{"op": "change", "path": "a[0]", "old": 1, "new": {"b": 2}}],
            }
        ],
        "against": {
            "status": "UPDATE_COMPLETE",
            "stackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/acme-test-report/1",
            "template": "sha256:3",
            "parameters": "sha256:4",
            "tags": "sha256:5",
            "addons": "sha256:6",
        },
    },
    "deployment": {"stackId": "arn", "status": "UPDATE_COMPLETE", "changed": True},
    "run": {
        "name": "cjob-anna-20261127T090012Z-5f3a",
        "executionArn": "arn:aws:states:eu-west-1:123456789012:execution:acme-test-report:a",
        "status": "FAILED",
        "exitCode": 137,
        "cause": "out of memory",
        "attempts": [
            {
                "taskArn": "arn:aws:ecs:eu-west-1:123456789012:task/acme/1",
                "taskDefinition": "acme-test-report:12",
                "stopCode": "EssentialContainerExited",
                "reason": "Essential container in task exited",
                "containers": [{"name": "report", "exitCode": 137, "reason": "OutOfMemoryError"}],
            }
        ],
    },
}


def full() -> Document:
    """Return a document with every section, to be changed at will."""
    return copy.deepcopy(FULL)


def begun() -> Document:
    """Return the least that is a document: one that only names its job."""
    return {key: full()[key] for key in ("apiVersion", "kind", "job")}


def at(document: Document, path: str) -> Any:  # noqa: ANN401 - JSON
    """Return what stands at a dotted path; numbers index lists."""
    found: Any = document
    for part in path.split(".") if path else ():
        found = found[int(part) if isinstance(found, list) else part]
    return found


def put(document: Document, path: str, value: object) -> Document:
    """Put a value at a dotted path, and give the document."""
    above, _, last = path.rpartition(".")
    place = at(document, above)
    place[int(last) if isinstance(place, list) else last] = value
    return document


def drop(document: Document, path: str) -> Document:
    """Take away what stands at a dotted path, and give the document."""
    above, _, last = path.rpartition(".")
    del at(document, above)[last]
    return document


def paths(value: object, above: str = "") -> list[str]:
    """Return the dotted paths of all values inside, containers before what they hold."""
    found: list[str] = []
    inside = dict(enumerate(value)) if isinstance(value, list) else value
    for key, inner in inside.items() if isinstance(inside, dict) else ():
        path = f"{above}.{key}" if above else str(key)
        found += [path, *paths(inner, path)]
    return found
