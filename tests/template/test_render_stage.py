"""The render stage: a document with source and target becomes one with a stack."""

from collections.abc import Iterator

import pytest
import template_samples as samples
from yaml.nodes import MappingNode, Node, SequenceNode

from cjob.document import names
from cjob.document.models import Artifacts, Asset, Image, Job, Overrides, Release, Source
from cjob.document.records import replace
from cjob.manifest import reading
from cjob.reporting.errors import InputError, InputErrors
from cjob.template.addons.reading import read as read_addons
from cjob.template.render import TEMPLATE_VERSION, addons_template, dry_render, render_stack
from cjob.yamlio import reader

MANIFEST = """\
name: report
type: Scheduled Job
image:
  build: Dockerfile
on:
  schedule: "@daily"
env_file: report.env
sidecars:
  web:
    image:
      build: web/Dockerfile
    env_file: report.env
"""
ADDON = """\
Parameters: {App: {Type: String}, Env: {Type: String}, Name: {Type: String}}
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties: {Code: code}
"""
ENV_FILE = Asset(
    kind="envFile", sha256="1", key="e.env", path="report.env", containers=("report", "web")
)
CODE = Asset(kind="addonAsset", sha256="2", key="code", path="code", zipped=True)
CONTROLLER = Asset(kind="controller", sha256="3", key="controller.zip")
SOURCE = Source(
    manifest=MANIFEST,
    addons={"function.yml": ADDON},
    assets=(ENV_FILE, CODE, CONTROLLER),
    tags={"team": "mine", "copilot-service": "other"},
)
TARGET = replace(samples.TARGET, tags={"team": "app", "cost": "1"})
RELEASE = Release(job=Job(app="acme", env="test", name="report"), source=SOURCE, target=TARGET)
IMAGES = {name: Image(uri=f"repo@sha256:{name}") for name in ("report", "web")}
PLACEMENT = "network:\n  vpc:\n    placement:\n"


def _with_manifest(text: str) -> Release:
    source = replace(SOURCE, manifest=text)
    return replace(RELEASE, source=source)


def _addons_key() -> str:
    nested = addons_template(RELEASE.job, SOURCE, TARGET)
    assert nested is not None
    return nested[1]


def test_what_only_a_push_can_give_is_named_as_missing() -> None:
    """An address that is known before the object is there is filled in all the same."""
    stack = render_stack(RELEASE).stack

    assert stack is not None
    assert stack.missing == (
        "AddonsTemplateURL",
        "ContainerImage",
        "EnvControllerFunction",
        "EnvFileARN",
        "EnvFileARNForweb",
        "Image:web",
    )
    assert stack.parameters["ContainerImage"] == ""
    assert stack.parameters["EnvFileARN"] == "arn:aws:s3:::artifacts/e.env"
    assert stack.parameters["AddonsTemplateURL"] == (
        f"https://artifacts.s3.eu-central-1.amazonaws.com/{_addons_key()}"
    )


def test_nothing_is_missing_after_a_push() -> None:
    """Images are named by digest, and all objects are in the bucket."""
    keys = ("e.env", "code", "controller.zip", _addons_key())
    pushed = replace(RELEASE, images=IMAGES, artifacts=Artifacts(bucket="artifacts", keys=keys))

    stack = render_stack(pushed).stack

    assert stack is not None
    assert stack.missing == ()
    assert stack.parameters["ContainerImage"] == "repo@sha256:report"
    template = samples.loaded(stack.template)
    containers = template["Resources"]["TaskDefinition"]["Properties"]["ContainerDefinitions"]
    assert containers[1]["Image"] == "repo@sha256:web"


def test_an_addons_asset_that_was_not_sent_makes_the_addons_missing() -> None:
    """Their template would name an object that is not there."""
    artifacts = Artifacts(bucket="artifacts", keys=("e.env", "controller.zip", _addons_key()))

    stack = render_stack(replace(RELEASE, images=IMAGES, artifacts=artifacts)).stack

    assert stack is not None
    assert stack.missing == ("AddonsTemplateURL",)


def test_the_nested_template_names_places_in_the_bucket() -> None:
    """Its key is made from its text, so it is known before the upload."""
    stack = render_stack(RELEASE).stack

    assert stack is not None
    assert "S3Bucket: artifacts" in stack.addons
    assert addons_template(RELEASE.job, SOURCE, TARGET) == (stack.addons, _addons_key())


def test_without_addons_there_is_no_nested_template() -> None:
    """The parameter stays empty, and nothing is missing for it."""
    release = replace(RELEASE, source=replace(SOURCE, addons={}, assets=(CONTROLLER,)))

    stack = render_stack(release).stack

    assert stack is not None
    assert (stack.addons, stack.parameters["AddonsTemplateURL"]) == ("", "")
    assert "AddonsTemplateURL" not in stack.missing


def test_tags_are_joined_and_sorted() -> None:
    """The person's win over the application's, and Copilot's over both."""
    stack = render_stack(RELEASE).stack

    assert stack is not None
    assert list(stack.tags.items()) == [
        ("copilot-application", "acme"),
        ("copilot-environment", "test"),
        ("copilot-service", "report"),
        ("cost", "1"),
        ("team", "mine"),
    ]


def test_the_template_holds_version_and_manifest() -> None:
    """Copilot's commands read the version; the manifest is the text as it was loaded."""
    stack = render_stack(RELEASE).stack

    assert stack is not None
    metadata = samples.loaded(stack.template)["Metadata"]
    assert metadata == {"Version": TEMPLATE_VERSION, "Manifest": MANIFEST}
    assert stack.name == "acme-test-report"


def test_overrides_come_before_patches() -> None:
    """A patch sees what `taskdef_overrides` made."""
    manifest = MANIFEST + "taskdef_overrides:\n  - {path: PidMode, value: host}\n"
    path = "/Resources/TaskDefinition/Properties/PidMode"
    overrides = Overrides(patches="- {op: replace, path: " + path + ", value: task}")
    source = replace(SOURCE, manifest=manifest, overrides=overrides)

    stack = render_stack(replace(RELEASE, source=source)).stack

    assert stack is not None
    resources = samples.loaded(stack.template)["Resources"]
    assert resources["TaskDefinition"]["Properties"]["PidMode"] == "task"


def test_the_rest_of_the_document_is_passed_on() -> None:
    """Only `stack` is filled."""
    assert replace(render_stack(RELEASE), stack=None) == RELEASE


def test_an_environment_that_is_not_deployed_is_refused() -> None:
    """It has neither a cluster nor networks yet."""
    target = replace(TARGET, environment_version="bootstrap")

    with pytest.raises(InputError, match="'test' is not deployed yet"):
        render_stack(replace(RELEASE, target=target))


def test_a_feature_that_the_environment_lacks_is_refused() -> None:
    """It has the feature if its stack has the parameter, whatever its version."""
    release = _with_manifest(MANIFEST + PLACEMENT.rstrip() + " private\n")

    with pytest.raises(
        InputError, match="a NAT gateway: its stack has no parameter 'NATWorkloads'"
    ):
        render_stack(release)
    features = replace(TARGET, features=("NATWorkloads",))
    assert render_stack(replace(release, target=features)).stack is not None


def test_subnets_by_tags_come_from_the_target() -> None:
    """Those that were not looked up, or not found, are refused with the tags."""
    release = _with_manifest(MANIFEST + PLACEMENT + "      subnets: {from_tags: {tier: data}}\n")
    query = names.subnet_query({"tier": ("data",)})
    target = replace(TARGET, subnets={query: ("subnet-1",)})

    found = render_stack(replace(release, target=target)).stack

    assert found is not None
    assert "- subnet-1" in found.template
    with pytest.raises(InputError, match="no subnets are known for the tags 'tier=data'"):
        render_stack(release)


def test_a_document_without_the_controllers_code_is_refused() -> None:
    """The stack cannot be without it."""
    source = replace(SOURCE, assets=(ENV_FILE, CODE))

    with pytest.raises(InputError, match="env controller"):
        render_stack(replace(RELEASE, source=source))


def test_a_section_that_is_absent_is_named() -> None:
    """With the command that makes it."""
    with pytest.raises(InputError, match='no "source" section'):
        render_stack(replace(RELEASE, source=None))
    with pytest.raises(InputError, match='no "target" section'):
        render_stack(replace(RELEASE, target=None))


@pytest.mark.parametrize("boundary", ["", "limits"])
@pytest.mark.parametrize("subnets", [("subnet-1",), ("subnet-1", "subnet-2", "subnet-3")])
@pytest.mark.parametrize("images", [{}, IMAGES])
def test_a_rehearsal_finds_every_path_that_a_target_brings(
    boundary: str, subnets: tuple[str, ...], images: dict[str, Image]
) -> None:
    """So no patch is refused at first that would fit in the end."""
    text = MANIFEST + PLACEMENT + "      subnets: {from_tags: {tier: [a, b]}}\n"
    target = replace(TARGET, permissions_boundary=boundary, subnets={"tier=a,b": subnets})
    stack = render_stack(replace(_with_manifest(text), target=target, images=images)).stack
    assert stack is not None
    root = reader.compose(stack.template, "stack.yml")
    assert root is not None
    paths = list(_leaves(root, ""))
    patches = "".join(f"- {{op: replace, path: '{path}', value: x}}\n" for path in paths)

    job = reading.read(text, "test", file="m.yml")
    dry_render(job, RELEASE.job, read_addons(SOURCE.addons), patches)

    assert len(paths) > 100
    with pytest.raises(InputErrors):
        dry_render(job, RELEASE.job, read_addons(SOURCE.addons), "- {op: remove, path: /Nope}")


def _leaves(node: Node, path: str) -> Iterator[str]:
    """Yield the pointer of every scalar."""
    if isinstance(node, MappingNode):
        for key, value in node.value:
            yield from _leaves(value, f"{path}/{key.value.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            yield from _leaves(item, f"{path}/{index}")
    else:
        yield path
