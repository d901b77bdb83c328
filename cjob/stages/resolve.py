"""Resolve: look up the application and the environment in AWS, which become `target`.

Only reads. Subnets are looked up if the job's manifest names them by tags.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from cjob.context import RunContext
from cjob.document import names
from cjob.document.models import Release, Target
from cjob.document.records import fields, replace
from cjob.manifest import reading
from cjob.manifest.sections.network import SubnetsByTag
from cjob.reporting.errors import CjobError, InputError

Tags = Mapping[str, tuple[str, ...]]


class Directory(Protocol):
    """Where applications and environments are looked up."""

    def target(self, app: str, env: str, *, refresh: bool = False) -> Target:
        """Return the target without subnets; raise InputError if the environment does not exist.

        It is looked up once a run, or again with `refresh`.
        """

    def subnets(self, target: Target, tags: Tags) -> tuple[str, ...]:
        """Return the ids of the subnets that have all the tags, sorted."""


def resolve(release: Release, context: RunContext, *, refresh: bool = False) -> Release:
    """Add `target` if it is missing, and its subnets; with `refresh`, look it up again."""
    if refresh:
        return look_up(release, context.directory)
    return look_up_missing(release, lambda: context.directory)


def confirm(release: Release, context: RunContext) -> Release:
    """Check that `target` is what AWS says, before anything is sent there."""
    return confirm_target(release, context.directory)


def look_up(release: Release, directory: Directory) -> Release:
    """Fill `target` from AWS, whatever the document has there."""
    target = _target(release, directory)
    return _with_subnets(replace(release, target=target), lambda: directory)


def look_up_missing(release: Release, directory: Callable[[], Directory]) -> Release:
    """Fill `target` if the document has none, and the subnets that are missing in it.

    `directory` is called only if something is missing, so that rendering works offline.
    """
    if release.target is None:
        return look_up(release, directory())
    return _with_subnets(release, directory)


def _with_subnets(release: Release, directory: Callable[[], Directory]) -> Release:
    """Look up the subnets that the job names by tags, if `target` does not have them."""
    tags = _subnet_tags(release)
    if release.target is None or not tags or names.subnet_query(tags) in release.target.subnets:
        return release
    found = directory().subnets(release.target, tags)
    if not found:
        query = names.subnet_query(tags)
        raise InputError(
            f"no subnet of the environment's region has the tags {query!r}",
            hint="check network.vpc.placement.subnets.from_tags in the manifest",
        )
    subnets = {**release.target.subnets, names.subnet_query(tags): found}
    return replace(release, target=replace(release.target, subnets=subnets))


def confirm_target(release: Release, directory: Directory) -> Release:
    """Return the Release with a target that AWS confirms; raise InputError if it differs.

    Anybody may have written the document, so push and apply use only what AWS says. Of the
    repositories only the job's own is compared, and it may have been created since.
    """
    if release.target is None:
        return look_up(release, directory)
    now = _target(release, directory)
    for name in fields(Target):
        if name in ("subnets", "extra"):
            continue
        written, live = getattr(release.target, name), getattr(now, name)
        if name == "repositories":
            live = live.get(release.job.name)
            written = written.get(release.job.name, live)
        if written != live:
            key = name.replace("_", " ")
            raise InputError(
                f"the document's target is out of date: {key} {written!r}, now {live!r}",
                hint="make the document again, from cjob-target or the first command of the pipe",
                place=f"target of {release.job.name}",
            )
    _confirm_subnets(release, release.target.subnets, now, directory)
    return replace(release, target=replace(release.target, repositories=now.repositories))


def _confirm_subnets(
    release: Release, given: Mapping[str, tuple[str, ...]], target: Target, directory: Directory
) -> None:
    """Refuse subnets that do not have the tags in the manifest."""
    tags = _subnet_tags(release)
    query = names.subnet_query(tags)
    if not tags or query not in given:
        return
    found = directory.subnets(target, tags)
    if sorted(given[query]) != sorted(found):
        raise InputError(
            f"the document's subnets with the tags {query!r} are "
            f"{', '.join(given[query])}; AWS says {', '.join(found) or 'none'}",
            hint="make the document again, from cjob-target or the first command of the pipe",
            place=f"target of {release.job.name}",
        )


def _target(release: Release, directory: Directory) -> Target:
    """Look the environment up; an error is the same for all jobs, and reported once."""
    try:
        return directory.target(release.job.app, release.job.env)
    except CjobError as error:
        error.is_shared = True
        raise


def _subnet_tags(release: Release) -> Tags:
    if release.source is None:
        return {}
    job = reading.read(release.source.manifest, release.job.env, file="manifest")
    placement = job.network.placement
    return placement.tags if isinstance(placement, SubnetsByTag) else {}
