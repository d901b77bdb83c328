"""The order of template versions."""

import pytest

from cjob.document.versions import newer

ASCENDING = (
    "v0.0.0",
    "v0.9.0",
    "v1",
    "v1.0.1",
    "v1.2-alpha",
    "v1.2.0-alpha.1",
    "v1.2.0-alpha.beta",
    "v1.2.0-beta.2",
    "v1.2.0-beta.11",
    "v1.2.0",
    "v1.10.0",
    "v2.0.0",
)


def test_versions_are_ordered_by_number_and_before_their_release() -> None:
    """As semantic versioning has it."""
    for number, left in enumerate(ASCENDING):
        for right in ASCENDING[:number]:
            assert newer(left, right), (left, right)
            assert not newer(right, left), (right, left)


@pytest.mark.parametrize(
    ("left", "right"),
    [("v1.2", "v1.2.0"), ("v1", "v1.0.0"), ("v1.33.2+5-gabc", "v1.33.2"), ("1.2", "latest")],
)
def test_what_says_the_same_is_not_newer(left: str, right: str) -> None:
    """Absent numbers are 0, what follows + is left out, and no version is like another."""
    assert not newer(left, right)
    assert not newer(right, left)


@pytest.mark.parametrize("text", ["", "1.2.3", "bootstrap", "v01.2.3", "v1.2.3.4", "v1.2.3-"])
def test_a_text_that_is_no_version_sorts_first(text: str) -> None:
    """Even before the lowest version."""
    assert newer("v0.0.0-0", text)
    assert not newer(text, "v0.0.0-0")
