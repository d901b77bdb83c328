"""What a person can do after a deployment: run the job now, follow its logs, see how it ended.

Takes a Release that was deployed, returns lines with commands that can be pasted. Touches nothing.
"""

from datetime import datetime

from cjob import names
from cjob.diff.summary import Local, next_run
from cjob.release import Release
from cjob.stages.states import aws


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
        return (f"to see the result: {aws('describe-stacks', name, region, *status)}",)
    machine = f"{target.account_id}:stateMachine:{name}"
    machine = f"arn:{names.partition(region)}:states:{region}:{machine}"
    start = f"aws stepfunctions start-execution --region {region} --state-machine-arn {machine}"
    # The state machine logs into the same group, as JSON.
    containers = f"--follow --log-stream-name-prefix copilot/ /copilot/{name}"
    return (
        f"to run it now: {start}",
        f"to follow its logs: aws logs tail --region {region} {containers}",
        f"next run: {next_run(stack.parameters.get('Schedule', ''), moment, local)}",
    )
