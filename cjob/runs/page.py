"""The status of jobs as one HTML page, for an archive of CI or a wall display.

Pure: takes statuses and a moment and returns the page's text. The page refers to nothing outside
itself and has no script. All text is escaped as it is written (see `markup`): names, causes and
reasons may hold anything. Marks have a shape and a label besides their colour, and each strip of
runs opens a table of them, which the keyboard reaches.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from statistics import median

from cjob.runs import causes, occurrences, status_words
from cjob.runs.markup import Element, breakable, document, element, extended
from cjob.runs.model import UNFINISHED, Run
from cjob.runs.model import Status as RunStatus
from cjob.runs.page_style import STYLE
from cjob.runs.status import LAST, Stack, Status, cause_of, is_scheduled, moment_of

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""A Content-Security-Policy under which the page works."""

HEAD = ("Job", "Last runs", "Last run", "Usually takes", "Next run (UTC)", "Deployed")
NOTHING = "\N{EN DASH}"

STEP, WIDTH, HIGHEST, LOWEST, MARK_TOP = 16, 12, 26, 3, 30
"""Of a strip of runs: from bar to bar, a bar's width and heights, and where the marks begin."""

CHECK = "M2 6 5 9 10 3"
CROSS = "M3 3 9 9M9 3 3 9"
DASH = "M3 6H9"
DOTS = "M2 6h.01M6 6h.01M10 6h.01"
QUERY = "M4 4.2a2 2 0 1 1 2.6 2Q6 6.6 6 7.4M6 10v.01"

MARKS = {
    "SUCCEEDED": ("good", CHECK),
    "FAILED": ("bad", CROSS),
    "TIMED_OUT": ("bad", CROSS),
    "ABORTED": ("bad", CROSS),
    "MISSED": ("late", DASH),
    "RUNNING": ("busy", DOTS),
    "PENDING_REDRIVE": ("busy", DOTS),
    "UNKNOWN": ("none", QUERY),
}
"""The colour and the shape of each status of a run."""

KEY: Sequence[RunStatus] = ("SUCCEEDED", "FAILED", "MISSED", "RUNNING")


def page(statuses: Sequence[Status], app: str, env: str, now: datetime) -> str:
    """Return the page of an environment's jobs; those with problems come first."""
    ordered = sorted(statuses, key=lambda status: not status.problems)
    title = element("title", f"{app}/{env}: {_title(statuses)}")
    style = element("style")
    style.text = STYLE  # the only text with line breaks; it is cjob's own
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        title,
        style,
    )
    heading = element("h1", element("span", f"{app} / "), env)
    made = element("p", "Scheduled jobs as of ", _time(now), " UTC")
    header = element("header", element("div", heading, made), *_summary(statuses))
    if statuses:
        body = element("main", header, _table(ordered, now), _footer())
    else:
        body = element("main", header, element("p", "There are no jobs here.", class_="nobody"))
    return document(element("html", head, element("body", body), lang="en"))


def _title(statuses: Sequence[Status]) -> str:
    bad = sum(bool(status.problems) for status in statuses)
    if not statuses:
        return "no jobs"
    return f"{bad} of {_count(len(statuses), 'job')} with problems" if bad else "all jobs are fine"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _time(moment: datetime, form: str = "%F %H:%M") -> Element:
    utc = moment.astimezone(UTC)
    return element("time", utc.strftime(form), datetime=f"{utc:%FT%H:%M:%SZ}")


def _summary(statuses: Sequence[Status]) -> Iterator[Element]:
    bad = sum(bool(status.problems) for status in statuses)
    rows = (
        ("bad", bad, "needs attention" if bad == 1 else "need attention"),
        ("busy", sum(status.running > 0 for status in statuses), "running"),
        ("good", len(statuses) - bad, "fine"),
    )
    items = [
        element("li", element("b", str(number)), f" {words}", class_=colour)
        for colour, number, words in rows
        if number
    ]
    if items:
        yield element("ul", *items, class_="sum", aria_label="Summary")


def _table(statuses: Sequence[Status], now: datetime) -> Element:
    """Return the table; its parts have roles, since they would lose them when shown as cards."""
    heads = (element("th", name, role="columnheader", scope="col") for name in HEAD)
    return element(
        "table",
        element("caption", "Status of each job", class_="off"),
        element("thead", element("tr", *heads, role="row"), role="rowgroup"),
        *(_job(status, now) for status in statuses),
        class_="jobs",
        role="table",
    )


def _job(status: Status, now: datetime) -> Element:
    """Return a job's rows: what it is like, and what is wrong."""
    cells = (
        _runs(status),
        _last(status.last_run, now),
        _usual(status.runs),
        _next(status, now),
        _deployed(status.stack, now),
    )
    head = element("th", *_name(status), class_="job", role="rowheader", scope="row")
    row = element("tr", head, role="row")
    for label, cell in zip(HEAD[1:], cells, strict=True):
        row.append(element("td", *cell, role="cell", data_label=label))
    row[1].set("class", "runs" if status.runs else "runs idle")
    if not status.problems:
        return element("tbody", row, role="rowgroup")
    head.set("rowspan", "2")
    why = element("ul", *(element("li", problem) for problem in status.problems))
    wide = element("td", why, role="cell", colspan=str(len(cells)))
    return element("tbody", row, element("tr", wide, class_="why", role="row"), role="rowgroup")


def _name(status: Status) -> Iterator[Element]:
    """Yield a job's mark, its name, its image, and what is to be known of it."""
    if status.problems:
        yield _mark("bad", CROSS, "needs attention")
    elif status.running:
        yield _mark("busy", DOTS, "running")
    else:
        yield _mark("good", CHECK, "fine")
    yield element("b", status.job)
    if status.stack and status.stack.image:
        yield breakable(element("small"), status_words.short_image(status.stack.image), "/")
    for note in status.notes:
        yield element("small", note)


def _mark(colour: str, shape: str, label: str = "") -> Element:
    mark = element("svg", element("path", d=shape), class_=f"mark {colour}", viewBox="0 0 12 12")
    if label:
        mark.attrib |= {"role": "img", "aria-label": label}
    else:
        mark.set("aria-hidden", "true")
    return mark


def _soft(text: str) -> Element:
    return element("span", text, class_="none")


def _last(run: Run | None, now: datetime) -> Iterator[Element]:
    if run is None:
        yield _soft("none")
        return
    code = f" ({run.exit_code})" if run.exit_code else ""
    yield element("span", f"{status_words.word(run.status)}{code}", class_=MARKS[run.status][0])
    yield element("small", f"{status_words.age(moment_of(run), now)} ago{_took(run)}")


def _took(run: Run) -> str:
    return f", took {causes.duration(run.duration_s)}" if run.duration_s is not None else ""


def _usual(runs: Iterable[Run]) -> Iterator[Element]:
    took = [r.duration_s for r in runs if r.status == "SUCCEEDED" and r.duration_s is not None]
    yield element("span", causes.duration(median(took)), class_="num") if took else _soft(NOTHING)


def _next(status: Status, now: datetime) -> Iterator[Element]:
    """Yield when the job runs next, with its schedule."""
    stack = status.stack
    if stack is None or not stack.expression:
        yield _soft(NOTHING)
        return
    if stack.expression == occurrences.DISABLED:
        yield _soft("no schedule")
        return
    wait = ""
    step = occurrences.period(stack.expression)
    if status.next_times:
        yield _time(status.next_times[0], "%a %e %b, %H:%M")
        wait = f"in {status_words.age(now, status.next_times[0])}, "
    elif step is not None and is_scheduled(stack):
        yield element("span", f"within {causes.duration(step.total_seconds())}")
    else:
        yield _soft("never")
    yield element("small", wait, element("code", stack.expression))


def _deployed(stack: Stack | None, now: datetime) -> Iterator[Element]:
    if stack is None:
        yield _soft("not deployed")
        return
    yield element("span", f"{status_words.age(stack.changed_at, now)} ago", class_="num")
    yield breakable(element("small"), stack.status, "_")


# The runs of a job


def _runs(status: Status) -> Iterator[Element]:
    """Yield the strip of a job's runs, which opens a table of them."""
    if not status.runs:
        yield _strip((), "no runs")
        return
    counted = Counter(status_words.word(run.status) for run in status.runs)
    parts = ", ".join(f"{number} {word}" for word, number in counted.items())
    label = f"Last {_count(len(status.runs), 'run')} of {status.job}: {parts}"
    heads = (element("th", name, scope="col") for name in ("Started (UTC)", "Took", "Result"))
    table = element(
        "table",
        element("thead", element("tr", *heads)),
        element("tbody", *map(_row, status.runs)),
    )
    listed = element("div", table, class_="list")
    if status.next_times:
        ahead = element("p", "Next:")
        for time in status.next_times:
            extended(ahead, " ", _time(time))
        listed.append(ahead)
    yield element("details", element("summary", _strip(status.runs, label)), listed)


def _row(run: Run) -> Element:
    took = causes.duration(run.duration_s) if run.duration_s is not None else NOTHING
    result = element("span", status_words.word(run.status), class_=MARKS[run.status][0])
    cause = cause_of(run)
    return element(
        "tr",
        element("td", _time(moment_of(run))),
        element("td", took, class_="num"),
        element("td", result, f": {cause}" if cause else ""),
    )


def _strip(runs: Sequence[Run], label: str) -> Element:
    """Return a bar for each run, oldest first, as high as it took long, with a mark below."""
    longest = max((run.duration_s or 0 for run in runs), default=0)
    empty = LAST - len(runs)
    bars = [_bar(number * STEP, LOWEST, "empty") for number in range(empty)]
    bars += [
        _run(run, number * STEP, longest) for number, run in enumerate(runs[::-1], start=empty)
    ]
    box = f"0 0 {LAST * STEP} {MARK_TOP + WIDTH}"
    return element("svg", *bars, class_="strip", viewBox=box, role="img", aria_label=label)


def _run(run: Run, x: int, longest: float) -> Element:
    colour, shape = MARKS[run.status]
    cause = f": {cause_of(run)}" if cause_of(run) else ""
    title = f"{moment_of(run):%F %H:%M} UTC: {status_words.word(run.status)}{_took(run)}{cause}"
    if run.status == "MISSED" or run.status in UNFINISHED:
        bar = _bar(x, HIGHEST // 2, "hollow")
    else:
        share = (run.duration_s or 0) / longest if longest else 0
        bar = _bar(x, max(LOWEST, round(HIGHEST * share)), "run")
    mark = element("path", transform=f"translate({x} {MARK_TOP})", d=shape)
    return element("g", element("title", title), bar, mark, class_=colour)


def _bar(x: int, height: int, kind: str) -> Element:
    box = {"x": x, "y": HIGHEST - height, "width": WIDTH, "height": height, "rx": 2}
    return element("rect", class_=kind, **{name: str(value) for name, value in box.items()})


def _footer() -> Element:
    keys = (
        element("span", _mark(*MARKS[status]), status_words.word(status), class_="key")
        for status in KEY
    )
    how = (
        "Bars show how long each run took, the newest at the right. "
        "Open a strip for its runs and their causes."
    )
    return element("footer", *keys, element("span", how))
