"""CloudFormation StackSets, as far as an application's regional resources need them.

A set keeps its template; each instance is an ordinary stack, made in its region by whoever the
request came from. Operations end before they are answered, so that all of them are successes.
Nothing is touched but the stacks, through the `query` that is handed in.
"""

import asyncio
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

ACTIONS = frozenset(
    {
        "CreateStackSet",
        "DescribeStackSet",
        "CreateStackInstances",
        "ListStackInstances",
        "DescribeStackSetOperation",
    }
)


class Query(Protocol):
    """A call of CloudFormation's query interface in a region."""

    async def __call__(self, region: str, **parameters: str) -> ET.Element:
        """Give the answer's root; raise RefusedError for anything but a success."""


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
class StackSet:
    """A set: its template with the parameters and tags that each of its stacks is given."""

    name: str
    template: str
    settings: Mapping[str, str]
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    instances: list[Instance] = field(default_factory=list)


class StackSets:
    """All sets of the sandbox."""

    def __init__(self) -> None:
        """Begin with none."""
        self.sets: dict[str, StackSet] = {}

    async def answer(self, action: str, form: Mapping[str, str], query: Query) -> tuple[int, str]:
        """Give the status and the XML of the answer to one of `ACTIONS`."""
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
            await _create_instances(found, form, query)
            return f"<OperationId>{uuid.uuid4()}</OperationId>"
        operation = escape(form.get("OperationId", ""))
        return (
            f"<StackSetOperation><OperationId>{operation}</OperationId>"
            "<Status>SUCCEEDED</Status></StackSetOperation>"
        )

    def _create(self, name: str, form: Mapping[str, str]) -> str:
        if name in self.sets:
            raise _error(409, "NameAlreadyExistsException", f"StackSet {name} already exists")
        if "TemplateBody" not in form:
            raise _error(400, "ValidationError", "the sandbox takes StackSets with a TemplateBody")
        kept = ("Parameters.", "Tags.", "Capabilities.")
        settings = {key: value for key, value in form.items() if key.startswith(kept)}
        self.sets[name] = StackSet(name, form["TemplateBody"], settings)
        return f"<StackSetId>{escape(name)}:{self.sets[name].id}</StackSetId>"


def template_metadata(text: str) -> object:
    """Give the Metadata section of a template's text, with CloudFormation's tags left out."""
    import yaml  # noqa: PLC0415 - only two of the actions need it

    class Loader(yaml.SafeLoader):
        """Reads values below unknown tags as null."""

    Loader.add_multi_constructor("!", lambda *_: None)
    document = yaml.load(text, Loader) if text else {}  # noqa: S506 - a safe loader
    return document.get("Metadata") if isinstance(document, dict) else None


def _describe(found: StackSet) -> str:
    return (
        f"<StackSet><StackSetName>{escape(found.name)}</StackSetName>"
        f"<StackSetId>{escape(found.name)}:{found.id}</StackSetId><Status>ACTIVE</Status>"
        f"<TemplateBody>{escape(found.template)}</TemplateBody></StackSet>"
    )


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
        await _settled(region, stack_id, query)
        found.instances.append(Instance(account, region, stack_id))


async def _settled(region: str, stack_id: str, query: Query) -> None:
    """Wait for a stack's creation; raise RefusedError when it fails."""
    status = "CREATE_IN_PROGRESS"
    while status.endswith("_IN_PROGRESS"):
        await asyncio.sleep(0.02)
        found = await query(
            region, Action="DescribeStacks", Version="2010-05-15", StackName=stack_id
        )
        status = found.findtext(".//{*}StackStatus", "")
    if status != "CREATE_COMPLETE":
        message = f"stack instance {stack_id} ended with {json.dumps(status)}"
        raise _error(400, "OperationFailed", message)


def _error(status: int, code: str, message: str) -> RefusedError:
    return RefusedError(
        status,
        '<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">'
        f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        f"<RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>",
    )
