"""Ctrl-C, SIGTERM and SIGHUP at every call of a deployment.

A sample stands for all calls, which CJOB_CHECK_ALL asks for.
"""

import signal
import threading
import time
from collections.abc import Callable

import effort
from call_by_call import (
    Point,
    Strike,
    at_once,
    is_stable,
    leftovers,
    prepare,
)
from calls_proxy import UNTOUCHED, Asked, Meddling, Proxy, running
from pipelines import Done, Place, name, on, through

from cjob.concurrency.pool import SIGNAL_POLL_S

SAMPLED, SAMPLED_IN_CI = 6, 12
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

EMPTY, TAKEN_BACK, TOO_LATE = (
    "interrupted before anything was deployed",
    "interrupted; the stack",
    "interrupted too late to roll back; the stack is ",
)


def test_a_signal_at_each_call_ends_well(
    place: Place, points: list[Point], record_property: Callable[[str, object], None]
) -> None:
    """Nothing is called deployed, nothing is left over, and the next run succeeds."""
    began = time.monotonic()
    cases = effort.sample(points, SAMPLED, SAMPLED_IN_CI)
    jobs = [f"signal-{number}" for number in range(len(cases))]
    prepare(place, [(point.scenario, job) for point, job in zip(cases, jobs, strict=True)])

    def case(number: int, point: Point) -> str:
        wrong = interrupted(place, jobs[number], point, SIGNALS[number % len(SIGNALS)])
        return f"{point}: {wrong}" if wrong else ""

    wrong = at_once(case, cases)
    after = list(is_stable(place, jobs))
    record_property(
        "told",
        f"signals: {len(cases)} of {len(points)} calls in {time.monotonic() - began:.0f} s, "
        f"{len(wrong)} ended otherwise than they should",
    )
    assert wrong + after == [], "\n".join(wrong + after)


def interrupted(place: Place, job: str, point: Point, number: signal.Signals) -> str:
    """Send a signal to a deployment as it makes a call; tell what was wrong with its end."""
    before = place.status(job)
    started = threading.Event()

    def strike(_: Asked, first: bool) -> Meddling:  # noqa: FBT001 - as each fault is called
        if first:
            started.wait()
            process.send_signal(number)
            time.sleep(SIGNAL_POLL_S + 0.2)  # it is to be noticed before the answer is there
        return UNTOUCHED

    at = Strike(job, point, strike)
    with running(place.sandbox.endpoint) as proxy:
        proxy.meddle = at.meddle
        process = through(place, proxy).start("deploy", *on(job))
        started.set()
        out, told = process.communicate(timeout=60)
        executed = "ExecuteChangeSet" in proxy.actions
    ended = (TAKEN_BACK, TOO_LATE) if executed else (EMPTY,)
    now = place.status(job)
    problems = [
        "the call did not come" * (not at.met),
        f"status {process.returncode}" * (process.returncode != 130),
        f"stdout {out!r}" * (out != ""),
        "not said what became of it" * (not any(words in told for words in ended)),
        f"the stack was {before!r} and is {now!r}" * (not executed and now != before),
        "a traceback" * ("Traceback" in told or "bug in cjob" in told),
        *leftovers(place, job),
    ]
    wrong = ", ".join(filter(None, problems))
    return f"{wrong}\n{told}" if wrong else ""


def test_a_second_signal_leaves_at_once_whatever_is_under_way(place: Place, proxy: Proxy) -> None:
    """Here the change set is being taken back; the command says where to look."""
    place.job("twice-early")
    done = twice(place, proxy, "twice-early", "DescribeStackEvents", "DeleteChangeSet")
    assert (done.returncode, done.stdout) == (130, "")
    assert "interrupted again: stack 'demo-test-twice-early' is left as it is" in done.stderr
    assert f"describe-stacks --region us-west-2 --stack-name {name('twice-early')}" in done.stderr


def twice(place: Place, proxy: Proxy, job: str, first: str, second: str) -> Done:
    """Interrupt a deployment at one call, and again at another one, whose answer never comes."""
    started = threading.Event()
    todo = [first, second]

    def strike(action: str) -> None:
        if todo and action == todo[0]:
            todo.pop(0)
            started.wait()
            process.send_signal(signal.SIGINT)
            time.sleep(SIGNAL_POLL_S + 0.2 if todo else 30)

    proxy.before = strike
    process = through(place, proxy).start("deploy", *on(job))
    started.set()
    out, told = process.communicate(timeout=20)
    return Done([], process.returncode, stdout=out, stderr=told)
