"""How much CloudFormation and ECS take."""

import pytest
from check_samples import edited, messages, refusals, rendered

ADDON = "Parameters: {App: {Type: String}, Env: {Type: String}, Name: {Type: String}}\nResources:\n"


def addon(count: int, more: str = "") -> str:
    """Return a template of addons with so many resources."""
    lines = [f"  R{number}: {{Type: AWS::SNS::Topic}}\n" for number in range(count)]
    return ADDON + "".join(lines) + more


def test_addons_with_500_resources_are_a_stack_and_one_more_are_none() -> None:
    """They are a stack of their own."""
    assert refusals(rendered(addon=addon(500))) == []
    ((place, message),) = refusals(rendered(addon=addon(501)))
    assert place == "stack.addons"
    assert "501 resources, more than the 500" in message


def test_a_stack_has_500_resources() -> None:
    """Patches can bring more."""
    patch = "- {{op: add, path: /Resources/R{}, value: {{Type: AWS::SNS::Topic}}}}\n"
    (message,) = messages(rendered(patches="".join(map(patch.format, range(500)))))
    assert "the template has 51" in message
    assert "more than the 500" in message


@pytest.mark.parametrize("filler", ["x", "\u00e9"])
def test_a_template_has_a_million_bytes(filler: str) -> None:
    """Bytes, not characters."""
    bytes_each = len(filler.encode())
    comment = "# " + filler * (990_000 // bytes_each) + "\n"
    found = messages(rendered(comment))
    assert len(found) == 1
    assert "more than the 1,000,000 of CloudFormation" in found[0]
    assert messages(rendered("# " + filler * (900_000 // bytes_each) + "\n")) == []


def test_a_parameter_has_4096_bytes() -> None:
    """As a document may have any."""
    assert messages(edited(rendered(), ArtifactKeyARN="k" * 4096)) == []
    ((place, message),) = refusals(edited(rendered(), ArtifactKeyARN="k" * 4097))
    assert place == "stack.parameters.ArtifactKeyARN"
    assert "4,097 bytes, more than 4,096" in message


def test_a_task_definition_has_64_kilobytes() -> None:
    """Variables are what makes it large."""
    assert messages(rendered(f"variables: {{A: '{'x' * 60_000}'}}\n")) == []
    (message,) = messages(rendered(f"variables: {{A: '{'x' * 66_000}'}}\n"))
    assert "the task definition has about" in message
    assert "more than 65,536" in message
