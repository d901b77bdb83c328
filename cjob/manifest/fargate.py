"""The task sizes that Fargate offers, and the nearest ones to another size.

The table is that of "Task CPU and memory" in the developer guide of Amazon ECS. Pure.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cjob.reporting.findings import Finding

_GIB = 1024


def _steps(first: int, last: int, step: int = 1) -> tuple[int, ...]:
    """Return the sizes of memory from one to another, given in GiB, in MiB."""
    return tuple(gib * _GIB for gib in range(first, last + 1, step))


_MEMORY: dict[int, Sequence[int]] = {
    256: (512, 1024, 2048),
    512: _steps(1, 4),
    1024: _steps(2, 8),
    2048: _steps(4, 16),
    4096: _steps(8, 30),
    8192: _steps(16, 60, 4),
    16384: _steps(32, 120, 8),
    32768: (60 * _GIB, 120 * _GIB, 244 * _GIB),
}
"""Memory in MiB by CPU units."""

_ON_WINDOWS = (1024, 2048, 4096)
_UNITS_PER_VCPU = 1024


class Size(NamedTuple):
    """A task's CPU units, and its memory in MiB."""

    cpu: int
    memory: int

    def __str__(self) -> str:
        """Return the fields of a manifest."""
        return f"cpu: {self.cpu} with memory: {self.memory}"


def problem(size: Size, *, windows: bool) -> Finding | None:
    """Return why a task cannot have a size; None if Fargate offers it."""
    offered = list(_offered(windows=windows))
    if size in offered:
        return None
    system = " for Windows" if windows else ""
    message = f"{size} is not a task size that Fargate offers{system}"
    units = size.cpu * _UNITS_PER_VCPU
    if any(units == one.cpu for one in offered):  # a number of vCPUs
        return Finding(message, f"write CPU units (1024 for one vCPU): cpu: {units}", refused=True)
    near = ", or ".join(map(str, _nearest(size, offered)))
    return Finding(message, f"use one of the nearest sizes: {near}", refused=True)


def _offered(*, windows: bool) -> Iterator[Size]:
    for cpu, memories in _MEMORY.items():
        if not windows or cpu in _ON_WINDOWS:
            yield from (Size(cpu, memory) for memory in memories)


def _nearest(size: Size, offered: Sequence[Size]) -> list[Size]:
    """Return the nearest size, and the nearest that is at least as large in CPU and memory."""

    def distance(other: Size) -> float:
        pairs = zip(size, other, strict=True)
        return sum(abs(math.log2(theirs / max(own, 1))) for own, theirs in pairs)

    larger = [one for one in offered if one.cpu >= size.cpu and one.memory >= size.memory]
    return sorted({min(some, key=distance) for some in (offered, larger) if some})
