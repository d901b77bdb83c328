"""Run `cjob show`."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from cjob.cli import job_options, stage_command
from cjob.cli.commands import diff as diff_command
from cjob.cli.output import streams
from cjob.context import RunContext
from cjob.diff.summary import summary
from cjob.document import codec
from cjob.document.models import Release
from cjob.reporting.errors import DONE
from cjob.reporting.printable import visible


def run(args: argparse.Namespace) -> int:
    """Print the documents in the chosen form."""
    context = RunContext(Path(args.directory), lambda _: None)
    for name in args.file:
        job_options.check_no_job(name, context, "cjob-diff")
    hint = "name a plan's file, such as: cjob show plan.json"
    read = job_options.read_files(args.file, hint)
    if args.output == "json":
        streams.write(codec.dump(read))
    elif args.output == "markdown":
        stage_command.check_sections(read, "diff")
        streams.write(visible(diff_command.markdown(read)))
    else:
        streams.write("\n".join(map(view, read)))
    return DONE


def view(release: Release) -> str:
    """Return the content of a document for people, with control characters escaped."""
    rows = [(name, visible(value)) for name, value in _facts(release)]
    width = max((len(name) for name, _ in rows), default=0)
    lines = [f"{release.job.name} ({release.job.env})"]
    lines += [f"  {name:<{width}}  {value}" for name, value in rows]
    diff = release.diff
    if diff is not None:
        unknown = diff_command.unknown_images(release)
        lines += [f"  {visible(line)}" for line in unknown]
    if diff is None or not (diff.changes or diff.text):
        return "\n".join(lines) + "\n"
    lines += [visible(line) for line in diff_command.more(diff)]
    text = visible(diff.text)
    if streams.colour(sys.stdout):
        from cjob.diff.colorize import colorize  # noqa: PLC0415 - for terminals alone

        text = colorize(text)
    return "\n".join(lines) + "\n" + text


def _facts(release: Release) -> Iterator[tuple[str, str]]:
    """Yield the names and values of a document, in the order in which it grew."""
    source, target, stack, diff = release.source, release.target, release.stack, release.diff
    if stack:
        yield "stack", stack.name
    if target:
        yield "account", f"{target.account_id}, {target.region}"
    if source and source.revision:
        yield "commit", source.revision.commit + (" (dirty)" if source.revision.dirty else "")
    for container, image in (release.images or {}).items():
        yield "image", f"{container}: {image.uri or f'{image.id} (not pushed)'}"
    if stack and stack.missing:
        yield "missing", f"{', '.join(stack.missing)} (known only after a push)"
    yield "changes", summary(diff) if diff else "not compared (cjob-diff compares)"
    if release.deployment:
        yield "deployed", release.deployment.status
    yield "digest", codec.digest(release)
