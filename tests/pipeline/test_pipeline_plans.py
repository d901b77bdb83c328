"""From a manifest to a stack through pipes: plans, differences, and what is refused."""

import json
import re

import pytest
from calls_proxy import Proxy
from pipelines import Place, document, name, on

VARIABLES = "variables:\n  A: one\n"

# As in the page that people know the difference from, for a job with another variable.
ADDED = """\
~ Resources:
    ~ TaskDefinition:
        ~ Properties:
            ~ ContainerDefinitions:
                ~ - (changed item)
                  ~ Environment:
                      (4 unchanged items)
                      + - Name: LOG_LEVEL
                      +   Value: "info"
"""


def plan(place: Place, job: str) -> str:
    """Build, push, render and compare a job, each in a process of its own."""
    done = place.pipe(["build", *on(job)], ["push"], ["render"], ["diff"])
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_plan_is_applied_once(place: Place) -> None:
    """Then there is nothing left to do, until the stack is changed by something else."""
    place.job("planned", VARIABLES)
    kept = plan(place, "planned")
    assert place.status("planned") == ""

    applied = place.run("apply", stdin=kept)
    deployment = document(applied)["deployment"]
    assert (deployment["status"], deployment["changed"]) == ("CREATE_COMPLETE", True)
    assert deployment["stackId"] == place.stack("planned")["StackId"]
    tags = {tag["Key"]: tag["Value"] for tag in place.stack("planned")["Tags"]}
    assert tags == {
        "copilot-application": "demo",
        "copilot-environment": "test",
        "copilot-service": "planned",
    }

    before = place.all_change_sets("planned")
    again = place.run("apply", stdin=kept)
    assert document(again)["deployment"]["changed"] is False
    assert "planned: already applied: stack demo-test-planned is" in again.stderr
    assert place.all_change_sets("planned") == before

    place.job("planned", "variables: {A: two}\n")
    place.done("deploy", *on("planned"))
    stale = place.run("apply", stdin=kept)
    assert (stale.returncode, stale.stdout) == (2, "")
    assert "planned: the plan is out of date" in stale.stderr


def test_a_plan_is_shown_as_it_was_made(place: Place) -> None:
    """Offline, whatever the stack is by then: its summary, difference, images and digest."""
    place.job("kept-plan")
    place.done("deploy", *on("kept-plan"))
    place.job("kept-plan", "variables: {LOG_LEVEL: info, DB_PASSWORD: s3cret}\n")
    compared = place.pipe(["build", *on("kept-plan")], ["push"], ["render"], ["diff"])
    place.write("plan.json", compared.stdout)
    seen = place.run("diff", *on("kept-plan"), "-o", "text").stdout
    page = place.run("diff", "-o", "markdown", stdin=compared.stdout).stdout
    place.done("apply", "plan.json")

    offline = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    shown = place.done("show", "plan.json", **offline)
    assert shown.stdout.startswith("kept-plan (test)\n  stack    demo-test-kept-plan\n")
    assert shown.stdout.endswith(seen)
    assert "  changes  2 changes: 2 environment variables" in shown.stdout
    (digest,) = re.findall(r"sha256:[0-9a-f]{64}(?=\n~ Resources)", shown.stdout)
    assert f"document {digest}" in compared.stderr
    assert "s3cret" not in shown.stdout
    assert place.done("show", "-o", "markdown", stdin=compared.stdout, **offline).stdout == page
    assert place.done("show", "-o", "json", "plan.json", **offline).stdout == compared.stdout


def test_a_plan_that_was_reviewed_is_bound_by_its_digest(place: Place) -> None:
    """The digest that the difference was told with lets that document pass, and no other one."""
    place.job("reviewed", VARIABLES)
    compared = place.pipe(["build", *on("reviewed")], ["push"], ["render"], ["diff"])
    told = re.findall(r"^reviewed: document (sha256:[0-9a-f]{64})$", compared.stderr, re.MULTILINE)
    assert len(told) == 1

    touched = compared.stdout.replace('\\"one\\"', '\\"two\\"')
    assert touched != compared.stdout
    refused = place.run("apply", "--expect-digest", told[0], stdin=touched)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "unexpected documents: reviewed has sha256:" in refused.stderr
    assert place.status("reviewed") == ""

    applied = place.run("apply", "--expect-digest", told[0], stdin=compared.stdout)
    assert document(applied)["deployment"]["status"] == "CREATE_COMPLETE"


def test_a_plan_that_was_edited_after_its_review_is_refused(place: Place) -> None:
    """Whatever its own difference says, it would do something else."""
    place.job("edited", VARIABLES)
    place.done("deploy", *on("edited"))
    place.job("edited", "variables: {A: two}\n")
    kept = json.loads(plan(place, "edited"))
    template = kept["stack"]["template"]
    kept["stack"]["template"] = template + (
        "  Backdoor:\n    Type: AWS::IAM::Role\n    Properties:\n"
        "      AssumeRolePolicyDocument: {Statement: []}\n"
        if template.rstrip().splitlines()[-1].startswith("  ")
        else ""
    )
    assert kept["stack"]["template"] != template
    done = place.run("apply", stdin=json.dumps(kept))
    assert (done.returncode, done.stdout) == (2, "")
    assert "would make changes that its difference does not show" in done.stderr


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--expect-env", "prod"), "in environment 'test', not 'prod'"),
        (("--expect-job", "other", "--expect-job", "third"), "not 'other' or 'third'"),
    ],
)
def test_a_plan_for_something_else_than_expected_is_refused(
    place: Place, flags: tuple[str, ...], told: str
) -> None:
    """Before AWS is asked for anything."""
    place.job("expected")
    kept = place.pipe(["render", *on("expected")], ["diff"]).stdout
    done = place.run("apply", *flags, stdin=kept, AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr


def test_a_plan_that_changes_nothing_does_nothing(place: Place) -> None:
    """No change set is made for it."""
    place.job("steady")
    place.done("deploy", *on("steady"))
    before = place.all_change_sets("steady")
    kept = plan(place, "steady")
    assert json.loads(kept)["diff"]["changed"] is False
    deployment = document(place.run("apply", stdin=kept))["deployment"]
    assert (deployment["status"], deployment["changed"]) == ("CREATE_COMPLETE", False)
    assert place.all_change_sets("steady") == before


def test_an_added_variable_shows_as_in_the_page(place: Place) -> None:
    """To the byte; and once it is deployed there is nothing left to change."""
    place.job("seen")
    place.done("deploy", *on("seen"))
    place.job("seen", "variables:\n  LOG_LEVEL: info\n")
    shown = place.run("package", *on("seen"), "--diff")
    assert (shown.returncode, shown.stdout) == (1, ADDED)
    assert place.run("diff", *on("seen"), "-o", "text").stdout == ADDED

    updated = document(place.run("deploy", *on("seen")))["deployment"]
    assert (updated["status"], updated["changed"]) == ("UPDATE_COMPLETE", True)
    before = place.all_change_sets("seen")
    again = place.done("deploy", *on("seen"))
    assert document(again)["deployment"]["changed"] is False
    assert "is up to date" in again.stderr
    assert place.all_change_sets("seen") == before
    assert place.run("package", *on("seen"), "--diff").returncode == 0


def test_what_was_not_pushed_is_not_applied(place: Place) -> None:
    """What is missing is named; nothing is sent for it."""
    place.job("unpushed")
    rendered = place.pipe(["render", *on("unpushed")], ["diff"])
    done = place.run("apply", stdin=rendered.stdout)
    assert (done.returncode, done.stdout) == (2, "")
    assert "stack.missing" in done.stderr
    assert "EnvControllerFunction" in done.stderr
    assert "cjob-push" in done.stderr
    assert place.status("unpushed") == ""


def test_a_plan_without_its_difference_is_applied_as_it_is(place: Place) -> None:
    """The pipe may leave out the comparison."""
    place.job("direct")
    done = place.pipe(["build", *on("direct")], ["push"], ["render"], ["apply"])
    assert document(done)["deployment"]["status"] == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("target", "artifactBucket", "somebody-elses"),
        ("target", "executionRoleArn", "arn:aws:iam::123456789012:role/admin"),
        ("stack", "name", "demo-test-other"),
    ],
)
def test_a_document_that_leads_elsewhere_is_refused(
    place: Place, section: str, key: str, value: str
) -> None:
    """Wherever somebody changed it."""
    place.job("forged")
    pushed = place.pipe(["build", *on("forged")], ["push"], ["render"])
    forged = json.loads(pushed.stdout)
    forged[section][key] = value
    done = place.run("apply", stdin=json.dumps(forged))
    assert (done.returncode, done.stdout) == (2, "")
    assert value in done.stderr
    assert place.status("forged") == ""


def test_a_stack_of_a_newer_tool_is_not_taken_back(place: Place) -> None:
    """Neither by deploy nor by package; with leave it is."""
    place.job("newer")
    place.done("deploy", *on("newer"))
    template = str(place.stacks.get_template(StackName=name("newer"))["TemplateBody"])
    place.stacks.update_stack(
        StackName=name("newer"),
        TemplateBody=template.replace("v1.34.1", "v1.99.0"),
        Parameters=[
            {"ParameterKey": p["ParameterKey"], "UsePreviousValue": True}
            for p in place.stack("newer").get("Parameters", [])
        ],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    place.stacks.get_waiter("stack_update_complete").wait(
        StackName=name("newer"), WaiterConfig={"Delay": 1}
    )
    for command in ("deploy", "package"):
        done = place.run(command, *on("newer"))
        assert (done.returncode, done.stdout) == (2, "")
        assert "v1.99.0, newer than v1.34.1" in done.stderr
    assert place.done("package", *on("newer"), "--allow-downgrade").stdout
    place.job("newer", VARIABLES)  # CloudFormation takes another version alone for no change
    allowed = document(place.run("deploy", *on("newer"), "--allow-downgrade"))
    assert allowed["deployment"]["changed"] is True
    assert place.done("package", *on("newer")).stdout


def test_resource_tags_reach_the_stack(place: Place) -> None:
    """Beside Copilot's own, which have no other values; compared with them, nothing differs."""
    place.job("tagged")
    refused = place.run("deploy", *on("tagged"), "--resource-tags", "copilot-service=mine")
    assert refused.returncode == 2
    assert "the tag 'copilot-service' is always 'tagged', not 'mine'" in refused.stderr
    given = '"team=data"'
    place.done("deploy", *on("tagged"), "--resource-tags", given)
    tags = {tag["Key"]: tag["Value"] for tag in place.stack("tagged")["Tags"]}
    assert (tags["team"], tags["copilot-service"]) == ("data", "tagged")
    for command in (("package", "--diff"), ("diff", "--exit-code", "-o", "text")):
        compared = place.run(*command, *on("tagged"), "--resource-tags", given)
        assert (compared.returncode, compared.stdout) == (0, "No changes.\n")
    assert place.run("package", "--diff", *on("tagged")).returncode == 1


def test_what_holds_data_is_removed_only_where_that_is_asked_for(
    place: Place, proxy: Proxy
) -> None:
    """A job that no longer has addons would lose what is in them; nothing is sent before."""
    addon = (
        "Parameters: {App: {Type: String}, Env: {Type: String}, Name: {Type: String}}\n"
        "Resources:\n"
        "  Setting:\n"
        "    Type: AWS::SSM::Parameter\n"
        "    Properties: {Type: String, Value: a, Name: !Sub '/${App}/${Env}/${Name}/setting'}\n"
    )
    place.job("keeper")
    place.write("copilot/keeper/addons/setting.yml", addon)
    place.done("deploy", *on("keeper"))
    (place.root / "copilot/keeper/addons/setting.yml").unlink()
    refused = place.run("deploy", *on("keeper"), AWS_ENDPOINT_URL=proxy.address)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert not {"HeadObject", "PutObject"} & set(proxy.actions)
    assert "--allow-removal AddonsStack" in refused.stderr
    shown = place.run("deploy", *on("keeper"), "--diff", "--yes")
    assert shown.returncode == 2
    assert "AddonsTemplateURL" in shown.stderr
    assert "--allow-removal AddonsStack" in shown.stderr
    settings = place.sandbox.session().client("ssm", endpoint_url=place.sandbox.endpoint)
    assert settings.get_parameter(Name="/demo/test/keeper/setting")["Parameter"]["Value"] == "a"
    done = document(place.run("deploy", *on("keeper"), "--allow-removal", "AddonsStack"))
    assert done["deployment"]["changed"] is True
    with pytest.raises(settings.exceptions.ParameterNotFound):
        settings.get_parameter(Name="/demo/test/keeper/setting")


def test_a_stack_that_somebody_made_by_hand_is_adopted_only_on_request(
    place: Place, proxy: Proxy
) -> None:
    """It is refused before anything is built, and so is the loss of what is in it."""
    place.job("handmade")
    place.stacks.create_stack(
        StackName=name("handmade"),
        TemplateBody="Resources: {Inbox: {Type: 'AWS::SQS::Queue'}}",
    )
    place.stacks.get_waiter("stack_create_complete").wait(
        StackName=name("handmade"), WaiterConfig={"Delay": 1}
    )
    for flags, told in (
        ((), "was not created by cjob or Copilot"),
        (("--adopt-stack",), "this would remove Inbox (AWS::SQS::Queue)"),
    ):
        refused = place.run("deploy", *on("handmade"), *flags, AWS_ENDPOINT_URL=proxy.address)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert told in refused.stderr
        assert not {"HeadObject", "PutObject", "CreateChangeSet"} & set(proxy.actions)
    leave = ("--adopt-stack", "--allow-removal", "Inbox")
    adopted = document(place.run("deploy", *on("handmade"), *leave))
    assert adopted["deployment"]["status"] == "UPDATE_COMPLETE"
    assert document(place.run("deploy", *on("handmade")))["deployment"]["changed"] is False
