"""Plan a job's builds: how each image is built, by which engine, checked before the first starts.

Reads Dockerfiles, and touches nothing else. The engine is BuildKit, as for `docker build` since
Docker 23, or the classic builder if buildx is not installed and nothing needs BuildKit.
"""

import csv
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from cjob.document import names
from cjob.document.models import Build, Release, required
from cjob.engines import dockerfile
from cjob.engines.dockerfile import Dockerfile, Need
from cjob.engines.engine import BuilderName, BuildOptions, ImageBuild
from cjob.manifest import reading
from cjob.manifest.sections.build import build_place
from cjob.reporting.errors import InputError, InputErrors
from cjob.reporting.suggestions import did_you_mean
from cjob.template.render import TEMPLATE_VERSION
from cjob.workspace.find import Files

IGNORE = ".dockerignore"
LABELS = "com.aws.copilot.image."


class Plan(NamedTuple):
    """One image: the containers that share it, how it is made, by which engine.

    `need` is what requires buildx, and `place` where that is; both may be empty. `asked`
    says that the engine was asked for by name. `unneeded` are stages that only the classic builder
    runs.
    """

    containers: tuple[str, ...]
    recipe: ImageBuild
    kind: BuilderName
    need: str = ""
    place: str = ""
    asked: bool = False
    unneeded: tuple[str, ...] = ()

    @property
    def is_flexible(self) -> bool:
        """Whether the classic builder may build it instead of buildx."""
        return self.kind == "buildx" and not self.need and not self.asked


class Fault(NamedTuple):
    """What is wrong with a build, and the key of the manifest that it is about."""

    key: str
    message: str
    hint: str


def plans(
    release: Release, builds: Mapping[str, Build], files: Files, options: BuildOptions
) -> list[Plan]:
    """Return a plan for each image of these builds; InputErrors with all that can't be built."""
    found, root = [], files.root
    problems: list[InputError] = []
    for wanted, containers in shared(builds):
        made = recipe(wanted, containers[0], root, TEMPLATE_VERSION)
        content, faults = _read(made, files)
        kind, need, where = _engine(made, content.need, options, root)
        problems += [
            InputError(message, hint=hint, place=place(release, made.container, key))
            for key, message, hint in faults
        ]
        problems += _refused(made, content.need, where) if options.engine == "docker" else []
        unneeded = tuple(content.unneeded(made.target))
        asked = options.engine is not None
        found.append(Plan(containers, made, kind, need, where, asked, unneeded))
    if problems:
        raise InputErrors(problems)
    return found


def place(release: Release, container: str, key: str = "") -> str:
    """Return where the manifest has a key of a container's build; empty if it cannot be read."""
    file = names.manifest_path(release.job.name)
    try:
        text = required(release.source, "source").manifest
        job = reading.merged(text, release.job.env, file=file)
    except InputError:
        return ""
    return build_place(job, container, key, file)


def shared(builds: Mapping[str, Build]) -> list[tuple[Build, tuple[str, ...]]]:
    """Group the containers whose images are built in the same way, in the order given."""
    groups: list[tuple[Build, tuple[str, ...]]] = []
    for name, wanted in builds.items():
        for number, (known, containers) in enumerate(groups):
            if known == wanted:
                groups[number] = (known, (*containers, name))
                break
        else:
            groups.append((wanted, (name,)))
    return groups


def recipe(wanted: Build, container: str, root: Path, version: str) -> ImageBuild:
    """Return how an engine builds an image, with the labels of Copilot's images.

    An image that several containers share has the name of the first.
    """
    return ImageBuild(
        container=container,
        context=root / wanted.context.lstrip("/"),
        dockerfile=root / wanted.dockerfile.lstrip("/"),
        target=wanted.target,
        args=wanted.args,
        cache_from=wanted.cache_from,
        platform=wanted.platform,
        labels={
            f"{LABELS}builder": "copilot-cli",
            f"{LABELS}container.name": container,
            f"{LABELS}version": version,
        },
    )


def outside(context: Path, dockerfile: Path, files: Files) -> list[Fault]:
    """Return what an engine would read of a build that is outside of the repository."""
    own = dockerfile.with_name(dockerfile.name + IGNORE)
    read = {
        "context": (context, context / IGNORE),
        "dockerfile": (dockerfile, own) if dockerfile != files.root else (),
    }
    faults = []
    for key, paths in read.items():
        for path in paths:
            try:
                files.check(path, files.shown(path))
            except InputError as error:
                faults.append(Fault(key, error.message, error.hint))
    return faults


def caches_outside(cache_from: Iterable[str], files: Files) -> list[Fault]:
    """Return the folders of `cache_from` that are outside of the repository.

    buildx parses each entry as CSV, and takes `src` from the folder that it runs in. Go removes
    `..` before it follows links.
    """
    faults = []
    for entry in cache_from:
        try:
            for source in _sources(entry):
                files.check(Path(source), source)
                files.check(Path(os.path.normpath(source)), source)
        except csv.Error as error:
            hint = "write an image, or type=TYPE,KEY=VALUE"
            faults.append(Fault("cache_from", f"{entry!r} is not CSV: {error}", hint))
        except InputError as error:
            faults.append(Fault("cache_from", error.message, error.hint))
    return faults


def _sources(entry: str) -> list[str]:
    """Return the folders that an entry of `cache_from` names."""
    fields = [field.partition("=") for row in csv.reader([entry]) for field in row]
    return [value for key, _, value in fields if key.strip().lower() == "src"]


def _read(wanted: ImageBuild, files: Files) -> tuple[Dockerfile, list[Fault]]:
    """Read a Dockerfile; report what is wrong with it, its context and the stage in it."""
    faults, root = outside(wanted.context, wanted.dockerfile, files), files.root
    faults += caches_outside(wanted.cache_from, files)
    unread = Dockerfile((), None, foreign=True)
    if faults:
        return unread, faults
    subject = f"of container {wanted.container!r}"
    relative = str(wanted.context.relative_to(root))
    where = "paths in a manifest are relative to the folder that holds copilot/"
    if not wanted.context.is_dir():
        message = f"the build context {relative!r} {subject} is not a folder"
        faults.append(Fault("context", message, where))
    shown = f"the Dockerfile {str(wanted.dockerfile.relative_to(root))!r} {subject}"
    if not wanted.dockerfile.is_file():
        return unread, [*faults, Fault("dockerfile", f"{shown} is not a file", where)]
    try:
        content = dockerfile.read(wanted.dockerfile.read_text("utf-8", errors="replace"))
    except OSError as error:
        message = f"{shown} cannot be read: {error.strerror}"
        return unread, [*faults, Fault("dockerfile", message, "let this user read it")]
    if wanted.target and not content.has_stage(wanted.target):
        message = f"{shown} has no stage {wanted.target!r}"
        faults.append(Fault("target", message, _stages(wanted.target, content)))
    return content, faults


def _stages(target: str, content: Dockerfile) -> str:
    stages = [name for name in content.stages if name]
    if hint := did_you_mean(target.lower(), stages):
        return hint
    known = f"its stages are {', '.join(stages)}" if stages else "no stage of it has a name"
    return f"{known}; write `FROM … AS {target}` for another"


def _engine(
    wanted: ImageBuild, need: Need | None, options: BuildOptions, root: Path
) -> tuple[BuilderName, str, str]:
    """Return the engine, what needs it, and where that is."""
    beside = wanted.dockerfile.with_name(wanted.dockerfile.name + IGNORE)
    what = place = ""
    if need:
        what, place = need.what, f"{wanted.dockerfile.relative_to(root)}:{need.line}"
    elif beside.is_file():
        what, place = "a .dockerignore of the Dockerfile's own", str(beside.relative_to(root))
    elif options.secrets:
        what = "--secret"
    elif options.builder:
        what = "--builder"
    return options.engine or ("buildx" if what else options.prefers), what, place


def _refused(wanted: ImageBuild, need: Need | None, place: str) -> list[InputError]:
    """Return what the classic builder cannot do, if it was asked for by name."""
    if need is None or need.ignored:
        return []
    message = f"--engine docker has no {need.what}, which container {wanted.container!r} needs"
    hint = "leave out --engine, or do without what only BuildKit has"
    return [InputError(message, place=place, hint=hint)]
