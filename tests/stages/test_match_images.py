"""The recognise stage: which built images are the deployed ones, as far as a registry tells."""

from collections.abc import Mapping

import pytest
from stage_samples import live, release, stack

from cjob.diff.stacks import compare, not_compared
from cjob.document.models import Build, Image, Release, Revision, Source
from cjob.document.records import replace
from cjob.document.snapshot import StackSnapshot
from cjob.reporting.errors import ServiceError
from cjob.reporting.progress import Progress
from cjob.stages.match_images import match_images

REPOSITORY = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/acme/report"
DEPLOYED = f"{REPOSITORY}@sha256:manifest"

TASK = """\
Resources:
  TaskDefinition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Name: report
          Image: !Ref ContainerImage
        - Name: proxy
          Image: {image}
"""


class Contents:
    """A registry that knows of one image what it is made of, and of tags what they name."""

    def __init__(
        self,
        config: str = "sha256:config",
        *,
        denies: bool = False,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """Begin with what it tells."""
        self.told = config
        self.denies = denies
        self.tags = tags or {}

    def tagged(self, repository: str, tag: str) -> str:
        """Return what a tag names, empty if it is not there."""
        assert repository == REPOSITORY
        if self.denies:
            raise ServiceError("not for you", hint="none")
        return self.tags.get(tag, "")

    def config(self, repository: str, digest: str) -> str:
        """Return it, if the right image is asked for."""
        assert (repository, digest) == (REPOSITORY, "sha256:manifest")
        if self.denies:
            raise ServiceError("not for you", hint="none")
        return self.told


def built(*, missing: tuple[str, ...] = ("ContainerImage",), **ids: str) -> Release:
    """Return a document with images that were built and not pushed."""
    begun = release(stack(TASK.format(image="''"), missing, ContainerImage=""))
    assert begun.target is not None
    target = replace(begun.target, repositories={"report": REPOSITORY})
    images = {name: Image(id=id_) for name, id_ in ids.items()}
    return replace(begun, target=target, images=images)


def deployed(image: str = DEPLOYED, proxy: str = DEPLOYED) -> StackSnapshot:
    """Return a live stack with these images."""
    return live(template=TASK.format(image=proxy), ContainerImage=image)


def no_report(record: Progress) -> None:
    """Fail where anything is told."""
    pytest.fail(record.text)


@pytest.mark.parametrize("id_", ["sha256:config", "sha256:manifest"])
def test_an_image_that_is_deployed_gets_its_deployed_name(id_: str) -> None:
    """Its id is the digest of its configuration, or of its manifest, as engines have it."""
    found = match_images(built(report=id_), deployed(), Contents(), no_report)
    assert found.images == {
        "report": Image(id=id_, repository=REPOSITORY, digest="sha256:manifest", uri=DEPLOYED)
    }


@pytest.mark.parametrize(
    "stack_now",
    [
        deployed(),
        deployed("nginx:1"),
        deployed(f"{REPOSITORY}:latest"),
        live(status="", template=""),
    ],
    ids=["another", "elsewhere", "by tag", "absent"],
)
def test_another_image_than_the_deployed_one_is_a_change(stack_now: StackSnapshot) -> None:
    """Its name is known after the push, and that is what is shown of it."""
    found = match_images(built(report="sha256:other"), stack_now, Contents(), no_report)
    assert found.images == {"report": Image(id="sha256:other", differs=True)}
    assert not_compared(found) == ()
    change = next(
        change
        for change in compare(found, stack_now).changes
        if change.path == "parameters.ContainerImage"
    )
    assert (change.kind, change.new) == ("image", "(known after push)")


def test_a_sidecar_s_other_image_is_shown_where_it_stands() -> None:
    """In the template, as the text of its image."""
    begun = built(missing=("Image:proxy",), proxy="sha256:other")
    found = compare(match_images(begun, deployed(), Contents(), no_report), deployed())
    assert [change.path for change in found.changes if change.kind == "image"] == [
        "Resources.TaskDefinition.Properties.ContainerDefinitions[1].Image",
        "parameters.ContainerImage",
    ]
    assert f"~ Image: {DEPLOYED} -> (known after push)\n" in found.text


@pytest.mark.parametrize(
    ("contents", "told"),
    [
        (Contents(""), []),
        (Contents(denies=True), ["the image of report is not compared: not for you"]),
    ],
    ids=["no configuration", "denied"],
)
def test_what_the_registry_does_not_tell_is_not_compared(
    contents: Contents, told: list[str]
) -> None:
    """That is no failure; a refusal is passed on."""
    begun, lines = built(report="sha256:other"), list[str]()
    found = match_images(begun, deployed(), contents, lambda record: lines.append(record.text))
    assert found == begun
    assert lines == told
    assert not_compared(found) == ("report",)


# Images that were not built

COMMIT = Revision(commit="1a2b3c4")
TAGS = {"1a2b3c4": "sha256:manifest", "proxy-1a2b3c4": "sha256:manifest"}


def unbuilt(revision: Revision | None = COMMIT) -> Release:
    """Return a document of a job whose two images were not built."""
    begun = built(missing=("ContainerImage", "Image:proxy"))
    build = Build(context=".", dockerfile="Dockerfile")
    source = Source(manifest="", builds={"report": build, "proxy": build}, revision=revision)
    return replace(begun, source=source, images=None)


def test_an_image_of_the_checked_out_commit_is_compared_without_a_build() -> None:
    """The commit's tag names the deployed digest; each container has a tag of its own."""
    found = match_images(unbuilt(), deployed(), Contents(tags=TAGS), no_report)
    image = Image(repository=REPOSITORY, digest="sha256:manifest", uri=DEPLOYED)
    assert found.images == {"report": image, "proxy": image}
    assert not_compared(found) == ()


@pytest.mark.parametrize(
    ("revision", "tags"),
    [
        (COMMIT, {}),
        (COMMIT, {"1a2b3c4": "sha256:other", "proxy-1a2b3c4": "sha256:other"}),
        (Revision(commit="1a2b3c4", dirty=True), {**TAGS, "1a2b3c4-dirty": "sha256:manifest"}),
        (None, TAGS),
    ],
    ids=["no such tag", "another image", "changes", "no git"],
)
def test_an_image_of_other_sources_is_not_compared(
    revision: Revision | None, tags: Mapping[str, str]
) -> None:
    """Nobody knows what a build would make."""
    found = match_images(unbuilt(revision), deployed(), Contents(tags=tags), no_report)
    assert found.images is None
    assert not_compared(found) == ("report", "proxy")


def test_an_image_that_is_deployed_by_tag_differs_from_whatever_is_built() -> None:
    """A push names it by digest, so the stack changes: as when a stack of Copilot's is adopted."""
    live_now = deployed(image=f"{REPOSITORY}:1a2b3c4")
    found = match_images(unbuilt(), live_now, Contents(tags=TAGS), no_report)
    assert found.images is not None
    assert found.images["report"] == Image(differs=True)
    compared = compare(found, live_now)
    assert f"~ ContainerImage: {REPOSITORY}:1a2b3c4 -> (known after push)\n" in compared.text


def test_a_stack_that_is_not_there_has_no_image_to_compare() -> None:
    """So none is missing from the comparison."""
    absent = live(status="", template="")
    found = match_images(unbuilt(), absent, Contents(), no_report)
    assert found.images is None
    assert not_compared(replace(found, diff=compare(found, absent))) == ()


def test_an_image_that_was_pushed_is_left_as_it_is() -> None:
    """It is compared by its name, whatever the deployed one is made of."""
    pushed = Image(id="sha256:config", repository=REPOSITORY, digest="sha256:new", uri="x@new")
    begun = replace(built(), images={"report": pushed})
    found = match_images(begun, deployed(), Contents(denies=True), no_report)
    assert found.images == {"report": pushed}
