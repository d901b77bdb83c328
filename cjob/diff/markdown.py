"""Differences as Markdown, for a comment on a pull request or the summary of a CI job.

Pure. For each job, one line with a summary and the difference in a folded block below it; the size
is limited.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

LIMIT = 60_000
"""Bytes; GitHub takes comments of 65,536 characters."""

_SMALLEST = 200

# The share of the limit that is kept for the names of what is cut.
_LISTED = 15
_SIGNED = re.compile(r"( *)([-+~])( .*)")


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A job's difference: the job's name, a summary of one line, more lines, and the text."""

    title: str
    summary: str
    notes: tuple[str, ...] = ()
    text: str = ""


def markdown(jobs: Sequence[Compared], *, limit: int = LIMIT) -> str:
    """Return the differences of all jobs; what does not fit is cut, with a note.

    `limit` is in bytes. Each job has an equal share of it, plus what earlier jobs left over.
    """
    heads = [_head(job) for job in jobs]
    titles = sum(_size(_inline(job.title)) + 1 for job in jobs)
    listed = min(max(_SMALLEST, limit // _LISTED), _SMALLEST + 2 * titles)
    whole = limit - listed
    while heads and sum(map(_size, heads)) > whole:
        heads.pop()
    room = whole - sum(map(_size, heads))
    shown: list[str] = []
    for at, job in enumerate(jobs[: len(heads)]):
        folded = _folded(job.text, room // (len(heads) - at)) if job.text else ""
        room -= _size(folded)
        shown.append(folded)
    out = [head + folded for head, folded in zip(heads, shown, strict=True)]
    unfolded = [
        job.title for job, folded in zip(jobs, shown, strict=False) if job.text and not folded
    ]
    unnamed = [job.title for job in jobs[len(heads) :]]
    for what, left in (("jobs", unnamed), ("differences", unfolded)):
        if left:
            out.append(_left_out(what, left, listed // 2))
    return "\n".join(out)


def _left_out(what: str, titles: Sequence[str], room: int) -> str:
    """Return a line that lists what was cut, with as many names as fit."""
    line = f"{len(titles)} {what} are left out, for their size:"
    named = 0
    for title in titles:
        longer = f"{line}{',' * bool(named)} {_inline(title)}"
        if _size(longer) + _SMALLEST // 4 > room:
            break
        line, named = longer, named + 1
    more = len(titles) - named
    return f"{line}{f' and {more} more' if more else ''}.\n"


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
    """Return a run of backticks that is longer than any in a text."""
    return "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text) or [""]))


def _folded(text: str, room: int) -> str:
    """Return a difference in a folded block of at most `room` bytes."""
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
    """Return a line with its sign in front, where renderers expect it; `!` means changed."""
    found = _SIGNED.fullmatch(line)
    if not found or (found[2] == "~" and " -> " not in line):
        return line
    return f"{'!' if found[2] == '~' else found[2]}{found[1]}{found[3]}"
