"""Images that were built elsewhere, end to end: no engine is needed, and none is there."""

import json

from pipelines import Place, document, documents, on
from sandboxes import NO_DOCKER

DIGEST = "sha256:" + "1" * 64
URI = f"registry.internal:5000/team/report@{DIGEST}"

BUILT = """\
name: {name}
type: Scheduled Job
image: {{build: Dockerfile}}
on: {{schedule: "@daily"}}
sidecars: {{helper: {{image: {{build: helper/Dockerfile}}}}}}
"""


def test_given_images_are_deployed_without_an_engine(place: Place) -> None:
    """By the pipe and by deploy alike; the repository need not exist either."""
    place.job("built-elsewhere", text=BUILT)
    images = ("--image", URI, "--image", f"helper={URI}")
    pushed = place.done("push", *on("built-elsewhere"), *images, DOCKER_HOST=NO_DOCKER)
    assert [image["uri"] for image in document(pushed)["images"].values()] == [URI, URI]
    rendered = place.done("render", stdin=pushed.stdout)
    stack = document(rendered)["stack"]
    assert stack["parameters"]["ContainerImage"] == URI
    assert stack["template"].count(URI) == 1
    assert stack["missing"] == []
    deployed = place.done("deploy", *on("built-elsewhere"), *images, DOCKER_HOST=NO_DOCKER)
    assert document(deployed)["deployment"]["status"] == "CREATE_COMPLETE"
    found = {
        one["ParameterKey"]: one["ParameterValue"]
        for one in place.stack("built-elsewhere")["Parameters"]
    }
    assert found["ContainerImage"] == URI


def test_an_image_may_be_named_in_the_document(place: Place) -> None:
    """As `jq` puts it there; by a tag it is refused, and so is none at all."""
    place.job("noted", text=BUILT)
    [begun] = documents(place.done("target", *on("noted")))
    named = {**begun, "images": {"noted": {"uri": URI}, "helper": {"uri": URI}}}
    done = place.done("push", stdin=json.dumps(named), DOCKER_HOST=NO_DOCKER)
    assert document(done)["images"]["helper"]["digest"] == DIGEST
    tagged = {**begun, "images": {"noted": {"uri": "repo:v1"}, "helper": {"uri": URI}}}
    refused = place.run("push", stdin=json.dumps(tagged), DOCKER_HOST=NO_DOCKER)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "images.noted" in refused.stderr
    without = {**begun, "images": {"noted": {"uri": URI}}}
    refused = place.run("push", stdin=json.dumps(without), DOCKER_HOST=NO_DOCKER)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "the image of container 'helper' was not built" in refused.stderr


def test_a_given_image_replaces_the_document_s(place: Place) -> None:
    """Whether that was built or is in a registry already; the other containers keep theirs."""
    place.job("replaced", text=BUILT)
    [begun] = documents(place.done("target", *on("replaced")))
    other = f"registry.internal:5000/team/other@{DIGEST}"
    for image in ({"id": DIGEST, "tags": ["latest"]}, {"uri": URI}):
        named = {**begun, "images": {"replaced": image, "helper": {"uri": URI}}}
        flags = ("push", "--image", f"replaced={other}")
        done = place.done(*flags, stdin=json.dumps(named), DOCKER_HOST=NO_DOCKER)
        found = {name: image["uri"] for name, image in document(done)["images"].items()}
        assert found == {"replaced": other, "helper": URI}


def test_metadata_of_buildx_stands_for_a_build(place: Place) -> None:
    """Of an image that was pushed, nothing is left to be built or sent."""
    place.job("told", text=BUILT)
    told = {
        "containerimage.digest": DIGEST,
        "containerimage.config.digest": "sha256:" + "2" * 64,
        "image.name": "registry.internal:5000/team/report:v1",
    }
    place.write("meta.json", json.dumps(told))
    files = ("--from-metadata", "meta.json", "--from-metadata", "helper=meta.json")
    built = place.done("build", *on("told"), *files, DOCKER_HOST=NO_DOCKER)
    pushed = place.done("push", stdin=built.stdout, DOCKER_HOST=NO_DOCKER)
    assert {image["uri"] for image in document(pushed)["images"].values()} == {URI}
