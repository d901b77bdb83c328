"""What a command prints on stderr: messages, progress and errors, in the format of --log-format.

Text from outside loses its control characters before it reaches a terminal.
"""

import contextlib
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from cjob.cli.output import events, streams
from cjob.cli.output.plain_progress import BETWEEN_S, PlainProgress
from cjob.cli.output.waiting_line import Waiting
from cjob.document.models import Job
from cjob.document.records import fields, replace
from cjob.reporting.errors import CjobError
from cjob.reporting.printable import one_line, visible
from cjob.reporting.progress import Progress

if TYPE_CHECKING:
    from cjob.cli.output.live_progress import LiveProgress


class Console:
    """Prints to stderr in a log format: `text`, `json` (one event per line) or `github`.

    The last is text with annotations for warnings and errors.
    """

    shown: ClassVar[Waiting | None] = None
    """The waiting line: one per process, since all other output erases it."""

    def __init__(self, log_format: str = "text", directory: str = ".") -> None:
        """Store the log format, and the folder that places in files are relative to."""
        self._json = log_format == "json"
        self._github = log_format == "github"
        self._directory = directory
        self._turn = threading.Lock()
        self._labels: dict[tuple[str, str], str] = {}
        self._lines: PlainProgress | None = None
        self._table: LiveProgress | None = None
        self._draws = False

    def info(self, text: str, job: Job | None = None) -> None:
        """Print lines for people, with the job's label, or one event."""
        clean = visible(text)
        level = "warning" if clean.startswith("warning: ") else "info"
        if self._json:
            facts = {"job": job.name, "env": job.env} if job else {}
            self._event(level, clean, clean, **facts)
            return
        label = self._labels.get((job.env, job.name), "") if job else ""
        for line in clean.split("\n"):
            self._line(level, _labelled(label, line), line)

    def progress(self, record: Progress) -> None:
        """Show progress: as lines or events, or in a table inside `watching` on a terminal."""
        text, subject, reason = (
            visible(part) for part in (record.text, record.subject, record.reason)
        )
        record = replace(record, text=text, subject=subject, reason=reason)
        with self._turn:
            self.stop_waiting()
            if self._draws and (self._table or record.subject):
                self._draw(record)
                return
            lines = self._lines
            if lines is None:
                # Programs read every line of a log.
                lines = self._lines = PlainProgress(self._put, 0 if self._json else BETWEEN_S)
        lines.show(record)

    @contextlib.contextmanager
    def watching(self, jobs: Sequence[Job], *, labelled: bool = False) -> Iterator[None]:
        """Show progress of these jobs inside the block; on a terminal, in a table.

        Lines begin with the job's label if there are several jobs, or with `labelled`: jobs came
        in documents, so nobody typed their names.
        """
        self._labels = _labels(jobs, always=labelled)
        self._draws = not self._json and not self._github and _can_draw()
        try:
            with self.waiting(_looking_up(jobs)):
                yield
        except CjobError as error:
            self.label(error)
            raise
        finally:
            with self._turn, contextlib.suppress(OSError):
                self._draws = False
                if self._table is not None:
                    self._table.close()
                self._table = None

    def label(self, error: CjobError) -> None:
        """Set an error's label to that of its job's lines."""
        error.label = self._labels.get((error.env, error.job), "")

    @contextlib.contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """Show a waiting line on a terminal, until there is other output or the block ends."""
        if self._json or not _can_draw():
            yield
            return

        Console.shown = Waiting(sys.stderr, text)
        Console.shown.start()
        try:
            yield
        finally:
            self.stop_waiting()

    @classmethod
    def stop_waiting(cls) -> None:
        """Erase the waiting line, if there is one."""
        waiting, cls.shown = cls.shown, None
        if waiting is not None:
            waiting.stop()

    def _draw(self, record: Progress) -> None:
        if self._table is None:
            from cjob.cli.output.live_progress import LiveProgress  # noqa: PLC0415 - rich: most of a render

            self._table = LiveProgress(colour=streams.colour(sys.stderr))
        with contextlib.suppress(OSError):
            self._table.show(record, self._labels.get((record.env, record.job), ""))

    def _put(self, record: Progress, line: str) -> None:
        """Write a line of progress, or an event with its facts."""
        if self._json:
            facts = {name: getattr(record, name) for name in fields(record) if name != "text"}
            known = {name: value for name, value in facts.items() if value and name != "level"}
            self._event(record.level, line, line, **known)
            return
        label = self._labels.get((record.env, record.job), "")
        self._line(record.level, _labelled(label, line), line)

    def error(self, error: CjobError) -> None:
        """Print an error: each problem with its place, its notes and its hint."""
        for warning in getattr(error, "warnings", ()):
            self.info(f"warning: {warning}")
        for problem in getattr(error, "problems", (error,)):
            message, hint = one_line(str(problem)), one_line(problem.hint)
            place = one_line(problem.place)
            notes = [one_line(note) for note in problem.notes]
            if self._json:
                more: dict[str, object] = {"notes": notes} if notes else {}
                if error.job:
                    more |= {"job": error.job, "env": error.env}
                code, status = problem.code, problem.status
                self._event("error", message, place, hint=hint, code=code, status=status, **more)
                continue
            lines = [f"note: {note}" for note in notes] + ([f"hint: {hint}"] if hint else [])
            labelled = _labelled(error.label, message)
            if self._github:
                self._line("error", "\n".join([labelled, *lines]), place)
            else:
                self._write("\n".join([f"cjob: {labelled}", *lines]))

    def _event(self, level: str, message: str, place: str, **facts: object) -> None:
        """Write a JSON event; `place` may be a message that begins with one."""
        self._write(events.event(level, message, place, **facts))

    def _line(self, level: str, line: str, place: str) -> None:
        """Write a line, or an annotation for a warning or an error if GitHub reads them."""
        if self._github:
            if level in events.ANNOTATED:
                line = events.annotation(level, line, place, self._directory)
            else:
                line = events.plain(line)
        self._write(line)

    def _write(self, line: str) -> None:
        """Write a line; a closed stderr does not stop a deployment."""
        with self._turn, contextlib.suppress(OSError):
            self.stop_waiting()
            if self._table is not None:
                self._table.write(line)
            else:
                sys.stderr.write(line + "\n")
                sys.stderr.flush()


def _looking_up(jobs: Sequence[Job]) -> str:
    """Return the text of the waiting line before the first progress."""
    places = sorted({f"{job.app}/{job.env}" for job in jobs})
    return f"looking up {', '.join(places)}"[:60]


def _labelled(label: str, line: str) -> str:
    """Return a line with its label, unless it has it: the main container has its job's name."""
    return line if not label or line.startswith(f"{label}: ") else f"{label}: {line}"


def _labels(jobs: Sequence[Job], *, always: bool) -> dict[tuple[str, str], str]:
    """Return each job's label; none for a single job, unless `always`."""
    if len(jobs) == 1 and not always and not _among_others():
        return {}
    one_environment = len({job.env for job in jobs}) == 1
    return {
        (job.env, job.name): job.name if one_environment else f"{job.name} ({job.env})"
        for job in jobs
    }


def _can_draw() -> bool:
    """Return whether stderr is a terminal that can redraw lines."""
    dumb = os.environ.get("TERM", "dumb") == "dumb" or streams.in_ci()
    return sys.stderr.isatty() and not dumb and not _among_others()


def _among_others() -> bool:
    """Return whether make started this process: other commands may write to the same terminal."""
    return "MAKELEVEL" in os.environ
