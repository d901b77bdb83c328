"""Local files that an addons template refers to, and the template with their locations in S3.

Pure: the locations are given; hashing is in `assets`, reading and uploading elsewhere. The
properties are those that `aws cloudformation package` supports.
"""

import posixpath
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import yaml

from cjob.document import names
from cjob.reporting.errors import InputError
from cjob.template.nodes import node
from cjob.template.values import Value
from cjob.yamlio import nodes, reader, writer
from cjob.yamlio.nodes import STR, children, find, pairs, text_of

_REMOTE = ("s3://", "http://", "https://")


class Location(NamedTuple):
    """The location of a file in S3; `region` is the bucket's."""

    bucket: str
    key: str
    region: str


Form = Callable[[Location], Value]


def _uri(at: Location) -> Value:
    return f"s3://{at.bucket}/{at.key}"


def _url(at: Location) -> Value:
    """Return the only form of URL that CloudFormation accepts for a template."""
    return names.object_url(at.region, at.bucket, at.key)


def _s3_prefixed(at: Location) -> Value:
    return {"S3Bucket": at.bucket, "S3Key": at.key}


def _short(at: Location) -> Value:
    return {"Bucket": at.bucket, "Key": at.key}


class _Rule(NamedTuple):
    """How a property refers to a file: what replaces it, and whether it is always zipped."""

    form: Form
    zipped: bool = False


_APPSYNC: dict[tuple[str, ...], _Rule] = {
    ("RequestMappingTemplateS3Location",): _Rule(form=_uri),
    ("ResponseMappingTemplateS3Location",): _Rule(form=_uri),
}
_RULES: Mapping[str, Mapping[tuple[str, ...], _Rule]] = {
    "AWS::Lambda::Function": {("Code",): _Rule(form=_s3_prefixed, zipped=True)},
    "AWS::Lambda::LayerVersion": {("Content",): _Rule(form=_s3_prefixed, zipped=True)},
    "AWS::Serverless::Function": {("CodeUri",): _Rule(form=_uri, zipped=True)},
    "AWS::Serverless::LayerVersion": {("ContentUri",): _Rule(form=_uri, zipped=True)},
    "AWS::Serverless::Application": {("Location",): _Rule(form=_uri)},
    "AWS::Serverless::Api": {("DefinitionUri",): _Rule(form=_uri)},
    "AWS::Serverless::StateMachine": {("DefinitionUri",): _Rule(form=_short)},
    "AWS::AppSync::GraphQLSchema": {("DefinitionS3Location",): _Rule(form=_uri)},
    "AWS::AppSync::Resolver": _APPSYNC,
    "AWS::AppSync::FunctionConfiguration": _APPSYNC,
    "AWS::CloudFormation::Stack": {("TemplateURL",): _Rule(form=_url)},
    "AWS::Glue::Job": {("Command", "ScriptLocation"): _Rule(form=_uri)},
    "AWS::ApiGateway::RestApi": {("BodyS3Location",): _Rule(form=_short)},
    "AWS::StepFunctions::StateMachine": {("DefinitionS3Location",): _Rule(form=_short)},
    "AWS::ElasticBeanstalk::ApplicationVersion": {("SourceBundle",): _Rule(form=_s3_prefixed)},
    "AWS::CodeCommit::Repository": {("Code", "S3"): _Rule(form=_short, zipped=True)},
}
_INCLUDE = _Rule(form=_uri)


class LocalFile(NamedTuple):
    """A file or folder that a template refers to; `zipped` if even a file is to be zipped.

    `path` is relative to the workspace and cleaned.
    """

    path: str
    zipped: bool


def local_files(text: str) -> tuple[LocalFile, ...]:
    """Return the local files that a merged addons template refers to, each once, sorted."""
    root = reader.compose(text, "addons")
    found = {_file(value, rule) for _, _, value, rule in _references(root)}
    return tuple(sorted(found))


def place_of(file: LocalFile, texts: Mapping[str, str]) -> str:
    """Return the place where one of the templates refers to a local file."""
    for name, text in texts.items():
        for _, _, value, rule in _references(reader.compose(text, name)):
            if _file(value, rule) == file:
                return nodes.place(name, value)
    return file.path


def packaged(text: str, locations: Mapping[LocalFile, Location]) -> str:
    """Return the template with each local file replaced by its location.

    Raises InputError for a file without one.
    """
    root = reader.compose(text, "addons")
    if root is None:
        return text
    for parent, index, value, rule in tuple(_references(root)):
        file = _file(value, rule)
        location = locations.get(file)
        if location is None:
            raise InputError(
                f"the addons refer to '{file.path}', which is not in the document",
                hint="start again in the workspace: cjob-render -n NAME -e ENV",
                place=nodes.place("addons", value),
            )
        parent.value[index] = (
            parent.value[index][0],
            node(rule.form(location)),
        )
    return writer.text(root)


def _file(value: yaml.Node, rule: _Rule) -> LocalFile:
    return LocalFile(path=posixpath.normpath(value.value), zipped=rule.zipped)


_Reference = tuple[yaml.MappingNode, int, yaml.Node, _Rule]


def _references(root: yaml.Node | None) -> Iterator[_Reference]:
    """Yield the values that refer to local files, each with its mapping and its index there."""
    for _, resource in pairs(find(root, "Resources")):
        rules = _RULES.get(text_of(find(resource, "Type")), {})
        for path, rule in rules.items():
            parent = find(resource, "Properties")
            for key in path[:-1]:
                parent = find(parent, key)
            yield from _reference(parent, path[-1], rule)
    for name, section in pairs(root):
        if name.value != "Parameters":
            yield from _includes(section)


def _reference(parent: yaml.Node | None, key: str, rule: _Rule) -> Iterator[_Reference]:
    if not isinstance(parent, yaml.MappingNode):
        return
    for index, (name, value) in enumerate(parent.value):
        is_text = isinstance(value, yaml.ScalarNode) and value.tag == STR
        if name.value == key and is_text and not value.value.startswith(_REMOTE):
            yield parent, index, value, rule


def _includes(section: yaml.Node) -> Iterator[_Reference]:
    """Yield the files that the transform AWS::Include includes, at any level."""
    transform = find(section, "Fn::Transform")
    if text_of(find(transform, "Name")) == "AWS::Include":
        yield from _reference(find(transform, "Parameters"), "Location", _INCLUDE)
    for child in children(section):
        yield from _includes(child)
