"""Ctrl-C at every line of a deployment: what is reported is what is so."""

import itertools
import sys
from types import FrameType
from typing import Any

import pytest
from stacks_fake import CREATED, UPDATED, FakeStacks, FakeStore, own
from stage_samples import live, release

from cjob.concurrency.interrupts import Started
from cjob.context import DeployOptions
from cjob.document.snapshot import StackSnapshot
from cjob.reporting.errors import Interrupted
from cjob.stages.deployment import cancel, change, change_sets, decide, events
from cjob.stages.deployment.change_sets import ApplyDeps
from cjob.stages.deployment.decide import deploy

PARTS = tuple(module.__file__ for module in (decide, change, cancel, change_sets, events))


def interrupted_after(lines: int, stacks: FakeStacks) -> str | None:
    """Apply a document and press Ctrl-C after so many lines; return the message, if any."""
    left = lines

    def trace(frame: FrameType, event: str, _argument: object) -> Any:  # noqa: ANN401 - itself
        nonlocal left
        if frame.f_code.co_filename not in PARTS:
            return None
        if event == "line":
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
        return trace

    tools = ApplyDeps(stacks=stacks, store=FakeStore(), started=Started(), report=lambda _: None)
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        deploy(release(), tools, DeployOptions())
    except Interrupted as error:
        return error.message
    except KeyboardInterrupt:
        return tools.started.interrupted().message  # as the pipeline does
    finally:
        sys.settrace(before)
    return None


@pytest.mark.parametrize("before", [live(), StackSnapshot()], ids=["update", "create"])
def test_ctrl_c_at_any_line_reports_what_is_so(before: StackSnapshot) -> None:
    """Nothing was deployed, or it was rolled back, or it is named as deployed or left."""
    events = UPDATED if before.exists else CREATED
    told: set[str] = set()
    for lines in itertools.count(1):
        stacks = FakeStacks(before, events=tuple(map(own, events)))
        message = interrupted_after(lines, stacks)
        if message is None:
            break
        told.add(message)
        executed = "execute" in stacks.asked
        if message == "interrupted before anything was deployed":
            assert not executed, lines
            assert (stacks.change_sets, stacks.live) == ({}, before), lines
        elif "ended: UPDATE_ROLLBACK_COMPLETE" in message or "is deleted" in message:
            assert {"cancel", "delete"} & set(stacks.asked), lines
        elif "too late to roll back" in message:
            assert stacks.live.status.endswith("E_COMPLETE"), lines
        else:
            assert "is left as it is" in message, lines
            assert executed, lines
    assert len(told) == 4
