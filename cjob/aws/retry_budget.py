"""What is borne where something is waited for: throttling, and for a while a network that is gone.

Takes the errors of calls that are made again anyway, tells of a silence once; touches nothing else.
"""

import time

from cjob.aws import errors
from cjob.aws.rate_limit import RateLimiter
from cjob.reporting.progress import Reporter, info

# For so long something is waited for although nothing is heard of it.
SILENCE_LIMIT_S = 10 * 60


class RetryBudget:
    """Bears errors that may pass, each of which makes the next look come later."""

    def __init__(self, limiter: RateLimiter, report: Reporter) -> None:
        """Begin with an answer."""
        self._limiter = limiter
        self._report = report
        self._silent_since: float | None = None

    def allows(self, error: Exception) -> bool:
        """Return whether to go on after an error; a silence may not last for too long."""
        if not errors.is_transient(error):
            return False
        if errors.is_throttled(error):
            self._limiter.throttled()
            return True
        now = time.monotonic()
        if self._silent_since is None:
            self._silent_since = now
            self._report(
                info("AWS does not answer; what was started continues there, and cjob keeps asking")
            )
        return now - self._silent_since <= SILENCE_LIMIT_S

    def answered(self) -> None:
        """Note that there was an answer."""
        self._limiter.answered()
        if self._silent_since is not None:
            self._report(info("AWS answers again"))
        self._silent_since = None
