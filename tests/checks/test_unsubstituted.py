"""`${NAME}` in files beside the manifest."""

import pytest

from cjob.checks.unsubstituted import problems


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("- op: add\n  path: /A\n  value: 'x-${TAG}'\n", "f.yml:3:10"),
        (
            "Resources:\n  T:\n    Properties: {TopicName: '${COPILOT_APPLICATION_NAME}'}\n",
            "f.yml:3:29",
        ),
        ("A: ${tag}\n", "f.yml:1:4"),
        ("A: [B, '${TAG} ${TAG}']\n", "f.yml:1:8"),
    ],
)
def test_a_variable_that_nobody_replaces_is_warned_about(text: str, place: str) -> None:
    """Once for each text, with its place."""
    (found,) = problems(text, "f.yml", {"tag", "COPILOT_APPLICATION_NAME"})
    assert found.place == place
    assert "is not substituted here" in found.message
    assert not found.refused


@pytest.mark.parametrize(
    "text",
    [
        "A: !Sub '${TAG}'\n",
        "A: {Fn::Sub: '${TAG}'}\n",
        "A: {Fn::Sub: ['${TAG}', {TAG: !Ref B}]}\n",
        "A: !Sub ['${TAG}', {TAG: !Ref B}]\n",
        "A: '${aws:username}'\n",
        "A: '${other}'\n",
        "A: '$TAG ${} ${1}'\n",
        "Code: {ZipFile: 'x => `${TAG}`'}\n",
        "Script: |\n  echo ${TAG}\n  date\n",
        'DefinitionString: \'{"A": "${TAG}"}\'\n',
        "# ${TAG}\nA: 1\n",
        "]",
        "",
    ],
)
def test_what_others_replace_is_no_finding(text: str) -> None:
    """CloudFormation, programs and state machines have variables of that form, too."""
    assert list(problems(text, "f.yml", {"tag"})) == []


def test_in_patches_every_name_counts() -> None:
    """They change a template of which all is known."""
    patch = "- {{op: add, path: {}, value: '${{any}}'}}\n"
    assert len(list(problems(patch.format("/Resources/A/Name"), "f.yml"))) == 1
    for path in ("/Resources/A/Name/Fn::Sub", "/Resources/A/Properties/DefinitionString"):
        assert list(problems(patch.format(path), "f.yml")) == []
