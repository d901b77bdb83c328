"""What the containers of a run wrote, line by line, from the job's log group.

Read as the environment's manager role, one stream a container and attempt, from its head on.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from cjob.aws.errors import translating_errors
from cjob.aws.session import Account
from cjob.runs import names
from cjob.runs.model import Environment
from cjob.runs.output import Line, Source


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
    """A container's log stream, which remembers how far it was read."""

    def __init__(self, client: Any, group: str, source: Source, role: str) -> None:  # noqa: ANN401 - boto3's
        """Begin at its head."""
        self._client = client
        self._names = {
            "logGroupName": group,
            "logStreamName": names.container_stream(source.container, source.task_id),
        }
        self._source = source
        self._role = role
        self._token = ""

    def new_lines(self) -> Iterator[Line]:
        """Yield the lines that were written since the last call; none without a stream yet."""
        while True:
            more = {"nextToken": self._token} if self._token else {}
            with translating_errors("read the log of the run", self._role):
                try:
                    page = self._client.get_log_events(**self._names, startFromHead=True, **more)
                except self._client.exceptions.ResourceNotFoundException:
                    return
            for event in page["events"]:
                moment = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
                yield Line(self._source, moment, event["message"])
            # The token of the end stays the same; a page may be empty before it.
            if page["nextForwardToken"] == self._token:
                return
            self._token = page["nextForwardToken"]
