"""Reads the events of a job's stack during an operation, and of the stacks that change with it.

Polls as the environment's manager role. Throttling slows the polling down; an outage is waited for.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cjob.aws import errors
from cjob.aws.rate_limit import RateLimiter, backoff
from cjob.aws.retry_budget import RetryBudget
from cjob.concurrency.interrupts import interruptible
from cjob.document.records import EMPTY
from cjob.reporting.progress import Reporter
from cjob.reporting.redaction import mask_passwords
from cjob.stages.deployment.events import Event

if TYPE_CHECKING:  # stubs, which are installed for development only
    from mypy_boto3_cloudformation import CloudFormationClient

STACK = "AWS::CloudFormation::Stack"

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 4.0


class EventStream:
    """The events of a job's stack from now on, and of the stacks that it changes on its way.

    Those are the nested stacks, and the stacks that `related` names by the logical id of the
    resource that changes them: the environment's, which the env controller updates. They are read
    while their resource changes, if the role is allowed to read them.
    """

    def __init__(
        self,
        client: "CloudFormationClient",
        limiter: RateLimiter,
        report: Reporter,
        stack_id: str,
        *,
        past: Iterable[Mapping[str, Any]],
        related: Mapping[str, str] = EMPTY,
    ) -> None:
        """Take the newest page of events as past; polling goes no further back."""
        self._client = client
        self._limiter = limiter
        self._budget = RetryBudget(limiter, report)
        self._related = related
        self._main = _Stack(stack_id)
        self._main.seen.update(raw["EventId"] for raw in past)
        self._beside: dict[str, _Stack] = {}

    def events(self) -> Iterator[Event | None]:
        """Yield events until the operation ends, and None each time that there is no new one."""
        for pause in backoff(FIRST_PAUSE_S, LONGEST_PAUSE_S):
            found = self._poll()
            yield from found or (None,)
            if found and found[-1].ends:
                return
            self._limiter.wait(FIRST_PAUSE_S if found else pause)

    def _poll(self) -> list[Event]:
        """Return the new events of all stacks in order; the end of the operation is the last."""
        found = []
        stacks = [self._main, *self._beside.values()]
        for stack in stacks:  # grows, as nested stacks are found
            if not stack.watched:
                continue
            stack.watched = not stack.rests
            for raw in self._new(stack):
                event = _event(raw, stack)
                itself = raw.get("PhysicalResourceId") == raw["StackId"]
                if stack is self._main or not itself:
                    found.append(event)
                if event.ends:
                    break  # later events belong to another deployment
                if not itself:
                    stacks += self._related_stacks(event, raw)
        # Somebody may have started the next operation since: its events are not ours.
        rest = min((event.at for event in found if event.ends), default=math.inf)
        ours = [event for event in found if event.at <= rest]
        return sorted(ours, key=lambda event: (event.ends, event.at))

    def _related_stacks(self, event: Event, raw: Mapping[str, Any]) -> "list[_Stack]":
        """Return the stack that a resource changes if it is not known yet, else an empty list."""
        there = self._related.get(event.path, "")
        if event.type == STACK:
            there = raw.get("PhysicalResourceId", "")
        known = self._beside.get(event.path)
        if known is None:
            if not event.in_progress or not (there or event.type == STACK):
                return []
            known = self._beside[event.path] = _Stack(there, path=event.path, since=event.at)
            return [known]
        known.id = there or known.id
        if event.in_progress and known.rests:
            known.since = event.at
        known.watched = known.watched or event.in_progress
        known.rests = not event.in_progress
        return []

    def _new(self, stack: "_Stack") -> list[Any]:
        """Return the events of a stack that are new, in their order."""
        if not stack.id:
            return []
        new: list[Any] = []
        paginator = self._client.get_paginator("describe_stack_events")
        pages = iter(paginator.paginate(StackName=stack.id))
        try:
            while page := interruptible(lambda: next(pages, None), self._limiter.sleep):
                fresh = [raw for raw in page["StackEvents"] if stack.is_new(raw)]
                new += fresh
                if len(fresh) < len(page["StackEvents"]):
                    break
        except (ClientError, *errors.CONNECTION_ERRORS) as error:
            if not self._tolerates(error, stack):
                raise
            return []
        self._budget.answered()
        stack.seen.update(raw["EventId"] for raw in new)
        return new[::-1]

    def _tolerates(self, error: Exception, stack: "_Stack") -> bool:
        """Check whether to continue after an error: it is transient, or about a related stack."""
        if self._budget.allows(error):
            return True
        stack.watched = False
        return stack is not self._main


class _Stack:
    """A stack whose events are read: those since the last poll, or since a time."""

    def __init__(self, stack_id: str, path: str = "", since: float = 0) -> None:
        self.id = stack_id
        self.path = path
        self.since = since
        self.watched = True
        self.rests = False
        self.seen: set[str] = set()

    def is_new(self, raw: Mapping[str, Any]) -> bool:
        at = float(raw["Timestamp"].timestamp())
        return raw["EventId"] not in self.seen and at >= self.since


def _event(raw: Mapping[str, Any], stack: _Stack) -> Event:
    return Event(
        logical_id=raw["LogicalResourceId"],
        type=raw.get("ResourceType", ""),
        status=raw.get("ResourceStatus", ""),
        reason=mask_passwords(errors.clean(raw.get("ResourceStatusReason", ""))),
        own=not stack.path and raw.get("PhysicalResourceId") == raw["StackId"],
        stack=stack.path,
        stack_id=raw["StackId"],
        at=raw["Timestamp"].timestamp(),
    )
