"""A deployment call by call: which calls it makes, and runs in each of which one goes wrong.

The calls are those of a run that was recorded, so that a new one is met by itself.
"""

import re
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple, TypeVar
from urllib.parse import urlsplit

import calls_proxy
from calls_proxy import UNTOUCHED, Asked, Meddling
from pipelines import Done, Place, documents, on, through

T = TypeVar("T")

AT_ONCE = 4
BATCH = 40

SCENARIOS = ("new", "update")
JOB = "JOB"
LOOKS = ("Describe", "Get", "Head", "List")


class Point(NamedTuple):
    """A call of a deployment: the first, second … about the same, for a new stack or an update."""

    scenario: str
    action: str
    subject: str
    nth: int


class Seen:
    """Distinguishes the calls of a job's deployment, by what they are about and how often."""

    def __init__(self, scenario: str, job: str) -> None:
        """Begin before the first call."""
        self._scenario = scenario
        self._job = job
        self._counts: Counter[tuple[str, str]] = Counter()
        self._points: dict[str, Point] = {}
        self._lock = threading.Lock()

    def note(self, asked: Asked) -> tuple[Point, bool]:
        """Return a call, and whether this is its first try."""
        with self._lock:
            first = asked.id not in self._points
            if first:
                kind = (asked.action, subject(asked, self._job))
                self._counts[kind] += 1
                self._points[asked.id] = Point(self._scenario, *kind, self._counts[kind])
            return self._points[asked.id], first


def subject(asked: Asked, job: str) -> str:
    """Return what a call is about, in the words that are the same for each job."""
    given = asked.parameters
    about = given.get("StackName") or given.get("Name") or urlsplit(asked.path).path
    about = re.sub("^arn:.*:stack/|/[-0-9a-f]{36}$", "", about).replace(job, JOB)
    return re.sub(r"(?<=Stack)-[-0-9a-f]+$|[0-9a-f]{64}", "", about)


def recorded(place: Place, scenario: str) -> list[Point]:
    """Deploy once, and give the calls of that; of looks with no change between them, the first."""
    job = f"recorded-{uuid.uuid4().hex[:8]}"  # a new one is to be new for each test
    seen, points, met = Seen(scenario, job), list[Point](), set[tuple[str, str, int]]()
    changes = 0

    def note(asked: Asked) -> Meddling:
        nonlocal changes
        point, first = seen.note(asked)
        changes += not point.action.startswith(LOOKS)
        look = (point.action, point.subject, changes)
        if first and look not in met:
            points.append(point)
        met.add(look)
        return UNTOUCHED

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
    """Yield the jobs in parts, each for one run."""
    for begin in range(0, len(jobs), BATCH):
        yield jobs[begin : begin + BATCH]


def deploying(jobs: Sequence[str]) -> list[str]:
    """Return the command that deploys these jobs."""
    named = [part for job in jobs for part in ("-n", job)]
    return ["deploy", *named, "-e", "test", "--wait-for-stack", "--parallel", str(AT_ONCE)]


@dataclass
class Strike:
    """Does something to one call of a job's deployment; `met` once that came."""

    job: str
    point: Point
    fault: Callable[[Asked, bool], Meddling]
    met: bool = False

    def __post_init__(self) -> None:
        """Begin to count."""
        self._seen = Seen(self.point.scenario, self.job)

    def meddle(self, asked: Asked) -> Meddling:
        """Do it to each try of that call; the fault knows whether this is the first."""
        call, first = self._seen.note(asked)
        if call != self.point:
            return UNTOUCHED
        self.met = True
        return self.fault(asked, first)


def at_once(work: Callable[[int, T], str], cases: Sequence[T]) -> list[str]:
    """Do the work for each case, a few at a time; give what was found wrong."""
    with ThreadPoolExecutor(AT_ONCE) as workers:
        return [said for said in workers.map(work, range(len(cases)), cases) if said]


def is_stable(place: Place, jobs: Sequence[str]) -> Iterator[str]:
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
    """Return what a run left behind and should have removed."""
    status = place.status(job)
    if status == "REVIEW_IN_PROGRESS":
        yield status
    elif status and place.change_sets(job):
        yield f"change sets {place.change_sets(job)}"


def whole(done: Done) -> bool:
    """Return whether stdout is what the status says: one document, or nothing."""
    return len(documents(done)) == 1 if done.returncode == 0 else done.stdout == ""
