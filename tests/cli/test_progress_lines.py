"""Progress as lines: one a change, few of those that builds write, one where nothing happens."""

from collections.abc import Callable

from cjob.cli.output.plain_progress import PlainProgress
from cjob.reporting.progress import Progress, State


class Clock:
    """A clock that a test sets, with what is to be called later."""

    def __init__(self) -> None:
        """Begin at no time, with nothing to call."""
        self.now = 0.0
        self.calls: list[tuple[float, Callable[[], None]]] = []

    def __call__(self) -> float:
        """Return seconds."""
        return self.now

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Keep what is to be called."""
        self.calls.append((self.now + seconds, call))

    def passes(self, until: float) -> None:
        """Go on to a time, and call what is due by then."""
        self.now = until
        due = [one for one in self.calls if one[0] <= until]
        self.calls = [one for one in self.calls if one[0] > until]
        for _, call in due:
            call()


def built(text: str, state: State = "running", subject: str = "report") -> Progress:
    """Return a line of a build."""
    return Progress(text=text, phase="build", subject=subject, state=state)


def of(subject: str) -> Progress:
    """Return an event of a resource."""
    return Progress(text=f"{subject}: create", phase="deploy", subject=subject, state="running")


STILL = Progress(text="still in progress: Rule", level="waiting", phase="deploy")


def views() -> tuple[PlainProgress, Clock, list[str]]:
    """Return a view, its clock, and what it writes."""
    written: list[str] = []
    clock = Clock()
    return (
        PlainProgress(lambda _, line: written.append(line), 1, clock, clock.later),
        clock,
        written,
    )


def test_a_build_has_a_line_a_second_for_each_container() -> None:
    """However much it says; it is the newest one that is shown."""
    view, clock, written = views()
    for tenth in range(25):
        clock.passes(tenth / 10)
        view.show(built(f"report {tenth}"))
        view.show(built(f"log {tenth}", subject="log"))
    assert written == ["report 0", "log 0", "report 9", "log 9", "report 19", "log 19"]


def test_the_last_line_before_a_silence_is_shown() -> None:
    """It says what takes so long."""
    view, clock, written = views()
    view.show(built("downloading"))
    view.show(built("compiling"))
    clock.passes(60)
    assert written == ["downloading", "compiling"]


def test_the_end_of_a_build_is_told_at_once() -> None:
    """It is no line of its log, and nothing of that comes after it."""
    view, clock, written = views()
    view.show(built("one"))
    view.show(built("two"))
    view.show(built("built", "done"))
    clock.passes(60)
    assert written == ["one", "built"]


def test_a_build_that_fails_is_told_whole() -> None:
    """With the lines that were kept back, and with those alone of that build."""
    view, _, written = views()
    view.show(built("fine", subject="log"))
    for line in ("one", "two", "three"):
        view.show(built(line))
    view.show(built("building: failed", "failed"))
    assert written == ["fine", "one", "building: failed", "one", "two", "three"]


def test_lines_that_were_kept_back_are_told_though_later_ones_were_shown() -> None:
    """What went wrong may well have been said among them."""
    view, clock, written = views()
    for line in ("first", "error A", "error B"):
        view.show(built(line))
    clock.now = 1.5
    view.show(built("make: Error 1"))
    view.show(built("building: failed", "failed"))
    assert written[3:] == ["first", "error A", "error B", "make: Error 1"]


def test_a_failed_build_of_which_all_was_shown_is_not_told_again() -> None:
    """Nobody reads a log twice."""
    view, _, written = views()
    view.show(built("one"))
    view.show(built("building: failed", "failed"))
    assert written == ["one", "building: failed"]


def test_every_change_of_a_resource_has_its_line() -> None:
    """There are not many of them, and each counts."""
    view, _, written = views()
    for subject in ("Rule", "Role", "Rule"):
        view.show(of(subject))
    assert written == ["Rule: create", "Role: create", "Rule: create"]


def test_where_nothing_happens_there_is_a_line_in_ten_seconds() -> None:
    """Counted from the last line of any kind."""
    view, clock, written = views()
    for second in range(41):
        clock.now = second
        if second == 15:
            view.show(of("Rule"))
        view.show(STILL)
    assert written == [STILL.text, "Rule: create", STILL.text, STILL.text]
