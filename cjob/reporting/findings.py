"""What is found in an input beside errors: warnings, and what a deployment refuses."""

from typing import NamedTuple


class Finding(NamedTuple):
    """Something in an input that a person should know; it does not stop a template from rendering.

    A `refused` finding is one that AWS would reject, or that no run could start with: rendering
    warns about it, and a deployment stops before the first build.
    """

    message: str
    hint: str = ""
    place: str = ""
    refused: bool = False

    def __str__(self) -> str:
        """Return the message behind its place, as it is printed."""
        return f"{self.place}: {self.message}" if self.place else self.message
