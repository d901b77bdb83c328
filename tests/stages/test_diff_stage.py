"""The diff stage: templates, parameters and tags against the live stack."""

import dataclasses

import pytest
from stage_samples import OLDER, TEMPLATE, live, release, stack

from cjob.errors import InputError
from cjob.live import Live
from cjob.release import Diff
from cjob.stages.diff import diff, not_compared, template_version

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


def compared(wanted: str, deployed: Live, missing: tuple[str, ...] = (), **given: str) -> Diff:
    """Compare a stack with a live one."""
    found = diff(release(stack(wanted, missing, **given)), deployed).diff
    assert found is not None
    return found


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


def test_parameters_and_tags_have_sections_of_their_own() -> None:
    """After the template."""
    deployed = dataclasses.replace(live(template=TEMPLATE, A="1"), tags={})
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


# What only a push can give


def test_the_main_image_counts_as_unchanged_until_it_is_pushed() -> None:
    """Nobody knows its digest."""
    missing = ("ContainerImage",)
    deployed = live(template=TEMPLATE, ContainerImage="r@sha256:1")
    assert not compared(TEMPLATE, deployed, missing, ContainerImage="").changed
    assert compared(TEMPLATE, deployed, ContainerImage="r@sha256:2").changed


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
    deployed = live(template=TEMPLATE, EnvFileARN="arn:1")
    assert compared(TEMPLATE, deployed, ("EnvFileARN",), EnvFileARN="arn:2").changed
    assert not compared(TEMPLATE, deployed, ("EnvFileARN",), EnvFileARN="arn:1").changed


def test_people_are_told_which_images_were_not_compared() -> None:
    """And of nothing else, since all else was."""
    wanted = stack(missing=("ContainerImage", "EnvControllerFunction", "EnvFileARN", "Image:proxy"))
    assert not_compared(wanted) == (
        "the main image is not compared: not built here",
        "the image of proxy is not compared: not built here",
    )


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


def test_a_deployed_template_that_is_no_yaml_is_named() -> None:
    """With how to look at it."""
    with pytest.raises(InputError, match="the deployed template is not YAML") as caught:
        template_version("a: [")
    assert "get-template" in caught.value.hint
