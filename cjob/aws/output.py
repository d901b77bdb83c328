"""What the containers of a run wrote, line by line, from the job's log group.

Read as the environment's manager role: one stream for each container of each attempt, from its
first line on.
"""

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from cjob.aws.errors import translating_errors
from cjob.aws.session import Account
from cjob.runs import names
from cjob.runs.model import Environment
from cjob.runs.output import Line, Source

# A page with as many lines is probably not the last one.
MANY = 1000


class Output:
    """Reads streams; shared by all threads of a process."""

    def __init__(self, account: Account, environment: Environment) -> None:
        """Take where the jobs run."""
        self._account = account
        self._environment = environment

    def stream(self, source: Source) -> "Stream":
        """Return a reader of what one container of one attempt writes."""
        env = self._environment
        client = self._account.client("logs", env.region, env.manager_role_arn)
        group = names.log_group(env.app, env.env, source.job)
        return Stream(client, group, source, env.manager_role_arn)


class Stream:
    """A container's log stream, which remembers how far it was read.

    A line counts as read once the next one is asked for, so that an error loses none.
    """

    def __init__(self, client: Any, group: str, source: Source, role: str) -> None:  # noqa: ANN401 - boto3's
        """Begin at its first line."""
        self._client = client
        self._names = {
            "logGroupName": group,
            "logStreamName": names.container_stream(source.container, source.task_id),
        }
        self._source = source
        self._role = role
        self._token = ""
        self._unread: deque[Line] = deque()

    def new_lines(self, *, to_end: bool = True) -> Iterator[Line]:
        """Yield the lines that were not read yet; none if the stream does not exist (yet).

        Without `to_end` this takes one call, unless there are many lines.
        """
        while True:
            yield from self._read_lines()
            token = self._token
            count = self._read_page()
            if self._token == token or (count < MANY and not to_end):
                yield from self._read_lines()
                return

    def _read_lines(self) -> Iterator[Line]:
        while self._unread:
            yield self._unread[0]
            self._unread.popleft()

    def _read_page(self) -> int:
        """Read the next page, and return how many lines it has."""
        more = {"nextToken": self._token} if self._token else {}
        with translating_errors("read the log of the run", self._role):
            try:
                page = self._client.get_log_events(**self._names, startFromHead=True, **more)
            except self._client.exceptions.ResourceNotFoundException:
                return 0
        self._unread.extend(
            Line(
                self._source,
                datetime.fromtimestamp(event["timestamp"] / 1000, UTC),
                event["message"],
            )
            for event in page["events"]
        )
        # At the end the token stays the same; pages before it may be empty.
        self._token = page["nextForwardToken"]
        return len(page["events"])
