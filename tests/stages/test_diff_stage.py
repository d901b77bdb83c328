"""The diff stage: templates, parameters and tags against the live stack."""

import pytest
from stacks_fake import FakeStacks
from stage_samples import OLDER, TEMPLATE, live, referring_to, release, stack

from cjob.diff.stacks import compare, not_compared, template_version, with_live_addons
from cjob.diff.summary import summary
from cjob.document.fingerprint import fingerprint
from cjob.document.models import Change, Diff, Release
from cjob.document.records import replace
from cjob.document.snapshot import StackSnapshot

TASK = """\
Resources:
  TaskDefinition:
    Properties:
      ContainerDefinitions:
        - Name: report
          Image: !Ref ContainerImage
        - Name: proxy
          Image: {image}
          Essential: {essential}
"""


def compared(
    wanted: str, deployed: StackSnapshot, missing: tuple[str, ...] = (), **given: str
) -> Diff:
    """Compare a stack with a live one."""
    return compare(release(stack(wanted, missing, **given)), deployed)


def test_what_is_as_it_is_deployed_has_no_changes() -> None:
    """No text either."""
    found = compared(TEMPLATE, live(template=TEMPLATE, A="1"), A="1")
    assert (found.changed, found.text, found.changes) == (False, "", ())


def test_a_difference_is_bound_to_the_stack_that_it_was_made_against() -> None:
    """By its status and its digests."""
    found = compared(TEMPLATE, live("UPDATE_ROLLBACK_COMPLETE"))
    assert found.against.status == "UPDATE_ROLLBACK_COMPLETE"
    assert found.against.stack_id == live().stack_id


def test_templates_are_compared_as_people_read_them() -> None:
    """And listed for programs."""
    found = compared(TEMPLATE, live(template=OLDER))
    assert found.changed
    assert found.text == (
        "~ Resources:\n    ~ Role:\n        ~ Type: AWS::IAM::Policy -> AWS::IAM::Role\n"
    )
    assert [change.path for change in found.changes] == ["Resources.Role.Type"]


WITH_CONDITION = """\
Description: one
Metadata: {Version: v1.34.1}
Parameters: {Size: {Type: String, Description: a}, Unused: {Type: String, Default: x}}
Conditions:
  IsBig: !Equals [!Ref Size, big]
Mappings: {Sizes: {big: {Cpu: '1024'}, small: {Cpu: '256'}}}
Resources:
  Role: {Type: 'AWS::IAM::Role', Properties: {Path: !FindInMap [Sizes, small, Cpu]}}
  Extra: {Type: 'AWS::SNS::Topic', Condition: IsBig, Properties: {TopicName: a}}
Outputs: {Path: {Value: !If [IsBig, b, s]}}
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Description: one", "Description: two"),
        ("Description: a}", "Description: b}"),
        ("Version: v1.34.1", "Version: v1.35.0"),
        ("Default: x", "Default: y"),
        ("Conditions:\n", "Conditions:\n  IsHuge: !Equals [!Ref Size, huge]\n"),
        ("!Equals [!Ref Size, big]", "!Or [!Equals [!Ref Size, big], !Equals [a, b]]"),
        ("big: {Cpu: '1024'}", "big: {Cpu: '2048'}"),
        ("TopicName: a", "TopicName: b"),
        ("  Extra:", "  More: {Type: 'AWS::SNS::Topic', Condition: IsBig}\n  Extra:"),
        ("Path: !FindInMap [Sizes, small, Cpu]", "Path: '256'"),
    ],
)
def test_what_cloudformation_takes_for_no_change_does_not_count(old: str, new: str) -> None:
    """It is shown, and takes effect with the next change: an update of that alone is refused."""
    assert old in WITH_CONDITION
    deployed = live(template=WITH_CONDITION, Size="small", Unused="x")
    found = compared(WITH_CONDITION.replace(old, new), deployed, Size="small", Unused="x")
    assert (found.changed, bool(found.changes), bool(found.text)) == (False, True, True)
    assert summary(found).endswith("takes effect with the next change")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("small: {Cpu: '256'}", "small: {Cpu: '512'}"),
        ("!Equals [!Ref Size, big]", "!Equals [!Ref Size, small]"),
        ("!Equals [!Ref Size, big]", "!Equals [!Ref AWS::Region, eu-west-1]"),
        ("Outputs: {", "Outputs: {More: {Value: a}, "),
        ("  Extra:", "  More: {Type: 'AWS::SNS::Topic'}\n  Extra:"),
        ("Description: one", "Transform: AWS::LanguageExtensions"),
        ("{Type: 'AWS::IAM::Role', ", "{Type: 'AWS::IAM::Role', DependsOn: X, "),
        ("Path: !FindInMap [Sizes, small, Cpu]", "Path: 256"),
    ],
)
def test_what_is_or_may_be_a_change_to_cloudformation_counts(old: str, new: str) -> None:
    """So that nothing is left undeployed for ever."""
    assert old in WITH_CONDITION
    found = compared(
        WITH_CONDITION.replace(old, new), live(template=WITH_CONDITION, Size="small"), Size="small"
    )
    assert found.changed


def test_a_parameter_counts_if_something_refers_to_it() -> None:
    """Another value of one that is not used changes nothing."""
    deployed = live(template=WITH_CONDITION, Size="small", Unused="x")
    assert not compared(WITH_CONDITION, deployed, Size="small", Unused="y").changed
    assert not compared(WITH_CONDITION, deployed, Size="tiny", Unused="x").changed
    assert compared(WITH_CONDITION, deployed, Size="big", Unused="x").changed


def test_parameters_and_tags_have_sections_of_their_own() -> None:
    """After the template."""
    deployed = replace(live(template=TEMPLATE, A="1"), tags={})
    found = compared(TEMPLATE, deployed, A="2")
    first, second = found.text.split("# tags\n")
    assert first.startswith("# parameters\n")
    assert "A: " in first
    assert "copilot-application: acme" in second
    assert {change.path for change in found.changes} >= {
        "parameters.A",
        "tags.copilot-application",
    }


@pytest.mark.parametrize(
    "status", ["", "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"]
)
def test_a_stack_that_was_never_made_is_all_new(status: str) -> None:
    """Its template may be the very same, but nothing of it is there."""
    found = compared(TEMPLATE, live(status, template=TEMPLATE, A="1"), A="1")
    assert found.changed
    assert found.text.startswith("+ Metadata:\n+     Version: v1.34.1\n")
    assert "parameters" not in found.text


def test_a_stack_that_was_never_made_has_all_its_parts_in_the_changes() -> None:
    """Its text is the template alone, as people know it."""
    found = compared(TEMPLATE, StackSnapshot(), A="1")
    added = {(change.op, change.path) for change in found.changes}
    assert {("add", "Resources"), ("add", "parameters.A")} <= added
    assert ("add", "tags.copilot-service") in added
    assert "# " not in found.text


# Addons

ADDONS = """\
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties: {TableName: one}
"""
OTHER_ADDONS = ADDONS.replace("one", "two")


def with_addons(wanted: str, address: str) -> Release:
    """Return a document with addons, whose template lies at an address."""
    given = replace(stack(TEMPLATE, AddonsTemplateURL=address), addons=wanted)
    return release(given)


def addons_compared(deployed: str, wanted: str, **addresses: str) -> Diff:
    """Compare addons with the live ones."""
    old, new = addresses.get("old", "https://one"), addresses.get("new", "https://two")
    now = replace(live(template=TEMPLATE, AddonsTemplateURL=old), addons=deployed)
    return compare(with_addons(wanted, new), now)


def test_addons_are_compared_after_all_else() -> None:
    """Their paths begin with their section."""
    found = addons_compared(ADDONS, OTHER_ADDONS)
    assert found.text == (
        "# parameters\n"
        "~ AddonsTemplateURL: https://one -> https://two\n"
        "# addons\n"
        "~ Resources:\n"
        "    ~ Table:\n"
        "        ~ Properties:\n"
        "            ~ TableName: one -> two\n"
    )
    assert found.changes[-1] == Change(
        op="change",
        path="addons.Resources.Table.Properties.TableName",
        kind="addons",
        type="AWS::DynamoDB::Table",
        replacement="true",
        old="one",
        new="two",
    )


def test_addons_that_are_new_or_gone_differ_as_a_whole() -> None:
    """Line by line in the text, section by section in the changes."""
    new = addons_compared("", ADDONS, old="")
    assert "# addons\n+ Resources:\n+     Table:\n" in new.text
    assert (new.changes[-1].op, new.changes[-1].path) == ("add", "addons.Resources")
    gone = addons_compared(ADDONS, "", new="")
    assert "# addons\n- Resources:\n" in gone.text
    assert (gone.changes[-1].op, gone.changes[-1].path) == ("remove", "addons.Resources")


def test_live_addons_are_read_only_where_they_differ() -> None:
    """An address is made from what lies there."""
    stacks = FakeStacks(live(AddonsTemplateURL="https://one"), addons=OTHER_ADDONS)
    same = with_live_addons(stacks.live, with_addons(ADDONS, "https://one"), stacks)
    assert (same.addons, stacks.asked) == (ADDONS, [])
    differing = with_live_addons(stacks.live, with_addons(ADDONS, "https://two"), stacks)
    assert (differing.addons, stacks.asked) == (OTHER_ADDONS, ["nested_template"])


@pytest.mark.parametrize(
    "deployed", [live(), live(AddonsTemplateURL=""), live("", AddonsTemplateURL="https://one")]
)
def test_a_stack_without_addons_is_not_asked_for_them(deployed: StackSnapshot) -> None:
    """Nor is one that is not there."""
    stacks = FakeStacks(deployed)
    assert with_live_addons(deployed, with_addons(ADDONS, "https://two"), stacks) == deployed
    assert stacks.asked == []


def test_a_difference_is_bound_to_the_live_addons() -> None:
    """Somebody may have changed them alone."""
    now = live(AddonsTemplateURL="https://one")
    moved = replace(now, addons=ADDONS)
    assert fingerprint(now).addons != fingerprint(moved).addons


# Functions


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("!Ref X", "!Sub X", "Ref -> Fn::Sub"),
        ("!Ref X", "X", "Ref -> (no function)"),
        ("{Ref: X}", "!Sub X", "Ref -> Fn::Sub"),
    ],
)
def test_another_function_with_the_same_argument_is_a_change(old: str, new: str, told: str) -> None:
    """It reads alike, and is something else to CloudFormation."""
    lines = "  Topic:\n    Type: AWS::SNS::Topic\n    Properties: {TopicName: %s}\n"
    found = compared(TEMPLATE + lines % new, live(template=TEMPLATE + lines % old))
    path = "Resources.Topic.Properties.TopicName"
    if old.startswith("{"):
        assert found.changed
        return
    assert (found.changed, found.text) == (True, f"~ {path}: {told}\n")
    (change,) = found.changes
    assert (change.kind, change.path, change.replacement) == ("function", path, "true")


def test_the_style_of_a_template_is_no_change() -> None:
    """Nor is the form of a function, the order of keys, or the copy of the manifest."""
    old = (
        "Metadata: {Manifest: 'a: 1', Version: v1.34.1}\n"
        "Resources:\n  A: {Type: 'AWS::SNS::Topic', Properties: {TopicName: !Sub \"a\"}}\n"
    )
    new = (
        "Resources:\n  A:\n    Properties:\n      TopicName:\n        Fn::Sub: a\n"
        "    Type: AWS::SNS::Topic\n"
        "Metadata:\n  Version: v1.34.1\n  Manifest: 'a: 2'\n"
    )
    found = compared(new, live(template=old))
    assert (found.changed, found.text, found.changes) == (False, "", ())


# Secrets


VARIABLES = """\
Parameters:
  Hook: {{Type: String, NoEcho: true, Default: {value}-1}}
Resources:
  TaskDefinition:
    Properties:
      ContainerDefinitions:
        - Environment:
            - Name: DB_PASSWORD
              Value: "{value}-2"
            - Name: LOG_LEVEL
              Value: "{level}"
          Secrets:
            - Name: API_TOKEN
              ValueFrom: {level}-address
          Image: image-{value}
"""


def test_values_that_look_secret_show_only_that_they_changed() -> None:
    """All else is shown, to people and to programs."""
    old = VARIABLES.format(value="s3cret", level="debug")
    new = VARIABLES.format(value="t0psecret", level="info")
    found = compared(new, live(template=old))
    for told in (found.text, str(found.changes)):
        shown = told.replace("image-s3cret", "").replace("image-t0psecret", "")
        assert "s3cret" not in shown
        assert "t0psecret" not in shown
    assert "~ Value: (hidden) -> (hidden)" in found.text
    assert '~ Value: "debug" -> "info"' in found.text
    assert "~ ValueFrom: debug-address -> info-address" in found.text
    assert "~ Default: (hidden) -> (hidden)" in found.text


def test_a_parameter_that_a_template_hides_is_hidden() -> None:
    """By its NoEcho."""
    template = TEMPLATE + "Parameters: {Hook: {Type: String, NoEcho: true}}\n"
    found = compared(template, live(template=template), Hook="https://hook")
    assert found.text == "# parameters\n+ Hook: (hidden)\n"
    assert "https://hook" not in str(found.changes)


def test_the_copy_of_a_manifest_with_a_secret_is_not_shown() -> None:
    """It is where the secret comes from."""
    for line, shown in (("DB_PASSWORD: s3cret", False), ("LOG_LEVEL: info", True)):
        template = f"Metadata:\n  Manifest: |\n    variables:\n      {line}\n"
        assert (line in compared(template, StackSnapshot()).text) is shown


# What only a push can give


def test_the_main_image_counts_as_unchanged_until_it_is_pushed() -> None:
    """Nobody knows its digest."""
    missing = ("ContainerImage",)
    text = referring_to("ContainerImage")
    deployed = live(template=text, ContainerImage="r@sha256:1")
    assert not compared(text, deployed, missing, ContainerImage="").changed
    assert compared(text, deployed, ContainerImage="r@sha256:2").changed


def test_a_sidecars_image_counts_as_unchanged_until_it_is_pushed() -> None:
    """What is around it is compared all the same."""
    deployed = live(template=TASK.format(image="r@sha256:1", essential="true"))
    wanted = TASK.format(image='""', essential="true")
    assert compared(wanted, deployed).changed
    assert not compared(wanted, deployed, ("Image:proxy",)).changed
    found = compared(TASK.format(image='""', essential="false"), deployed, ("Image:proxy",))
    assert "Essential: true -> false" in found.text
    assert "Image" not in found.text


def test_a_sidecar_that_is_new_is_a_change_with_or_without_an_image() -> None:
    """There is nothing that it could be unchanged from."""
    wanted = TASK.format(image='""', essential="true")
    deployed = live(template=wanted.replace("proxy", "other"))
    assert compared(wanted, deployed, ("Image:proxy",)).changed


def test_files_are_compared_before_they_are_sent() -> None:
    """Their keys are made from what is in them."""
    text = referring_to("EnvFileARN")
    deployed = live(template=text, EnvFileARN="arn:1")
    assert compared(text, deployed, ("EnvFileARN",), EnvFileARN="arn:2").changed
    assert not compared(text, deployed, ("EnvFileARN",), EnvFileARN="arn:1").changed


def test_people_are_told_which_images_were_not_compared() -> None:
    """And of nothing else, since all else was."""
    wanted = stack(missing=("ContainerImage", "EnvControllerFunction", "EnvFileARN", "Image:proxy"))
    assert not_compared(release(wanted)) == ("report", "proxy")


def test_a_parameter_that_cloudformation_hides_counts_as_unchanged() -> None:
    """It shows asterisks, whatever the value is."""
    assert not compared(TEMPLATE, live(template=TEMPLATE, A="****"), A="new").changed


# The version


@pytest.mark.parametrize(
    ("template", "version"),
    [
        (TEMPLATE, "v1.34.1"),
        ('{"Metadata": {"Version": "v1.2.3"}}', "v1.2.3"),
        ("Resources: {}", "v0.0.0"),
        ("Metadata: [Version]", "v0.0.0"),
        ("", "v0.0.0"),
    ],
)
def test_the_version_of_a_template_is_in_its_metadata(template: str, version: str) -> None:
    """One without is older than all others."""
    assert template_version(template) == version


UNREADABLE = TEMPLATE.replace("AWS::IAM::Role", "AWS::IAM::Role\n    Name: ? f?r dich: a")


@pytest.mark.parametrize("template", [UNREADABLE, "a: [", "a: \ud800", "- list"])
def test_a_deployed_template_that_cannot_be_read_differs(template: str) -> None:
    """It blocks nothing: AWS may have made it unreadable."""
    found = compared(TEMPLATE, live(template=template))
    assert found.changed
    assert "differs, but cannot be shown: the deployed template of acme-test-report" in found.text
    assert [change.path for change in found.changes] == ["Resources"]


def test_the_version_of_a_template_that_cannot_be_read_counts() -> None:
    """A newer one is not replaced, whatever else is in it."""
    assert template_version(UNREADABLE) == "v1.34.1"
    assert template_version("a: [") == "v0.0.0"


@pytest.mark.parametrize("name", ["\u00dc f\u00fcr dich", "\U0001f600"])
def test_characters_beyond_ascii_are_compared_as_aws_answers_them(name: str) -> None:
    """GetTemplate has a question mark for each of them."""
    wanted = TEMPLATE.replace("AWS::IAM::Role", f"AWS::IAM::Role\n    Name: {name}")
    answered = "".join(one if one.isascii() else "?" for one in wanted)
    assert not compared(wanted, live(template=answered)).changed
    assert not compared(wanted, live(template=wanted)).changed
    changed = compared(wanted.replace("IAM::Role", "IAM::Group"), live(template=answered))
    assert changed.changed


def test_addons_are_compared_as_aws_answers_them() -> None:
    """They are templates, too."""
    addons = "Resources:\n  Topic:\n    DisplayName: '\u00dcber'\n"
    deployed = replace(live(template=TEMPLATE, AddonsTemplateURL="a"), addons=addons)
    answered = replace(deployed, addons=addons.replace("\u00dc", "?"))
    document = release(replace(stack(AddonsTemplateURL="a"), addons=addons))
    for one in (deployed, answered):
        found = compare(document, one)
        assert not found.changed


def test_what_stands_behind_the_first_document_is_no_template() -> None:
    """CloudFormation does not read it either."""
    assert template_version("Metadata: {Version: v1}\n---\n[") == "v1"
