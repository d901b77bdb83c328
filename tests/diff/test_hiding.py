"""What is covered before people see a difference, and what stays."""

import pytest

from cjob import diff


def shown(old: str, new: str) -> str:
    """Give the text of a comparison as people see it."""
    return diff.render(diff.hide(diff.compare(old, new)))


@pytest.mark.parametrize(
    "template",
    [
        "{Environment: [{Name: DB_PASSWORD, Value: VALUE}]}",
        "{Environment: [{Value: VALUE, Name: apiKey}]}",
        "{Environment: {Variables: {AUTH_TOKEN: VALUE}}}",
        "{LogConfiguration: {Options: {apikey: VALUE}}}",
        "{DockerLabels: {my.secret: VALUE}}",
        "{Type: 'AWS::CloudFormation::Stack', Properties: {Parameters: {DbPassword: VALUE}}}",
        "{Parameters: {DbPassword: {Type: String, Default: VALUE}}}",
        "{Parameters: {Hook: {Type: String, NoEcho: true, Default: VALUE}}}",
        "{MasterUserPassword: VALUE}",
        "{SecretString: VALUE}",
        "{Name: A_TOKEN, Value: !Sub 'VALUE'}",
        "{Name: A_TOKEN, Value: {'Fn::Join': ['', [VALUE, b]]}}",
        "{Name: A_TOKEN, Value: !If [C, VALUE, b]}",
    ],
)
@pytest.mark.parametrize("whole", [False, True])
def test_a_value_with_a_secret_name_is_covered(template: str, *, whole: bool) -> None:
    """Where it changes, and where all is new."""
    old = "" if whole else template.replace("VALUE", "tops3cret")
    text = shown(old, template.replace("VALUE", "n3wsecret"))
    assert "(hidden)" in text
    assert "tops3cret" not in text
    assert "n3wsecret" not in text


def test_a_function_in_full_and_in_short_is_covered_too() -> None:
    """Its argument is compared as a copy."""
    text = shown("{Name: A_TOKEN, Value: !Sub tops3cret}", "{Name: A_TOKEN, Value: {Fn::Sub: n3w}}")
    assert "(hidden) -> (hidden)" in text
    assert "tops3cret" not in text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{Name: LOG_LEVEL, Value: one}", "{Name: LOG_LEVEL, Value: two}"),
        ("{Name: A_TOKEN, ValueFrom: one}", "{Name: A_TOKEN, ValueFrom: two}"),
        ("{Name: A_TOKEN, Value: !Ref one}", "{Name: A_TOKEN, Value: !Ref two}"),
        (
            "{Name: A_KEY, Value: {'Fn::ImportValue': one}}",
            "{Name: A_KEY, Value: !ImportValue two}",
        ),
        ("{Code: {S3Key: one}}", "{Code: {S3Key: two}}"),
        ("{KmsMasterKeyId: one}", "{KmsMasterKeyId: two}"),
        ("{Tags: [{Key: one}]}", "{Tags: [{Key: two}]}"),
        ("{Secrets: [one]}", "{Secrets: [two]}"),
        ("{Parameters: {Token: {Type: one}}}", "{Parameters: {Token: {Type: two}}}"),
        ("{ClientToken: one}", "{ClientToken: two}"),
    ],
)
def test_addresses_and_properties_are_shown(old: str, new: str) -> None:
    """They have secret names, and no secrets in them."""
    text = shown(old, new)
    assert "one" in text
    assert "two" in text
    assert "(hidden)" not in text


def test_nothing_is_hidden_from_programs() -> None:
    """What the stack has, the document has."""
    comparison = diff.compare("{Name: A_TOKEN, Value: a}", "{Name: A_TOKEN, Value: b}")
    (change,) = diff.changes(comparison)
    diff.hide(comparison)
    assert (change.old, change.new) == ("a", "b")
