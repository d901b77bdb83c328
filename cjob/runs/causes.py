"""Why a run failed, in one line, and what to do about it.

The rows of the table are tried in order on the last attempt; the first that fits says the cause.
Texts that no row knows are shown as AWS gave them.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cjob.runs.model import FAILED, Attempt, Container, Run

MOST = 300
"""So many characters of AWS's own words are shown."""

KILLED, TERMINATED, NOT_FOUND, NOT_EXECUTABLE, CRASHED = 137, 143, 127, 126, 139

_NO_ROUTE = re.compile("i/o timeout|deadline exceeded|dial tcp|connection (timed out|refused)")
_CAPACITY = re.compile("[Cc]apacity is unavailable|RESOURCE:")
_PLATFORM = re.compile("exec format error|does not contain descriptor matching platform")
_SECRET = re.compile("[Ss]ecret|ssm|SSM|parameter")
_VOLUME = re.compile("EFS|efs|mount|volume")
_NAMED_SECRET = re.compile(
    r"arn:aws[\w-]*:(?:ssm|secretsmanager):[\w-]+:\d+:(?:parameter|secret[:/])([\w+=,.@/-]+)"
    r"|invalid parameters: ([\w/.,-]+)"
)


# Why an image cannot be pulled: the words that say so, the cause, and the hint.
PULLS = (
    (_PLATFORM, "the image is for another platform", "set platform in {at}"),
    (
        re.compile("toomanyrequests|pull rate limit|429"),
        "the image's registry allows no more pulls now",
        "keep the image in ECR, or take it from public.ecr.aws",
    ),
    (
        _NO_ROUTE,
        "the subnets have no route to the image's registry",
        "private placement needs NAT gateways or VPC endpoints, public placement a public IP",
    ),
    (
        re.compile("not found|does not exist|manifest unknown"),
        "the image does not exist any more",
        "check image.location, or build and push it again: cjob deploy -n {job} -e {env}",
    ),
    (
        re.compile("denied|[Ff]orbidden|403|not authorized|[Uu]nauthorized"),
        "the execution role may not pull the image",
        "check the repository's policy; it must allow the environment's account",
    ),
)


@dataclass(frozen=True, slots=True)
class Cause:
    """What happened, in words that continue `run X failed: `, and what to do about it."""

    text: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """What the rows look at: a failed run and its last attempt."""

    run: Run
    attempt: Attempt
    manifest: str

    @property
    def failed(self) -> Container | None:
        """Return the container that decided the end: the main one, else the first that failed."""
        main = self.attempt.container(self.run.job)
        if main is not None and main.exit_code:
            return main
        others = (one for one in self.attempt.containers if one.exit_code)
        return next(others, None)

    @property
    def reasons(self) -> str:
        """Return all that AWS said about the attempt."""
        one = self.attempt
        parts = (one.error, one.reason, *(container.reason for container in one.containers))
        return " ".join(filter(None, parts))


Row = Callable[[Case], Cause | None]


def cause_of(run: Run, manifest: str = "") -> Cause:
    """Return why a run that ended without success did so; empty for any other.

    `manifest` is the path of the job's manifest, for hints that name it.
    """
    if run.status not in FAILED:
        return Cause()
    attempt = run.attempts[-1] if run.attempts else Attempt(error=run.error, reason=run.message)
    where = manifest or f"copilot/{run.job}/manifest.yml"
    case = Case(run, attempt, where)
    return next(cause for row in ROWS if (cause := row(case)) is not None)


def _aborted(case: Case) -> Cause | None:
    if case.run.status != "ABORTED":
        return None
    words = case.run.message or case.run.error
    return Cause(f"stopped: {_cut(words)}" if words else "stopped")


def _timed_out(case: Case) -> Cause | None:
    if case.run.status != "TIMED_OUT":
        return None
    took = case.run.duration_s
    after = f" after {duration(took)}" if took is not None else ""
    attempts = len(case.run.attempts)
    every = f", {attempts} attempts included" if attempts > 1 else ""
    return Cause(f"not done{after}{every}", f"raise timeout in {case.manifest}, or make it faster")


def _no_capacity(case: Case) -> Cause | None:
    if not _CAPACITY.search(case.reasons):
        return None
    text = "Fargate had no capacity in the subnets' zones"
    return Cause(text, "run it again, or use more subnets")


def _not_allowed(case: Case) -> Cause | None:
    if "AccessDenied" not in case.attempt.error:
        return None
    return Cause(
        f"the state machine's role may not start the task: {_cut(case.attempt.reason)}",
        f"restore the stack's roles: cjob deploy -n {case.run.job} -e {case.run.env}",
    )


def _no_image(case: Case) -> Cause | None:
    said = case.reasons
    if "CannotPull" not in said and "pull image" not in said:
        return None
    for pattern, text, hint in PULLS:
        if pattern.search(said):
            return Cause(text, hint.format(job=case.run.job, env=case.run.env, at=case.manifest))
    return Cause(f"the image cannot be pulled: {_cut(said)}")


def _unreadable(case: Case) -> Cause | None:
    said = case.reasons
    if "ResourceInitializationError" not in said:
        return None
    if _VOLUME.search(said) and "secret" not in said.lower():
        return Cause(
            f"a file system cannot be mounted: {_cut(said)}",
            "check that its security group admits the environment's, on port 2049",
        )
    if not _SECRET.search(said):
        return Cause(f"the task could not be set up: {_cut(said)}")
    found = _NAMED_SECRET.search(said)
    secret = f"secret {(found[1] or found[2])!r}" if found else "a secret"
    if _NO_ROUTE.search(said):
        return Cause(
            f"the subnets have no route to read {secret}",
            "private placement needs NAT gateways or VPC endpoints for ssm and secretsmanager",
        )
    return Cause(
        f"{secret} cannot be read: {_cut(said)}",
        "check that it exists and has the tags copilot-application and copilot-environment",
    )


def _wrong_platform(case: Case) -> Cause | None:
    if not _PLATFORM.search(case.reasons):
        return None
    return Cause("the image is for another platform", f"set platform in {case.manifest}")


def _out_of_memory(case: Case) -> Cause | None:
    failed = next((c for c in case.attempt.containers if "OutOfMemory" in c.reason), None)
    if failed is None:
        return None
    limit = f" at {case.attempt.memory} MiB" if case.attempt.memory else ""
    more = f" (memory: {case.attempt.memory})" if case.attempt.memory else ""
    return Cause(
        f"out of memory: container {failed.name} was killed{limit}",
        f"raise memory in {case.manifest}{more}",
    )


def _stopped(case: Case) -> Cause | None:
    reason = _cut(case.attempt.reason)
    if case.attempt.stop_code == "SpotInterruption":
        return Cause("AWS took its spot capacity back", "run it again")
    if case.attempt.stop_code == "UserInitiated":
        return Cause(f"its task was stopped: {reason}" if reason else "its task was stopped")
    return None


def _exited(case: Case) -> Cause | None:
    failed = case.failed
    if failed is None or failed.exit_code is None:
        return None
    whose = "" if failed.name == case.run.job else f"container {failed.name} "
    known = {
        KILLED: "was killed (SIGKILL): stopped from outside, or not done within its stop timeout",
        TERMINATED: "was ended by SIGTERM",
        NOT_FOUND: "ended with status 127: its command was not found",
        NOT_EXECUTABLE: "ended with status 126: its command cannot be executed",
        CRASHED: "crashed (segmentation fault)",
    }
    what = known.get(failed.exit_code, f"ended with status {failed.exit_code}")
    number = len(case.run.attempts)
    nth = f", in each of {number} attempts" if number > 1 else ""
    look = f"cjob logs -n {case.run.job} -e {case.run.env} --run {case.run.name}"
    return Cause(f"{whose}{what}{nth}", f"see its log: {look}")


def _in_words_of_aws(case: Case) -> Cause | None:
    said = case.reasons or " ".join(filter(None, (case.run.error, case.run.message)))
    return Cause(_cut(said) or "AWS gave no reason")


ROWS: Sequence[Row] = (
    _aborted,
    _timed_out,
    _no_capacity,
    _not_allowed,
    _no_image,
    _unreadable,
    _out_of_memory,
    _wrong_platform,
    _stopped,
    _exited,
    _in_words_of_aws,
)


def duration(seconds: float) -> str:
    """Return a duration as people write it: 41s, 4m28s, 2h03m."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02}m"
    return f"{minutes}m{rest:02}s" if minutes else f"{rest}s"


def _cut(text: str) -> str:
    """Return a text on one line, without control characters, and no longer than fits one."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= MOST else f"{line[: MOST - 1]}…"
