"""Lines of env files that ECS takes literally."""

import pytest

from cjob.checks.env_files import problems


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("export A=secret", "'export'"),
        ("  A=secret", "spaces at the beginning"),
        ("A = secret", "spaces around '=' of 'A'"),
        ("A= secret", "spaces around '=' of 'A'"),
        ('A="secret"', "keeps the quotes in the value of 'A'"),
        ("A='secret'", "keeps the quotes in the value of 'A'"),
        ("secret", "a line without '='"),
        ("1A=secret", "a variable named '1A'"),
        ("my-key=secret", "a variable named 'my-key'"),
    ],
)
def test_what_is_kept_literally_is_warned_about_without_its_value(line: str, message: str) -> None:
    """With its line; an env file holds secrets."""
    (found,) = problems(f"# first\nB=1\n{line}\n", "a.env")
    assert found.place == "a.env:3:1"
    assert not found.refused
    assert message in found.message
    assert "secret" not in f"{found} {found.hint}"


def test_good_lines_bring_no_warning() -> None:
    """Comments, empty lines and empty values are good."""
    text = "# a\n\n   \nA=1\nB=\n_c=x y 'z' \"\nURL=https://a/?b=c\r\nQ=\"\n"
    assert list(problems(text, "a.env")) == []
