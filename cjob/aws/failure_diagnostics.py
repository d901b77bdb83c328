"""Finds out why a resource failed, beyond its event: from logs, and from stopped tasks.

Reads as the environment's manager role, which has been allowed to since its first version. Best
effort, for a few seconds: failures are ignored, since a person waits for the error itself.
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from cjob.aws import errors
from cjob.reporting.redaction import mask_passwords
from cjob.stages.deployment.events import Event

if TYPE_CHECKING:  # stubs, which are installed for development only
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_logs import CloudWatchLogsClient

# The custom resource of a job's stack, and the Lambda function beside it that serves it.
CONTROLLER = "Custom::EnvControllerFunction"
CONTROLLER_FUNCTION = "EnvControllerFunction"
SERVICE = "AWS::ECS::Service"

# A log group that a custom resource's reason names, as the env controllers do.
LOG_GROUP = re.compile(r"/aws/lambda/[\w.-]+")
# Lines of a Lambda's log that report a problem, whatever language it is written in.
PROBLEM = re.compile(r"error|exception|timed out|\bfail|denied", re.IGNORECASE)
NOISE = re.compile(r"(?:INIT_START|START|END|REPORT) ")
MAX_LINES = 3
"""The lines of a log, or the tasks, that are shown."""

MAX_LENGTH = 600
"""The characters of a line that are shown."""

BEFORE_S = 15 * 60
"""How long a Lambda function can run before it fails."""

AFTER_S = 10
"""How much later the log is about the rollback."""

MAX_PAGES = 12
"""The pages of a log that are read at most."""

MAX_PAGES_PER_SPAN = 2
"""The pages of one span of time that are read at most."""

TIME_LIMIT_S = 10.0
"""How long a log is read."""

FIRST_SPAN_S = 30.0
"""The span of time that is read first, the newest."""

MIN_SPAN_S = 0.5
"""The span of time that is not divided any further."""


class FailureDiagnostics:
    """Looks for the cause of a failure; clients are made when they are first needed."""

    def __init__(
        self,
        stacks: "CloudFormationClient",
        logs: "Callable[[], CloudWatchLogsClient]",
        tasks: "Callable[[], ECSClient]",
    ) -> None:
        """Take clients of CloudFormation, CloudWatch Logs and ECS."""
        self._stacks = stacks
        self._logs = logs
        self._tasks = tasks

    def explain(self, failure: Event) -> Sequence[str]:
        """Return what else is known about a failure, one line each; raise nothing."""
        lines: list[str] = []
        with suppress(Exception):
            lines.extend(
                mask_passwords(errors.clean(line))[:MAX_LENGTH] for line in self._details(failure)
            )
        return lines

    def _details(self, failure: Event) -> Iterator[str]:
        group = LOG_GROUP.search(failure.reason)
        if group:
            yield from self._log(group[0], failure)
        elif failure.type == CONTROLLER:
            function = self._physical_id(failure.stack_id, CONTROLLER_FUNCTION)
            yield from self._log(f"/aws/lambda/{function}", failure)
        elif failure.type == SERVICE:
            yield from self._stopped(self._physical_id(failure.stack_id, failure.logical_id))

    def _physical_id(self, stack_id: str, logical_id: str) -> str:
        found = self._stacks.describe_stack_resource(
            StackName=stack_id, LogicalResourceId=logical_id
        )
        return found["StackResourceDetail"].get("PhysicalResourceId", "")

    def _log(self, group: str, failure: Event) -> Iterator[str]:
        """Yield the last lines of a Lambda's log that report a problem, in their order."""
        yield f"its log: {group}"
        found: list[str] = []
        for lines in self._newest_first(group, failure.at):
            new = [line for line in map(_text, lines) if line and line not in failure.reason]
            found = [line for line in new if PROBLEM.search(line)] + found
            if len(found) >= MAX_LINES:
                break
        for line in found[-MAX_LINES:]:
            yield f"it says: {line}"

    def _newest_first(self, group: str, at: float) -> Iterator[list[str]]:
        """Yield the lines of a log by spans of time, the newest span first.

        CloudWatch returns the oldest lines of a span first. A span with many lines is divided, so
        that a log of any length takes a few calls.
        """
        end, span, pages = at + AFTER_S, FIRST_SPAN_S, MAX_PAGES
        stops = time.monotonic() + TIME_LIMIT_S
        while pages > 0 and end > at - BEFORE_S and time.monotonic() < stops:
            start = max(end - span, at - BEFORE_S)
            lines, read, is_whole = self._span(group, start, end)
            pages -= read
            if is_whole or span <= MIN_SPAN_S:
                yield lines
                end, span = start, span * 4
            else:
                span /= 8

    def _span(self, group: str, start: float, end: float) -> tuple[list[str], int, bool]:
        """Return the lines of a span, how many pages were read, and whether those were all."""
        pages = (
            self._logs()
            .get_paginator("filter_log_events")
            .paginate(logGroupName=group, startTime=int(start * 1000), endTime=int(end * 1000) - 1)
        )
        lines, read, token = [], 0, ""
        for page in islice(pages, MAX_PAGES_PER_SPAN):
            lines += [event["message"] for event in page["events"]]
            read, token = read + 1, page.get("nextToken", "")
        return lines, read, not token

    def _stopped(self, service: str) -> Iterator[str]:
        """Yield why a service's tasks stopped: the reasons of each task and its containers."""
        cluster = service.split("/")[-2] if service.count("/") > 1 else "default"
        client = self._tasks()
        arns = client.list_tasks(
            cluster=cluster, serviceName=service.rpartition("/")[2], desiredStatus="STOPPED"
        )["taskArns"]
        if not arns:
            return
        for task in client.describe_tasks(cluster=cluster, tasks=arns[:MAX_LINES])["tasks"]:
            reasons = [task.get("stoppedReason", "")]
            for one in task.get("containers", []):
                ended = f"exit code {one['exitCode']}" if "exitCode" in one else ""
                why = ", ".join(filter(None, (ended, one.get("reason", ""))))
                reasons += [f"{one.get('name', '')}: {why}"] if why else []
            name = task["taskArn"].rpartition("/")[2]
            yield f"task {name} stopped: {'; '.join(filter(None, reasons))}"


def _text(line: str) -> str:
    """Return the text of a log line, or the reason in it if it is JSON of the env controller."""
    if NOISE.match(line):
        return ""
    try:
        parsed = json.loads(line)
    except (ValueError, RecursionError):
        return line.strip()
    if isinstance(parsed, dict) and parsed.get("step"):
        return str(parsed.get("reason", ""))
    return line.strip()
