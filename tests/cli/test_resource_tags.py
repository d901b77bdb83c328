"""How --resource-tags is read: as Copilot reads it, quotes and commas included."""

import pytest

from cjob.cli import resource_tags
from cjob.reporting.errors import InputError


@pytest.mark.parametrize(
    ("given", "tags"),
    [
        (["a=1,b=2"], {"a": "1", "b": "2"}),
        (["a=1", "b=2", "a=3"], {"a": "3", "b": "2"}),
        (['"environment=prod"'], {"environment": "prod"}),
        (["team=a,b"], {"team": "a,b"}),
        (['"team=a,b",cost=42'], {"team": "a,b", "cost": "42"}),
        (['"say=""hi""",b=2'], {"say": '"hi"', "b": "2"}),
        (["url=https://x/?a=1"], {"url": "https://x/?a=1"}),
    ],
)
def test_tags_are_read_as_copilot_reads_them(given: list[str], tags: dict[str, str]) -> None:
    """CSV with quotes; with a single `=` all of it is one pair."""
    assert resource_tags.parse(given) == tags


@pytest.mark.parametrize(
    "text", ['team="data"', 'team="a,b",cost=42', 'a="1",b=2', '"a=1,b=2', '"a=1"x,b=2']
)
def test_a_quote_in_the_wrong_place_is_an_error(text: str) -> None:
    """It would otherwise become part of a tag's value."""
    with pytest.raises(InputError) as raised:
        resource_tags.parse([text])
    assert text in raised.value.message
    assert '"team=a,b",cost=42' in raised.value.hint
