"""Images, and the platform and size of what they run on: checks, and what becomes of it.

Takes merged trees, gives the model's ImageBuild and Platform. Paths are the workspace's, joined and
cleaned as texts: whether a Dockerfile exists is found out when it is built. Touches nothing.
"""

import posixpath
from collections.abc import Iterator

from yaml.nodes import Node

from cjob.manifest import fargate, functions, references
from cjob.manifest.fields import builds
from cjob.manifest.kinds import is_given
from cjob.manifest.model import ImageBuild, Platform
from cjob.manifest.report import Report, quoted
from cjob.manifest.tree import Items, Section, Unreadable
from cjob.yamlio import yaml12

_DEFAULT_DOCKERFILE = "Dockerfile"
_DEFAULT_SIZE = {"cpu": 256, "memory": 512}
_ARCHITECTURES = {"x86_64": "X86_64", "amd64": "X86_64", "arm": "ARM64", "arm64": "ARM64"}
_WINDOWS_FAMILIES = {
    "windows": "WINDOWS_SERVER_2019_CORE",
    "windows_server_2019_core": "WINDOWS_SERVER_2019_CORE",
    "windows_server_2019_full": "WINDOWS_SERVER_2019_FULL",
    "windows_server_2022_core": "WINDOWS_SERVER_2022_CORE",
    "windows_server_2022_full": "WINDOWS_SERVER_2022_FULL",
}
_FAMILY_ARCHITECTURES: dict[str, tuple[str, ...]] = {
    "linux": tuple(_ARCHITECTURES),
    **dict.fromkeys(_WINDOWS_FAMILIES, ("x86_64", "amd64")),
}
_SHORT_PLATFORMS = tuple(
    f"{family}/{architecture}"
    for family in ("linux", "windows")
    for architecture in _FAMILY_ARCHITECTURES[family]
)


def is_built_or_located(job: Section, report: Report) -> None:
    """Check that the main image is built or located; reading refuses both at once."""
    if isinstance(job.at("image"), Unreadable):
        return
    image = job.section("image")
    if image.at("location") is None and not builds(image) and _readable(image):
        report.fault(
            job.node_at("image"),
            "'image' has neither 'build' nor 'location'",
            "write 'build: Dockerfile' to build it, or 'location: repository:tag' to use one",
        )


def sidecars_have_one_image(job: Section, report: Report) -> None:
    """Require an image of each sidecar: its name, or exactly one of build and location."""
    for name, sidecar in job.sections("sidecars"):
        image = sidecar.at("image")
        if image is None:
            report.fault(
                sidecar.node,
                f"sidecar {quoted(name)} has no image",
                "write 'image: repository:tag', or 'build:' or 'location:' below 'image:'",
            )
        elif isinstance(image, Section):
            located, built = image.at("location") is not None, builds(image)
            if located == built and _readable(image):
                both = "both 'build' and 'location'" if built else "neither 'build' nor 'location'"
                report.fault(
                    image.node,
                    f"the image of sidecar {quoted(name)} has {both}",
                    "write one of them",
                )


def _readable(image: Section) -> bool:
    return not any(isinstance(value, Unreadable) for value in image.fields.values())


def platform_is_known(job: Section, report: Report) -> None:
    """Require a platform that Fargate has."""
    node = job.node_at("platform")
    text = job.text("platform")
    if text is not None:
        if text.lower() not in _SHORT_PLATFORMS:
            hint = f"the platforms are {', '.join(_SHORT_PLATFORMS)}"
            report.fault(node, f"there is no platform {quoted(text)}", hint)
        return
    fields = job.section("platform")
    if not is_given(fields) or not _readable(fields):
        return
    family, architecture = fields.text("osfamily"), fields.text("architecture")
    if family is None or architecture is None:
        absent = "architecture" if architecture is None else "osfamily"
        report.fault(fields.node, f"'platform' has no {absent!r}", "write both of its fields")
        return
    known = _FAMILY_ARCHITECTURES.get(family.lower(), ())
    if architecture.lower() not in known:
        families = ", ".join(_FAMILY_ARCHITECTURES)
        hint = f"{family} runs on {', '.join(known)}" if known else f"the families are {families}"
        pair = f"{quoted(family)} on {quoted(architecture)}"
        report.fault(fields.node, f"there is no platform {pair}", hint)


def references_can_be_resolved(job: Section, report: Report) -> None:
    """Find references to images that no registry can resolve."""
    for node, reference in _references(job):
        report.find(node, references.problem(reference))


def _references(job: Section) -> Iterator[tuple[Node, str]]:
    image = job.section("image")
    location = image.text("location")
    if location is not None:  # a parameter's value, in which a function is no function
        yield image.node_at("location"), location
    router = job.section("logging")
    written = [(router.node_at("image"), router.text("image"))]
    for _, sidecar in job.sections("sidecars"):
        named = sidecar.section("image")
        written.append((sidecar.node_at("image"), sidecar.text("image")))
        written.append((named.node_at("location"), named.text("location")))
    for node, reference in written:
        if reference is not None and functions.called(reference) is None:
            yield node, functions.as_read(reference)


def size_is_offered(job: Section, report: Report) -> None:
    """Find a size of the task that Fargate does not offer."""
    if any(isinstance(job.at(key), Unreadable) for key in ("cpu", "memory", "platform")):
        return
    size = fargate.Size(cpu=size_of(job, "cpu"), memory=size_of(job, "memory"))
    node = job.node_at("cpu" if "cpu" in job.fields else "memory")
    report.find(node, fargate.problem(size, windows=is_windows(job)))


def size_of(job: Section, key: str) -> int:
    """Return CPU units or MiB of memory; a key with nothing behind it takes the default away."""
    number = job.number(key)
    if number is None:
        return 0 if key in job.fields else _DEFAULT_SIZE[key]
    return number


def is_windows(job: Section) -> bool:
    """Return whether the job's containers run on Windows."""
    return _pair(job)[0] in _WINDOWS_FAMILIES


def _pair(job: Section) -> tuple[str, str]:
    """Return the operating system family and architecture in lower case, empty where not given."""
    text = job.text("platform")
    if text:
        family, _, architecture = text.lower().partition("/")
        return family, architecture
    fields = job.section("platform")
    return (fields.text("osfamily") or "").lower(), (fields.text("architecture") or "").lower()


def platform(job: Section) -> Platform:
    """Return the platform as ECS and the builder name it; Linux on x86_64 where none is given."""
    family, architecture = _pair(job)
    if not family:
        return Platform()
    return Platform(
        family=_WINDOWS_FAMILIES.get(family, "LINUX"),
        architecture=_ARCHITECTURES[architecture],
        image=f"{'windows' if family in _WINDOWS_FAMILIES else family}/{architecture}",
    )


def image_build(image: Section) -> ImageBuild | None:
    """Return the paths and arguments of an image's build, None where it isn't built.

    A Dockerfile alone brings the folder it is in as its context; a context alone, its Dockerfile. A
    Dockerfile given beside a context is relative to the workspace, not to the context.
    """
    if not builds(image):
        return None
    fields = image.section("build")
    dockerfile = image.text("build") or fields.text("dockerfile") or ""
    context = fields.text("context") or ""
    cache_from = fields.at("cache_from")
    return ImageBuild(
        dockerfile=_below_workspace(dockerfile or posixpath.join(context, _DEFAULT_DOCKERFILE)),
        context=_below_workspace(context or posixpath.dirname(dockerfile)),
        target=fields.text("target") or "",
        args=fields.texts("args"),
        cache_from=cache_from.texts() if isinstance(cache_from, Items) else (),
    )


def build_place(job: Section, container: str, key: str, file: str) -> str:
    """Return `file:line:column` of a key of a container's build, or of the build without it."""
    image = job.section("image")
    if container != job.text("name"):
        image = job.section("sidecars").section(container).section("image")
    build = image.at("build")
    node = build.node_at(key) if isinstance(build, Section) else image.node_at("build")
    return yaml12.place(file, node)


def _below_workspace(path: str) -> str:
    return posixpath.normpath(f"./{path}")
