"""What is borne where something is waited for: throttling, and for a while a network that is gone.

Takes the errors of calls that are made again anyway, tells of a silence once; touches nothing else.
"""

import time

from cjob.aws import faults
from cjob.aws.pacing import Pace
from cjob.reporting.progress import Tell, note

# For so long something is waited for although nothing is heard of it.
SILENCE_LIMIT_S = 10 * 60


class Patience:
    """Bears errors that may pass, each of which makes the next look come later."""

    def __init__(self, pace: Pace, tell: Tell) -> None:
        """Begin with an answer."""
        self._pace = pace
        self._tell = tell
        self._silent_since: float | None = None

    def bears(self, error: Exception) -> bool:
        """Return whether to go on after an error; a silence may not last for too long."""
        if not faults.passes(error):
            return False
        if faults.throttled(error):
            self._pace.throttled()
            return True
        now = time.monotonic()
        if self._silent_since is None:
            self._silent_since = now
            self._tell(note("AWS does not answer; what was begun goes on there, and is looked for"))
        return now - self._silent_since <= SILENCE_LIMIT_S

    def answered(self) -> None:
        """Note that there was an answer."""
        self._pace.answered()
        if self._silent_since is not None:
            self._tell(note("AWS answers again"))
        self._silent_since = None
