"""Images that were built elsewhere, named by the person, by a document, or by buildx's metadata."""

import json

import pytest

from cjob.document.models import Build, Image, Job, Release, Source
from cjob.reporting.errors import InputError
from cjob.stages.images import prebuilt

DIGEST = "sha256:" + "1" * 64
CONFIG = "sha256:" + "2" * 64
URI = f"acct.dkr.ecr.eu-west-1.amazonaws.com/acme/report@{DIGEST}"
GIVEN = prebuilt.by_digest(URI, "--image")

BEGUN = Release(
    job=Job(app="acme", env="test", name="report"),
    source=Source(
        manifest="",
        builds={
            name: Build(context=".", dockerfile="Dockerfile") for name in ("report", "sidecar")
        },
    ),
)


@pytest.mark.parametrize(
    "uri",
    ["repo", "repo:latest", "repo@sha256:12", f"repo@{DIGEST}0", f"@{DIGEST}", f"a b@{DIGEST}"],
)
def test_an_image_that_is_not_named_by_digest_is_refused(uri: str) -> None:
    """A tag may mean another image tomorrow."""
    with pytest.raises(InputError, match="not named by digest"):
        prebuilt.by_digest(uri, "--image")


def test_an_image_without_a_container_is_the_main_ones() -> None:
    """Most jobs have no other."""
    named = prebuilt.named(BEGUN, {prebuilt.MAIN: GIVEN})
    assert named.images == {"report": GIVEN}
    assert list(prebuilt.to_build(BEGUN, {prebuilt.MAIN: GIVEN})) == ["sidecar"]


def test_an_image_for_a_container_that_builds_none_is_refused() -> None:
    """What could be meant is listed."""
    with pytest.raises(InputError, match="no container 'sidcar'") as refused:
        prebuilt.named(BEGUN, {"sidcar": GIVEN})
    assert "report, sidecar" in refused.value.hint


def test_an_image_that_the_document_names_is_not_built() -> None:
    """It came from elsewhere; one with an id was built by a command before this one."""
    images = {"report": Image(uri=URI), "sidecar": Image(id=CONFIG, uri=URI)}
    release = Release(job=BEGUN.job, source=BEGUN.source, images=images)
    assert list(prebuilt.to_build(release, {})) == ["sidecar"]


def metadata(**told: str) -> str:
    """Return the file that buildx writes, with `_` for the dots of its keys."""
    return json.dumps({key.replace("_", "."): value for key, value in told.items()})


def test_the_metadata_of_a_pushed_image_names_it_in_its_registry() -> None:
    """The first of its names, without the tag."""
    told = metadata(
        containerimage_digest=DIGEST,
        containerimage_config_digest=CONFIG,
        image_name="127.0.0.1:5000/acme/report:v1,127.0.0.1:5000/acme/report:latest",
    )
    image = prebuilt.from_metadata(told, "meta.json")
    assert (image.uri, image.id) == (f"127.0.0.1:5000/acme/report@{DIGEST}", "")


def test_the_metadata_of_an_image_that_was_not_pushed_has_its_id() -> None:
    """No registry knows that digest."""
    told = metadata(containerimage_digest=CONFIG, image_name="report")
    assert prebuilt.from_metadata(told, "meta.json") == Image(id=CONFIG)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        metadata(image_name="a"),
        metadata(containerimage_digest=DIGEST, containerimage_config_digest=CONFIG, image_name="a"),
        metadata(containerimage_digest="x", containerimage_config_digest=CONFIG, image_name="a/b"),
    ],
)
def test_a_file_that_tells_of_no_image_is_refused_with_its_name(text: str) -> None:
    """Whatever it is."""
    with pytest.raises(InputError) as refused:
        prebuilt.from_metadata(text, "meta.json")
    assert refused.value.place == "meta.json"
