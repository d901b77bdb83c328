"""CloudFormation StackSets, as far as an application's regional resources need them.

A set keeps its template; each instance is an ordinary stack in its region. Instances are there when
their creation is answered. An update goes on after its answer, and while it does there can be no
other, as on AWS. Nothing is touched but the stacks, through the `query` that is handed in.
"""

# ministack is imported when a change is made to it.
# ruff: noqa: PLC0415

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

ACTIONS = frozenset(
    {
        "CreateStackSet",
        "DescribeStackSet",
        "CreateStackInstances",
        "ListStackInstances",
        "DescribeStackSetOperation",
        "ListStackSetOperationResults",
        "UpdateStackSet",
    }
)


Json = Any
"""A value of AWS's JSON, as ministack keeps it."""


class Query(Protocol):
    """A call of CloudFormation's query interface in a region."""

    async def __call__(self, region: str, **parameters: str) -> ET.Element:
        """Return the answer's root; raise RefusedError for anything but a success."""


class RefusedError(Exception):
    """CloudFormation refused a call: its status and its answer, which is passed on."""

    def __init__(self, status: int, text: str) -> None:
        """Keep both for the answer."""
        super().__init__(text)
        self.status = status
        self.text = text


@dataclass(frozen=True)
class Instance:
    """One stack of a set."""

    account: str
    region: str
    stack_id: str


@dataclass
class Operation:
    """A change of a set; `reason` says why it failed."""

    id: str
    status: str = "RUNNING"
    reason: str = ""


@dataclass
class StackSet:
    """A set: its template with the parameters and tags that each of its stacks is given."""

    name: str
    template: str
    settings: Mapping[str, str]
    role: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    instances: list[Instance] = field(default_factory=list)
    operations: dict[str, Operation] = field(default_factory=dict)
    running: "asyncio.Task[None] | None" = None


class StackSets:
    """All sets of the sandbox."""

    def __init__(self) -> None:
        """Begin with none."""
        self.sets: dict[str, StackSet] = {}

    async def answer(self, action: str, form: Mapping[str, str], query: Query) -> tuple[int, str]:
        """Return the status and the XML of the answer to one of `ACTIONS`."""
        try:
            result = await self._result(action, form, query)
        except RefusedError as refused:
            return refused.status, refused.text
        return 200, (
            f'<{action}Response xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">'
            f"<{action}Result>{result}</{action}Result>"
            f"<ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId></ResponseMetadata>"
            f"</{action}Response>"
        )

    async def _result(self, action: str, form: Mapping[str, str], query: Query) -> str:
        name = form.get("StackSetName", "")
        if action == "CreateStackSet":
            return self._create(name, form)
        if name not in self.sets:
            raise _error(404, "StackSetNotFoundException", f"StackSet {name} not found")
        found = self.sets[name]
        if action == "DescribeStackSet":
            return _describe(found)
        if action == "ListStackInstances":
            return _list(found, form)
        if action == "CreateStackInstances":
            operation = _begin(found, form)
            await _create_instances(found, form, query)
            operation.status = "SUCCEEDED"
            return f"<OperationId>{escape(operation.id)}</OperationId>"
        if action == "UpdateStackSet":
            return _update(found, form, query)
        return _operation(found, action, form)

    def _create(self, name: str, form: Mapping[str, str]) -> str:
        if name in self.sets:
            raise _error(409, "NameAlreadyExistsException", f"StackSet {name} already exists")
        if "TemplateBody" not in form:
            raise _error(400, "ValidationError", "the sandbox takes StackSets with a TemplateBody")
        kept = ("Parameters.", "Tags.", "Capabilities.")
        settings = {key: value for key, value in form.items() if key.startswith(kept)}
        role = form.get("AdministrationRoleARN", "")
        self.sets[name] = StackSet(name, form["TemplateBody"], settings, role)
        return f"<StackSetId>{escape(name)}:{self.sets[name].id}</StackSetId>"


def serve() -> StackSets:
    """Let ministack's CloudFormation answer for StackSets; a reset removes them."""
    from ministack.core.responses import get_account_id, get_region, request_scope
    from ministack.services import cloudformation

    original, reset, sets = cloudformation.handle_request, cloudformation.reset, StackSets()

    async def query(region: str, **parameters: str) -> ET.Element:
        with request_scope(get_account_id(), region or get_region()):
            body = urlencode(parameters).encode()
            status, _, answer = await original("POST", "/", {}, body, {})
        if status != 200:  # noqa: PLR2004 - HTTP's own number
            raise RefusedError(status, bytes(answer).decode())
        return ET.fromstring(answer)  # noqa: S314 - ministack's answer

    async def handle(method: str, path: str, headers: Json, body: bytes, given: Json) -> Json:
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        if form.get("Action", "") not in ACTIONS:
            return await original(method, path, headers, body, given)
        status, text = await sets.answer(form["Action"], form, query)
        return status, {"Content-Type": "text/xml"}, text.encode()

    def clear() -> None:
        reset()
        sets.sets.clear()

    cloudformation.handle_request, cloudformation.reset = handle, clear
    return sets


def _describe(found: StackSet) -> str:
    return (
        f"<StackSet><StackSetName>{escape(found.name)}</StackSetName>"
        f"<StackSetId>{escape(found.name)}:{found.id}</StackSetId><Status>ACTIVE</Status>"
        f"<TemplateBody>{escape(found.template)}</TemplateBody>"
        f"<AdministrationRoleARN>{escape(found.role)}</AdministrationRoleARN>"
        f"<Parameters>{_members(found, 'Parameters')}</Parameters>"
        f"<Capabilities>{_members(found, 'Capabilities')}</Capabilities></StackSet>"
    )


def _members(found: StackSet, of: str) -> str:
    """Return the members of a list as answers have them, from the form that they came in."""
    members: dict[str, str] = {}
    for name, value in found.settings.items():
        head, _, rest = name.partition(".member.")
        number, _, key = rest.partition(".")
        if head == of:
            text = f"<{key}>{escape(value)}</{key}>" if key else escape(value)
            members[number] = members.get(number, "") + text
    return "".join(f"<member>{text}</member>" for text in members.values())


def _list(found: StackSet, form: Mapping[str, str]) -> str:
    account, region = form.get("StackInstanceAccount", ""), form.get("StackInstanceRegion", "")
    members = [
        f"<member><StackSetId>{escape(found.name)}:{found.id}</StackSetId>"
        f"<Region>{i.region}</Region><Account>{i.account}</Account>"
        f"<StackId>{escape(i.stack_id)}</StackId><Status>CURRENT</Status>"
        "<StackInstanceStatus><DetailedStatus>SUCCEEDED</DetailedStatus></StackInstanceStatus>"
        "</member>"
        for i in found.instances
        if account in ("", i.account) and region in ("", i.region)
    ]
    return f"<Summaries>{''.join(members)}</Summaries>"


async def _create_instances(found: StackSet, form: Mapping[str, str], query: Query) -> None:
    """Make a stack in each region asked for; ministack has one account, so the first is taken."""
    account = form.get("Accounts.member.1", "")
    regions = [value for key, value in form.items() if key.startswith("Regions.member.")]
    for region in regions:
        created = await query(
            region,
            **found.settings,
            Action="CreateStack",
            Version="2010-05-15",
            StackName=f"StackSet-{found.name}-{uuid.uuid4()}",
            TemplateBody=found.template,
        )
        stack_id = created.findtext(".//{*}StackId", "")
        await _settled(region, stack_id, query, "CREATE_COMPLETE")
        found.instances.append(Instance(account, region, stack_id))


def _begin(found: StackSet, form: Mapping[str, str]) -> Operation:
    """Begin an operation; raise RefusedError for a second one at once, and a name used before."""
    name = form.get("OperationId") or str(uuid.uuid4())
    if name in found.operations:
        message = f"An operation with id {name} already exists"
        raise _error(409, "OperationIdAlreadyExistsException", message)
    if any(operation.status == "RUNNING" for operation in found.operations.values()):
        message = f"Another Operation on StackSet {found.name} is in progress"
        raise _error(409, "OperationInProgressException", message)
    found.operations[name] = Operation(name)
    return found.operations[name]


def _update(found: StackSet, form: Mapping[str, str], query: Query) -> str:
    """Take a new template, which stays whatever becomes of it, and begin to update all stacks."""
    if found.role and form.get("AdministrationRoleARN") != found.role:
        raise _error(400, "ValidationError", "the administration role of the StackSet is missing")
    if any(name.endswith(".ParameterValue") for name in form):
        raise _error(400, "ValidationError", "the sandbox changes no parameters of a StackSet")
    operation = _begin(found, form)
    found.template = form.get("TemplateBody", found.template)
    found.running = asyncio.create_task(_update_instances(found, operation, query))
    return f"<OperationId>{escape(operation.id)}</OperationId>"


async def _update_instances(found: StackSet, operation: Operation, query: Query) -> None:
    failure = ""
    for instance in found.instances:
        try:
            await query(
                instance.region,
                **found.settings,
                Action="UpdateStack",
                Version="2010-05-15",
                StackName=instance.stack_id,
                TemplateBody=found.template,
            )
            await _settled(instance.region, instance.stack_id, query, "UPDATE_COMPLETE")
        except RefusedError as refused:
            if "No updates are to be performed" not in refused.text:
                answer = ET.fromstring(refused.text)  # noqa: S314 - the sandbox's own
                failure = failure or answer.findtext(".//{*}Message", "")
    operation.status, operation.reason = "FAILED" if failure else "SUCCEEDED", failure


def _operation(found: StackSet, action: str, form: Mapping[str, str]) -> str:
    """Return an operation, or its result in each region."""
    operation = found.operations.get(form.get("OperationId", ""))
    if operation is None:
        raise _error(404, "OperationNotFoundException", "there is no such operation")
    status = f"<Status>{operation.status}</Status>"
    if action == "DescribeStackSetOperation":
        name = f"<OperationId>{escape(operation.id)}</OperationId>"
        return f"<StackSetOperation>{name}{status}</StackSetOperation>"
    reason = f"<StatusReason>{escape(operation.reason)}</StatusReason>"
    members = [
        f"<member><Account>{i.account}</Account><Region>{i.region}</Region>{status}{reason}</member>"
        for i in found.instances
    ]
    return f"<Summaries>{''.join(members)}</Summaries>"


async def _settled(region: str, stack_id: str, query: Query, wanted: str) -> None:
    """Wait for a stack's change; raise RefusedError when it fails, with the first cause."""
    asked = {"Version": "2010-05-15", "StackName": stack_id}
    status = "IN_PROGRESS"
    while status.endswith("IN_PROGRESS"):
        await asyncio.sleep(0.02)
        found = await query(region, Action="DescribeStacks", **asked)
        status = found.findtext(".//{*}StackStatus", "")
    if status != wanted:
        events = await query(region, Action="DescribeStackEvents", **asked)
        reasons = [
            event.findtext("{*}ResourceStatusReason", "")
            for event in events.iterfind(".//{*}member")
            if event.findtext("{*}ResourceStatus", "").endswith("_FAILED")
        ]
        message = f"{stack_id.partition('/')[2]} ended with {status}: {' '.join(reasons[-1:])}"
        raise _error(400, "OperationFailed", message)


def _error(status: int, code: str, message: str) -> RefusedError:
    return RefusedError(
        status,
        '<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">'
        f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        f"<RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>",
    )
