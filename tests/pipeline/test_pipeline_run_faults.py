"""Every call of a run and of its log, with every fault that can happen to it."""

import threading
from collections import Counter

import effort
import pytest
from calls_proxy import UNTOUCHED, Asked, Meddling, running
from pipelines import Done, Place, on, through
from scripted_runs import LOGS, Script, runs
from test_pipeline_faults import FAULTS, Fault

Point = tuple[str, int]
"""An operation, and which of its calls is meant."""

SAMPLED = 12
ENDLESS = ("503 for good",)
"""A run is followed for ten minutes although AWS does not answer: that is tested elsewhere."""


class Calls:
    """Counts calls, each with its repetitions once, and meddles with one of them."""

    def __init__(self, point: Point | None = None, fault: Fault | None = None) -> None:
        """Take which call the fault befalls."""
        self._point = point
        self._fault = fault
        self._counts: Counter[str] = Counter()
        self._points: dict[str, Point] = {}
        self._lock = threading.Lock()
        self.met = False

    @property
    def points(self) -> list[Point]:
        """The calls, the first of each operation."""
        with self._lock:
            return sorted({point for point in self._points.values() if point[1] == 1})

    def meddle(self, asked: Asked) -> Meddling:
        """Record a call, and let the fault befall it if it is the one."""
        with self._lock:
            first = asked.id not in self._points
            if first:
                self._counts[asked.action] += 1
                self._points[asked.id] = (asked.action, self._counts[asked.action])
            point = self._points[asked.id]
        if self._fault is None or point != self._point:
            return UNTOUCHED
        self.met = True
        return self._fault(asked, first)


def commands(job: str) -> dict[str, tuple[str, ...]]:
    """Return the commands whose calls are struck."""
    return {
        "run": ("run", *on(job)),
        "run by its log": ("run", *on(job), *LOGS),
        "run once": ("run", *on(job), "--var", "A=1"),
        "logs": ("logs", *on(job)),
        "logs by its log": ("logs", *on(job), *LOGS),
        "runs": ("runs", *on(job), "-o", "json"),
        "stop": ("stop", *on(job), "--run", "last", "--yes"),
    }


def struck(place: Place, words: tuple[str, ...], calls: Calls) -> Done:
    """Run a command through the calls' meddling."""
    with running(place.sandbox.endpoint) as proxy:
        proxy.meddle = calls.meddle
        return through(place, proxy).run(*words)


def borne(words: tuple[str, ...], point: Point, fault: str) -> bool:
    """Return whether a command succeeds all the same: the log says what Step Functions does not."""
    optional = {"ListExecutions", "GetExecutionHistory"}
    return fault == "denied" and point[0] in optional and "--witness" not in words


def test_each_fault_at_each_call_of_a_run_ends_well(place: Place, script: Script, job: str) -> None:
    """Healed or refused; an answer that was lost starts no second run."""
    script(job, log=["hi"], exitCode=0)
    place.done("run", *on(job))
    matrix = []
    for title, words in commands(job).items():
        calls = Calls()
        assert struck(place, words, calls).returncode == 0, title
        matrix += [(title, point, fault) for point in calls.points for fault in FAULTS]
    matrix = [case for case in matrix if case[2] not in ENDLESS]
    wrong = []
    for title, point, fault in effort.sample(matrix, SAMPLED, SAMPLED):
        words = commands(job)[title]
        meddle, status = FAULTS[fault]
        before = len(runs(place, job))
        calls = Calls(point, meddle)
        done = struck(place, words, calls)
        expected = 0 if borne(words, point, fault) else status
        started = len(runs(place, job)) - before
        problems = [
            "the call did not come" * (not calls.met),
            f"status {done.returncode}, not {expected}" * (done.returncode != expected),
            "bug" * ("bug in cjob" in done.stderr),
            f"{started} runs were started" * (started > 1),
            "no hint" * (done.returncode != 0 and "\nhint: " not in done.stderr),
        ]
        if any(problems):
            wrong.append(
                f"{title} {point} {fault}: {', '.join(filter(None, problems))}\n{done.stderr}"
            )
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("words", [(), LOGS], ids=["states", "logs"])
def test_a_run_whose_starts_answer_is_lost_starts_no_second_one(
    place: Place, job: str, script: Script, words: tuple[str, ...]
) -> None:
    """The repeated start has the same name, and is the same run, also if it has ended by then."""
    script(job, exitCode=0)
    calls = Calls(("StartExecution", 1), FAULTS["answer lost"][0])
    done = struck(place, ("run", *on(job), *words), calls)
    assert calls.met
    assert done.returncode == 0, done.stderr
    assert len(runs(place, job)) == 1


def test_throttling_slows_a_run_down_and_fails_nothing(
    place: Place, job: str, script: Script
) -> None:
    """However long the service is asked too often, longer than botocore repeats a call."""
    script(job, seconds=2, log=["hi"], exitCode=0)
    limit = 10
    denials: Counter[str] = Counter()

    def meddle(asked: Asked) -> Meddling:
        if asked.action != "GetLogEvents" or denials[asked.action] >= limit:
            return UNTOUCHED
        denials[asked.action] += 1
        return FAULTS["throttled"][0](asked, True)  # noqa: FBT003 - the form of a fault

    with running(place.sandbox.endpoint) as proxy:
        proxy.meddle = meddle
        done = through(place, proxy).run("run", *on(job))
    assert done.returncode == 0, done.stderr
    assert denials["GetLogEvents"] == limit
    assert f"{job} | hi" in done.stderr
