"""Rendered templates are such as CloudFormation takes: cfn-lint and the sandbox say so."""

import gc
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import effort
import pytest
import rendered_cases
import sandboxes
import yaml
from cfnlint.config import ConfigMixIn
from cfnlint.decode.decode import decode_str
from cfnlint.runner import Runner
from rendered_cases import Rendered

from cjob.checks import deployable
from cjob.checks.resolved import resolve
from cjob.document import names
from cjob.document.models import Stack
from cjob.env_controller import archive

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef

LINTED, DEPLOYED, LEAST = (60, 30, 6) if effort.THOROUGH else (10, 8, 4)
APP, ENV, ADDONS = "demo", "test", "addons"
_BUCKET = re.compile(r"S3Bucket: '?([a-z0-9.-]+)")

# Rules with what a message must hold to be allowed, and the reason.
ALLOWED: Mapping[str, tuple[str, str]] = {
    "E3601": (
        r"\$\{Partition\}:states:::ecs:runTask\.sync",
        "as Copilot made it: DefinitionSubstitutions puts the partition in before it is read",
    ),
    "E3002": (
        r"items are not unique for keys \['Name'\]",
        "as Copilot made it: a manifest's variable beside one of its own, or of an addon",
    ),
}

# An unknown section, references to what was removed, an odd name, properties that do not exist, or
# lack others: what people's own patches and overrides make of a template.
OF_CHANGES = ("E1001", "E1010", "E1020", "E3001", "E3002", "E3003", "E3005")


def test_cfn_lint_finds_no_error_in_rendered_templates(tmp_path: Path) -> None:
    """Warnings are left out: they are matters of taste, and what Copilot left in its templates."""
    runner = Runner(ConfigMixIn(ignore_checks=["W", "I"], regions=["us-west-2"]))
    cases = rendered_cases.rendered(tmp_path, LINTED, may_be_all=True)

    errors = [line for case in cases for line in _errors(runner, case)]

    assert len(cases) >= LEAST
    assert errors == []


def _errors(runner: Runner, case: Rendered) -> Iterator[str]:
    template, unreadable = decode_str(case.template)
    matches = [*unreadable, *(runner.validate_template(template) if template else ())]
    for match in matches:
        rule = match.rule.id
        pattern, _ = ALLOWED.get(rule, ("$^", ""))
        allowed = re.search(pattern, match.message) or (case.changed and rule in OF_CHANGES)
        if not allowed:
            yield f"{case.name}:{match.linenumber}: {rule} {match.message}"


def _refused(case: Rendered) -> bool:
    stack = Stack(name=case.name, template=case.template, parameters=case.parameters, tags={})
    resolved = resolve(stack, {"AWS::Region": "us-west-2"})
    return any(True for check in deployable.CHECKS for _ in check(resolved))


def test_rendered_templates_become_stacks(aws: "Aws", tmp_path: Path) -> None:
    """Each with the controller's own code, and with what else it imports from other stacks.

    Templates that a person's patches and overrides changed are theirs to prove, and what cjob
    refuses is not deployed.
    """
    found = rendered_cases.rendered(tmp_path, DEPLOYED, with_changed=False)
    cases = [case for case in found if not _refused(case)]
    aws.prepare(cases)

    ended = {case.name: aws.deploy(case, number) for number, case in enumerate(cases)}

    assert len(cases) >= LEAST
    assert ended == {case.name: "CREATE_COMPLETE" for case in cases}


class Aws:
    """A sandbox with one environment that all jobs are deployed to."""

    def __init__(self, sandbox: sandboxes.Sandbox) -> None:
        """Take what was started."""
        session = sandbox.session()
        self._stacks = session.client("cloudformation", endpoint_url=sandbox.endpoint)
        self._objects = session.client("s3", endpoint_url=sandbox.endpoint)

    def prepare(self, cases: Iterable[Rendered]) -> None:
        """Make what the cases find in S3, and a stack with what they import."""
        found = {bucket for case in cases for bucket in _BUCKET.findall(case.template)}
        for bucket in (ADDONS, *found):
            self._objects.create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
            )
            key = names.controller_key("0" * 64)
            self._objects.put_object(Bucket=bucket, Key=key, Body=archive.archive())
        exports = set().union(*(case.imports() for case in cases))
        outputs = {
            f"Output{number}": {"Value": f"sg-{number:08}", "Export": {"Name": name}}
            for number, name in enumerate(sorted(exports))
        }
        queue = {"Queue": {"Type": "AWS::SQS::Queue"}}
        self._create("exports", yaml.safe_dump({"Resources": queue, "Outputs": outputs}), {})

    def deploy(self, case: Rendered, number: int) -> str:
        """Make a case's stack, under a name of its own, and give how that ended."""
        job = f"job-{number}"
        given = {**case.parameters, "AppName": APP, "EnvName": ENV, "WorkloadName": job}
        if case.addons:
            key = f"{job}.yml"
            self._objects.put_object(Bucket=ADDONS, Key=key, Body=case.addons.encode())
            given["AddonsTemplateURL"] = names.object_url("us-west-2", ADDONS, key)
        return self._create(names.job_stack(APP, ENV, job), case.template, given)

    def _create(self, stack: str, template: str, parameters: Mapping[str, str]) -> str:
        given: list[ParameterTypeDef] = [
            {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
        ]
        self._stacks.create_stack(
            StackName=stack,
            TemplateBody=template,
            Parameters=given,
            Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
        while True:
            found = self._stacks.describe_stacks(StackName=stack)["Stacks"][0]
            if not found["StackStatus"].endswith("_IN_PROGRESS"):
                return " ".join((found["StackStatus"], *self._failures(stack)))
            time.sleep(0.02)

    def _failures(self, stack: str) -> Iterator[str]:
        for event in self._stacks.describe_stack_events(StackName=stack)["StackEvents"]:
            if event["ResourceStatus"].endswith("_FAILED"):
                yield f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}"


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Aws]:
    """Run a sandbox for the rendered templates."""
    folder = tmp_path / "sandbox"
    sandboxes.prepare(folder)
    running = sandboxes.start(folder, "--app", APP, "--env", ENV)
    yield Aws(running)
    running.stop()
    gc.collect()  # boto3's clients close their connections no sooner
