"""Templates as CloudFormation returns them: GetTemplate has `?` for each non-ASCII character.

Pure. What was deployed as `für` is returned as `f?r`, so that a comparison with the new text would
always show a difference. What is returned may not even be YAML (`Name: ? f?r dich`).
"""

import re

from cjob.diff.compare import compare
from cjob.diff.tree import Comparison
from cjob.reporting.errors import InputError

_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def as_returned(text: str) -> str:
    """Return a template's text as GetTemplate would return it."""
    return _BEYOND_ASCII.sub("?", text)


def comparable(deployed: str, wanted: str) -> tuple[str, str]:
    """Return a deployed template, and a new one as GetTemplate would return it.

    If these are equal, both are the new template as it is written.
    """
    returned = as_returned(wanted) if deployed and deployed.isascii() else wanted
    return (wanted, wanted) if returned == deployed else (deployed, returned)


def compare_deployed(
    deployed: str, wanted: str, *, old_name: str, new_name: str
) -> Comparison | InputError:
    """Compare a deployed template, as GetTemplate returned it, with a new one.

    Return the error instead if they differ and the deployed template is not valid YAML. Raise
    InputError if the new template is not YAML.
    """
    deployed, returned = comparable(deployed, wanted)
    try:
        return compare(deployed, returned, old_name=old_name, new_name=new_name)
    except InputError as reason:
        compare("", wanted, old_name=old_name, new_name=new_name)
        return reason
