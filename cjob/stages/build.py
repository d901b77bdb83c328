"""Build: each image that the job's containers need, on a container engine, becomes `images`.

Takes a Release with `source` and the workspace's folder; touches the engine that it is handed, and
only if there is something to build. No AWS: an image gets its repository when it is pushed.
"""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

from cjob.engines.engine import Built, Engine, Recipe, Report, spelt
from cjob.errors import InputError, InputErrors
from cjob.parallel import Checkpoint, run_all
from cjob.release import Build, Image, Release, Revision, Source, required
from cjob.stages.render import TEMPLATE_VERSION

LATEST = "latest"

# Where the manifest names no platform, tasks run on this one.
DEFAULT_PLATFORM = "linux/amd64"

AT_ONCE = 4
"""Builds that run at the same time; one engine does the work of all of them."""


def build(
    release: Release,
    engine: Callable[[], Engine],
    workspace_root: Path,
    report: Report,
    *,
    version: str = TEMPLATE_VERSION,
) -> Release:
    """Fill `images`; containers that are built alike share one image.

    `version` is the template's, for the images' label. Raise InputError for a Dockerfile or a
    context that isn't there, before anything is built, and ServiceError where a build fails.
    """
    source = required(release.source, "source")
    if not source.builds:
        return dataclasses.replace(release, images={})
    recipes = {
        containers: recipe(one, containers[0], workspace_root, version)
        for one, containers in shared(source.builds)
    }
    _check(recipes, workspace_root)
    ready = engine()

    def piece(wanted: Recipe) -> Callable[[Checkpoint], Built]:
        return lambda checkpoint: _build(ready, wanted, report, checkpoint)

    results = run_all([piece(wanted) for wanted in recipes.values()], AT_ONCE)
    built = {
        name: one for containers, one in zip(recipes, results, strict=True) for name in containers
    }
    images = {
        name: Image(
            id=built[name].id,
            platform=built[name].platform,
            tags=tags(name, release.job.name, source),
        )
        for name in source.builds
    }
    return dataclasses.replace(release, images=images)


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


def tags(container: str, job: str, source: Source) -> tuple[str, ...]:
    """Give the tags of a container's image; all images of a job live in one repository.

    `--tag` is for the main container alone; the others go by the commit.
    """
    commit = revision_tag(source.revision)
    if container == job:
        given = (LATEST, source.tag or commit)
    else:
        given = (f"{container}-{LATEST}", f"{container}-{commit}" if commit else "")
    return tuple(dict.fromkeys(tag for tag in given if tag))


def revision_tag(revision: Revision | None) -> str:
    """Give the tag for the commit, marked where the tree differs from it; empty without git."""
    if revision is None:
        return ""
    return f"{revision.commit}-dirty" if revision.dirty else revision.commit


def recipe(wanted: Build, container: str, root: Path, version: str) -> Recipe:
    """Say to an engine how an image is built; the labels are those of Copilot's images."""
    return Recipe(
        container=container,
        context=root / wanted.context.lstrip("/"),
        dockerfile=root / wanted.dockerfile.lstrip("/"),
        target=wanted.target,
        args=wanted.args,
        cache_from=wanted.cache_from,
        platform=wanted.platform,
        labels={
            "com.aws.copilot.image.builder": "copilot-cli",
            "com.aws.copilot.image.container.name": container,
            "com.aws.copilot.image.version": version,
        },
    )


def _check(recipes: Mapping[tuple[str, ...], Recipe], root: Path) -> None:
    """Raise InputError, or several together, for files and folders that aren't there."""
    problems = [
        InputError(
            f'the {what} "{path.relative_to(root)}" of container "{containers[0]}" is no {kind}',
            hint="paths in a manifest are relative to the folder that holds copilot/",
        )
        for containers, wanted in recipes.items()
        for what, path, kind, there in (
            ("build context", wanted.context, "folder", wanted.context.is_dir()),
            ("Dockerfile", wanted.dockerfile, "file", wanted.dockerfile.is_file()),
        )
        if not there
    ]
    if problems:
        raise problems[0] if len(problems) == 1 else InputErrors(problems)


def _build(engine: Engine, wanted: Recipe, report: Report, checkpoint: Checkpoint) -> Built:
    def line(text: str) -> None:
        checkpoint()
        report(f"{wanted.container}: {text}")

    built = engine.build(wanted, line)
    if not wanted.platform and spelt(built.platform) != DEFAULT_PLATFORM:
        line(
            f"warning: the image is for {built.platform}, and the task runs on {DEFAULT_PLATFORM}; "
            "say `platform` in the manifest"
        )
    return built
