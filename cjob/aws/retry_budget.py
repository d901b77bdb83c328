"""Which errors are tolerated while polling: throttling, and an outage for a limited time.

Takes the errors of calls that are made again anyway; reports an outage once.
"""

import time

from cjob.aws import errors
from cjob.aws.rate_limit import RateLimiter
from cjob.reporting.progress import Reporter, info

OUTAGE_LIMIT_S = 10 * 60
"""How long an outage may last."""


class RetryBudget:
    """Decides whether to try again after an error."""

    def __init__(self, limiter: RateLimiter, report: Reporter) -> None:
        """Take what throttling slows down, and where to report an outage."""
        self._limiter = limiter
        self._report = report
        self._outage_since: float | None = None

    def allows(self, error: Exception) -> bool:
        """Check whether to try again: the error is transient, and the outage not too long."""
        if not errors.is_transient(error):
            return False
        if errors.is_throttled(error):
            self._limiter.throttled()
            return True
        now = time.monotonic()
        if self._outage_since is None:
            self._outage_since = now
            self._report(
                info("AWS does not answer; what was started continues there, and cjob keeps asking")
            )
        return now - self._outage_since <= OUTAGE_LIMIT_S

    def answered(self) -> None:
        """Record an answer, which ends an outage."""
        self._limiter.answered()
        if self._outage_since is not None:
            self._report(info("AWS answers again"))
        self._outage_since = None
