"""Every call of a deployment with every fault that can befall it on the way to AWS and back.

A sample of the matrix stands for all of it, which CJOB_CHECK_ALL asks for.
"""

import json
import time
from collections.abc import Callable

import effort
from call_by_call import (
    JOB,
    Point,
    Strike,
    at_once,
    is_stable,
    leftovers,
    prepare,
    whole,
)
from calls_proxy import UNTOUCHED, Asked, Meddling, running
from pipelines import Place, name, on, through

SAMPLED, SAMPLED_IN_CI = 12, 40
BOUND_S = 60
"""No run may take longer, whatever happens; the sandbox is quick."""

SLOW_S = 2

Fault = Callable[[Asked, bool], Meddling]


def answered(status: int, code: str, text: str = "no") -> Callable[[Asked], Meddling]:
    """Answer in AWS's place, in the form that the service has for errors."""

    def answer(asked: Asked) -> Meddling:
        if asked.method == "HEAD":
            body = ""
        elif asked.body.startswith(b"{"):
            body = json.dumps({"__type": code, "message": text})
        else:
            error = f"<Error><Code>{code}</Code><Message>{text}</Message></Error>"
            body = error if asked.path != "/" else f"<ErrorResponse>{error}</ErrorResponse>"
        return Meddling(answer=(status, body), passed=False)

    return answer


def once(meddle: Callable[[Asked], Meddling]) -> Fault:
    """Let a fault befall the first try alone."""
    return lambda asked, first: meddle(asked) if first else UNTOUCHED


def always(meddle: Callable[[Asked], Meddling]) -> Fault:
    """Let a fault befall each try."""
    return lambda asked, _: meddle(asked)


def throttled(asked: Asked) -> Meddling:
    """Answer as the service does that is asked too often."""
    if asked.path != "/":
        return answered(503, "SlowDown")(asked)
    code = "ThrottlingException" if asked.body.startswith(b"{") else "Throttling"
    return answered(400, code, "Rate exceeded")(asked)


def expired(asked: Asked) -> Meddling:
    """Answer as the service does to credentials that were good."""
    code = "ExpiredTokenException" if asked.body.startswith(b"{") else "ExpiredToken"
    status = 403 if asked.path == "/" and code == "ExpiredToken" else 400
    return answered(status, code, "The security token included in the request is expired")(asked)


def denied(asked: Asked) -> Meddling:
    """Answer as the service does to those who may not."""
    json_form = asked.body.startswith(b"{")
    code = "AccessDeniedException" if json_form else "AccessDenied"
    text = f"User: somebody is not authorized to perform: service:{asked.action}"
    return answered(400 if json_form else 403, code, text)(asked)


FAULTS: dict[str, tuple[Fault, int]] = {
    "throttled": (once(throttled), 0),
    "500": (once(answered(500, "InternalFailure")), 0),
    "503": (once(lambda _: Meddling(answer=(503, "<html>busy</html>"), passed=False)), 0),
    "reset": (once(lambda _: Meddling(cut=True, passed=False)), 0),
    "slow": (once(lambda _: Meddling(delay=SLOW_S)), 0),
    "answer lost": (once(lambda _: Meddling(cut=True)), 0),
    "503 for good": (always(answered(503, "ServiceUnavailable")), 3),
    "denied": (always(denied), 3),
    "expired": (always(expired), 3),
}
"""Each with the status that a run ends with which it befalls."""


def test_each_fault_at_each_call_ends_well(
    place: Place, points: list[Point], record_property: Callable[[str, object], None]
) -> None:
    """Healed, or refused with nothing written and nothing left; and the next run succeeds."""
    began = time.monotonic()
    matrix = [(point, fault) for point in points for fault in FAULTS]
    cases = effort.sample(matrix, SAMPLED, SAMPLED_IN_CI)
    jobs = [f"fault-{number}" for number in range(len(cases))]
    prepare(place, [(point.scenario, job) for (point, _), job in zip(cases, jobs, strict=True)])

    def case(number: int, case: tuple[Point, str]) -> str:
        point, fault = case
        meddle, status = FAULTS[fault]
        wrong = befallen(place, jobs[number], point, meddle, 0 if borne(point, fault) else status)
        return f"{point} {fault}: {wrong}" if wrong else ""

    wrong = at_once(case, cases)
    after = list(is_stable(place, jobs))
    record_property(
        "told",
        f"fault matrix: {len(points)} calls x {len(FAULTS)} faults = {len(matrix)} cases, "
        f"{len(cases)} of them run in {time.monotonic() - began:.0f} s, "
        f"{len(wrong)} ended otherwise than they should",
    )
    assert wrong + after == [], "\n".join(wrong + after)


def borne(point: Point, fault: str) -> bool:
    """Return whether a deployment continues: by other looks, or by sending a file anew."""
    if point.action == "HeadObject":
        return fault == "denied"
    if point.action == "DescribeStackEvents" and point.subject != name(JOB):
        return True
    return point.action in {"DescribeStackEvents", "DescribeChangeSet"} and fault == "503 for good"


def befallen(place: Place, job: str, point: Point, fault: Fault, expected: int) -> str:
    """Deploy a job through a fault; tell what was wrong with its end."""
    strike = Strike(job, point, fault)
    began = time.monotonic()
    with running(place.sandbox.endpoint) as proxy:
        proxy.meddle = strike.meddle
        done = through(place, proxy).run("deploy", *on(job))
    problems = [
        "the call did not come" * (not strike.met),
        f"status {done.returncode}, not {expected}" * (done.returncode != expected),
        f"stdout {done.stdout!r}" * (not whole(done)),
        "a traceback" * ("Traceback" in done.stderr or "bug in cjob" in done.stderr),
        "no hint" * (done.returncode != 0 and "\nhint: " not in done.stderr),
        "too long" * (time.monotonic() - began > BOUND_S),
        *leftovers(place, job),
    ]
    wrong = ", ".join(filter(None, problems))
    return f"{wrong}\n{done.stderr}" if wrong else ""
