"""What is decided about CDK overrides, without anything being run."""

import json

import pytest

from cjob.reporting.errors import InputError
from cjob.template import cdk

STACK = {"type": "aws:cloudformation:stack", "properties": {"templateFile": "Job.template.json"}}


@pytest.mark.parametrize(
    ("installed", "folders", "chosen"),
    [
        (["npm"], [["yarn.lock"]], "npm"),
        (["yarn"], [["package-lock.json"]], "yarn"),
        (["npm", "yarn"], [], "npm"),
        (["npm", "yarn"], [[], ["yarn.lock"], ["package-lock.json"]], "yarn"),
        (["npm", "yarn"], [[], ["package-lock.json"], ["yarn.lock"]], "npm"),
        (["yarn", "npm"], [["yarn.lock", "package-lock.json"]], "npm"),
    ],
)
def test_the_nearest_lock_file_chooses_among_the_installed_package_managers(
    installed: list[str], folders: list[list[str]], chosen: str
) -> None:
    """A package manager that is alone is used; npm is the default."""
    assert chosen == cdk.package_manager(installed, folders)


def test_without_a_package_manager_node_is_said_to_be_missing() -> None:
    """The message names what has to be installed, and the other way to override."""
    with pytest.raises(InputError, match=r"need Node\.js") as caught:
        cdk.package_manager([], [["yarn.lock"]])
    assert "YAML patches" in caught.value.hint


def test_an_app_sees_few_variables() -> None:
    """Neither AWS's variables nor anybody's tokens reach it, unless a person names them."""
    process = {
        "PATH": "/bin",
        "HOME": "/root",
        "LANG": "C",
        "npm_config_cache": "/cache",
        "NPM_CONFIG_REGISTRY": "r",
        "NPM_TOKEN": "t",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_PROFILE": "p",
        "GITHUB_TOKEN": "g",
        "STAGE": "x",
        "COPILOT_ENVIRONMENT_NAME": "another",
    }
    expected = {
        "PATH": "/bin",
        "HOME": "/root",
        "LANG": "C",
        "npm_config_cache": "/cache",
        "NPM_CONFIG_REGISTRY": "r",
        "STAGE": "x",
        "COPILOT_APPLICATION_NAME": "acme",
        "COPILOT_ENVIRONMENT_NAME": "test",
    }
    assert expected == cdk.environment(process, "acme", "test", ["STAGE"])


@pytest.mark.parametrize(
    ("name", "said"), [("STAGE", "is not set"), ("AWS_PROFILE", "AWS's variables are not passed")]
)
def test_a_variable_that_cannot_be_passed_on_is_refused(name: str, said: str) -> None:
    """One that is not set would be a surprise in the app, and AWS's own stay here."""
    with pytest.raises(InputError, match=said):
        cdk.environment({"AWS_PROFILE": "p"}, "acme", "test", [name])


def test_the_one_stack_of_an_app_names_its_template() -> None:
    """Other artifacts, such as the list of assets, are no stacks."""
    artifacts = {"Job.assets": {"type": "cdk:asset-manifest"}, "Job": STACK, "Tree": {}}
    assert cdk.template_file(json.dumps({"artifacts": artifacts}), "m") == "Job.template.json"


@pytest.mark.parametrize(
    ("assembly", "said"),
    [
        ({"artifacts": {}}, "synthesized no stack"),
        ({}, "synthesized no stack"),
        ([], "synthesized no stack"),
        ({"artifacts": {"Job": {"type": STACK["type"]}}}, "synthesized no stack"),
        ({"artifacts": {"B": STACK, "A": STACK}}, "synthesized 2 stacks: A, B"),
    ],
)
def test_an_app_must_make_one_stack(assembly: object, said: str) -> None:
    """None or several are refused, by name."""
    with pytest.raises(InputError, match=said):
        cdk.template_file(json.dumps(assembly), "m")


def test_what_the_cdk_adds_for_itself_is_taken_out() -> None:
    """Its rules, its parameter and unknown sections go; parameters are sorted."""
    template = {
        "Resources": {"Role": {"Type": "AWS::IAM::Role"}},
        "Description": "A job.",
        "Parameters": {
            "EnvName": {"Type": "String"},
            "BootstrapVersion": {"Type": "AWS::SSM::Parameter::Value<String>"},
            "AppName": {"Type": "String"},
        },
        "Rules": {"CheckBootstrapVersion": {}},
        "Hooks": {},
    }
    expected = """\
Description: 'A job. Changed by the AWS CDK overrides of the job.'
Parameters:
  AppName:
    Type: String
  EnvName:
    Type: String
Resources:
  Role:
    Type: AWS::IAM::Role
"""
    assert expected == cdk.cleaned(json.dumps(template), "t")


def test_no_section_of_parameters_is_left_empty() -> None:
    """CloudFormation would refuse one."""
    template: dict[str, object] = {"Parameters": {"BootstrapVersion": {}}, "Resources": {}}
    assert cdk.cleaned(json.dumps(template), "t") == "Resources: {}\n"


def test_values_stay_what_they_were_in_json() -> None:
    """Texts that look like numbers are quoted, lines stay lines, functions keep their long form."""
    values = {
        "Text": "0123",
        "Word": "yes",
        "Date": "2012-10-17",
        "Number": 7,
        "Fraction": 1.50,
        "Flag": True,
        "None": None,
        "Lines": "a\n  b\n",
        "Separator": "a\u2028b",
        "Function": {"Fn::Sub": "${AppName}"},
        "List": [{"Ref": "A"}, []],
    }
    expected = """\
Resources:
  A:
    Text: '0123'
    Word: 'yes'
    Date: '2012-10-17'
    Number: 7
    Fraction: 1.5
    Flag: true
    None:
    Lines: |
      a
        b
    Separator: "a\\Lb"
    Function:
      Fn::Sub: ${AppName}
    List:
      - Ref: A
      - []
"""
    assert expected == cdk.cleaned(json.dumps({"Resources": {"A": values}}), "t")


@pytest.mark.parametrize(
    ("text", "said"),
    [("Resources: {}", "not valid JSON"), ("{}", "no resources"), ("[]", "no resources")],
)
def test_what_is_no_template_is_refused_with_its_place(text: str, said: str) -> None:
    """Nothing of it goes further."""
    with pytest.raises(InputError, match=said) as caught:
        cdk.cleaned(text, "cdk.out/Job.template.json")
    assert caught.value.place == "cdk.out/Job.template.json"
