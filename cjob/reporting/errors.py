"""Errors with a message for people, and the exit status of each.

Every error has a message (with the subject quoted), a place, and a hint. Anything else that is
raised is a bug in cjob. Imports little, since every command imports this module.
"""

from collections.abc import Sequence

DONE = 0
DIFFERENT = 1
INVALID = 2
REFUSED = 3
FAILED = 4
STILL_RUNNING = 5
BUG = 70
INTERRUPTED = 130
CLOSED_PIPE = 141

MORE_FILES = "let more files be open at once: ulimit -n 1024"


class CjobError(Exception):
    """An error that a message explains, with its `place` and a `hint`.

    `code` is its class in JSON events. `notes` are further lines about it, such as those of a log.
    `job` and `env` name the job that failed; `label` is the prefix of its lines, empty if only one
    job is concerned.
    """

    status = BUG
    code = "bug"
    job = ""
    env = ""
    label = ""
    is_shared = False

    def __init__(
        self, message: str, *, hint: str = "", place: str = "", notes: Sequence[str] = ()
    ) -> None:
        """Take the message; `place` is `file:line:column` or a path in a document."""
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.place = place
        self.notes = tuple(notes)

    def belongs_to(self, job: str, env: str) -> "CjobError":
        """Record whose work failed, unless all jobs share the error; return the error itself."""
        if not self.is_shared:
            self.job, self.env = job, env
        return self

    def __str__(self) -> str:
        """Return the message with its place in front, as it is printed."""
        return f"{self.place}: {self.message}" if self.place else self.message


class InputError(CjobError):
    """An error in the user's input: usage, workspace, manifest, document, a name."""

    status = INVALID
    code = "invalid-input"
    warnings: Sequence[str] = ()

    @property
    def problems(self) -> "tuple[InputError, ...]":
        """Return the single problems of the input; here it is one."""
        return (self,)


class InputErrors(InputError):  # noqa: N818 - the plural says that it holds several
    """Several problems of one input, found together; `problems` are in reading order.

    `warnings` are lines about possible causes of them.
    """

    def __init__(self, problems: Sequence[InputError], warnings: Sequence[str] = ()) -> None:
        """Take at least one problem; the first one's message is the message of all."""
        super().__init__(problems[0].message, hint=problems[0].hint, place=problems[0].place)
        self._problems = tuple(problems)
        self.warnings = tuple(warnings)

    @property
    def problems(self) -> tuple[InputError, ...]:
        """Return them in reading order."""
        return self._problems


class ErrorCollector:
    """Collects the InputErrors of several steps: run each in a `with` of its own, then `raise_all`.

    What a failed step would have returned is missing until then; `raise_all` returns only if all
    steps succeeded.
    """

    def __init__(self) -> None:
        """Start without problems."""
        self._problems: list[InputError] = []
        self._warnings: list[str] = []

    def __enter__(self) -> None:
        """Begin a step."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        """Keep an InputError of the step; other errors are raised as usual."""
        if not isinstance(error, InputError):
            return False
        self._problems.extend(error.problems)
        self._warnings.extend(error.warnings)
        return True

    def raise_all(self) -> None:
        """Raise InputErrors with all problems, if there are any."""
        if self._problems:
            raise InputErrors(self._problems, self._warnings)


class ServiceError(CjobError):
    """AWS, the container engine or a registry refused a request or could not be reached."""

    status = REFUSED
    code = "service-failed"


class DeploymentError(CjobError):
    """A deployment ran and failed, or was rolled back."""

    status = FAILED
    code = "deployment-failed"


class RunFailedError(CjobError):
    """A run of a job failed, timed out or was stopped."""

    status = FAILED
    code = "run-failed"


class StillRunningError(CjobError):
    """An operation was still in progress when the time to wait for it ended."""

    status = STILL_RUNNING
    code = "still-running"


class Interrupted(CjobError):  # noqa: N818 - it is a state of the run, not an error of anybody
    """The user (Ctrl-C) or the system (SIGTERM) stopped the run."""

    status = INTERRUPTED
    code = "interrupted"
