"""The recognise stage: which built images are the deployed ones, as far as a registry tells."""

import pytest
from stage_samples import live, release, stack

from cjob.errors import ServiceError
from cjob.live import Live
from cjob.plain import replace
from cjob.progress import Progress
from cjob.release import Image, Release
from cjob.stages.diff import diff, not_compared
from cjob.stages.recognise import recognise

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
    """A registry that knows of one image what it is made of."""

    def __init__(self, config: str = "sha256:config", *, denies: bool = False) -> None:
        """Begin with what it tells."""
        self.told = config
        self.denies = denies

    def config(self, repository: str, digest: str) -> str:
        """Tell it, where the right image is asked for."""
        assert (repository, digest) == (REPOSITORY, "sha256:manifest")
        if self.denies:
            raise ServiceError("not for you", hint="none")
        return self.told


def built(*, missing: tuple[str, ...] = ("ContainerImage",), **ids: str) -> Release:
    """Give a document with images that were built and not pushed."""
    begun = release(stack(TASK.format(image="''"), missing, ContainerImage=""))
    assert begun.target is not None
    target = replace(begun.target, repositories={"report": REPOSITORY})
    images = {name: Image(id=id_) for name, id_ in ids.items()}
    return replace(begun, target=target, images=images)


def deployed(image: str = DEPLOYED, proxy: str = DEPLOYED) -> Live:
    """Give a live stack with these images."""
    return live(template=TASK.format(image=proxy), ContainerImage=image)


def no_report(record: Progress) -> None:
    """Fail where anything is told."""
    pytest.fail(record.text)


@pytest.mark.parametrize("id_", ["sha256:config", "sha256:manifest"])
def test_an_image_that_is_deployed_gets_its_deployed_name(id_: str) -> None:
    """Its id is the digest of its configuration, or of its manifest, as engines have it."""
    found = recognise(built(report=id_), deployed(), Contents(), no_report)
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
def test_another_image_than_the_deployed_one_is_a_change(stack_now: Live) -> None:
    """Its name is known after the push, and that is what is shown of it."""
    found = recognise(built(report="sha256:other"), stack_now, Contents(), no_report)
    assert found.images == {"report": Image(id="sha256:other", differs=True)}
    assert not_compared(found) == ()
    change = next(
        change
        for change in (diff(found, stack_now).diff or pytest.fail("no diff")).changes
        if change.path == "parameters.ContainerImage"
    )
    assert (change.kind, change.new) == ("image", "(known after push)")


def test_a_sidecar_s_other_image_is_shown_where_it_stands() -> None:
    """In the template, as the text of its image."""
    begun = built(missing=("Image:proxy",), proxy="sha256:other")
    found = diff(recognise(begun, deployed(), Contents(), no_report), deployed()).diff
    assert found is not None
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
    found = recognise(begun, deployed(), contents, lambda record: lines.append(record.text))
    assert found == begun
    assert lines == told
    assert not_compared(found) == ("the image of report is not compared: not pushed",)
