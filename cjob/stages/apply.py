"""Apply: deploy what the document says.

`cjob.stages.deployment` decides, changes the stack and cancels. Writes to the artifact bucket and
CloudFormation, and registers a new job for Copilot's commands.
"""

from cjob.context import RunContext
from cjob.document import names
from cjob.document.models import Release, required
from cjob.stages.deployment.change_sets import ApplyDeps
from cjob.stages.deployment.decide import deploy
from cjob.stages.deployment.registration import register

CONTROLLER = "EnvControllerAction"
"""The resource of a job's stack through which the environment's stack is updated."""


def apply(release: Release, context: RunContext) -> Release:
    """Deploy the stack; add `deployment`."""
    job = release.job
    deps = ApplyDeps(
        stacks=context.stacks,
        store=context.bucket(required(release.target, "target")),
        report=context.reporter(job),
        started=context.started(job),
        sleep=context.interruption.sleep,
        feature_slot=context.feature_slot,
        related_stacks={CONTROLLER: names.environment_stack(job.app, job.env)},
    )
    deployed = deploy(release, deps, context.options)
    return register(deployed, lambda: context.application, deps.report)
