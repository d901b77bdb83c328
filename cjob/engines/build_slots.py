"""A limit for the builds that run at once, of all jobs: they share one engine."""

from cjob.concurrency.slots import Slots
from cjob.engines.engine import Builder, Built, ImageBuild, Report

MAX_BUILDS = 4
"""Builds that run at the same time in a process."""


class LimitedBuilder:
    """A builder that waits for a free slot before each build."""

    def __init__(self, builder: Builder, slots: Slots) -> None:
        """Take the builder, and the slots that it shares with other builders."""
        self._builder = builder
        self._slots = slots

    def build(self, image_build: ImageBuild, report: Report) -> Built:
        """Build an image once a slot is free; what `report` raises ends the wait."""
        is_reported = False

        def report_waiting() -> None:
            nonlocal is_reported
            if not is_reported:
                is_reported = True
                report("waiting for other builds")

        with self._slots.slot(report_waiting):
            report("building")
            return self._builder.build(image_build, report)
