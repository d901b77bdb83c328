"""Differences as Markdown, for a comment on a pull request or the summary of a CI job.

Pure: takes what was compared, gives text of a limited size: one line a job with what changes, and
the difference itself folded below it.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

LIMIT = 60_000
"""Bytes; GitHub takes comments of 65,536 characters."""

_SMALLEST = 200
_SIGNED = re.compile(r"( *)([-+~])( .*)")


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A job with its difference: what it is called, in a line, more lines, and the text."""

    title: str
    summary: str
    notes: tuple[str, ...] = ()
    text: str = ""


def markdown(jobs: Sequence[Compared], *, limit: int = LIMIT) -> str:
    """Write what was compared, one job after another; what does not fit is cut, and that is said.

    `limit` is in bytes. Each job has its share of the room, and what the ones before it left.
    """
    heads = [_head(job) for job in jobs]
    while heads and sum(map(_size, heads)) > limit - _SMALLEST:
        heads.pop()
    room = limit - _SMALLEST - sum(map(_size, heads))
    shown: list[str] = []
    for at, job in enumerate(jobs[: len(heads)]):
        folded = _folded(job.text, room // (len(heads) - at)) if job.text else ""
        room -= _size(folded)
        shown.append(folded)
    out = [head + folded for head, folded in zip(heads, shown, strict=True)]
    unfolded = sum(not folded and bool(job.text) for job, folded in zip(jobs, shown, strict=False))
    if unfolded or len(heads) < len(jobs):
        left = f"{len(jobs) - len(heads)} jobs and {unfolded} differences"
        out.append(f"{left} more are left out, for their size.\n")
    return "\n".join(out)


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass")) + 1


def _head(job: Compared) -> str:
    lines = [f"**{_inline(job.title)}**: {_inline(job.summary)}\n"]
    if job.notes:
        fence = _fence("\n".join(job.notes))
        lines += [f"{fence}text", *job.notes, fence, ""]
    return "\n".join(lines)


def _inline(text: str) -> str:
    return html.escape(" ".join(text.split()))


def _fence(text: str) -> str:
    """Give a run of backticks that is longer than any in a text."""
    return "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text) or [""]))


def _folded(text: str, room: int) -> str:
    """Give a difference that can be unfolded, in at most so many bytes."""
    fence = _fence(text)
    before = f"\n<details><summary>difference</summary>\n\n{fence}diff\n"
    after = f"{fence}\n\n</details>\n"
    lines = [_line(line) for line in text.splitlines()]
    left = room - _size(before) - _size(after) - _SMALLEST
    shown = 0
    while shown < len(lines) and (left := left - _size(lines[shown])) >= 0:
        shown += 1
    if shown == len(lines):
        return before + "".join(f"{line}\n" for line in lines) + after
    said = f"\n{len(lines) - shown} of {len(lines)} lines are left out, for their size.\n"
    if not shown:
        return said if _size(said) <= room else ""
    return before + "".join(f"{line}\n" for line in lines[:shown]) + after + said


def _line(line: str) -> str:
    """Put a line's sign in front, where a renderer looks for it; `!` marks a changed value."""
    found = _SIGNED.fullmatch(line)
    if not found or (found[2] == "~" and " -> " not in line):
        return line
    return f"{'!' if found[2] == '~' else found[2]}{found[1]}{found[3]}"
