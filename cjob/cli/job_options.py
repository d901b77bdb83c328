"""Choose the jobs, environment and application of a command, and start its run.

With `-n` or `--all` a command is a head, and starts from the workspace. Otherwise it is a filter,
and reads documents from stdin or files.
"""

import argparse
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cjob.cli import resource_tags
from cjob.cli.arguments.shared import APPLICATION, ENVIRONMENT
from cjob.cli.output import streams, terminal
from cjob.cli.output.console import Console
from cjob.context import DeployOptions, RunContext
from cjob.document import codec
from cjob.document.models import Image, Job, Release, Target, check_name
from cjob.document.records import fields
from cjob.reporting.errors import InputError
from cjob.reporting.progress import warning

if TYPE_CHECKING:
    from cjob.engines.engine import BuildOptions


def is_head(args: argparse.Namespace) -> bool:
    """Return whether the command starts from the workspace."""
    return bool(args.name or args.all)


def start(args: argparse.Namespace) -> tuple[RunContext, Console]:
    """Return the context of a command's run, with its options, and its console."""
    console = Console(args.log_format, args.directory)
    build_options, images = _builds(args)
    context = RunContext(
        Path(args.directory),
        console.progress,
        _deploy_options(args, images),
        build_options=build_options,
        ask=terminal.ask_at_terminal,
        allow_outside=getattr(args, "allow_outside", False),
        as_caller=getattr(args, "as_caller", False),
    )
    return context, console


def _deploy_options(args: argparse.Namespace, images: Mapping[str, Image]) -> DeployOptions:
    """Return the options that stages read: each argument has the name of its field."""
    given = {name: value for name, value in vars(args).items() if name in fields(DeployOptions)}
    for name, value in given.items():
        if isinstance(value, list):
            given[name] = tuple(value)
    given["tag"] = parse_tag(given.get("tag", ""))
    given["resource_tags"] = resource_tags.parse(given.get("resource_tags", ()))
    given["target"] = _target(args)
    return DeployOptions(**given, images=images)


def _builds(args: argparse.Namespace) -> "tuple[BuildOptions | None, Mapping[str, Image]]":
    """Return the options of builds, and the images that exist already."""
    if "image" not in args:
        return None, {}
    from cjob.cli import build_options  # noqa: PLC0415 - a fifth of the time of cjob-render

    options = build_options.build_options(args) if "engine" in args else None
    return options, build_options.images(args)


def read_files(names: Sequence[str], hint: str) -> tuple[Release, ...]:
    """Return the documents of files, or of stdin if none is named; InputError if there are none."""
    if not names and sys.stdin.isatty():
        raise InputError("no document", hint=hint)
    read = (streams.read_input(name) for name in names or ("-",))
    return tuple(release for text, name in read for release in codec.parse(text, name, hint))


def check_no_job(file: str, context: RunContext, head: str) -> None:
    """Refuse a job's name where the name of a file is expected."""
    if file == "-" or os.path.lexists(file):
        return
    try:
        known = context.workspace.jobs()
    except InputError:
        return
    if file in known:
        hint = f"to name a job: {head} -n {file}"
        raise InputError(f"there is no file {file!r}, but there is a job with that name", hint=hint)


def chosen_jobs(args: argparse.Namespace, context: RunContext) -> list[Job]:
    """Return the jobs that -n or --all name, in that order; InputError where -e is absent."""
    if args.name and args.all:
        raise InputError(
            "--all cannot be combined with -n",
            hint="pass -n for some jobs, or --all for all of them",
        )
    app, env = chosen_environment(args, context)
    jobs = all_jobs(context) if args.all else tuple(dict.fromkeys(args.name))
    check_any(jobs)
    return [Job(app=app, env=env, name=check_name(job, "job")) for job in jobs]


def chosen_environment(args: argparse.Namespace, context: RunContext) -> tuple[str, str]:
    """Return the application and the environment; InputError if -e is absent."""
    app, place = application(args, context), ""
    if args.env is None and args.target:
        args.env = _document(args.target).job.env
    if args.env is None:
        args.env = os.environ.get(ENVIRONMENT) or None
        place = ENVIRONMENT
    if args.env is None:
        hint = f"name it with -e, as in -e test, or set {ENVIRONMENT}"
        raise InputError("no environment named", hint=hint)
    return app, check_name(args.env, "environment", place)


def all_jobs(context: RunContext) -> tuple[str, ...]:
    """Return the names of the workspace's jobs, and warn about folders that cjob skips."""
    return context.workspace.jobs(lambda text: context.report(warning(text)))


def check_any(jobs: Sequence[str]) -> None:
    """Raise InputError if there are no jobs."""
    if not jobs:
        raise InputError(
            "the workspace has no scheduled jobs",
            hint="check -C and copilot/; to write a first job: cjob help application",
        )


def application(args: argparse.Namespace, context: RunContext) -> str:
    """Return the application: from the command line, the variable, or the workspace."""
    if args.app is not None:
        return check_name(args.app, "application")
    if chosen := os.environ.get(APPLICATION):
        return check_name(chosen, "application", APPLICATION)
    if not context.workspace.app:
        raise InputError(
            "the workspace does not name an application",
            hint=f"name it with -a or {APPLICATION}, or write 'application: NAME' into "
            "copilot/.workspace",
        )
    return check_name(context.workspace.app, "application")


def parse_tag(tag: str) -> str:
    """Return a valid image tag; InputError for any other."""
    if tag and not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", tag):
        raise InputError(
            f"--tag {tag!r} is not a valid image tag",
            hint="use up to 128 letters, digits, _, . and -, starting with a letter, a digit or _",
        )
    return tag


def _target(args: argparse.Namespace) -> Target | None:
    """Read the file of --target; it must be for the same application and environment."""
    if not getattr(args, "target", None):
        return None
    release = _document(args.target)
    if release.target is None:
        raise InputError(
            f"the document in {args.target!r} has no target", hint="make it with cjob-target"
        )
    app, env = release.job.app, release.job.env
    if (args.env or env, args.app or app) != (env, app):
        raise InputError(
            f"the target in {args.target!r} is application {app!r}, environment {env!r}",
            hint="make one for your environment with cjob-target",
        )
    return release.target


def _document(file: str) -> Release:
    return codec.parse(*streams.read_input(file), hint="make it with cjob-target")[0]


def output_form(args: argparse.Namespace) -> str:
    """Return the form of stdout: that of -o, else text on a terminal and JSON in a pipe."""
    return str(args.output or ("text" if sys.stdout.isatty() else "json"))
