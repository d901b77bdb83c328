"""The last step of reading: a merged tree in which every rule is kept becomes the model's Job.

Takes a tree, gives the Job. Touches nothing.
"""

from cjob.manifest import containers, images, network, overrides, storage, triggers
from cjob.manifest.model import Job
from cjob.manifest.tree import Section

_COUNT, _RETENTION = 1, 30
_INCLUDED_STORAGE = 20
"""GiB that every task has without asking."""


def build(job: Section) -> Job:
    """Return the job of one environment."""
    name = job.text("name") or ""
    ephemeral = job.section("storage").number("ephemeral")
    return Job(
        name=name,
        schedule=triggers.expression(job),
        retries=job.number("retries") or 0,
        timeout=triggers.timeout(job),
        cpu=images.size_of(job, "cpu"),
        memory=images.size_of(job, "memory"),
        count=_or(job.number("count"), _COUNT),
        platform=images.platform(job),
        main=containers.main(job, name),
        sidecars=containers.sidecars(job),
        logging=containers.logging(job),
        log_retention=_or(job.section("logging").number("retention"), _RETENTION),
        ephemeral_storage=None if ephemeral == _INCLUDED_STORAGE else ephemeral,
        read_only_root=job.section("storage").flag("readonly_fs"),
        volumes=storage.volumes(job, name),
        network=network.network(job),
        topics=network.topics(job),
        overrides=overrides.overrides(job),
    )


def _or(number: int | None, default: int) -> int:
    return default if number is None else number
