"""What is covered before people see a difference, and what stays."""

import pytest

from cjob import diff


def shown(old: str, new: str) -> str:
    """Return the text of a comparison as people see it."""
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


def test_programs_are_told_no_more_than_people() -> None:
    """Their list of changes is kept, too: a secret that was live yesterday is still one."""
    comparison = diff.compare("{Name: A_TOKEN, Value: a}", "{Name: A_TOKEN, Value: b}")
    (change,) = diff.changes(diff.hide(comparison))
    assert (change.path, change.old, change.new) == ("Value", "(hidden)", "(hidden)")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("postgres://me:s3cret@db:5432/x", "postgres://me:(hidden)@db:5432/x"),
        ("redis://:s3cret@db", "redis://:(hidden)@db"),
        ("amqp://a:s3cret@a,amqp://b:s3@cret@b", "amqp://a:(hidden)@a,amqp://b:(hidden)@b"),
        ("see http://me:s3cret@host/path@x now", "see http://me:(hidden)@host/path@x now"),
        ("http://host:80/a@b", "http://host:80/a@b"),
        ("ssh://git@github.com:22/x", "ssh://git@github.com:22/x"),
        ("postgres://${User}:${Password}@db", "postgres://${User}:${Password}@db"),
        (
            "postgres://me:{{resolve:secretsmanager:a:SecretString:b}}@db",
            "postgres://me:{{resolve:secretsmanager:a:SecretString:b}}@db",
        ),
    ],
)
@pytest.mark.parametrize("tag", ["", "!Sub "])
def test_a_password_in_an_address_is_covered_whatever_its_name(
    value: str, told: str, tag: str
) -> None:
    """In a template's value, in one written otherwise, in an item and in a parameter."""
    for old, new in (
        ("{Value: before}", f"{{Value: {tag}'{value}'}}"),
        ("{Value: {Fn::Sub: before}}", f"{{Value: {tag or '!Sub '}'{value}'}}"),
        ("{Value: [before]}", f"{{Value: [before, {tag}'{value}']}}"),
    ):
        comparison = diff.hide(diff.compare(old, new))
        assert told in diff.render(comparison)
        assert told in str(diff.changes(comparison))
    found = diff.mappings({"A": "before"}, {"A": value}, section="parameters")
    assert told in found.text
    assert told == found.changes[0].new
