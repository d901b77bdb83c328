"""Progress as a table on a terminal: a row for each piece of work, with its state and seconds.

Rows that are done make room for others. What is no piece of work is written above the table, and
so is all that a build said when it fails. Drawn by rich, which is imported with this module.
"""

import sys
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from rich.console import Console, RenderableType
from rich.live import Live
from rich.table import Table as Grid
from rich.text import Text

from cjob.cli.output.plain_progress import LOGS, Logs, key
from cjob.reporting.progress import Progress

REFRESHES_A_SECOND = 4
SMALLEST = 4
"""Rows that are shown on the lowest terminal."""

STYLES = {"running": "yellow", "done": "green", "failed": "red", "stopped": "dim"}
MARKS = {"running": "•", "done": "✔", "failed": "✘", "stopped": "-"}
PLAIN_MARKS = {"running": ".", "done": "+", "failed": "!", "stopped": "-"}


@dataclass
class Row:
    """A piece of work as it is now; times are those of the clock, in seconds."""

    name: str
    record: Progress
    began: float
    ended: float | None = None


class LiveProgress:
    """Shows records in a table that is drawn anew as they come."""

    def __init__(self, *, colour: bool, clock: Callable[[], float] = time.monotonic) -> None:
        """Take whether to colour it; nothing is drawn before there is a piece of work."""
        self._screen = Console(
            file=sys.stderr, no_color=not colour, highlight=False, markup=False, emoji=False
        )
        self._marks = MARKS if (self._screen.encoding or "").startswith("utf") else PLAIN_MARKS
        self._clock = clock
        self._turn = threading.Lock()
        self._rows: dict[Hashable, Row] = {}
        self._logs = Logs()
        self._live = Live(
            console=self._screen,
            get_renderable=self._drawn,
            refresh_per_second=REFRESHES_A_SECOND,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def show(self, record: Progress, label: str) -> None:
        """Show a record: in its row, or as a line above all rows."""
        with self._turn:
            self._logs.keep(record)
            if record.subject:
                self._enter(record, label)
            log = self._logs.of_failure(record)
        if record.subject:
            self._live.start()
        elif record.level != "waiting":
            self.write(f"{label}: {record.text}" if label else record.text)
        for line in log:
            self.write(f"{label}: {line}" if label else line)

    def write(self, line: str) -> None:
        """Write a line above the table, as long as it is."""
        self._screen.print(Text(line), soft_wrap=True)

    def close(self) -> None:
        """Leave the table as it is last."""
        self._live.stop()

    def _enter(self, record: Progress, label: str) -> None:
        now, piece = self._clock(), key(record)
        row = self._rows.get(piece)
        if row is None or (row.ended is not None and record.state == "running"):
            phase = f"{record.phase} " if record.phase in LOGS else ""
            name = f"{phase}{record.subject}"
            self._rows.pop(piece, None)
            row = self._rows[piece] = Row(f"{label}: {name}" if label else name, record, now)
        row.record = record
        row.ended = now if record.state != "running" else None

    def _drawn(self) -> RenderableType:
        grid = Grid.grid(padding=(0, 1, 0, 0), expand=True)
        grid.add_column(no_wrap=True)
        grid.add_column(no_wrap=True, overflow="ellipsis", max_width=self._screen.width // 2)
        grid.add_column(ratio=1, overflow="fold")
        grid.add_column(no_wrap=True, justify="right")
        now = self._clock()
        with self._turn:
            rows = list(self._rows.values())
        shown = _fitting(rows, max(self._screen.height - 3, SMALLEST))
        for row in shown:
            style = STYLES.get(row.record.state, "")
            seconds = f"{(row.ended or now) - row.began:.0f} s"
            mark = Text(self._marks.get(row.record.state, ""), style=style)
            grid.add_row(mark, row.name, _state(row.record, style), seconds)
        if len(shown) < len(rows):
            grid.add_row("", f"{len(rows) - len(shown)} more are done")
        return grid


def _fitting(rows: list[Row], room: int) -> list[Row]:
    """Return the rows that there is room for: of those that are done the first to end go first."""
    done = sorted((row for row in rows if row.record.state == "done"), key=_end)
    hidden = [id(row) for row in done[: max(len(rows) - room, 0)]]
    return [row for row in rows if id(row) not in hidden]


def _end(row: Row) -> float:
    return row.ended or 0


def _state(record: Progress, style: str) -> Text:
    """Return the state of a piece of work in words: CloudFormation's, or the last line of a log."""
    if record.status:
        words = Text(record.status.lower().replace("_", " "), style=style)
        return words.append(f"\n{record.reason}", style) if record.state == "failed" else words
    line = record.text.removeprefix(f"{record.subject}: ")
    return Text(line, style=style, no_wrap=True, overflow="ellipsis")
