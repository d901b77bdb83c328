"""Changes that meet, as CloudFormation has it and ministack does not.

All first proposals for a name are for one stack, until that is deleted or made; a change set
belongs to its stack and to no later one of that name; a stack at work takes no other. A stack that
is deleted while it is created is created no further.
"""

# ministack is imported when a change is made to it, and most that is used is private to it.
# ruff: noqa: PLC0415, SLF001

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

Json = Any
"""A value of AWS's JSON, as ministack keeps it."""

Handler = Callable[[Json], Json]
"""What answers a request: takes its parameters, gives status, headers and body."""

UNDER_REVIEW, CREATING = "REVIEW_IN_PROGRESS", "CREATE_IN_PROGRESS"

WAITING = ThreadPoolExecutor(max_workers=256, thread_name_prefix="waiting")

DEPLOYING: "dict[str, asyncio.Task[Json]]" = {}
"""The task that creates or updates a stack, by the stack's id."""


def keep_apart() -> None:
    """Put what is right around ministack's own answers."""
    from ministack.services.cloudformation import changesets, handlers, stacks

    stacks._deploy_stack_async = traced(stacks._deploy_stack_async)
    for module in (changesets, handlers):
        module._deploy_stack_async = stacks._deploy_stack_async
    table = handlers._ACTION_HANDLERS
    for action, wrap in (
        ("CreateChangeSet", joining),
        ("ExecuteChangeSet", executing),
        ("DeleteStack", deleting),
    ):
        table[action] = wrap(table[action])


def joining(original: Handler) -> Handler:
    """Let a further proposal join a stack that is only proposed, which ministack replaces."""
    from ministack.services import cloudformation
    from ministack.services.cloudformation import handlers, helpers

    def create(params: Json) -> Json:
        before = handlers._resolve_stack(helpers._p(params, "StackName"))
        if before and at_work(before):
            status = before["StackStatus"]
            message = f"Stack:{before['StackId']} is in {status} state and can not be updated."
            return helpers._error("ValidationError", message)
        answer = original(params)
        name = before["StackName"] if before else ""
        made = cloudformation._stacks.get(name)
        if not before or made is before or before["StackStatus"] != UNDER_REVIEW:
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


def executing(original: Handler) -> Handler:
    """Execute a change set on the stack that it was made for, once that is not at work."""
    from ministack.services import cloudformation
    from ministack.services.cloudformation import changesets, helpers

    def execute(params: Json) -> Json:
        wanted = helpers._p(params, "ChangeSetName")
        _, found = changesets._find_change_set(wanted, helpers._p(params, "StackName"))
        stack = cloudformation._stacks.get(found["StackName"]) if found else None
        if found and (not stack or stack["StackId"] != found["StackId"]):
            message = f"ChangeSet [{wanted}] does not exist"
            return helpers._error("ChangeSetNotFound", message, 404)
        if stack and at_work(stack):
            message = f"ChangeSet [{wanted}] cannot be executed: {stack['StackStatus']}"
            return helpers._error("InvalidChangeSetStatus", message)
        return original(params)

    return execute


def deleting(original: Handler) -> Handler:
    """Delete a stack that is only proposed at once: ministack comes to it later, by its name.

    One that is being created is taken over from whatever creates it.
    """
    from ministack.services.cloudformation import handlers, helpers, stacks

    def delete(params: Json) -> Json:
        stack = handlers._resolve_stack(helpers._p(params, "StackName"))
        created = stack and stack["StackStatus"] == CREATING and stack["StackId"] in DEPLOYING
        if created:
            forget_change_sets(stack["StackId"])
        if created and not waits(stack):
            take_over(stack)
            return helpers._xml(200, "DeleteStackResponse", "")
        if created:
            # Its thread goes on until the wait is over; what it would do then is dropped.
            DEPLOYING[stack["StackId"]].cancel()
        if not stack or stack["StackStatus"] != UNDER_REVIEW:
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
    """Delete the change sets of a stack that is deleted: the next of that name has its own."""
    from ministack.services import cloudformation

    for key, change_set in list(cloudformation._change_sets.items()):
        if change_set["StackId"] == number:
            del cloudformation._change_sets[key]


def traced(original: Callable[..., Coroutine[Json, Json, None]]) -> Callable[..., Json]:
    """Keep which task creates or updates a stack, for as long as it does."""

    async def deploy(name: str, number: str, *given: Json, **named: Json) -> None:
        # A thread waits for each custom resource, and goes on to if its stack was deleted.
        asyncio.get_running_loop().set_default_executor(WAITING)
        task = asyncio.current_task()
        if task:
            DEPLOYING[number] = task
        try:
            await original(name, number, *given, **named)
        finally:
            DEPLOYING.pop(number, None)

    return deploy


def waits(stack: Json) -> bool:
    """Return whether a wait condition is what a stack is at: its thread can't be ended."""
    from ministack.services import cloudformation

    events = cloudformation._stack_events.get(stack["StackId"]) or [{}]
    return bool(events[-1].get("ResourceType") == "AWS::CloudFormation::WaitCondition")


def take_over(stack: Json) -> None:
    """End a stack's creation, and delete what there is of it.

    A nested stack is waited for, since it goes on by itself; a wait condition is not.
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


def at_work(stack: Json) -> bool:
    """Return whether a stack takes no change now."""
    status = str(stack["StackStatus"])
    return status.endswith("_IN_PROGRESS") and status != UNDER_REVIEW
