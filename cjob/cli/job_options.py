"""Which jobs a command works on, and the options that all commands share.

Given `-n` or `--all` a command is a head: it begins from the workspace. Otherwise it is a filter:
documents come from stdin or a file.
"""

import argparse
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence

from cjob.cli import build_options, resource_tags
from cjob.cli.output import console
from cjob.reporting.errors import InputError

TYPE_CHECKING = False  # see cjob.cli.parser
if TYPE_CHECKING:
    from typing import Any

    from cjob.context import Collaborators
    from cjob.document.models import Job, Release, Target
    from cjob.pipeline import Stages

PARALLEL_JOBS = 4

OUTPUT = "what stdout gets (default: text on a terminal, else json)"

# Variables that hold defaults of -e and -a.
ENVIRONMENT = "CJOB_ENV"
APPLICATION = "CJOB_APP"


def options(parser: argparse.ArgumentParser, *, output: Sequence[str] = ("json", "text")) -> None:
    """Declare what a command that is head and filter takes."""
    files(parser)
    head = parser.add_argument_group("to begin from the workspace")
    jobs(head)
    environment(head)
    head.add_argument("--target", metavar="FILE", help="a document of cjob-target: stay offline")
    head.add_argument("--tag", default="", help="tag for the main image (default: git commit)")
    outside(parser)
    common(parser)
    forms = f"{OUTPUT}: {', '.join(output)}"
    parser.add_argument("-o", "--output", choices=output, metavar="FORM", help=forms)


def files(parser: argparse.ArgumentParser) -> None:
    """Declare the files of documents that a filter reads."""
    parser.add_argument(
        "file", nargs="*", metavar="FILE", help="files of documents (default: stdin)"
    )


def jobs(parser: argparse._ArgumentGroup | argparse.ArgumentParser) -> None:
    """Declare the options that name jobs."""
    parser.add_argument("-n", "--name", action="append", metavar="JOB", help="a job; repeatable")
    parser.add_argument("--all", action="store_true", help="all scheduled jobs of the workspace")


def environment(parser: argparse._ArgumentGroup | argparse.ArgumentParser) -> None:
    """Declare the options that name the environment and its application."""
    parser.add_argument(
        "-e", "--env", metavar="ENV", help=f"the environment (default: ${ENVIRONMENT})"
    )
    app_option(parser)


def app_option(parser: argparse._ArgumentGroup | argparse.ArgumentParser) -> None:
    """Declare the option that names the application."""
    parser.add_argument(
        "-a",
        "--app",
        metavar="APP",
        help=f"the application (default: ${APPLICATION}, or the workspace's)",
    )


def cdk_environment(parser: argparse.ArgumentParser) -> None:
    """Declare what a command takes that may run a CDK app."""
    parser.add_argument(
        "--cdk-env",
        action="append",
        default=[],
        metavar="NAME",
        help="a variable that CDK overrides may see; repeatable",
    )


def outside(parser: argparse.ArgumentParser) -> None:
    """Declare the consent to files that are not the repository's."""
    parser.add_argument(
        "--allow-outside",
        action="store_true",
        help="let manifests and addons name files outside of the repository",
    )


def as_caller(parser: argparse.ArgumentParser) -> None:
    """Declare what a command takes that only reads, so that its caller may need no other role."""
    parser.add_argument(
        "--as-caller",
        action="store_true",
        help="read with your own permissions, without assuming the manager role",
    )


def common(parser: argparse.ArgumentParser) -> None:
    """Declare what every command takes."""
    parser.add_argument(
        "-C",
        "--directory",
        default=".",
        metavar="DIR",
        help="a folder of the workspace (default: .)",
    )
    parser.add_argument(
        "--jobs",
        type=_count,
        default=PARALLEL_JOBS,
        metavar="N",
        help=f"work on N jobs at once (default: {PARALLEL_JOBS})",
    )
    parser.add_argument(
        "--log-format",
        choices=("text", "json", "github"),
        default="text",
        help="form of the messages on stderr (default: text)",
    )


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a count")
    return int(text)


def is_head(args: argparse.Namespace) -> bool:
    """Return whether the command begins from the workspace."""
    return bool(args.name or args.all)


def prepare(
    args: argparse.Namespace,
    **chosen: "Any",  # noqa: ANN401 - the fields of Choices, checked there
) -> "tuple[Collaborators, Stages, console.Console]":
    """Make the stages that the arguments ask for, with what they work with."""
    from pathlib import Path  # noqa: PLC0415 - help needs none of these

    from cjob.context import Collaborators  # noqa: PLC0415
    from cjob.pipeline import Choices, Stages  # noqa: PLC0415

    talk = console.Console(args.log_format, args.directory)
    options = build_options.build_options(args) if "engine" in args else None
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
        images=build_options.images(args),
        latest=getattr(args, "latest", True),
        create_repository=getattr(args, "create_repository", False),
        **chosen,
    )
    return tools, Stages(tools, choices), talk


def releases(
    args: argparse.Namespace, tools: "Collaborators", stages: "Stages", filters: Sequence[str]
) -> "tuple[Release, ...]":
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
    names: Sequence[str], program: str, tools: "Collaborators", stages: Sequence[str], *, head: str
) -> "tuple[Release, ...]":
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


def read_files(names: Sequence[str], hint: str) -> "tuple[Release, ...]":
    """Return the documents of files, or of stdin if none is named; InputError if there are none."""
    from cjob.document import codec  # noqa: PLC0415 - help needs none of it

    if not names and sys.stdin.isatty():
        raise InputError("no document", hint=hint)
    read = (console.read_input(name) for name in names or ("-",))
    return tuple(release for text, name in read for release in codec.parse(text, name, hint))


def check_no_job(file: str, tools: "Collaborators", head: str) -> None:
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


def chosen_jobs(args: argparse.Namespace, tools: "Collaborators") -> "list[Job]":
    """Return the jobs that -n or --all name, in that order; InputError where -e is absent."""
    from cjob.document.models import Job, check_name  # noqa: PLC0415

    if args.name and args.all:
        raise InputError("--all cannot go with -n", hint="name jobs, or take all of them")
    app, place = application(args, tools), ""
    if args.env is None and args.target:
        args.env = _document(args.target).job.env
    if args.env is None:
        args.env = os.environ.get(ENVIRONMENT) or None
        place = ENVIRONMENT
    if args.env is None:
        hint = f"name it with -e, as in -e test, or set {ENVIRONMENT}"
        raise InputError("no environment was named", hint=hint)
    jobs = all_jobs(tools) if args.all else tuple(dict.fromkeys(args.name))
    check_any(jobs)
    check_name(args.env, "environment", place)
    return [Job(app=app, env=args.env, name=check_name(job, "job")) for job in jobs]


def all_jobs(tools: "Collaborators") -> tuple[str, ...]:
    """Return the names of the workspace's jobs, and warn about folders that cjob skips."""
    from cjob.reporting.progress import warning  # noqa: PLC0415 - help needs none of it

    return tools.workspace.jobs(lambda text: tools.report(warning(text)))


def check_any(jobs: Sequence[str]) -> None:
    """Raise InputError if there are no jobs."""
    if not jobs:
        raise InputError(
            "the workspace has no scheduled jobs",
            hint="check -C and copilot/; to write a first job: cjob help application",
        )


def application(args: argparse.Namespace, tools: "Collaborators") -> str:
    """Return the application: from the command line, the variable, or the workspace."""
    from cjob.document.models import check_name  # noqa: PLC0415

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


def _target(args: argparse.Namespace) -> "Target | None":
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


def _document(file: str) -> "Release":
    from cjob.document import codec  # noqa: PLC0415 - help needs none of it

    return codec.parse(*console.read_input(file), hint="make it with cjob-target")[0]


def check_sections(begun: "Sequence[Release]", needs: str) -> None:
    """Refuse documents without the section that `needs` names, before AWS is asked for anything."""
    from cjob.document.models import required  # noqa: PLC0415 - help needs none of it

    for release in begun:
        if needs:
            required(getattr(release, needs), needs)


def composite_output(parser: argparse.ArgumentParser) -> None:
    """Declare -o for composites, which print text unless documents were asked for."""
    parser.add_argument(
        "-o",
        "--output",
        choices=("text", "json"),
        default="text",
        help="what stdout gets; json: the documents (default: text)",
    )


def output_form(args: argparse.Namespace) -> str:
    """Return what stdout gets: as asked for, else text on a terminal and JSON in a pipe."""
    return str(args.output or ("text" if sys.stdout.isatty() else "json"))


def run_command(
    args: argparse.Namespace,
    head: Sequence[str],
    filters: Sequence[str],
    view: "Callable[[Release, str], str]",
    *,
    needs: str = "",
    seen: "Callable[[Release, console.Console], None] | None" = None,
    together: "Mapping[str, Callable[[Sequence[Release]], str]] | None" = None,
    refuses: bool = False,
) -> int:
    """Run a command's stages, and write the documents, or the view that was asked for.

    `head` names the stages after load, `filters` those for documents that were read; each of
    these must have the section that `needs` names. `seen` is called with each Release at the
    end, before anything is written. `together` has the views that take all Releases at once. With
    `refuses` a stage refuses what AWS would, so that no warning comes first.
    """
    from cjob import pipeline  # noqa: PLC0415
    from cjob.document import codec  # noqa: PLC0415

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
        console.write(codec.dump(done))
    elif together and form in together:
        console.write(together[form](done))
    else:
        console.write("".join(view(release, form) for release in done))
    return 0
