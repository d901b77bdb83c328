"""Custom resource that enables and disables an environment's shared resources for a job.

Takes CloudFormation's event (create, update, delete), reads the environment's stack, adds the job's
name to the parameters that it needs and removes it from the others, and answers with the stack's
outputs. Touches only that stack and the event's ResponseURL. Runs in Lambda with Python's standard
library and boto3, so nothing of cjob may be imported here.

An environment's parameters named `…Workloads` are comma-separated lists of the workloads that use
a shared resource (NAT gateways, a file system), and `Aliases` is a JSON object of workloads' names.
Many jobs share them without a lock: a job that finds an update running waits for it, then reads
again.
"""

import http.client
import json
import random
import re
import time
import traceback
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # stubs, which Lambda does not have
    from mypy_boto3_cloudformation.client import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef, StackTypeDef

Event = Mapping[str, Any]
Parameters = Mapping[str, str]

LIST_SUFFIX = "Workloads"
ALIASES = "Aliases"
EXECUTION_ROLE_OUTPUT = "CFNExecutionRoleARN"

# These change for other reasons, and nobody reads them through the custom resource.
OMITTED_OUTPUTS = frozenset({"EnabledFeatures", "LastForceDeployID"})
# The only output that a job's stack reads: it is kept if not all of them fit.
JOB_OUTPUT = "ManagedFileSystemID"

# The largest answer that CloudFormation reads, in bytes, and the longest value in the log.
ANSWER_LIMIT, REASON_LIMIT, ID_LIMIT, LOG_LIMIT = 4096, 1024, 512, 2000

# A name is a member of a comma-separated list, so it has no comma.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}")
# Reserved from the Lambda's time for the answer. A call to AWS is limited to 2 attempts of 10 s.
RESERVE_S = 30.0
CONNECT_TIMEOUT_S, READ_TIMEOUT_S, ATTEMPTS = 2, 8, 2
ANSWER_TIMEOUT_S, ANSWER_ATTEMPTS = 5, 3
PAUSE_S = (2.0, 5.0)

COMPLETE, RUNNING = "UPDATE_COMPLETE", "UPDATE_IN_PROGRESS"
FAILURES = frozenset({"UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_COMPLETE"})
# Temporary states, in which a stack refuses updates with a message that names the state.
TRANSIENT = (RUNNING, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
THROTTLED = frozenset({"Throttling", "ThrottlingException", "RequestLimitExceeded"})


class ControllerError(Exception):
    """The request can't be fulfilled; the message is for the stack's events."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What an event requests: the lists and aliases that the workload should have."""

    stack: str
    workload: str
    wanted: tuple[str, ...]
    aliases: tuple[str, ...]


def handler(event: Event, context: Any) -> None:  # noqa: ANN401 - Lambda's context has no type
    """Handle an event of CloudFormation, and always answer it."""
    serve(event, context, connect=_cloudformation)


def serve(
    event: Event,
    context: Any,  # noqa: ANN401 - Lambda's context has no type
    *,
    connect: Callable[[], "CloudFormationClient"],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Do what the event requests, and answer SUCCESS or FAILED in any case.

    Raise only if the answer can't be sent: Lambda then retries the event.
    """
    try:
        ends = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - RESERVE_S
        request = read_request(event)
        _log("request", stack=request.stack, workload=request.workload, wanted=request.wanted)
        outputs = bring_up_to_date(connect(), request, Deadline(ends, sleep))
        answer = success(event, outputs)
    except Exception as error:  # noqa: BLE001 - without an answer the stack hangs for an hour
        kind = "" if isinstance(error, ControllerError) else f"{type(error).__name__}: "
        _log("failure", reason=f"{kind}{error}", trace=traceback.format_exc())
        place = [getattr(context, f"log_{part}_name", "unknown") for part in ("group", "stream")]
        answer = failure(event, f"{kind}{error}", " ".join(place))
    _send(event, answer, sleep)


# What an event asks for


def read_request(event: Event) -> Request:
    """Return what an event requests; raise ControllerError if the event is invalid."""
    kind = event.get("RequestType")
    if kind not in ("Create", "Update", "Delete"):
        raise ControllerError(f"unsupported request type {kind!r}")
    properties = event.get("ResourceProperties")
    if not isinstance(properties, Mapping):
        raise ControllerError("the request has no ResourceProperties")
    deleted = kind == "Delete"
    stack, workload = _string(properties, "EnvStack"), _string(properties, "Workload")
    # An invalid name was never added to a list, so its deletion succeeds.
    if not deleted and not NAME.fullmatch(workload):
        raise ControllerError(f"the property Workload is not a name: {workload!r}")
    wanted = () if deleted else _strings(properties, "Parameters")
    return Request(
        stack=stack,
        workload=workload,
        wanted=tuple(name for name in wanted if name.endswith(LIST_SUFFIX)),
        aliases=() if deleted else _strings(properties, ALIASES),
    )


def _string(properties: Event, name: str) -> str:
    value = properties.get(name)
    if isinstance(value, str) and value:
        return value
    raise ControllerError(f"the property {name} must be a string, and is {value!r}")


def _strings(properties: Event, name: str) -> tuple[str, ...]:
    value = properties.get(name) or []
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise ControllerError(f"the property {name} must be a list of strings, and is {value!r}")


def physical_id(event: Event) -> str:
    """Return the event's own id, or the one that this resource has always had.

    Its misspelling stays: if the id changed, CloudFormation would delete the resource with the old
    id, which would remove the job from the lists that it was just added to.
    """
    properties = event.get("ResourceProperties")
    known = properties if isinstance(properties, Mapping) else {}
    made = f"envcontoller/{known.get('EnvStack', '')}/{known.get('Workload', '')}"
    return str(event.get("PhysicalResourceId") or made[:ID_LIMIT])


# Which parameters change


def changes(request: Request, parameters: Parameters) -> dict[str, str]:
    """Return the environment's parameters that must change, with their new values."""
    changed = {
        name: _with_membership(value, request.workload, member=name in request.wanted)
        for name, value in parameters.items()
        if name.endswith(LIST_SUFFIX)
        and (request.workload in _members(value)) != (name in request.wanted)
    }
    named = _aliases(parameters)
    if ",".join(named.get(request.workload, ())) != ",".join(request.aliases):
        changed[ALIASES] = _with_aliases(named, request)
    absent = sorted({*request.wanted, *changed} - set(parameters))
    if absent:
        missing = f"the environment's stack {request.stack} has no parameter {', '.join(absent)}"
        raise ControllerError(f"{missing}: upgrade the environment, then deploy again")
    return changed


def _members(value: str) -> list[str]:
    return [name for name in value.split(",") if name]


def _with_membership(value: str, workload: str, *, member: bool) -> str:
    others = [name for name in _members(value) if name != workload]
    return ",".join([*others, *[workload] * member])


def _aliases(parameters: Parameters) -> dict[str, list[str]]:
    value = json.loads(parameters.get(ALIASES) or "{}")
    if not isinstance(value, dict):
        raise ControllerError(
            f"the environment's parameter {ALIASES} is not a JSON object: {value}"
        )
    return value


def _with_aliases(named: Mapping[str, Sequence[str]], request: Request) -> str:
    left = {name: list(value) for name, value in named.items() if name != request.workload}
    if request.aliases:
        left[request.workload] = list(request.aliases)
    return json.dumps(left, separators=(",", ":")) if left else ""


# Updating the environment's stack


@dataclass(frozen=True)
class Deadline:
    """The time that is left for waiting, until `ends` by `time.monotonic`.

    Pauses have random lengths, so that jobs that are deployed together don't poll together.
    """

    ends: float
    sleep: Callable[[float], None]

    def pause(self) -> None:
        """Sleep for a pause; raise ControllerError if no time is left."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise ControllerError("the environment's stack took too long; deploy again")
        self.sleep(min(left, random.uniform(*PAUSE_S)))  # noqa: S311 - spreads load, hides nothing


def bring_up_to_date(
    cloudformation: "CloudFormationClient", request: Request, deadline: Deadline
) -> dict[str, str]:
    """Update the environment's stack until it has what the request wants; return its outputs.

    Each round decides by a new description of the stack: changes of other jobs are merged, and a
    name that another job overwrote is added again.
    """
    waiting = False
    while True:
        stack = _describe(cloudformation, request.stack, deadline)
        status = stack["StackStatus"]
        if waiting and status in FAILURES:
            reason = stack.get("StackStatusReason") or "see its events"
            failed = f"the update of the environment's stack {request.stack} failed"
            raise ControllerError(f"{failed} and left it {status}: {reason}")
        if waiting and status != COMPLETE:
            deadline.pause()
            continue
        needed = changes(request, _parameters(stack))
        _log("decide", status=status, changes=needed)
        if not needed and request.wanted and status == RUNNING:
            # The name is in the update that is running, so what the job reads may not exist yet.
            deadline.pause()
            continue
        if not needed:
            return _outputs(stack)
        waiting = _update(cloudformation, stack, needed)
        deadline.pause()


def _describe(
    cloudformation: "CloudFormationClient", name: str, deadline: Deadline
) -> "StackTypeDef":
    """Return the stack's description; retry throttled calls while there is time."""
    while True:
        try:
            return cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        except cloudformation.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in THROTTLED:
                raise
            _log("throttled", operation="DescribeStacks")
            deadline.pause()


def _update(
    cloudformation: "CloudFormationClient", stack: "StackTypeDef", needed: Parameters
) -> bool:
    """Start an update; return whether one is running now, this one or another.

    Values that do not change are not sent: those of NoEcho parameters are only known as asterisks.
    """
    name = stack["StackName"]
    parameters: list[ParameterTypeDef] = [
        {"ParameterKey": key, "ParameterValue": needed[key]}
        if key in needed
        else {"ParameterKey": key, "UsePreviousValue": True}
        for key in _parameters(stack)
    ]
    role = _outputs(stack, everything=True).get(EXECUTION_ROLE_OUTPUT)
    if not role:
        raise ControllerError(f"the stack {name} has no output {EXECUTION_ROLE_OUTPUT}")
    try:
        cloudformation.update_stack(
            StackName=name,
            UsePreviousTemplate=True,
            Parameters=parameters,
            RoleARN=role,
            Capabilities=stack.get("Capabilities", []),
        )
    except cloudformation.exceptions.ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        states = [f" {state} state" for state in TRANSIENT]
        running = message.startswith("Stack") and any(state in message for state in states)
        if not running and code not in THROTTLED:
            raise
        _log("refused", code=code, reason=message)
        return running
    _log("update", stack=name, changes=needed)
    return True


def _parameters(stack: "StackTypeDef") -> dict[str, str]:
    return {
        parameter["ParameterKey"]: parameter.get("ParameterValue", "")
        for parameter in stack.get("Parameters", [])
    }


def _outputs(stack: "StackTypeDef", *, everything: bool = False) -> dict[str, str]:
    return {
        output["OutputKey"]: output["OutputValue"]
        for output in stack.get("Outputs", [])
        if everything or output["OutputKey"] not in OMITTED_OUTPUTS
    }


def _cloudformation() -> "CloudFormationClient":
    # Imported here, so that a failure of the import is answered, too.
    import boto3  # noqa: PLC0415 - see the comment above
    from botocore.config import Config  # noqa: PLC0415 - as above

    config = Config(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    )
    return boto3.client("cloudformation", config=config)


# The answer


def success(event: Event, outputs: Mapping[str, str]) -> bytes:
    """Return the answer with as many outputs of the environment as fit, those of jobs first."""
    kept: dict[str, str] = {}
    answer = _answer(event, "SUCCESS", "", kept)
    for name in sorted(outputs, key=lambda name: (name != JOB_OUTPUT, len(outputs[name]))):
        longer = _answer(event, "SUCCESS", "", {**kept, name: outputs[name]})
        if len(longer) <= ANSWER_LIMIT:
            kept[name] = outputs[name]
            answer = longer
    return answer


def failure(event: Event, message: str, log_place: str) -> bytes:
    """Return the answer with the reason, and the place of the Lambda's log."""
    short = message.encode(errors="replace")[:REASON_LIMIT].decode(errors="ignore")
    readable = "".join(character if character.isprintable() else " " for character in short)
    return _answer(event, "FAILED", f"{readable} (log: {log_place[:ID_LIMIT]})", {})


def _answer(event: Event, status: str, reason: str, data: Mapping[str, str]) -> bytes:
    body = {
        "Status": status,
        "Reason": reason,
        "PhysicalResourceId": physical_id(event),
        "StackId": event.get("StackId", ""),
        "RequestId": event.get("RequestId", ""),
        "LogicalResourceId": event.get("LogicalResourceId", ""),
        "Data": data,
    }
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False, default=str)
    return text.encode(errors="replace")


def _send(event: Event, answer: bytes, sleep: Callable[[float], None]) -> None:
    """Send the answer to the event's ResponseURL, which is signed for an empty content type."""
    url = event.get("ResponseURL", "")
    if not isinstance(url, str) or urllib.parse.urlsplit(url).scheme not in ("https", "http"):
        _log("answer", sent=False, reason="the event has no ResponseURL", answer=answer.decode())
        return
    for attempt in range(1, ANSWER_ATTEMPTS + 1):
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
            url, data=answer, headers={"Content-Type": ""}, method="PUT"
        )
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_TIMEOUT_S):  # noqa: S310 - as above
                pass
        except (OSError, http.client.HTTPException) as error:
            _log("answer", sent=False, attempt=attempt, reason=str(error))
            if attempt == ANSWER_ATTEMPTS:
                raise
            sleep(1)
            continue
        _log("answer", sent=True, attempt=attempt, answer=answer.decode())
        return


def _log(step: str, **fields: object) -> None:
    # Lambda logs what is printed; flushed, as the process may be frozen after the answer.
    shown = {name: _cut(value) for name, value in fields.items()}
    print(json.dumps({"step": step, **shown}, default=str), flush=True)  # noqa: T201 - see above


def _cut(value: object) -> object:
    """Return a value for the log: unchanged, or the beginning of its text."""
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return value if len(text) <= LOG_LIMIT else f"{text[:LOG_LIMIT]}…"
