"""Concurrent changes of a stack, which CloudFormation handles and ministack does not.

All first change sets for a name belong to one stack, until it is deleted or created. A change set
belongs to its stack, not to a later one with that name. A stack in progress accepts no other
change. The creation of a stack that is deleted in the meantime ends.
"""

# ministack is imported when it is patched, and most of what is used is private.
# ruff: noqa: PLC0415, SLF001

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

Json = Any
"""A value of AWS's JSON, as ministack keeps it."""

Handler = Callable[[Json], Json]
"""Answers a request: takes its parameters, returns status, headers and body."""

PENDING, CREATING = "REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS"

DEPLOYING: "dict[str, asyncio.Task[Json]]" = {}
"""The asyncio task that creates or updates a stack, by the stack's id."""


def apply() -> None:
    """Wrap ministack's handlers."""
    from ministack.services.cloudformation import changesets, handlers, stacks

    stacks._deploy_stack_async = tracked(stacks._deploy_stack_async)
    for module in (changesets, handlers):
        module._deploy_stack_async = stacks._deploy_stack_async
    table = handlers._ACTION_HANDLERS
    for action, wrap in (
        ("CreateChangeSet", join_pending_stack),
        ("ExecuteChangeSet", execute_on_own_stack),
        ("DeleteStack", delete_pending_stack),
    ):
        table[action] = wrap(table[action])


def join_pending_stack(original: Handler) -> Handler:
    """Add another change set to a stack that is not created yet, which ministack replaces."""
    from ministack.services import cloudformation
    from ministack.services.cloudformation import handlers, helpers

    def create(params: Json) -> Json:
        before = handlers._resolve_stack(helpers._p(params, "StackName"))
        if before and in_progress(before):
            status = before["StackStatus"]
            message = f"Stack:{before['StackId']} is in {status} state and can not be updated."
            return helpers._error("ValidationError", message)
        answer = original(params)
        name = before["StackName"] if before else ""
        made = cloudformation._stacks.get(name)
        if not before or made is before or before["StackStatus"] != PENDING:
            return answer
        kept, dropped = before["StackId"], made["StackId"]
        cloudformation._stacks[name] = before
        cloudformation._stack_events.pop(dropped)
        for change_set in cloudformation._change_sets.values():
            if change_set["StackId"] == dropped:
                change_set["StackId"] = kept
        status, headers, body = answer
        return status, headers, body.replace(dropped.encode(), kept.encode())

    return create


def execute_on_own_stack(original: Handler) -> Handler:
    """Execute a change set only on the stack that it was made for, if none is in progress."""
    from ministack.services import cloudformation
    from ministack.services.cloudformation import changesets, helpers

    def execute(params: Json) -> Json:
        wanted = helpers._p(params, "ChangeSetName")
        _, found = changesets._find_change_set(wanted, helpers._p(params, "StackName"))
        stack = cloudformation._stacks.get(found["StackName"]) if found else None
        if found and (not stack or stack["StackId"] != found["StackId"]):
            message = f"ChangeSet [{wanted}] does not exist"
            return helpers._error("ChangeSetNotFound", message, 404)
        if stack and in_progress(stack):
            message = f"ChangeSet [{wanted}] cannot be executed: {stack['StackStatus']}"
            return helpers._error("InvalidChangeSetStatus", message)
        return original(params)

    return execute


def delete_pending_stack(original: Handler) -> Handler:
    """Delete a stack that is not created yet at once; ministack deletes it later, by its name.

    If the stack is being created, end the creation.
    """
    from ministack.services.cloudformation import handlers, helpers, stacks

    def delete(params: Json) -> Json:
        stack = handlers._resolve_stack(helpers._p(params, "StackName"))
        created = stack and stack["StackStatus"] == CREATING and stack["StackId"] in DEPLOYING
        if created:
            forget_change_sets(stack["StackId"])
        if created and not is_waiting(stack):
            abort_creation(stack)
            return helpers._xml(200, "DeleteStackResponse", "")
        if created:
            # Its thread continues until the wait is over, but does nothing after it.
            DEPLOYING[stack["StackId"]].cancel()
        if not stack or stack["StackStatus"] != PENDING:
            return original(params)
        name, number = stack["StackName"], stack["StackId"]
        forget_change_sets(number)
        for status in ("DELETE_IN_PROGRESS", "DELETE_COMPLETE"):
            stack["StackStatus"] = status
            kind = "AWS::CloudFormation::Stack"
            stacks._add_event(number, name, name, kind, status, physical_id=number)
        return helpers._xml(200, "DeleteStackResponse", "")

    return delete


def forget_change_sets(number: str) -> None:
    """Delete a deleted stack's change sets: the next stack with its name has its own."""
    from ministack.services import cloudformation

    for key, change_set in list(cloudformation._change_sets.items()):
        if change_set["StackId"] == number:
            del cloudformation._change_sets[key]


def tracked(original: Callable[..., Coroutine[Json, Json, None]]) -> Callable[..., Json]:
    """Record the task that creates or updates a stack while it runs."""

    async def deploy(name: str, number: str, *given: Json, **named: Json) -> None:
        task = asyncio.current_task()
        if task:
            DEPLOYING[number] = task
        try:
            await original(name, number, *given, **named)
        finally:
            DEPLOYING.pop(number, None)

    return deploy


def is_waiting(stack: Json) -> bool:
    """Return whether a stack is waiting for a wait condition, whose thread can't be ended."""
    from ministack.services import cloudformation

    events = cloudformation._stack_events.get(stack["StackId"]) or [{}]
    return bool(events[-1].get("ResourceType") == "AWS::CloudFormation::WaitCondition")


def abort_creation(stack: Json) -> None:
    """End a stack's creation, and delete what has been created.

    Wait for its nested stacks, which continue on their own, but not for a wait condition.
    """
    from ministack.services import cloudformation
    from ministack.services.cloudformation import stacks

    name, number = stack["StackName"], stack["StackId"]
    creation = DEPLOYING[number]
    creation.cancel()
    stack["StackStatus"] = "DELETE_IN_PROGRESS"

    async def delete() -> None:
        inner = [
            k for k, v in cloudformation._stacks.items() if v.get("_parent_stack_name") == name
        ]
        if inner:
            await asyncio.wait([creation])
        for one in inner:
            await stacks._delete_stack_async(one, cloudformation._stacks[one]["StackId"])
        await stacks._delete_stack_async(name, number)

    stacks._create_stack_task_in_region(delete(), stack, number)


def in_progress(stack: Json) -> bool:
    """Return whether a stack accepts no change now."""
    status = str(stack["StackStatus"])
    return status.endswith("_IN_PROGRESS") and status != PENDING
