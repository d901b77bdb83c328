"""What CloudFormation's answers about templates lack in ministack."""

# ministack is imported when a change is made to it, and most that is used is private to it.
# ruff: noqa: PLC0415, SLF001

import json
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from .stacksets import StackSets

Json = Any
"""A value of AWS's JSON, as ministack keeps it."""

Handler = Callable[[Json], Json]
"""What answers a request: takes its parameters, gives status, headers and body."""

OK = 200
ASCII_END = 127

NO_XML = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
"""Characters that XML has no way to write, such as a function may put into its reason."""


def complete(sets: StackSets) -> None:
    """Put what is lacking into the answers."""
    from ministack.services import cloudformation
    from ministack.services.cloudformation import handlers

    table = handlers._ACTION_HANDLERS
    stored = table["GetTemplate"]
    table["GetTemplateSummary"] = summarising(table["GetTemplateSummary"], stored, sets)
    table["GetTemplate"] = mangling(stored)
    original = cloudformation.handle_request

    async def handle(*request: Json) -> Json:
        status, headers, body = await original(*request)
        return status, headers, NO_XML.sub(b"?", body)

    cloudformation.handle_request = handle


def summarising(original: Handler, get_template: Handler, sets: StackSets) -> Handler:
    """Put the template's Metadata into a summary, and summarise a StackSet's template, too."""
    from ministack.services.cloudformation import helpers

    def summary(params: Json) -> Json:
        found = sets.sets.get(helpers._p(params, "StackSetName"))
        if found:
            params = {**params, "TemplateBody": [found.template]}
        status, headers, body = original(params)
        if status != OK or b"<Metadata>" in body:
            return status, headers, body
        text = helpers._p(params, "TemplateBody")
        if helpers._p(params, "StackName"):
            got = get_template({"StackName": params["StackName"]})
            text = ET.fromstring(got[2]).findtext(".//{*}TemplateBody", "")  # noqa: S314 - ministack's
        metadata = template_metadata(text)
        if not metadata:
            return status, headers, body
        element = f"<Metadata>{escape(json.dumps(metadata, default=str))}</Metadata>".encode()
        end = b"</GetTemplateSummaryResult>"
        return status, headers, body.replace(end, element + end)

    return summary


def mangling(original: Handler) -> Handler:
    """Return a template as CloudFormation does: with ? for what is not ASCII."""

    def get(params: Json) -> Json:
        status, headers, body = original(params)
        return status, headers, (ascii_only(body.decode()).encode() if status == OK else body)

    return get


def ascii_only(text: str) -> str:
    """Return a text with ? for each character above U+007F."""
    return "".join("?" if ord(character) > ASCII_END else character for character in text)


def template_metadata(text: str) -> object:
    """Return the Metadata section of a template's text, with CloudFormation's tags left out."""
    import yaml

    class Loader(yaml.SafeLoader):
        """Reads values below unknown tags as null."""

    Loader.add_multi_constructor("!", lambda *_: None)
    document = yaml.load(text, Loader) if text else {}  # noqa: S506 - a safe loader
    return document.get("Metadata") if isinstance(document, dict) else None
