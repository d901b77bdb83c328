"""Start runs of jobs and follow them, for `cjob run` and `cjob deploy --run`."""

import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from cjob.aws.executions import AlreadyStartedError
from cjob.cli.run_options import Runs, user_and_host, user_name
from cjob.document.models import Job
from cjob.document.records import dataclass
from cjob.reporting.errors import (
    CjobError,
    Interrupted,
    RunFailedError,
    ServiceError,
    StillRunningError,
)
from cjob.reporting.printable import one_line
from cjob.runs import causes, names
from cjob.runs.model import FAILED, UNFINISHED, Run
from cjob.runs.output import Line
from cjob.stages.one_off import OneOff

# A name that is taken belongs to a run that began at most so long ago.
KEPT = timedelta(days=90)
# The clocks of AWS and of this machine differ by less.
CLOCKS = timedelta(minutes=1)
# So many runs are looked at for one that is running.
RECENT = 20


@dataclass(frozen=True, kw_only=True)
class StartOptions:
    """How runs are started and followed."""

    detach: bool = False
    run_id: str | None = None
    reason: str = ""
    max_wait_s: float | None = None
    quiet: bool = False
    if_idle: bool = False
    stop_on_interrupt: bool = False
    one_off: OneOff | None = None


class RunEndedError(RunFailedError):
    """A run failed, timed out or was stopped; `run` is what became of it."""

    def __init__(self, message: str, run: Run, *, hint: str) -> None:
        """Take the run."""
        super().__init__(message, hint=hint)
        self.run = run


class Starter:
    """Starts and follows runs in one environment; shared by all threads of a process."""

    def __init__(self, runs: Runs, options: StartOptions) -> None:
        """Take the environment's runs."""
        self._runs = runs
        self._options = options

    def run(self, job: Job) -> Run:
        """Start a run of a job, or join the one that is meant, and return it once it succeeded.

        With `detach` it is returned as soon as it is started, with `if_idle` one that is running.
        Raise RunEndedError if it failed, StillRunningError if it takes longer than `max_wait_s`.
        """
        running = self._running(job) if self._options.if_idle else None
        if running is not None:
            text = f"run {running.name} has not ended yet: no other one was started"
            self._say(text, job)
            return running
        now = datetime.now(UTC)
        name = self._name(now)
        try:
            since = self._start(job, name, now)
        except KeyboardInterrupt:
            look = f"cjob runs -n {job.name} -e {job.env} --run {name}"
            raise Interrupted(
                f"interrupted while run {name} was being started",
                hint=f"check the result with: {look}",
            ) from None
        verb = "joined" if now - since > CLOCKS else "started"
        self._say(f"{verb} run {name}", job)
        if self._options.detach:
            self._say(f"to follow it: {_follow_command(job, name)}", job)
            return self._begun(job, name, now)
        return self._succeeded(job, name, self._follow(job, name, min(since, now) - CLOCKS))

    def _running(self, job: Job) -> Run | None:
        """Return a run of the job that is running: of an id, the run that it names."""
        found = self._runs.executions.recent(job.name, RECENT)
        running = [run for run in found if run.status in UNFINISHED]
        if self._options.run_id is not None:
            own = names.for_id(self._options.run_id)
            running = [] if any(run.name == own for run in found) else running
        return running[0] if running else None

    def _name(self, now: datetime) -> str:
        """Return the name of a new run, or of the one run of an id."""
        if self._options.run_id is not None:
            name = names.for_id(self._options.run_id)
        else:
            name = names.new(user_name(), now, secrets.token_hex(2))
        return name if self._options.one_off is None else names.once(name)

    def _start(self, job: Job, name: str, now: datetime) -> datetime:
        """Start a run, or join the one of that name; return no later than it started.

        A name is taken if the id was used before, or if the answer to this very start was lost.
        """
        options, executions = self._options, self._runs.executions
        if options.one_off is not None:
            overrides = options.one_off.overrides(job.name)
            run = executions.start_once(job.name, name, names.clean(user_name()), overrides)
            return run.started_at or now
        about = {"by": user_and_host()}
        if options.run_id is not None:
            # The same on each machine that repeats it, or Step Functions would refuse it.
            about = {"by": "cjob", "runId": options.run_id}
        text = json.dumps({"cjob": about | ({"reason": options.reason} if options.reason else {})})
        try:
            return executions.start(job.name, name, text)
        except AlreadyStartedError:
            return now - KEPT

    def _follow(self, job: Job, name: str, after: datetime) -> Run | None:
        """Return the run when it has ended, or when the time to wait is over."""
        show = self._show(job)
        limit = self._options.max_wait_s
        try:
            found = self._runs.follower(job, show).follow(job.name, name, after, limit)
        except KeyboardInterrupt:
            raise self._interrupted(job, name) from None
        except ServiceError as error:
            hint = f"run {name} continues; to follow it: {_follow_command(job, name)}"
            notes = [*error.notes, f"hint: {error.hint}"] if error.hint else error.notes
            raise ServiceError(error.message, hint=hint, notes=notes) from error
        is_over = found is None or found.status in UNFINISHED
        if is_over and self._options.stop_on_interrupt:
            reason = f"{user_and_host()}: not done within --max-wait"
            return self._runs.stopper(job).stop(found or self._begun(job, name, after), reason)
        return found

    def _interrupted(self, job: Job, name: str) -> CjobError:
        """Return the error for a run whose following was interrupted; stop it if asked to."""
        if not self._options.stop_on_interrupt:
            return Interrupted(
                f"interrupted; run {name} continues",
                hint=f"to follow it: {_follow_command(job, name)}",
            )
        look = f"cjob runs -n {job.name} -e {job.env} --run {name}"
        self._say(f"interrupted: stopping run {name} (press Ctrl-C again to exit now)", job)
        try:
            run = self._begun(job, name, datetime.now(UTC))
            ended = self._runs.stopper(job).stop(run, f"{user_and_host()}: interrupted")
        except KeyboardInterrupt:
            return Interrupted(
                f"interrupted again; run {name} may continue", hint=f"check the result with: {look}"
            )
        how = "succeeded before it was stopped" if ended.status == "SUCCEEDED" else "was stopped"
        return Interrupted(f"interrupted; run {name} {how}", hint=f"check the result with: {look}")

    def _succeeded(self, job: Job, name: str, ended: Run | None) -> Run:
        """Return a run that succeeded; raise an error for any other."""
        look = f"cjob logs -n {job.name} -e {job.env} --run {name}"
        if ended is not None and ended.status == "UNKNOWN":
            raise ServiceError(
                f"run {name} of job {job.name!r} has stopped, but its log does not say how",
                hint=f"see its log: {look}",
            )
        if ended is None or ended.status not in {*FAILED, "SUCCEEDED"}:
            raise StillRunningError(
                f"run {name} of job {job.name!r} has not ended yet",
                hint=f"to follow it: {_follow_command(job, name)}",
            )
        if ended.status in FAILED:
            cause = causes.cause_of(ended)
            text = f"run {name} of job {job.name!r} failed: {cause.text}"
            raise RunEndedError(text, ended, hint=cause.hint or f"see its log: {look}")
        took = causes.duration(ended.duration_s or 0)
        self._say(f"run {name} succeeded after {took}", job)
        return ended

    def _begun(self, job: Job, name: str, now: datetime) -> Run:
        """Return a run of which no more is known than that it was started."""
        is_once = names.is_once(name)
        machine = self._runs.executions.machine(job.name)
        return Run(
            app=job.app,
            env=job.env,
            job=job.name,
            name=name,
            execution_arn="" if is_once else names.execution_arn(machine, name),
            status="RUNNING",
            trigger="cjob",
            started_at=now,
            evidence="tasks" if is_once else "states",
        )

    def _show(self, job: Job) -> Callable[[Line], None]:
        def show(line: Line) -> None:
            if not self._options.quiet:
                self._say(f"{line.source.container} | {one_line(line.message)}", job)

        return show

    def _say(self, text: str, job: Job) -> None:
        self._runs.console.info(text, job)


def _follow_command(job: Job, name: str) -> str:
    return f"cjob logs -n {job.name} -e {job.env} --run {name} -f"
