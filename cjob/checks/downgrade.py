"""Whether a template may take the place of the deployed one, by the versions in both."""

from cjob.document import versions
from cjob.reporting.errors import InputError


def check_downgrade(deployed: str, own: str, stack: str, *, allow: bool) -> None:
    """Refuse to replace the template of a newer tool with an older one."""
    if not allow and versions.newer(deployed, own):
        raise InputError(
            f"stack {stack!r} was deployed with template version {deployed}, newer than {own}",
            hint="use a newer cjob, or --allow-downgrade",
        )
