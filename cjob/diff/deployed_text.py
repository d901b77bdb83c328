"""A template as CloudFormation answers it: GetTemplate has `?` for each character beyond ASCII.

Pure. What was deployed as `für` comes back as `f?r`, so a comparison with the new text as it stands
would show a difference for ever. The answer may not even be YAML (`Name: ? f?r dich`).
"""

import re

from cjob.diff.compare import compare
from cjob.diff.tree import Comparison
from cjob.reporting.errors import InputError

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def as_returned(text: str) -> str:
    """Return a template's text as GetTemplate would answer it."""
    return _BEYOND_ASCII.sub("?", text)


def comparable(deployed: str, wanted: str) -> tuple[str, str]:
    """Return a deployed template, as it was answered, and a new one as it would be answered.

    Both are the new one as it is written if they are the same then.
    """
    answered = as_returned(wanted) if deployed and deployed.isascii() else wanted
    return (wanted, wanted) if answered == deployed else (deployed, answered)


def compare_deployed(
    deployed: str, wanted: str, *, old_name: str, new_name: str
) -> Comparison | InputError:
    """Compare a deployed template, as it was answered, with a new one.

    Return the reason instead if they differ and that cannot be shown, since the answer cannot be
    read. Raise InputError if the new template is not YAML.
    """
    deployed, answered = comparable(deployed, wanted)
    try:
        return compare(deployed, answered, old_name=old_name, new_name=new_name)
    except InputError as reason:
        compare("", wanted, old_name=old_name, new_name=new_name)
        return reason
