"""Which jobs a command works on, and the options that all commands share.

Given `-n` or `--all` a command is a head: it begins from the workspace. Otherwise it is a filter:
documents come from stdin or a file.
"""

import argparse
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cjob import pipeline
from cjob.cli import resource_tags
from cjob.cli.arguments.shared import APPLICATION, ENVIRONMENT
from cjob.cli.output import console, streams
from cjob.context import Collaborators
from cjob.document import codec
from cjob.document.models import Image, Job, Release, Target, check_name, required
from cjob.pipeline import Choices, Stages
from cjob.reporting.errors import InputError
from cjob.reporting.progress import warning

if TYPE_CHECKING:
    from cjob.engines.engine import BuildOptions


def is_head(args: argparse.Namespace) -> bool:
    """Return whether the command begins from the workspace."""
    return bool(args.name or args.all)


def prepare(
    args: argparse.Namespace,
    **chosen: Any,  # noqa: ANN401 - the fields of Choices, checked there
) -> tuple[Collaborators, Stages, console.Console]:
    """Make the stages that the arguments ask for, with what they work with."""
    talk = console.Console(args.log_format, args.directory)
    options, images = _builds(args)
    allow_outside = getattr(args, "allow_outside", False)
    tools = Collaborators(
        Path(args.directory),
        talk.show,
        options,
        console.ask_at_terminal,
        allow_outside=allow_outside,
        as_caller=getattr(args, "as_caller", False),
    )
    choices = Choices(
        tag=parse_tag(getattr(args, "tag", "")),
        tags=resource_tags.parse(getattr(args, "resource_tags", [])),
        target=_target(args),
        cdk_env=tuple(getattr(args, "cdk_env", ())),
        images=images,
        latest=getattr(args, "latest", True),
        create_repository=getattr(args, "create_repository", False),
        **chosen,
    )
    return tools, Stages(tools, choices), talk


def _builds(args: argparse.Namespace) -> "tuple[BuildOptions | None, Mapping[str, Image]]":
    """Return what the arguments ask of builds, and the images from elsewhere."""
    if "image" not in args:
        return None, {}
    from cjob.cli import build_options  # noqa: PLC0415 - a fifth of the time of cjob-render

    options = build_options.build_options(args) if "engine" in args else None
    return options, build_options.images(args)


def releases(
    args: argparse.Namespace, tools: Collaborators, stages: Stages, filters: Sequence[str]
) -> tuple[Release, ...]:
    """Return the Releases to work on: begun from the workspace, or read from a stream.

    `filters` names the stages for what is read.
    """
    if is_head(args):
        if args.file:
            raise InputError("a FILE cannot go with -n or --all", hint="give one or the other")
        return tuple(stages.load(job) for job in chosen_jobs(args, tools))
    for flag in ("app", "env", "target", "tag", "resource-tags", "build"):
        if getattr(args, flag.replace("-", "_"), None):
            raise InputError(
                f"--{flag} belongs to a command with -n or --all; here documents are read",
                hint="give it to the first command of the pipe",
            )
    program = f"cjob-{args.command}"
    return read_stream(args.file, program, tools, filters, head=program)


def read_stream(
    names: Sequence[str], program: str, tools: Collaborators, stages: Sequence[str], *, head: str
) -> tuple[Release, ...]:
    """Read documents for these stages from files, or from stdin if none is named (`-` is stdin).

    `head` is what does the same, or more, from the workspace. What the stages take is made ready
    before, while the command before in the pipe still works. Raise InputError if a person would
    wait for ever.
    """
    hint = f"{head} -n JOB -e ENV, or a command that writes documents | {program}"
    if not names and sys.stdin.isatty():
        raise InputError("no job and no document", hint=hint)
    tools.prepare(stages)
    for name in names:
        check_no_job(name, tools, head)
    return read_files(names, hint)


def read_files(names: Sequence[str], hint: str) -> tuple[Release, ...]:
    """Return the documents of files, or of stdin if none is named; InputError if there are none."""
    if not names and sys.stdin.isatty():
        raise InputError("no document", hint=hint)
    read = (streams.read_input(name) for name in names or ("-",))
    return tuple(release for text, name in read for release in codec.parse(text, name, hint))


def check_no_job(file: str, tools: Collaborators, head: str) -> None:
    """Refuse a job's name where the name of a file is expected."""
    if file == "-" or os.path.lexists(file):
        return
    try:
        known = tools.workspace.jobs()
    except InputError:
        return
    if file in known:
        hint = f"to name a job: {head} -n {file}"
        raise InputError(f"there is no file {file!r}, but a job of that name", hint=hint)


def chosen_jobs(args: argparse.Namespace, tools: Collaborators) -> list[Job]:
    """Return the jobs that -n or --all name, in that order; InputError where -e is absent."""
    if args.name and args.all:
        raise InputError("--all cannot go with -n", hint="name jobs, or take all of them")
    app, env = chosen_environment(args, tools)
    jobs = all_jobs(tools) if args.all else tuple(dict.fromkeys(args.name))
    check_any(jobs)
    return [Job(app=app, env=env, name=check_name(job, "job")) for job in jobs]


def chosen_environment(args: argparse.Namespace, tools: Collaborators) -> tuple[str, str]:
    """Return the application and the environment; InputError if -e is absent."""
    app, place = application(args, tools), ""
    if args.env is None and args.target:
        args.env = _document(args.target).job.env
    if args.env is None:
        args.env = os.environ.get(ENVIRONMENT) or None
        place = ENVIRONMENT
    if args.env is None:
        hint = f"name it with -e, as in -e test, or set {ENVIRONMENT}"
        raise InputError("no environment was named", hint=hint)
    return app, check_name(args.env, "environment", place)


def all_jobs(tools: Collaborators) -> tuple[str, ...]:
    """Return the names of the workspace's jobs, and warn about folders that cjob skips."""
    return tools.workspace.jobs(lambda text: tools.report(warning(text)))


def check_any(jobs: Sequence[str]) -> None:
    """Raise InputError if there are no jobs."""
    if not jobs:
        raise InputError(
            "the workspace has no scheduled jobs",
            hint="check -C and copilot/; to write a first job: cjob help application",
        )


def application(args: argparse.Namespace, tools: Collaborators) -> str:
    """Return the application: from the command line, the variable, or the workspace."""
    if args.app is not None:
        return check_name(args.app, "application")
    if chosen := os.environ.get(APPLICATION):
        return check_name(chosen, "application", APPLICATION)
    if not tools.workspace.app:
        raise InputError(
            "the workspace names no application",
            hint=f"name it with -a or {APPLICATION}, or write 'application: NAME' into "
            "copilot/.workspace",
        )
    return check_name(tools.workspace.app, "application")


def parse_tag(tag: str) -> str:
    """Return an image tag back where a registry can take it; InputError where not."""
    if tag and not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", tag):
        raise InputError(
            f"--tag {tag!r} is no tag of an image",
            hint="up to 128 letters, digits, _, . and -; a letter, a digit or _ comes first",
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
            hint="make one with cjob-target for the environment that you name",
        )
    return release.target


def _document(file: str) -> Release:
    return codec.parse(*streams.read_input(file), hint="make it with cjob-target")[0]


def check_sections(begun: Sequence[Release], needs: str) -> None:
    """Refuse documents without the section that `needs` names, before AWS is asked for anything."""
    for release in begun:
        if needs:
            required(getattr(release, needs), needs)


def output_form(args: argparse.Namespace) -> str:
    """Return what stdout gets: as asked for, else text on a terminal and JSON in a pipe."""
    return str(args.output or ("text" if sys.stdout.isatty() else "json"))


def run_command(
    args: argparse.Namespace,
    head: Sequence[str],
    filters: Sequence[str],
    view: Callable[[Release, str], str],
    *,
    needs: str = "",
    seen: Callable[[Release, console.Console], None] | None = None,
    together: Mapping[str, Callable[[Sequence[Release]], str]] | None = None,
    refuses: bool = False,
) -> int:
    """Run a command's stages, and write the documents, or the view that was asked for.

    `head` names the stages after load, `filters` those for documents that were read; each of
    these must have the section that `needs` names. `seen` is called with each Release at the
    end, before anything is written. `together` has the views that take all Releases at once. With
    `refuses` a stage refuses what AWS would, so that no warning comes first.
    """
    tools, stages, talk = prepare(args, refuses=refuses)
    begun = releases(args, tools, stages, filters)
    check_sections(begun, "" if is_head(args) else needs)
    with talk.watching([release.job for release in begun], labelled=not is_head(args)):
        done = pipeline.run(begun, stages, head if is_head(args) else filters, args.jobs)
    if seen is not None:
        for release in done:
            seen(release, talk)
    form = output_form(args)
    if form == "json":
        streams.write(codec.dump(done))
    elif together and form in together:
        streams.write(together[form](done))
    else:
        streams.write("".join(view(release, form) for release in done))
    return 0
