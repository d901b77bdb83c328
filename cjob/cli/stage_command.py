"""Commands that run stages: documents in, or jobs of the workspace, and documents out.

With `-n` or `--all` a command is a head, and starts from the workspace. Otherwise it is a filter,
and reads documents from stdin or files.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence

from cjob.cli import job_options
from cjob.cli.job_options import is_head
from cjob.cli.output import streams
from cjob.cli.output.console import Console
from cjob.context import RunContext
from cjob.document import codec
from cjob.document.models import Release, required
from cjob.reporting.errors import InputError
from cjob.stages import runner
from cjob.stages.load import load
from cjob.stages.runner import Stage

Phases = Sequence[Sequence[Stage]]
WarmUp = Callable[[RunContext], None]


def run_command(
    args: argparse.Namespace,
    head: Phases,
    filters: Phases,
    view: Callable[[Release, str], str],
    *,
    warm_up: Sequence[WarmUp] = (),
    needs: str = "",
    seen: Callable[[Release, Console], None] | None = None,
    together: Mapping[str, Callable[[Sequence[Release]], str]] | None = None,
) -> int:
    """Run a command's stages; write the documents, or the view that `-o` names.

    `head` has the stages after load, `filters` those for documents that were read; such a document
    must have the section `needs`. `warm_up` runs before documents are read. `seen` is called with
    each Release before anything is written. `together` has views of all Releases at once.
    """
    context, console = job_options.start(args)
    begun = _begin(args, context, warm_up)
    check_sections(begun, "" if is_head(args) else needs)
    with console.watching([release.job for release in begun], labelled=not is_head(args)):
        phases = head if is_head(args) else filters
        done = runner.run(begun, context, *phases, jobs=args.parallel)
    if seen is not None:
        for release in done:
            seen(release, console)
    form = job_options.output_form(args)
    if form == "json":
        streams.write(codec.dump(done))
    elif together and form in together:
        streams.write(together[form](done))
    else:
        streams.write("".join(view(release, form) for release in done))
    return 0


def load_jobs(args: argparse.Namespace, context: RunContext) -> tuple[Release, ...]:
    """Return a loaded Release for each job that -n or --all name."""
    jobs = job_options.chosen_jobs(args, context)
    return tuple(load(Release(job=job), context) for job in jobs)


def read_stream(
    names: Sequence[str],
    program: str,
    context: RunContext,
    warm_up: Sequence[WarmUp],
    *,
    head: str,
) -> tuple[Release, ...]:
    """Read documents from files, or from stdin if none is named (`-` is stdin).

    `head` is a command that does the same from the workspace, for the hint. Raise InputError
    instead of waiting for a person to type a document.
    """
    hint = f"{head} -n JOB -e ENV, or a command that writes documents | {program}"
    if not names and sys.stdin.isatty():
        raise InputError("no job and no document", hint=hint)
    for warm in warm_up:
        warm(context)
    for name in names:
        job_options.check_no_job(name, context, head)
    return job_options.read_files(names, hint)


def check_sections(begun: Sequence[Release], needs: str) -> None:
    """Refuse documents without the section that `needs` names, before AWS is asked for anything."""
    for release in begun:
        if needs:
            required(getattr(release, needs), needs)


def _begin(
    args: argparse.Namespace, context: RunContext, warm_up: Sequence[WarmUp]
) -> tuple[Release, ...]:
    """Return the Releases to work on, loaded from the workspace or read from a stream."""
    if is_head(args):
        if args.file:
            raise InputError(
                "FILE cannot be combined with -n or --all", hint="pass one or the other"
            )
        return load_jobs(args, context)
    for flag in ("app", "env", "target", "tag", "resource-tags", "build"):
        if getattr(args, flag.replace("-", "_"), None):
            raise InputError(
                f"--{flag} belongs to a command with -n or --all; this command reads documents",
                hint="pass it to the first command of the pipe",
            )
    program = f"cjob-{args.command}"
    return read_stream(args.file, program, context, warm_up, head=program)
