"""Check that a template is not older than the deployed one, by their versions."""

from cjob.document import versions
from cjob.reporting.errors import InputError


def check_downgrade(deployed: str, own: str, stack: str, *, allow: bool) -> None:
    """Refuse to replace a template with one of an older version."""
    if not allow and versions.newer(deployed, own):
        raise InputError(
            f"stack {stack!r} was deployed with template version {deployed}, newer than {own}",
            hint="use a newer cjob, or pass --allow-downgrade",
        )
