"""Run `cjob package`."""

import argparse
from collections.abc import Callable, Sequence

from cjob import pipeline
from cjob.cli import build_options, job_options, prompts, stage_command
from cjob.cli.commands import diff as diff_command
from cjob.cli.commands.render import parameter_file, templates
from cjob.cli.output import files, streams
from cjob.cli.output.console import Console
from cjob.context import RunContext
from cjob.document import codec
from cjob.document.models import Release
from cjob.reporting.errors import DIFFERENT, DONE, CjobError, InputError
from cjob.stages.runner import run as run_stages
from cjob.template.render import local_addons


def run(args: argparse.Namespace) -> int:
    """Print or write templates or differences."""
    if args.build and not args.diff:
        raise InputError(
            "--build needs --diff",
            hint="to build images and upload what the stack needs, pass --upload-assets",
        )
    if build_options.given(args) and not (args.upload_assets or args.build):
        raise InputError(
            "--engine, --builder, --secret, --image and --no-latest are for builds, but "
            "this command builds nothing",
            hint="pass --upload-assets to build and upload what the stack needs, or --diff with "
            "--build",
        )
    if args.output_dir == "":
        raise InputError(
            "--output-dir: the folder is empty",
            hint="name a folder, such as --output-dir ./infrastructure",
        )
    if not args.diff:
        return _package(args)
    try:
        if args.output_dir or args.upload_assets:
            raise InputError(
                "--diff cannot be combined with --output-dir or --upload-assets",
                hint="run cjob package once for each",
            )
        return _compare(args)
    except CjobError as error:
        error.status = InputError.status
        raise


def _compare(args: argparse.Namespace) -> int:
    begun, context, console = _begin(args)
    phases = pipeline.PACKAGE_DIFF_BUILD if args.build else pipeline.PACKAGE_DIFF
    with console.watching([release.job for release in begun]):
        done = run_stages(begun, context, *phases, jobs=args.parallel)
    for release in done:
        diff_command.report_changes(release, console, args.output)
    _write(args, done, diff_command.text)
    return DIFFERENT if any(r.diff and r.diff.changed for r in done) else DONE


def _package(args: argparse.Namespace) -> int:
    begun, context, console = _begin(args)
    if args.output_dir:
        files.check_folder(args.output_dir, context.workspace)
    phases = pipeline.PACKAGE_UPLOAD if args.upload_assets else pipeline.PACKAGE
    with console.watching([release.job for release in begun]):
        done = run_stages(begun, context, *phases, jobs=args.parallel)
    if args.output_dir:
        texts: dict[str, str] = {}
        for release in done:
            texts |= _files(release, uploaded=args.upload_assets)
        files.write_all(args.output_dir, texts)
        folder = args.output_dir.rstrip("/")
        console.info("\n".join(f"wrote {folder}/{name}" for name in texts))
    if args.output == "json" or not args.output_dir:
        _write(args, done, templates)
    return DONE


def _write(
    args: argparse.Namespace,
    done: Sequence[Release],
    view: Callable[[Sequence[Release]], str],
) -> None:
    """Write the documents with -o json, else a view of them."""
    streams.write(codec.dump(done) if args.output == "json" else view(done))


def _begin(
    args: argparse.Namespace,
) -> tuple[tuple[Release, ...], RunContext, Console]:
    context, console = job_options.start(args)
    prompts.complete_arguments(args, context, console)
    return stage_command.load_jobs(args, context), context, console


def _files(release: Release, *, uploaded: bool) -> dict[str, str]:
    """Return the files of a job by name: template, parameters, and the addons' template.

    If its files were not uploaded, the addons' template has their local paths.
    """
    stack, name = release.stack, release.job.name
    if stack is None:
        return {}
    files = {
        f"{name}-{release.job.env}.stack.yml": stack.template,
        f"{name}-{release.job.env}.params.yml": parameter_file(release, blank_missing=True),
    }
    if stack.addons:
        text = stack.addons if uploaded else local_addons(release)
        files[f"{name}.addons.stack.yml"] = text
    return files
