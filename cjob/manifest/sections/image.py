"""`image`: the main container's image, and the main container."""

from cjob.manifest import references
from cjob.manifest.field_types import RAW_STRING, Field, Fields, is_readable
from cjob.manifest.report import Report
from cjob.manifest.sections import container
from cjob.manifest.sections.build import BUILD, LOCATION, image_build, is_built
from cjob.manifest.sections.container import Container
from cjob.manifest.tree import Section, Unreadable, Value


def is_not_built_and_located(image: Section, report: Report) -> None:
    """Reject an image that is both built and located, in the base or in any environment."""
    if is_built(image) and image.get("location") is not None:
        report.error(
            image.node_at("location"),
            "image: 'build' and 'location' exclude each other",
            "keep 'build' to build the image, or 'location' to use an existing one",
            hard=True,
        )


IMAGE = Fields(
    "image",
    {
        "build": BUILD,
        "location": LOCATION,
        "credentials": Field(
            RAW_STRING, "The ARN of a secret with the registry's username and password."
        ),
        "labels": container.LABELS,
        "depends_on": container.DEPENDS_ON,
        "healthcheck": container.HEALTH_CHECK,
    },
    ignored={"port": "its main container has no port"},
    moved_to={
        **{key: f"image.build.{key}" for key in ("context", "args", "dockerfile", "target")},
        "cache_from": "image.build.cache_from",
        **{key: key for key in ("platform", "command", "entrypoint", "env_file")},
        **{key: key for key in ("variables", "secrets")},
    },
    check=is_not_built_and_located,
)

FIELDS = {"image": Field(IMAGE, "The main container's image.")}


def is_built_or_located(job: Section, report: Report) -> None:
    """Check that the main image is built or located; `check` rejects both at once."""
    if isinstance(job.get("image"), Unreadable):
        return
    image = job.section("image")
    if image.get("location") is None and not is_built(image) and is_readable(image):
        report.error(
            job.node_at("image"),
            "image: must have 'build' or 'location'",
            "write 'build: Dockerfile' to build it, or 'location: repository:tag' to use one",
        )


def location_can_be_resolved(job: Section, report: Report) -> None:
    """Check that a registry can resolve the image.

    It becomes the value of a parameter, in which CloudFormation calls no functions.
    """
    image = job.section("image")
    location = image.string("location")
    if location is not None:
        report.find(image.node_at("location"), references.problem(location))


RULES = (is_built_or_located, location_can_be_resolved)


def override(fields: dict[str, Value], changes: Section, report: Report) -> dict[str, Value]:  # noqa: ARG001 - as environments calls it
    """Remove the form of an image that an environment replaces with the other one."""
    if is_built(changes):
        fields.pop("location", None)
    if changes.get("location") is not None and not isinstance(changes.get("location"), Unreadable):
        fields.pop("build", None)
    return dict(changes.fields)


def main_container(job: Section) -> Container:
    """Return the main container."""
    image = job.section("image")
    return Container(
        name=job.string("name") or "",
        build=image_build(image),
        location=image.string("location"),
        credentials=image.string("credentials"),
        entrypoint=container.words(job, "entrypoint"),
        command=container.words(job, "command"),
        variables=job.variables("variables"),
        secrets=job.secrets("secrets"),
        env_file=job.string("env_file"),
        labels=image.strings("labels"),
        depends_on=container.dependencies(image),
        health_check=container.health_check(image),
    )
