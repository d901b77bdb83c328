"""Targets, stacks and documents for the tests of the stages; each takes what a test varies."""

import hashlib

from cjob.diff.stacks import compare
from cjob.document import names
from cjob.document.models import Job, Release, Stack, Target
from cjob.document.records import replace
from cjob.document.snapshot import StackSnapshot

JOB = Job(app="acme", env="test", name="report")
NAME = "acme-test-report"
STACK_ID = f"arn:aws:cloudformation:eu-central-1:123456789012:stack/{NAME}/1"

TARGET = Target(
    account_id="123456789012",
    region="eu-central-1",
    manager_role_arn="arn:aws:iam::123456789012:role/acme-test-EnvManagerRole",
    execution_role_arn="arn:aws:iam::123456789012:role/acme-test-CFNExecutionRole",
    artifact_bucket="artifacts",
    artifact_key_arn="arn:aws:kms:eu-central-1:123456789012:key/1",
    environment_version="v1.33.2",
    service_discovery_endpoint="test.acme.local",
)

TEMPLATE = """\
Metadata:
  Version: v1.34.1
Resources:
  Role:
    Type: AWS::IAM::Role
"""

OLDER = TEMPLATE.replace("IAM::Role", "IAM::Policy")

TAGS = names.copilot_tags("acme", "test", "report")


def stack(template: str = TEMPLATE, missing: tuple[str, ...] = (), **parameters: str) -> Stack:
    """Return a stack as it should be."""
    return Stack(name=NAME, template=template, parameters=parameters, tags=TAGS, missing=missing)


def referring_to(parameter: str) -> str:
    """Return a template with a resource that depends on a parameter."""
    return f"{TEMPLATE}    Properties: {{Path: !Ref {parameter}}}\n"


def with_addons(text: str) -> Stack:
    """Return a stack as it should be, with addons that were pushed."""
    key = names.addons_key("report", hashlib.sha256(text.encode()).hexdigest())
    url = names.object_url(TARGET.region, TARGET.artifact_bucket, key)
    return replace(stack(AddonsTemplateURL=url), addons=text)


def live(
    status: str = "UPDATE_COMPLETE", template: str = OLDER, **parameters: str
) -> StackSnapshot:
    """Return a stack as it is."""
    return StackSnapshot(
        status=status, stack_id=STACK_ID, template=template, parameters=parameters, tags=TAGS
    )


def release(wanted: Stack | None = None) -> Release:
    """Return a document that was rendered."""
    return Release(job=JOB, target=TARGET, stack=wanted or stack())


def plan(against: StackSnapshot, wanted: Stack | None = None) -> Release:
    """Return a document that was compared with a stack as it was."""
    document = release(wanted)
    return replace(document, diff=compare(document, against))


def without_tag(one: Stack, key: str) -> Stack:
    """Leave out a tag."""
    return replace(one, tags={k: v for k, v in one.tags.items() if k != key})
