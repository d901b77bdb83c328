"""A limit for the builds that run at once, of however many jobs: one engine does the work of all.

Starts nothing; what it is put around does.
"""

import threading

from cjob.engines.engine import Builder, Built, Recipe, Report

BUILDS = 4
"""Builds that run at the same time in a process."""


class InTurn:
    """A builder that waits for its turn before each build."""

    def __init__(self, builder: Builder, turns: threading.Semaphore) -> None:
        """Take the one that builds, and the turns that it shares with others."""
        self._builder = builder
        self._turns = turns

    def build(self, recipe: Recipe, report: Report) -> Built:
        """Build an image when it is its turn; what `report` raises meanwhile gives that up."""
        if not self._turns.acquire(blocking=False):
            report("waiting for other builds")
            self._turns.acquire()
        try:
            report("building")
            return self._builder.build(recipe, report)
        finally:
            self._turns.release()
