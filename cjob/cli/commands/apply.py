"""`cjob apply`: deploy what a document says.

Reads documents on stdin, rendered and pushed; writes them with a "deployment" section. A document
with a difference is a plan: it is refused when the live stack has changed since it was made.
"""

import argparse

from cjob.cli import job_options
from cjob.cli.output import console
from cjob.reporting.errors import CjobError, InputError

TYPE_CHECKING = False  # see cjob.cli.parser
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from cjob.document.models import Release

EXAMPLES = """\
examples:
  cjob-apply < plan.json
  cjob-apply build/prod/*.plan.json
  cjob-build -n report -e test | cjob-push | cjob-render | cjob-apply
"""


def options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.set_defaults(command="apply")
    job_options.files(parser)
    deployment(parser)
    parser.add_argument(
        "--force-plan", action="store_true", help="apply a plan although the live stack has changed"
    )
    parser.add_argument(
        "--expect-digest",
        action="append",
        default=[],
        metavar="SHA256",
        help="apply only the document with this digest (printed by cjob-diff); one for each",
    )
    parser.add_argument(
        "--expect-env",
        action="append",
        default=[],
        metavar="ENV",
        help="apply only documents for this environment; repeatable",
    )
    parser.add_argument(
        "--expect-job",
        action="append",
        default=[],
        metavar="JOB",
        help="apply only documents for this job; repeatable",
    )
    job_options.common(parser)
    parser.add_argument("-o", "--output", choices=("json", "text"), help=job_options.OUTPUT)


def deployment(parser: argparse.ArgumentParser) -> None:
    """Declare what is chosen for a deployment, here and in `cjob deploy`."""
    parser.add_argument(
        "--no-rollback",
        action="store_true",
        help="keep a failed deployment as it is, instead of rolling it back",
    )
    parser.add_argument("--detach", action="store_true", help="do not wait for the deployment")
    parser.add_argument(
        "--allow-downgrade", action="store_true", help="replace what a newer version deployed"
    )
    parser.add_argument(
        "--wait-for-stack",
        action="store_true",
        help="wait for others who are at work on the stack, instead of refusing",
    )
    parser.add_argument(
        "--fail-fast", action="store_true", help="begin no more jobs after the first failure"
    )
    parser.add_argument(
        "--allow-removal",
        action="append",
        default=[],
        metavar="LOGICALID",
        help="remove or replace this resource, and lose the data in it; repeatable",
    )
    parser.add_argument(
        "--adopt-stack",
        action="store_true",
        help="take over an existing stack that neither cjob nor Copilot made",
    )


def choices(args: argparse.Namespace) -> dict[str, object]:
    """Return what was chosen for a deployment."""
    return {
        "rollback": not args.no_rollback,
        "detach": args.detach,
        "allow_downgrade": args.allow_downgrade,
        "allow_removal": tuple(args.allow_removal),
        "adopt": args.adopt_stack,
        "force_plan": args.force_plan,
        "wait": args.wait_for_stack,
        "refuses": True,
    }


def run(args: argparse.Namespace) -> int:
    """Deploy documents; each that succeeded is written, and the worst status given."""
    from cjob import pipeline  # noqa: PLC0415 - help needs none of it

    tools, stages, talk = job_options.prepare(args, **choices(args))
    read = job_options.read_stream(
        args.file, "cjob-apply", tools, ("confirm", "apply"), head="cjob deploy"
    )
    job_options.check_sections(read, "stack")
    _check_digests(read, args.expect_digest)
    _check_expected(read, "env", args.expect_env)
    _check_expected(read, "name", args.expect_job)
    _check_single(read)
    with talk.watching([release.job for release in read], labelled=True):
        with pipeline.undeployed():
            ready = pipeline.run(read, stages, ("confirm",), args.jobs)
        outcomes = pipeline.run_each(ready, stages, "apply", args.jobs, fail_fast=args.fail_fast)
    return finish(args, outcomes, talk)


def _check_single(read: "Sequence[Release]") -> None:
    """Refuse two documents for one stack: they would be at work on it at once."""
    seen: set[tuple[str, str, str]] = set()
    for job in (release.job for release in read):
        names = (job.app, job.env, job.name)  # a Job with keys of later versions has no hash
        if names in seen:
            raise InputError(
                f"two documents are for job {job.name!r} in environment {job.env!r}",
                hint="apply one of them",
            )
        seen.add(names)


def _check_digests(read: "Sequence[Release]", expected: "Sequence[str]") -> None:
    """Refuse documents other than those that were reviewed, where their digests were given."""
    from cjob.document import codec  # noqa: PLC0415 - help needs none of it

    if not expected:
        return
    wanted = sorted("sha256:" + one.removeprefix("sha256:").lower() for one in expected)
    found = [(codec.digest(release), release.job.name) for release in read]
    if sorted(digest for digest, _ in found) != wanted:
        other = [f"{name} has {digest}" for digest, name in found if digest not in wanted]
        raise InputError(
            "the documents are not the ones expected: "
            + (", ".join(other) or f"{len(found)} of {len(wanted)} are here"),
            hint="apply the file that was reviewed, or review this one and expect its digest",
        )


def _check_expected(
    read: "Sequence[Release]", part: "Literal['env', 'name']", expected: "Sequence[str]"
) -> None:
    """Refuse documents for other jobs or environments than those that were expected, if any."""
    for release in read if expected else ():
        job = release.job
        if getattr(job, part) not in expected:
            raise InputError(
                f"the document is for job {job.name!r} in environment {job.env!r}, "
                f"not {' or '.join(map(repr, expected))}",
                hint="apply the plan that was reviewed, and check where this one comes from",
                place=f"job.{part}",
            )


def finish(
    args: argparse.Namespace,
    outcomes: "Sequence[Release | CjobError]",
    talk: console.Console,
) -> int:
    """Write those that succeeded, report the others; raise the worst of these."""
    from cjob.document import codec  # noqa: PLC0415 - help needs none of it
    from cjob.document.models import Release  # noqa: PLC0415

    done = [one for one in outcomes if isinstance(one, Release)]
    failed = [one for one in outcomes if not isinstance(one, Release)]
    form = job_options.output_form(args)
    try:
        console.write(codec.dump(done) if form == "json" else "".join(map(view, done)))
    except BrokenPipeError:
        if not failed:  # else what failed is more than that nobody reads
            raise
    except CjobError as unwritten:  # there is no room for the data, but the work is done
        unwritten.notes = (*unwritten.notes, *(view(release).rstrip("\n") for release in done))
        if not failed:
            raise
        talk.tell(unwritten)
    for release in done:
        if steps := _next_steps(release):
            talk.say("\n".join(steps), release.job)
    if not failed:
        return 0
    worst = max(failed, key=lambda error: error.status)
    for error in failed:
        talk.label(error)
        if error is not worst:
            talk.tell(error)
    raise worst


def _next_steps(release: "Release") -> tuple[str, ...]:
    """Return what can be done after a deployment, and when the job runs next."""
    from datetime import UTC, datetime  # noqa: PLC0415 - help needs none of it

    from cjob.cli.output.next_steps import next_steps  # noqa: PLC0415

    return next_steps(release, datetime.now(UTC), datetime.astimezone)


def view(release: "Release") -> str:
    """Return the outcome as people read it."""
    deployment = release.deployment
    if deployment is None:
        return ""
    if not deployment.changed:
        return f"{release.job.name}: nothing to change ({deployment.status})\n"
    verb = "started" if deployment.status.endswith("IN_PROGRESS") else "deployed"
    return f"{release.job.name}: {verb} ({deployment.status})\n"
