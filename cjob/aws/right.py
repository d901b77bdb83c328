"""A permission in AWS: the form of the rows in the table of `rights`."""

from typing import NamedTuple

CALLER, MANAGER = "caller", "manager"


class Right(NamedTuple):
    """A permission of an identity to perform an action on resources, in a stage.

    `calls` are the operations that need it, if they do not have the action's name. `when` says for
    which jobs it is needed, empty for all. A run without an `optional` one succeeds, but shows
    less.
    """

    action: str
    identity: str
    resources: tuple[str, ...]
    stage: str
    why: str
    calls: tuple[str, ...] = ()
    when: str = ""
    optional: bool = False

    @property
    def operations(self) -> tuple[str, ...]:
        """The operations that need it, as `service:Operation`."""
        return self.calls or (self.action,)
