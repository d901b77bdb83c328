"""What a deployment tells of the stacks that change with the job's, and of failures in them."""

import json

from pipelines import Place, on

ADDON = """\
Parameters:
  App: {{Type: String}}
  Env: {{Type: String}}
  Name: {{Type: String}}
Resources:
  Handle: {{Type: 'AWS::CloudFormation::WaitConditionHandle'}}
  Signal:
    Type: AWS::CloudFormation::WaitCondition
    Properties: {{Handle: !Ref Handle, Timeout: '{seconds}', Count: 1}}
"""

LOST = """\
- op: replace
  path: /Resources/EnvControllerAction/Properties/EnvStack
  value: demo-none
"""


def test_a_failure_among_the_addons_is_told_from_where_it_began(place: Place) -> None:
    """Meanwhile a line in ten seconds says what is still at work; nothing drives a terminal."""
    place.job("nesting")
    place.write("copilot/nesting/addons/signal.yml", ADDON.format(seconds=17))
    failed = place.run("deploy", *on("nesting"))
    assert (failed.returncode, failed.stdout) == (4, "")
    lines = failed.stderr.splitlines()
    assert "AddonsStack/Signal: create in progress" in lines
    assert lines.count("still in progress: AddonsStack, AddonsStack/Signal") == 1
    told, note, _ = lines[-3:]
    assert "ROLLBACK_COMPLETE: AddonsStack/Signal (AWS::CloudFormation::WaitCondition): " in told
    assert "stack/demo-test-nesting-AddonsStack-" in note
    assert "\x1b" not in failed.stderr


def test_events_for_programs_say_what_they_are_about(place: Place) -> None:
    """Each is one object; the error has its notes and its hint apart."""
    place.job("reporting")
    place.write("copilot/reporting/addons/signal.yml", ADDON.format(seconds=1))
    failed = place.run("deploy", *on("reporting"), "--log-format", "json")
    events = [json.loads(line) for line in failed.stderr.splitlines()]
    (failure,) = [e for e in events if e.get("subject") == "AddonsStack/Signal" and "reason" in e]
    assert failure["message"].startswith("AddonsStack/Signal: create failed (WaitCondition")
    del failure["message"], failure["reason"], failure["time"]
    assert failure == {
        "level": "info",
        "job": "reporting",
        "env": "test",
        "phase": "deploy",
        "subject": "AddonsStack/Signal",
        "state": "failed",
        "type": "AWS::CloudFormation::WaitCondition",
        "status": "CREATE_FAILED",
    }
    assert (events[-1]["level"], events[-1]["code"]) == ("error", "deployment-failed")
    assert [note.partition(":")[0] for note in events[-1]["notes"]] == ["to see the stack's events"]


def test_a_failure_of_the_env_controller_leads_to_its_log(place: Place) -> None:
    """The Lambda really runs; its log outlives the stack."""
    place.job("astray")
    place.write("copilot/astray/overrides/cfn.patches.yml", LOST)
    failed = place.run("deploy", *on("astray"))
    assert failed.returncode == 4
    assert "ROLLBACK_COMPLETE: EnvControllerAction (Custom::EnvControllerFunction): " in (
        failed.stderr
    )
    assert "is not authorized to perform: cloudformation:DescribeStacks" in failed.stderr
    assert "note: its log: /aws/lambda/demo-test-astray-EnvControllerFunction" in failed.stderr


def test_what_the_env_controller_changes_is_followed_too(place: Place) -> None:
    """The environment's own stack is at work then, for minutes in AWS."""
    place.job("private", "network: {vpc: {placement: private}}\n")
    done = place.done("deploy", *on("private"))
    lines = done.stderr.splitlines()
    inside = [number for number, line in enumerate(lines) if "EnvControllerAction/" in line]
    begun = lines.index("EnvControllerAction: create in progress")
    assert inside
    assert begun < inside[0]
    assert inside[-1] < lines.index("EnvControllerAction: create complete")
    assert any(lines[n].startswith("EnvControllerAction/NatGateway1: ") for n in inside)
