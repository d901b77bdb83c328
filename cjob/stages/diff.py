"""Diff: compare what was rendered with the deployed stack.

`cjob.diff.stacks` compares; this stage reads what it compares with.
"""

from cjob.context import RunContext
from cjob.diff.stacks import compare, with_live_addons
from cjob.document.models import Release
from cjob.document.records import replace
from cjob.stages.read_stack import snapshot


def diff(release: Release, context: RunContext) -> Release:
    """Add `diff`, against the deployed stack as it was read in this run, or as it is now."""
    deployed = with_live_addons(snapshot(release, context), release, context.stacks)
    return replace(release, snapshot=deployed, diff=compare(release, deployed))
