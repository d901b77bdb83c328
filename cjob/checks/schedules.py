"""Check the schedules of a resolved stack's rules. Pure."""

from collections.abc import Iterator

from cjob.checks.resolved import Resolved
from cjob.manifest import schedule
from cjob.reporting.findings import Finding


def expressions(stack: Resolved) -> Iterator[Finding]:
    """Yield findings for expressions that EventBridge would reject."""
    for name, rule in stack.properties("AWS::Events::Rule"):
        expression = rule.get("ScheduleExpression")
        if isinstance(expression, str) and (found := schedule.problem(expression)):
            yield found._replace(place=f"Resources.{name}.Properties.ScheduleExpression")
