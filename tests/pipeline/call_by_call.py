"""A deployment call by call: which calls it makes, and runs in each of which one goes wrong.

The calls are those of a run that was recorded, so that a new one is met by itself.
"""

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import calls_proxy
from calls_proxy import UNTOUCHED, Asked, Meddling
from pipelines import Done, Place, documents, on, through

T = TypeVar("T")

ALL = "CJOB_CHECK_ALL" in os.environ
AT_ONCE = 4
BATCH = 40

SCENARIOS = ("new", "update")


class Point(NamedTuple):
    """A call of a deployment: the first, second … with this action, of a new stack or an update."""

    scenario: str
    action: str
    nth: int


class Seen:
    """Tells calls apart by what they are and how many of that kind came before."""

    def __init__(self) -> None:
        """Begin before the first call."""
        self._counts: Counter[str] = Counter()
        self._points: dict[str, tuple[str, int]] = {}
        self._lock = threading.Lock()

    def note(self, asked: Asked) -> tuple[tuple[str, int], bool]:
        """Give action and number of a call, and whether this is its first try."""
        with self._lock:
            first = asked.id not in self._points
            if first:
                self._counts[asked.action] += 1
                self._points[asked.id] = (asked.action, self._counts[asked.action])
            return self._points[asked.id], first


def recorded(place: Place, scenario: str) -> list[Point]:
    """Deploy once, and give the calls of that; of looks that are repeated, the first."""
    seen, points = Seen(), list[Point]()
    last: list[tuple[str, bytes]] = []

    def note(asked: Asked) -> Meddling:
        (action, nth), first = seen.note(asked)
        look = (action, asked.body)
        if first and (action == "PutObject" or last != [look]):
            points.append(Point(scenario, action, nth))
        last[:] = [look]
        return UNTOUCHED

    job = f"recorded-{scenario}"
    prepare(place, [(scenario, job)])
    with calls_proxy.running(place.sandbox.endpoint) as proxy:
        proxy.meddle = note
        through(place, proxy).done("deploy", *on(job))
    return points


def prepare(place: Place, jobs: Sequence[tuple[str, str]]) -> None:
    """Write jobs, each for its scenario, and deploy those that are to be updated."""
    for _, job in jobs:
        place.laden(job, "one")
    old = [job for scenario, job in jobs if scenario == "update"]
    for some in batches(old):
        place.done(*deploying(some))
    for job in old:
        place.laden(job, "two")


def batches(jobs: Sequence[str]) -> Iterator[Sequence[str]]:
    """Give the jobs in parts, each for one run."""
    for begin in range(0, len(jobs), BATCH):
        yield jobs[begin : begin + BATCH]


def deploying(jobs: Sequence[str]) -> list[str]:
    """Give the command that deploys these jobs."""
    named = [part for job in jobs for part in ("-n", job)]
    return ["deploy", *named, "-e", "test", "--wait-for-stack", "--jobs", str(AT_ONCE)]


@dataclass
class Strike:
    """Does something to one call of a run; `met` once that came."""

    point: Point
    fault: Callable[[Asked, bool], Meddling]
    met: bool = False

    def __post_init__(self) -> None:
        """Begin to count."""
        self._seen = Seen()

    def meddle(self, asked: Asked) -> Meddling:
        """Do it to each try of that call; the fault knows whether this is the first."""
        call, first = self._seen.note(asked)
        if call != self.point[1:]:
            return UNTOUCHED
        self.met = True
        return self.fault(asked, first)


def at_once(work: Callable[[int, T], str], cases: Sequence[T]) -> list[str]:
    """Do the work for each case, a few at a time; give what was found wrong."""
    with ThreadPoolExecutor(AT_ONCE) as workers:
        return [said for said in workers.map(work, range(len(cases)), cases) if said]


def sample(cases: Sequence[T], size: int) -> Sequence[T]:
    """Give so many cases, spread over all and the same in each run; all where that is asked."""
    if ALL or len(cases) <= size:
        return cases
    return [cases[number * len(cases) // size] for number in range(size)]


def settled(place: Place, jobs: Sequence[str]) -> Iterator[str]:
    """Deploy the jobs again with nothing in the way, then once more; tell what isn't well then."""
    for some in batches(jobs):
        again = place.run(*deploying(some))
        if again.returncode:
            yield f"again: {again.returncode}: {again.stderr}"
        last = place.run(*deploying(some))
        changed = [one["job"]["name"] for one in documents(last) if one["deployment"]["changed"]]
        if last.returncode or changed:
            yield f"once more: {last.returncode}, changed {changed}: {last.stderr}"
    yield from (f"{job}: {left}" for job in jobs for left in leftovers(place, job))


def leftovers(place: Place, job: str) -> Iterator[str]:
    """Tell what a run left behind that nobody wants."""
    status = place.status(job)
    if status == "REVIEW_IN_PROGRESS":
        yield status
    elif status and place.change_sets(job):
        yield f"change sets {place.change_sets(job)}"


def whole(done: Done) -> bool:
    """Say whether stdout is what the status says: one document, or nothing."""
    return len(documents(done)) == 1 if done.returncode == 0 else done.stdout == ""
