"""Override: a job's CDK app changes the rendered template.

Writes into the folder of the overrides, and runs a package manager and the CDK there: the only code
that is neither cjob's nor the container engine's. Calls no AWS.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from cjob.checks import deployable
from cjob.context import RunContext
from cjob.document.models import Release, required
from cjob.document.records import replace
from cjob.reporting.errors import InputError
from cjob.reporting.printable import without_sequences
from cjob.reporting.progress import Reporter, found, info, part
from cjob.template import cdk
from cjob.workspace.find import Files

Line = Callable[[str], None]
Run = Callable[[Sequence[str], Path, Mapping[str, str], Line], tuple[int, tuple[str, ...]]]

BUILD = ".build"
INPUT = "in.yml"
OUTPUT = "cdk.out"
MANIFEST = "manifest.json"
QUOTED = 3
"""How many last lines of a failed program the error repeats."""


def override(release: Release, context: RunContext) -> Release:
    """Apply CDK overrides to the template, and warn about what a deployment would refuse."""
    report = context.reporter(release.job)
    if required(release.source, "source").overrides.cdk:
        from cjob.concurrency import processes  # noqa: PLC0415 - imports subprocess

        release = run_cdk_app(
            release,
            context.workspace,
            context.folder,
            os.environ,
            names=context.options.cdk_env,
            run=processes.run_untrusted,
            report=report,
        )
    for finding in deployable.beyond_manifest(release):
        for record in found(finding):
            report(record)
    return release


def run_cdk_app(
    release: Release,
    files: Files,
    start: Path,
    process: Mapping[str, str],
    *,
    names: Sequence[str],
    run: Run,
    report: Reporter,
) -> Release:
    """Return the Release with the template that the job's CDK app made of it, if it has one.

    `start` is the folder that cjob was started in. `process` holds the process's variables,
    of which the app sees few, and those in `names`. Raises InputError if Node.js is missing, if a
    program fails, or if the app does not write exactly one template.
    """
    source, stack = required(release.source, "source"), required(release.stack, "stack")
    if not source.overrides.cdk:
        return release
    folder = _folder(files.root, source.overrides.cdk)
    variables = cdk.environment(process, release.job.app, release.job.env, names)
    manager = cdk.package_manager(_installed(variables.get("PATH", "")), _lock_files(start))

    def step(*command: str) -> None:
        shown, program = " ".join(command), command[0].rpartition("/")[2]
        doing = f"running {shown} in {source.overrides.cdk}"
        with part(report, "override", program, doing) as piece:
            status, tail = run(
                command, folder, variables, lambda line: piece.line(without_sequences(line))
            )
            if status:
                raise InputError(
                    " | ".join([f"{shown!r} failed with status {status}", *tail[-QUOTED:]]),
                    hint="run it there yourself; only a few variables are passed on, see --cdk-env",
                    place=source.overrides.cdk,
                )
            piece.line("done", "done")

    # Quiet: the template is read from a file, where nothing else is printed.
    synth = ("synth", "--no-version-reporting", "--quiet", "--output", OUTPUT)
    with _alone(folder, source.overrides.cdk, report):
        _write_new(folder / BUILD / INPUT, stack.template)
        (folder / OUTPUT / MANIFEST).unlink(missing_ok=True)
        step(manager, "install")
        step("node_modules/.bin/cdk", *synth)
        template = _synthesized(folder, files)
    return replace(release, stack=replace(stack, template=template))


def _folder(root: Path, shown: str) -> Path:
    """Return the folder of a CDK app; it must be in the workspace, whatever the document says."""
    folder = (root / shown).resolve()
    if not folder.is_relative_to(root.resolve()):
        raise InputError(
            f"the overrides {shown!r} are not in the workspace",
            hint="run cjob-render -n NAME -e ENV in the job's workspace",
            place="source.overrides.cdk",
        )
    if not (folder / "cdk.json").is_file():
        raise InputError(
            f"there is no CDK app {shown!r} here",
            hint="run this in the job's workspace, or name that with -C",
            place=shown,
        )
    return folder


def _installed(path: str) -> list[str]:
    return [name for name in cdk.LOCK_FILES if shutil.which(name, path=path)]


def _lock_files(start: Path) -> list[list[str]]:
    """List the lock files of package managers in the folders that count, the nearest first."""
    start, known = start.resolve(), cdk.LOCK_FILES.values()
    folders = [start, *start.parents][: cdk.LEVELS]
    return [[name for name in known if os.access(folder / name, os.F_OK)] for folder in folders]


@contextlib.contextmanager
def _alone(folder: Path, shown: str, report: Reporter) -> Iterator[None]:
    """Work in a folder while no other cjob does: `make -j` may deploy to two environments."""
    with contextlib.ExitStack() as stack:
        for written in (BUILD, OUTPUT):
            _check_real(folder / written, shown)
        try:
            (folder / BUILD).mkdir(exist_ok=True)
            # Not what a link leads to, and without waiting at a pipe.
            how = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
            lock = os.open(folder / BUILD / "lock", how, 0o666)
            stack.callback(os.close, lock)
        except OSError as error:
            raise InputError(
                f"cannot write into {BUILD!r}: {error.strerror}",
                hint="a CDK app needs a folder that it can write into",
                place=shown,
            ) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report(info(f"waiting for another cjob that works in {shown}"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write_new(path: Path, text: str) -> None:
    """Write a file that is new: never through a link, or into a pipe, that was there before."""
    path.unlink(missing_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)


def _check_real(folder: Path, shown: str) -> None:
    """Raise InputError if a folder that is written to is a link, which may lead anywhere."""
    if folder.is_symlink():
        raise InputError(
            f"{folder.name!r} is a symbolic link",
            hint=f"cjob writes there: remove it, with rm {shown}/{folder.name}",
            place=shown,
        )


def _synthesized(folder: Path, files: Files) -> str:
    assembly = folder / OUTPUT / MANIFEST
    template = cdk.template_file(files.read_text(assembly), files.shown(assembly))
    file = assembly.parent / template
    return cdk.cleaned(files.read_text(file), files.shown(file))
