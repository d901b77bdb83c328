"""Run `cjob status`."""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from cjob.aws.job_status import INTERVAL_S, JobReports
from cjob.aws.rate_limit import RateLimiter
from cjob.cli.output import streams
from cjob.cli.run_options import Operation, write_line
from cjob.reporting.errors import DIFFERENT, DONE, InputError
from cjob.reporting.suggestions import did_you_mean
from cjob.runs import page, status, status_table
from cjob.workspace.find import NoWorkspaceError


def run(args: argparse.Namespace) -> int:
    """Print the status of jobs; with --exit-code, report by the exit status if one has problems."""
    operation = Operation(args)
    context = operation.context
    reports = JobReports(
        context.account,
        operation.environment,
        operation.executions,
        RateLimiter(context.interruption.sleep, min_interval_s=INTERVAL_S),
    )
    where = f"{operation.environment.app}/{operation.environment.env}"
    with operation.console.waiting(f"looking up {where}"):
        names = reports.deployed() if args.deployed else [job.name for job in operation.jobs]
        found = reports.read(names, scheduled_only=args.deployed)
    now = datetime.now(UTC)
    statuses = [status.assess(report, now) for report in found]
    if args.name:
        _check_known(operation, statuses)
    if not statuses:
        operation.console.info(f"no job is deployed in environment {operation.environment.env!r}")
    _write(args, operation, statuses, now)
    has_problems = any(one.problems for one in statuses)
    return DIFFERENT if args.exit_code and has_problems else DONE


def _check_known(operation: Operation, statuses: Sequence[status.Status]) -> None:
    """Raise InputError for a named job that is neither deployed nor in the workspace."""
    env = operation.environment
    try:
        workspace = operation.context.workspace
        known = workspace.jobs() if workspace.app in ("", env.app) else None
    except NoWorkspaceError:
        return
    for one in statuses:
        if known is not None and one.stack is None and one.job not in known:
            raise InputError(
                f"job {one.job!r} is neither in the workspace nor deployed in {env.env!r}",
                hint=did_you_mean(one.job, known, "list the workspace's jobs: cjob list jobs"),
            )


def _write(
    args: argparse.Namespace,
    operation: Operation,
    statuses: Sequence[status.Status],
    now: datetime,
) -> None:
    if args.output == "html":
        streams.write(
            page.page(statuses, operation.environment.app, operation.environment.env, now)
        )
    elif args.output == "json":
        for one in statuses:
            write_line(json.dumps(status.to_json(one), separators=(",", ":")))
    elif statuses:
        text = status_table.table(statuses, now)
        streams.write(status_table.painted(text) if streams.colour(sys.stdout) else text)
