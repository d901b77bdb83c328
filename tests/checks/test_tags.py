"""Tags that AWS takes."""

import re

import boto3
import pytest
from check_samples import messages, rendered, tagged

from cjob.checks import tags


def found(given: dict[str, str]) -> list[str]:
    """Return what is wrong with tags."""
    return [one.message for one in tags.problems(given)]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"team": "a" * 257}, "257 characters, more than 256"),
        ({"k" * 129: "a"}, "129 characters, more than 128"),
        ({"team": "a;b"}, "it contains ';'"),
        ({"team": "a\tb"}, "it contains '\\t'"),
        ({"te,am": "a"}, "it contains ','"),
        ({"team": ""}, "it is empty"),
        ({"team": "a", "Team": "b"}, "'team' and 'Team' differ only in upper and lower case"),
        ({"aws:team": "a"}, "is reserved by AWS"),
        ({str(number): "a" for number in range(51)}, "51 tags, more than 50"),
    ],
)
def test_tags_that_aws_refuses(given: dict[str, str], reason: str) -> None:
    """Each has one message that says why."""
    (message,) = found(given)
    assert reason in message


@pytest.mark.parametrize(
    "given",
    [
        {"team": "a", "cost center": "4 2", "source/revision": "bb133e7+x=y@z.w:_-"},
        {"\u00e9quipe": "\u6771\u4eac \u0663", "k" * 128: "v" * 256},
        {str(number): "a" for number in range(50)},
    ],
)
def test_tags_that_aws_takes(given: dict[str, str]) -> None:
    """Letters, separators and numbers of all languages."""
    assert found(given) == []


def test_the_limits_are_those_of_botocores_model() -> None:
    """Of IAM, whose roles get the stack's tags, and of CloudFormation."""
    session = boto3.session.Session()._session  # noqa: SLF001 - the model is botocore's
    iam, stacks = session.get_service_model("iam"), session.get_service_model("cloudformation")
    assert iam.shape_for("tagKeyType").metadata["max"] == tags.KEY_LIMIT
    assert iam.shape_for("tagValueType").metadata["max"] == tags.VALUE_LIMIT
    assert stacks.shape_for("Tags").metadata["max"] == tags.MOST
    signs = re.sub(r"\\p\{.\}|[\[\]+*]$|^\[", "", iam.shape_for("tagKeyType").metadata["pattern"])
    assert set(signs.replace("\\", "").removesuffix("]")) == set("_.:/=+-@")


def test_a_tag_of_copilots_is_refused_instead_of_dropped() -> None:
    """It says whose stack it is."""
    (message,) = messages(tagged(rendered(), {"copilot-application": "x"}))
    assert message == "the tag 'copilot-application' is always 'acme', not 'x'"
    assert messages(tagged(rendered(), {"copilot-application": "acme"})) == []


def test_the_tags_of_the_application_count_too() -> None:
    """With those of a person and Copilot's three, there may be 50."""
    many = {str(number): "a" for number in range(48)}
    (message,) = messages(tagged(rendered(), many))
    assert "51 tags, more than 50" in message
