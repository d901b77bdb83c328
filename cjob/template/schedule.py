"""The schedule: a rule that starts the state machine, and the rule's role."""

from cjob.manifest.job import Job
from cjob.template.context import Context
from cjob.template.roles import boundary
from cjob.template.values import (
    Double,
    Resource,
    Value,
    copilot_description,
    get_att,
    policy,
    ref,
    trust,
)


def resources(job: Job, context: Context) -> Resource:
    """Return the rule, disabled if the schedule is `none`, and its role."""
    off = job.trigger.schedule == "none"
    # A rule needs a schedule even if it is disabled.
    expression: Value = Double("rate(5 minutes)") if off else ref("Schedule")
    return {
        "Rule": {
            "Metadata": copilot_description("Rule that starts the state machine on schedule"),
            "Type": "AWS::Events::Rule",
            "Properties": {
                "ScheduleExpression": expression,
                "State": "DISABLED" if off else "ENABLED",
                "Targets": [
                    {
                        "Arn": ref("StateMachine"),
                        "Id": "statemachine",
                        "RoleArn": get_att("RuleRole", "Arn"),
                    }
                ],
            },
        },
        "RuleRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": trust("events.amazonaws.com", "sts:AssumeRole"),
                **boundary(context),
                "Policies": [policy("EventRulePolicy", [_START])],
            },
        },
    }


_START: Resource = {
    "Effect": "Allow",
    "Action": "states:StartExecution",
    "Resource": ref("StateMachine"),
}
