"""What a person can do after a deployment: run the job now, follow its logs, see how it ended.

Takes a Release that was deployed, returns lines with commands that can be pasted. Touches nothing.
"""

from datetime import datetime

from cjob.diff.summary import Local, next_run
from cjob.document.models import Release
from cjob.document.stack_operations import aws_command


def next_steps(release: Release, moment: datetime, local: Local) -> tuple[str, ...]:
    """Return a line for each next step; none if nothing was changed.

    `moment` is aware; `local` returns it in the zone of the person who reads.
    """
    deployment, stack, target = release.deployment, release.stack, release.target
    if deployment is None or not deployment.changed or stack is None or target is None:
        return ()
    name, region = stack.name, target.region
    if deployment.status.endswith("IN_PROGRESS"):
        status = ("--query", "'Stacks[0].StackStatus'", "--output", "text")
        return (f"to see the result: {aws_command('describe-stacks', name, region, *status)}",)
    job = f"-n {release.job.name} -e {release.job.env}"
    return (
        f"to run it now: cjob run {job}",
        f"to see its last run: cjob logs {job}",
        f"next run: {next_run(stack.parameters.get('Schedule', ''), moment, local)}",
    )
