"""Run `cjob doctor`."""

import argparse
import json
import os
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

from cjob.aws import policies, rights
from cjob.aws.identity import AwsIdentity, Caller
from cjob.cli import job_options
from cjob.cli.arguments import shared
from cjob.cli.commands.version import versions
from cjob.cli.output import streams
from cjob.cli.parser import columns
from cjob.concurrency.pool import Checkpoint, run_all
from cjob.context import RunContext
from cjob.document import names
from cjob.engines import buildx
from cjob.reporting.errors import DONE, REFUSED, CjobError, InputError, ServiceError
from cjob.reporting.printable import visible
from cjob.sandbox import lifecycle, state

State = Literal["ok", "warning", "error"]

# Environments that are printed; JSON has all.
SHOWN = 6
MARKS = {"ok": "ok", "warning": "--", "error": "!!"}


class Check:
    """The result of a check: a state, text and facts, and a hint."""

    state: State = "ok"
    hint = ""
    status = DONE

    def __init__(self, name: str, text: str, **facts: object) -> None:
        """Store the subject and the text; `facts` are for programs."""
        self.name = name
        self.text = text
        self.facts = facts

    def failed(self, state: State, hint: str, status: int = DONE) -> "Check":
        """Return this check with a problem; an error has an exit status."""
        self.state, self.hint = state, hint
        self.status = status if state == "error" else DONE
        return self


def run(args: argparse.Namespace) -> int:
    """Run all checks, independent ones in parallel, and print them."""
    context, console = job_options.start(args)
    context.report = lambda _: None
    parts: list[Callable[[Checkpoint], list[Check]]] = [
        lambda _: _workspace(context),
        lambda _: _aws(args, context),
        lambda _: [_engine(context), _buildx()],
        lambda _: [_sandbox()],
    ]
    with console.waiting("checking AWS, the engine and the sandbox"):
        found = run_all(parts)
    checks = [_versions(), *(check for part in found for check in part)]
    if args.output == "json":
        streams.write(json.dumps(_document(checks), indent=2) + "\n")
    else:
        streams.write("".join(f"{line}\n" for check in _shown(checks) for line in _lines(check)))
    return max((check.status for check in checks), default=DONE)


def _versions() -> Check:
    found = versions()
    return Check("versions", f"cjob {found['cjob']}, Python {found['python']}", versions=found)


def _try(name: str, look: Callable[[], Check], state: State = "error") -> Check:
    """Return a check, or the problem if it raises."""
    try:
        return look()
    except CjobError as error:
        return Check(name, str(error)).failed(state, error.hint, error.status)


def _workspace(context: RunContext) -> list[Check]:
    def look() -> Check:
        workspace = context.workspace
        jobs = workspace.jobs()
        count = f"{len(jobs)} job{'s' * (len(jobs) != 1)}"
        return Check("workspace", f"{workspace.root}: {count}", root=str(workspace.root), jobs=jobs)

    return [_try("workspace", look)]


def _aws(args: argparse.Namespace, context: RunContext) -> list[Check]:
    """Check region, account, application, environments and permissions, in this order."""
    region = _try("region", lambda: Check("region", context.account.region))
    if region.state == "error":
        return [region]
    who: list[Caller] = []

    def account() -> Check:
        who.append(AwsIdentity(context.account).caller())
        caller = who[0]
        text = f"{caller.account_id} as {caller.arn.rpartition(':')[2]}"
        return Check("account", text, id=caller.account_id, arn=caller.arn)

    checks = [region, _try("account", account)]
    if not who:
        return checks
    chosen = args.env or os.environ.get(shared.ENVIRONMENT)
    names = [chosen] if chosen else []

    def application() -> Check:
        app = job_options.application(args, context)
        try:
            names[:] = context.directory.environments(app)
        except ServiceError:  # a caller who cannot list them may be able to use one
            if not chosen:
                raise
        if not names:
            raise InputError(
                f"application {app!r} has no environment", hint="see cjob help application"
            )
        return Check("application", app)

    checks.append(_try("application", application))
    if checks[-1].state == "ok":
        app = checks[-1].text
        checks += _environments(context, app, names)
        env = chosen or names[0]
        checks.append(_try("permissions", lambda: _permissions(context, who[0], app, env)))
    return checks


def _environments(context: RunContext, app: str, names: Sequence[str]) -> list[Check]:
    def look(env: str) -> Check:
        target = context.directory.target(app, env)
        place = "" if target.region == context.account.region else f" in {target.region}"
        return Check(
            "environment",
            f"{env}, version {target.environment_version}{place}",
            env=env,
            version=target.environment_version,
            region=target.region,
            account=target.account_id,
        )

    def piece(env: str) -> Callable[[Checkpoint], Check]:
        return lambda _: _try("environment", lambda: look(env))

    return run_all([piece(env) for env in names])


def _permissions(context: RunContext, caller: Caller, app: str, env: str) -> Check:
    """Compare what the caller's policies allow with what a deployment needs."""
    scope = policies.Scope(app=app, env=env, partition=names.partition(context.account.region))
    if caller.is_root:
        return Check("permissions", "the root user has all permissions")
    hint = f"print the policy: cjob iam deploy -a {app} -e {env} -o json"
    needed = [right for right in rights.needed(["deploy"], rights.CALLER) if not right.optional]
    try:
        missing = AwsIdentity(context.account).missing(caller, needed, scope)
    except CjobError as error:
        policy = f"cjob iam deploy doctor -a {app} -e {env} -o json"
        hint = f"deployments do not need this; to check permissions, grant the policy of: {policy}"
        return Check("permissions", f"not checked: {error}").failed("warning", hint)
    if missing:
        text = f"missing for deployments to {env}: {', '.join(missing)}"
        check = Check("permissions", text, missing=missing)
        return check.failed("error", hint, REFUSED)
    return Check("permissions", f"all for deployments to {env}", missing=())


def _engine(context: RunContext) -> Check:
    return _try("engine", lambda: Check("engine", context.engine().about()), "warning")


def _buildx() -> Check:
    return _try("buildx", lambda: Check("buildx", buildx.version(os.environ)), "warning")


def _sandbox() -> Check:
    def look() -> Check:
        found = lifecycle.status(state.private_folder())
        at = found.record.endpoint if found.record and found.running else ""
        pointed = bool(at) and os.environ.get("AWS_ENDPOINT_URL") == at
        used = ", which this shell uses" if pointed else ""
        text = f"running at {at}{used}" if at else f"not running: {found.reason}"
        return Check("sandbox", text, endpoint=at, used=pointed)

    return _try("sandbox", look, "warning")


def _document(checks: Sequence[Check]) -> Mapping[str, object]:
    rows = []
    for check in checks:
        row: dict[str, object] = {"name": check.name, "state": check.state, "text": check.text}
        rows.append(row | ({"hint": check.hint} if check.hint else {}) | check.facts)
    return {"ok": all(check.state != "error" for check in checks), "checks": rows}


def _shown(checks: Sequence[Check]) -> Iterator[Check]:
    """Yield the checks to print: of many environments without problems, only the first ones."""
    fine = [check for check in checks if check.name == "environment" and check.state == "ok"]
    hidden = fine[SHOWN:]
    for check in checks:
        if check not in hidden:
            yield check
        elif check is hidden[0]:
            yield Check("environment", f"{len(hidden)} more (cjob list envs)")


def _lines(check: Check) -> Iterator[str]:
    """Yield a check's line, wrapped to the terminal, and its hint."""
    width = columns() if sys.stdout.isatty() else 10_000
    for text in (check.text, f"hint: {check.hint}" if check.hint else ""):
        if text:
            first = f"{MARKS[check.state]}  {check.name:<12}  " if text is check.text else " " * 18
            clean = visible(text)
            yield from textwrap.wrap(
                clean,
                width,
                initial_indent=first,
                subsequent_indent=" " * 18,
                break_long_words=False,
                break_on_hyphens=False,
            )
