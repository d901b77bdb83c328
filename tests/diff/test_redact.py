"""Which values are masked before a difference is rendered, and which are not."""

import inspect
import itertools
from collections.abc import Callable

import pytest
import unredacted

from cjob import diff


def shown(old: str, new: str) -> str:
    """Return the text of a redacted comparison."""
    return diff.render(diff.redact(diff.compare(old, new)))


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
def test_a_value_with_a_secret_name_is_masked(template: str, *, whole: bool) -> None:
    """Both where it changes and in a new template."""
    old = "" if whole else template.replace("VALUE", "tops3cret")
    text = shown(old, template.replace("VALUE", "n3wsecret"))
    assert "(hidden)" in text
    assert "tops3cret" not in text
    assert "n3wsecret" not in text


def test_a_function_in_long_and_in_short_form_is_masked() -> None:
    """The comparison holds a copy of its argument, which is masked too."""
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
def test_references_and_properties_are_shown(old: str, new: str) -> None:
    """Their names look secret, their values are not."""
    text = shown(old, new)
    assert "one" in text
    assert "two" in text
    assert "(hidden)" not in text


def test_changes_are_masked_too() -> None:
    """The list of changes is kept in the document, and yesterday's secret is still a secret."""
    comparison = diff.compare("{Name: A_TOKEN, Value: a}", "{Name: A_TOKEN, Value: b}")
    (change,) = diff.changes(diff.redact(comparison))
    assert (change.path, change.old, change.new) == ("Value", "(hidden)", "(hidden)")


TEMPLATE = """
Metadata: {Manifest: "variables: {API_TOKEN: SECRET}"}
Parameters: {Hook: {Type: String, NoEcho: true, Default: SECRET}}
Resources:
  A: {Environment: [{Name: A_TOKEN, Value: SECRET}], Url: 'http://me:SECRET@host/'}
  B: {Environment: [{Name: B_TOKEN, Value: SECRET}]}
"""


def calls_on(comparison: diff.Comparison) -> list[Callable[[], object]]:
    """Return what can be called on a comparison, and on a redacted one in between."""
    redacted = diff.redact(comparison)
    return [
        lambda: diff.changes(redacted),
        lambda: diff.render(redacted, within_json=True),
        lambda: diff.render(diff.redact(comparison)),
        lambda: diff.function_change(redacted),
    ]


@pytest.mark.parametrize("old", ["", TEMPLATE.replace("SECRET", "tops3cret")])
@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_no_order_of_calls_leaks_a_secret(old: str, order: tuple[int, ...]) -> None:
    """Each redacted comparison is masked by itself, and the comparison stays as it was."""
    comparison = diff.compare(old, TEMPLATE.replace("SECRET", "n3wsecret"))
    calls = calls_on(comparison)
    for call in order:
        found = str(calls[call]())
        assert "tops3cret" not in found
        assert "n3wsecret" not in found
    assert "n3wsecret" in diff.render(unredacted.unredacted(comparison))


def test_only_a_redacted_comparison_can_be_rendered() -> None:
    """What takes a comparison and returns what people read takes the redacted type alone."""
    for function in (diff.changes, diff.function_change, diff.render):
        assert inspect.get_annotations(function)["comparison"] is diff.Redacted
    assert not issubclass(diff.Comparison, diff.Redacted)


@pytest.mark.parametrize(
    ("value", "masked"),
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
def test_a_password_in_a_url_is_masked_whatever_its_name(value: str, masked: str, tag: str) -> None:
    """In a template's value, in a function in either form, in an item and in a parameter."""
    for old, new in (
        ("{Value: before}", f"{{Value: {tag}'{value}'}}"),
        ("{Value: {Fn::Sub: before}}", f"{{Value: {tag or '!Sub '}'{value}'}}"),
        ("{Value: [before]}", f"{{Value: [before, {tag}'{value}']}}"),
    ):
        comparison = diff.redact(diff.compare(old, new))
        assert masked in diff.render(comparison)
        assert masked in str(diff.changes(comparison))
    found = diff.mappings({"A": "before"}, {"A": value}, section="parameters")
    assert masked in found.text
    assert masked == found.changes[0].new
