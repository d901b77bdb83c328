"""References to images: the grammar of registries, and where manifests break it."""

import pytest
from manifest_samples import HEAD, MINIMAL, ON, load

from cjob.manifest.references import problem

SHA = "sha256:" + "0123456789abcdef" * 4
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    "text",
    [
        "alpine",
        "alpine:3.20",
        "library/alpine:latest",
        f"alpine@{SHA}",
        f"alpine:3.20@{SHA}",
        "public.ecr.aws/docker/library/busybox",
        f"{ECR}/demo/report:v1.2.3-4_5",
        f"{ECR}/demo/report@{SHA}",
        "localhost/report",
        "localhost:5000/a/b/c:t",
        "Registry.Example.com/report",
        "[fd00::1]:5000/report",
        "a__b/c--d/e.f_g",
        "host:80/report",
        "x@sha512:" + "0" * 128,
        "a" * 255,
    ],
)
def test_valid_references_have_no_finding(text: str) -> None:
    """Names, tags and digests as Docker and ECS read them."""
    assert problem(text) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        ("repo:", "the tag after ':' is empty"),
        (f"{ECR}/demo/report:", "the tag after ':' is empty"),
        ("./Dockerfile", "it is a path"),
        ("../image", "it is a path"),
        ("/images/report", "it is a path"),
        ("{COPILOT_IMAGE}", "a variable in it was not substituted"),
        ("repo:${TAG}", "a variable in it was not substituted"),
        ("https://example.com/repo", "it begins with a scheme"),
        ("docker://alpine", "it begins with a scheme"),
        ("Alpine", "has upper case letters"),
        (f"{ECR}/Demo/report", "has upper case letters"),
        ("Demo/report", "has upper case letters"),
        ("al pine", "it contains a space"),
        ("alpine ", "it contains a space"),
        ("alpine\n", "it contains a space"),
        ("alpine@sha256:0123", "its digest has 4 digits instead of 64"),
        (f"alpine@{SHA}0", "its digest has 65 digits instead of 64"),
        (f"alpine@sha256:{'A' * 64}", "is not a digest"),
        ("alpine@latest", "is not a digest"),
        ("alpine@", "is not a digest"),
        (f"alpine@sha256:{'g' * 64}", "is not a digest"),
        ("alpine:a:b", "'a:b' is not a tag"),
        ("alpine:-a", "'-a' is not a tag"),
        ("alpine:" + "a" * 129, "is not a tag"),
        ("demo//report", "a part of its name is empty"),
        ("demo/", "a part of its name is empty"),
        ("-demo", "is not a valid part of a name"),
        ("demo..report", "is not a valid part of a name"),
        ("dem\u00f6", "is not a valid part of a name"),
        ("host:port/report", "'host:port' is not a host"),
        ("0" * 64, "it is the id of an image"),
        ("a" * 256, "256 characters, more than 255"),
    ],
)
def test_invalid_references_are_rejected(text: str, reason: str) -> None:
    """The message has the reason, and there is always a hint."""
    found = problem(text)
    assert found is not None
    assert found.refused
    assert reason in found.message
    assert found.hint


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (HEAD + ON + "image: {location: 'repo:'}\n", "m.yml:5:19"),
        (MINIMAL + "sidecars: {web: {image: 'repo:'}}\n", "m.yml:7:25"),
        (MINIMAL + "sidecars: {web: {image: {location: 'repo:'}}}\n", "m.yml:7:36"),
        (MINIMAL + "logging: {image: 'repo:'}\n", "m.yml:7:18"),
        (MINIMAL + "environments: {test: {image: {location: 'repo:'}}}\n", "m.yml:7:41"),
    ],
)
def test_a_reference_that_cannot_be_resolved_renders_with_a_finding(text: str, place: str) -> None:
    """Of the main container, of sidecars and of the log router, with its place."""
    (found,) = load(text).findings
    assert (found.place, found.refused) == (place, True)


@pytest.mark.parametrize(
    "image", ["!Ref Image", "!Sub '${AWS::AccountId}.dkr/x'", "Ref: Image", '"alpine"']
)
def test_functions_and_own_quotes_of_a_sidecar_are_read_as_the_template_does(image: str) -> None:
    """CloudFormation replaces functions and removes quotes."""
    assert load(MINIMAL + f"sidecars: {{web: {{image: {image!r}}}}}\n").findings == ()
