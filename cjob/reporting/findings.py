"""Findings in an input that are not errors: warnings, and what a deployment refuses."""

from typing import NamedTuple


class Finding(NamedTuple):
    """Something in an input that the user should know; the template is rendered all the same.

    With a `refused` finding AWS would reject the template, or no run could start: rendering warns
    about it, and a deployment stops before the first build.
    """

    message: str
    hint: str = ""
    place: str = ""
    refused: bool = False

    def __str__(self) -> str:
        """Return the message with its place in front, as it is printed."""
        return f"{self.place}: {self.message}" if self.place else self.message
