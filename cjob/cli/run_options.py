"""What commands about runs share: which jobs of which environment, and who is asked about them.

They need no workspace: with -a, or CJOB_APP, jobs are taken by their names.
"""

import argparse
import getpass
import json
import socket
from collections.abc import Callable, Sequence
from typing import Literal

from cjob.aws.executions import Executions
from cjob.aws.output import Output
from cjob.aws.rate_limit import RateLimiter
from cjob.aws.waiting import Waiting
from cjob.cli import job_options
from cjob.cli.output import streams
from cjob.cli.output.console import Console
from cjob.context import RunContext
from cjob.document.models import Job
from cjob.document.records import replace
from cjob.reporting.errors import InputError
from cjob.reporting.progress import Reporter
from cjob.runs import causes, model
from cjob.runs.model import Run
from cjob.runs.output import Line
from cjob.stages.follow_run import Follower
from cjob.stages.stop_run import Stopper
from cjob.workspace.find import NoWorkspaceError

WitnessName = Literal["auto", "states", "logs"]


class Runs:
    """The runs of jobs in one environment: how to start, read, follow and stop them."""

    def __init__(
        self, context: RunContext, console: Console, app: str, env: str, witness: WitnessName
    ) -> None:
        """Look up the environment: one call."""
        self.context = context
        self.console = console
        self.environment = context.directory.environment(app, env)
        account = context.account
        self.executions: Executions = Executions(account, self.environment, witness, console.info)
        self.output: Output = Output(account, self.environment)
        self._limiter = RateLimiter(context.interruption.sleep)

    def follower(self, job: Job, show: Callable[[Line], None]) -> Follower:
        """Return what follows a run of a job, which reports its attempts to the console."""
        report = self._reporter(job)
        return Follower(self.executions, self.output.stream, report, show, self._waiting(report))

    def stopper(self, job: Job) -> Stopper:
        """Return what stops a run of a job."""
        report = self._reporter(job)
        return Stopper(self.executions, self.executions.tasks, report, self._waiting(report))

    def _reporter(self, job: Job) -> Reporter:
        return lambda record: self.console.progress(replace(record, job=job.name, env=job.env))

    def _waiting(self, report: Reporter) -> Waiting:
        return Waiting(self._limiter, report)


class Operation(Runs):
    """What a command about runs works with: the jobs that are named, and their runs."""

    def __init__(self, args: argparse.Namespace, *, several: bool = True) -> None:
        """Find the jobs and look up their environment: one call."""
        _check_named(args, several=several)
        context, console = job_options.start(args)
        self.jobs: Sequence[Job] = _chosen(args, context)
        app, env = job_options.chosen_environment(args, context)
        super().__init__(context, console, app, env, args.witness)


def _check_named(args: argparse.Namespace, *, several: bool) -> None:
    """Raise InputError unless a job is named; if not `several`, exactly one."""
    if _all_deployed(args):
        if job_options.is_head(args):
            raise InputError(
                "--deployed cannot be combined with -n or --all",
                hint="name jobs, or take all deployed ones",
            )
        return
    if not job_options.is_head(args):
        hint = "name it with -n, as in -n report"
        if several:
            more = " or --deployed" if hasattr(args, "deployed") else ""
            hint = f"name it with -n, or pass --all{more}"
        raise InputError("no job named", hint=hint)
    if not several and len(set(args.name)) > 1:
        raise InputError(
            f"cjob {args.command} takes one job, but {len(set(args.name))} are named",
            hint=f"run it once for each job, starting with: cjob {args.command} -n {args.name[0]}",
        )


def _all_deployed(args: argparse.Namespace) -> bool:
    """Return whether the jobs are those that AWS has; only some commands have that option."""
    return bool(getattr(args, "deployed", False))


def _chosen(args: argparse.Namespace, context: RunContext) -> list[Job]:
    """Return the named jobs; without a workspace, the error says what replaces it."""
    try:
        if _all_deployed(args):
            job_options.chosen_environment(args, context)
            return []
        return job_options.chosen_jobs(args, context)
    except NoWorkspaceError as error:
        way = "name the jobs with -n and the" if args.all else "name the"
        raise InputError(
            error.message,
            hint=f"go to the workspace, or {way} application with -a, as in -a demo",
        ) from None


def user_name() -> str:
    """Return the name of the user that this process runs as."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a user without a name
        return "somebody"


def user_and_host() -> str:
    """Return who starts or stops a run, and where: `anna@laptop`."""
    return f"{user_name()}@{socket.gethostname()}"


def write_run(run: Run) -> None:
    """Write a run to stdout as one line of JSON."""
    document = model.to_json(run, causes.cause_of(run).text)
    write_line(json.dumps(document, separators=(",", ":")))


def write_line(text: str) -> None:
    """Write one line of data to stdout."""
    streams.write(text + "\n")
