"""How long to wait between looks at a run, and which errors of a look to outlast."""

from botocore.exceptions import ClientError

from cjob.aws import errors
from cjob.aws.rate_limit import RateLimiter
from cjob.aws.retry_budget import RetryBudget
from cjob.reporting.errors import ServiceError
from cjob.reporting.progress import Reporter

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 5.0


class Waiting:
    """Waits between looks at a run: ever longer, and no oftener than the limiter allows."""

    def __init__(self, limiter: RateLimiter, report: Reporter) -> None:
        """Take the limiter, which all runs of a process share."""
        self._limiter = limiter
        self._budget = RetryBudget(limiter, report)

    def pause(self, look: int) -> None:
        """Wait before the next look; looks count from 0."""
        self._limiter.wait(min(FIRST_PAUSE_S * 1.5 ** min(look, 10), LONGEST_PAUSE_S))

    def outlasts(self, error: ServiceError) -> bool:
        """Return whether to look again after an error: one that may pass, for ten minutes."""
        cause = error.__cause__
        if not isinstance(cause, (ClientError, *errors.CONNECTION_ERRORS)):
            return False
        return self._budget.allows(cause)

    def answered(self) -> None:
        """Record that AWS answered a look."""
        self._budget.answered()
