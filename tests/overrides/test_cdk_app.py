"""A real CDK app, installed by npm, overrides the template of a job."""

import json
import tempfile
from pathlib import Path

import cdk_workspace
import programs

from cjob.yamlio import reader
from cjob.yamlio.nodes import find, text_of

LIMIT_S = 300

# Shared by all runs on a machine, so that packages are downloaded once.
CACHE = Path(tempfile.gettempdir()) / "cjob-tests-npm-cache"


def test_a_cdk_app_changes_one_property_and_sees_few_variables(tmp_path: Path) -> None:
    """It includes the template, gives its log group other days, and tells what it sees."""
    programs.needs("node", "npm")
    folder = cdk_workspace.make(tmp_path / "ws", cdk_workspace.app())
    settings = {"npm_config_cache": str(CACHE), "AWS_PROFILE": "p", "SECRET": "s", "STAGE": "x"}
    command = ("-n", "report", "-o", "template", "--cdk-env", "STAGE", "--log-format", "json")
    with cdk_workspace.start(folder, *command, settings=settings) as process:
        out, err = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0, err

    root = reader.compose(out, "out.yml")
    resources, group = find(root, "Resources"), "LogGroup"
    days = find(find(find(resources, group), "Properties"), "RetentionInDays")
    assert text_of(days) == "7"
    assert find(resources, "StateMachine") is not None
    assert text_of(find(root, "Description")).endswith("AWS CDK overrides of the job.")
    assert text_of(find(find(root, "Metadata"), "Manifest")).startswith("name: report\n")

    lines = [json.loads(line)["message"] for line in err.splitlines()]
    (told,) = (line for line in lines if line.startswith("cdk: seen: "))
    seen = set(told.split()[2:])
    assert {"STAGE", "COPILOT_APPLICATION_NAME", "COPILOT_ENVIRONMENT_NAME"} <= seen
    assert not seen & {"AWS_PROFILE", "SECRET"}
