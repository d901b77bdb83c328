"""`cjob doctor` on a sandbox that denies what AWS denies."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import sandboxes

from cjob.aws import rights

MANIFEST = "name: report\ntype: Scheduled Job\nimage: {location: x}\non: {schedule: '@daily'}\n"


@pytest.mark.parametrize(
    ("commands", "status", "missing"),
    [
        (["deploy", "doctor"], 0, []),
        (["deploy"], 0, None),
        (
            ["render", "doctor"],
            3,
            sorted(
                {r.action for r in rights.needed(["deploy"], rights.CALLER) if not r.optional}
                - {r.action for r in rights.needed(["render"])}
            ),
        ),
    ],
)
def test_permissions_that_a_deployment_lacks_are_named(
    commands: list[str], status: int, missing: list[str] | None, tmp_path: Path
) -> None:
    """With policies that cjob iam prints: enough, too few, and none to check permissions."""
    (tmp_path / "copilot" / "report").mkdir(parents=True)
    (tmp_path / "copilot" / ".workspace").write_text("application: demo\n")
    (tmp_path / "copilot" / "report" / "manifest.yml").write_text(MANIFEST)
    folder = tmp_path / "sandbox"
    sandboxes.prepare(folder)

    def cjob(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*sandboxes.CJOB, *arguments],
            cwd=tmp_path,
            env={**sandboxes.environment(folder), **variables},
            capture_output=True,
            text=True,
            check=False,
        )

    policy = tmp_path / "policy.json"
    policy.write_text(cjob("iam", *commands, "-e", "test", "-o", "json").stdout)
    sandbox = sandboxes.start(folder, "--strict", "--policy", os.fspath(policy))
    try:
        variables = {name: value for name, value in sandbox.env.items() if value}
        done = cjob("doctor", "-e", "test", "-o", "json", **variables)
    finally:
        sandbox.stop()
    assert done.returncode == status, done.stdout
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    if missing is None:
        assert checks["permissions"]["state"] == "warning"
        assert checks["permissions"]["text"].startswith("not checked: ")
        assert "iam:SimulatePrincipalPolicy" in checks["permissions"]["text"]
        assert checks["permissions"]["hint"] == (
            "deployments do not need this; to check permissions, grant the policy of: "
            "cjob iam deploy doctor -a demo -e test -o json"
        )
    else:
        assert checks["permissions"]["missing"] == missing
    assert checks["environment"]["env"] == "test"
    assert checks["environment"]["version"].startswith("v1.")
    assert checks["account"]["arn"].endswith(":user/sandbox")
    assert checks["sandbox"]["used"] is True
