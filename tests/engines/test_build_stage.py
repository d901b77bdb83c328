"""The build stage: which images, how, and with which tags."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cjob.document.models import Build, Image, Job, Release, Revision, Source
from cjob.engines import engine as engines
from cjob.engines.engine import (
    BuilderName,
    BuildOptions,
    Built,
    ImageBuild,
    NoBuildxError,
    Report,
    Secret,
)
from cjob.reporting.errors import InputError, InputErrors, ServiceError
from cjob.stages.build import build_images, revision_tag, tags
from cjob.stages.images.plans import plans, recipe, shared
from cjob.workspace.find import Files

REVISION = Revision(commit="1a2b3c4")
JOB = Job(app="acme", env="test", name="report")


class Builder:
    """An engine in memory: an image's id is made from its recipe; some containers fail."""

    def __init__(self, *failing: str, platform: str = "linux/amd64") -> None:
        """Take the containers whose builds fail, and the platform of all images."""
        self.recipes: list[ImageBuild] = []
        self.failing = failing
        self.platform = platform
        self.failed = threading.Event()
        self.stopped: list[str] = []

    def build(self, recipe: ImageBuild, report: Report) -> Built:
        """Report one step and return the image; if another build fails, wait for that first."""
        self.recipes.append(recipe)
        report("Step 1/1 : FROM scratch")
        if recipe.container in self.failing:
            self.failed.set()
            raise ServiceError(f"{recipe.container} failed")
        if self.failing:
            self.failed.wait(10)
            self._go_on(recipe, report)
        return Built(id=f"sha256:{recipe.dockerfile.name}", platform=self.platform)

    def _go_on(self, recipe: ImageBuild, report: Report) -> None:
        try:
            for _ in range(1000):
                report("more")
                threading.Event().wait(0.01)
        except BaseException:
            self.stopped.append(recipe.container)
            raise


def release(
    builds: dict[str, Build], *, tag: str = "", revision: Revision | None = REVISION
) -> Release:
    """Make a release that load could have given."""
    source = Source(manifest="", builds=builds, tag=tag, revision=revision)
    return Release(job=JOB, source=source)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a workspace with three Dockerfiles."""
    for name in ("one", "two", "three"):
        (tmp_path / name).write_text("FROM scratch\n")
    return tmp_path


def of(dockerfile: str, platform: str = "") -> Build:
    """Make a build in the workspace's own folder."""
    return Build(context=".", dockerfile=dockerfile, platform=platform)


def no_engine(kind: BuilderName) -> engines.Builder:
    """Fail the test."""
    raise AssertionError(f"the engine {kind} was asked for")


# Tags


@pytest.mark.parametrize(
    ("container", "tag", "revision", "given"),
    [
        ("report", "", REVISION, ("latest", "1a2b3c4")),
        ("report", "", Revision(commit="1a2b3c4", dirty=True), ("latest", "1a2b3c4-dirty")),
        ("report", "v2", REVISION, ("latest", "v2")),
        ("report", "v2", None, ("latest", "v2")),
        ("report", "latest", None, ("latest",)),
        ("report", "", None, ("latest",)),
        ("log", "", REVISION, ("log-latest", "log-1a2b3c4")),
        ("log", "v2", REVISION, ("log-latest", "log-1a2b3c4")),
        ("log", "v2", None, ("log-latest",)),
    ],
)
def test_tags_are_latest_and_the_commit_or_the_given_one(
    container: str, tag: str, revision: Revision | None, given: tuple[str, ...]
) -> None:
    """A given tag is the main container's alone; others have their name in front."""
    source = Source(manifest="", tag=tag, revision=revision)
    assert tags(container, "report", source) == given


def test_without_a_commit_there_is_no_tag_for_it() -> None:
    """The workspace need not be in a git checkout."""
    assert revision_tag(None) == ""


# Recipes, and which engine builds them


def test_containers_that_are_built_alike_share_a_build() -> None:
    """Another platform, or another argument, is another build."""
    builds = {"a": of("one"), "b": of("two"), "c": of("one"), "d": of("one", "linux/arm64")}
    assert shared(builds) == [
        (of("one"), ("a", "c")),
        (of("two"), ("b",)),
        (of("one", "linux/arm64"), ("d",)),
    ]


def test_a_recipe_has_the_labels_of_copilot_s_images() -> None:
    """Its paths are in the workspace."""
    wanted = Build(context="ctx", dockerfile="d/Dockerfile", args={"a": "1"}, cache_from=("x",))
    assert recipe(wanted, "report", Path("/ws"), "v1.34.1") == ImageBuild(
        container="report",
        context=Path("/ws/ctx"),
        dockerfile=Path("/ws/d/Dockerfile"),
        args={"a": "1"},
        cache_from=("x",),
        labels={
            "com.aws.copilot.image.builder": "copilot-cli",
            "com.aws.copilot.image.container.name": "report",
            "com.aws.copilot.image.version": "v1.34.1",
        },
    )


FROM = "FROM scratch AS base\n"


def planned(root: Path, text: str, options: BuildOptions = BuildOptions()) -> tuple[str, str, str]:  # noqa: B008
    """Return engine, need and place for a Dockerfile."""
    (root / "one").write_text(text)
    builds = {"report": of("one")}
    [plan] = plans(release(builds), builds, Files(root=root), options)
    return plan.kind, plan.need, plan.place


def test_the_engine_is_the_one_that_the_dockerfile_needs(root: Path) -> None:
    """BuildKit if there is a choice, or if a line of it is BuildKit's alone."""
    classic = BuildOptions(prefers="docker")
    assert planned(root, FROM) == ("buildx", "", "")
    assert planned(root, FROM, classic) == ("docker", "", "")
    mount = FROM + "RUN --mount=type=cache,target=/x true\n"
    for options in (BuildOptions(), classic):
        assert planned(root, mount, options) == ("buildx", "RUN --mount", "one:2")
    (root / "one.dockerignore").write_text("")
    needed = ("buildx", "a .dockerignore of the Dockerfile's own", "one.dockerignore")
    assert planned(root, FROM) == needed


@pytest.mark.parametrize(
    ("options", "engine"),
    [
        (BuildOptions(engine="buildx"), ("buildx", "", "")),
        (BuildOptions(builder="far"), ("buildx", "--builder", "")),
        (BuildOptions(secrets=(Secret(id="a", variable="A"),)), ("buildx", "--secret", "")),
    ],
)
def test_the_engine_is_the_one_that_is_asked_for(
    root: Path, options: BuildOptions, engine: tuple[str, str, str]
) -> None:
    """By its name, or by a wish that only buildx can fulfil."""
    assert planned(root, FROM, options) == engine


def test_the_classic_builder_is_not_asked_for_what_it_can_t(root: Path) -> None:
    """What it would only pass over is left to the person."""
    classic = BuildOptions(engine="docker")
    with pytest.raises(InputError, match=r"--engine docker has no RUN --mount") as raised:
        planned(root, FROM + "RUN --mount=type=ssh true\n", classic)
    assert raised.value.place == "one:2"
    assert planned(root, "# syntax=docker/dockerfile:1\n" + FROM, classic)[0] == "docker"


def test_without_buildx_the_line_that_needs_it_is_told(root: Path) -> None:
    """Before anything is built, with what to install."""
    (root / "two").write_text(FROM + "COPY --link one /\n")
    engine = Builder()
    builds = {"report": of("one"), "log": of("two")}
    with pytest.raises(NoBuildxError) as raised:
        build_images(release(builds), no_buildx(engine), Files(root=root), print)
    assert str(raised.value) == (
        "two:2: building the image of container 'log' needs buildx, for COPY --link: "
        "docker buildx is not installed"
    )
    assert (raised.value.hint, engine.recipes) == ("install it", [])


def no_buildx(engine: Builder) -> Callable[[BuilderName], Builder]:
    """Return builders of a machine without buildx."""

    def builders(kind: BuilderName) -> Builder:
        if kind == "buildx":
            raise NoBuildxError("docker buildx is not installed", hint="install it")
        return engine

    return builders


def test_without_buildx_the_classic_builder_serves_and_what_it_does_else_is_told(
    root: Path,
) -> None:
    """Only if it differs from what `docker build` does today."""
    (root / "two").write_text("FROM a AS test\nFROM b AS base\nFROM base\n")
    cached = Build(context=".", dockerfile="one", cache_from=("acme/report:latest",))
    lines: list[str] = []
    engine = Builder()
    wanted = {"report": cached, "log": of("two"), "proxy": of("three")}
    build_images(
        release(wanted),
        no_buildx(engine),
        Files(root=root),
        lambda record: lines.append(record.text),
    )
    assert len(engine.recipes) == 3
    assert [line for line in lines if line.startswith("warning: ")] == [
        (
            "warning: image of report: the classic builder does not pull cache_from "
            "(acme/report:latest); install docker buildx"
        ),
        (
            "warning: image of log: the classic builder also runs unneeded stages (test); "
            "install docker buildx"
        ),
    ]


def test_buildx_that_was_asked_for_is_not_replaced(root: Path) -> None:
    """By its name."""
    with pytest.raises(NoBuildxError, match="not installed"):
        build_images(
            release({"report": of("one")}),
            no_buildx(Builder()),
            Files(root=root),
            print,
            BuildOptions(engine="buildx"),
        )


# The stage


def test_nothing_to_build_asks_for_no_engine(root: Path) -> None:
    """A job whose images have locations needs none on the machine."""
    assert build_images(release({}), no_engine, Files(root=root), print).images == {}


def test_each_container_gets_its_image(root: Path) -> None:
    """Two of three share one; the order is that of the builds."""
    engine = Builder()
    builds = {"report": of("one"), "log": of("two"), "proxy": of("one")}
    built = build_images(
        release(builds, tag="v2"), lambda _: engine, Files(root=root), lambda _: None
    ).images
    one, two = "sha256:one", "sha256:two"
    where = "linux/amd64"
    assert built == {
        "report": Image(id=one, platform=where, tags=("latest", "v2")),
        "log": Image(id=two, platform=where, tags=("log-latest", "log-1a2b3c4")),
        "proxy": Image(id=one, platform=where, tags=("proxy-latest", "proxy-1a2b3c4")),
    }
    assert list(built) == list(builds)
    assert sorted(recipe.container for recipe in engine.recipes) == ["log", "report"]


def test_progress_is_told_with_the_container_s_name(root: Path) -> None:
    """Lines of several builds mix."""
    lines: list[str] = []
    build_images(
        release({"report": of("one"), "log": of("two")}),
        lambda _: Builder(),
        Files(root=root),
        lambda record: lines.append(record.text),
    )
    for container, built in (("log", "two"), ("report", "one")):
        assert [line for line in lines if line.startswith(f"{container}: ")] == [
            f"{container}: building the image",
            f"{container}: Step 1/1 : FROM scratch",
            f"{container}: built sha256:{built}",
        ]


def test_the_first_failure_stops_the_others(root: Path) -> None:
    """The error is raised, and the others report nothing more."""
    engine = Builder("log")
    builds = {"report": of("one"), "log": of("two"), "proxy": of("three")}
    with pytest.raises(ServiceError, match="log failed"):
        build_images(release(builds), lambda _: engine, Files(root=root), lambda _: None)
    ends = time.monotonic() + 10
    while sorted(engine.stopped) != ["proxy", "report"]:
        assert time.monotonic() < ends
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        (of("four"), "the Dockerfile 'four' of container 'log' is not a file"),
        (of(""), "the Dockerfile '.' of container 'log' is not a file"),
        (of("../x"), "'../x' is outside of the repository"),
        (of("/x"), "the Dockerfile 'x' of container 'log' is not a file"),
        (
            Build(context="one", dockerfile="one"),
            "the build context 'one' of container 'log' is not a folder",
        ),
        (
            Build(context=".", dockerfile="one", target="last"),
            "the Dockerfile 'one' of container 'log' has no stage 'last'",
        ),
    ],
)
def test_what_is_not_there_is_told_before_anything_is_built(
    root: Path, missing: Build, message: str
) -> None:
    """The engine isn't even asked for."""
    with pytest.raises(InputError) as raised:
        build_images(
            release({"report": of("one"), "log": missing}), no_engine, Files(root=root), print
        )
    assert raised.value.message == message


MANIFEST = """\
name: report
type: Scheduled Job
image:
  build: four
on:
  schedule: "@daily"
sidecars:
  log:
    image:
      build:
        dockerfile: one
        target: last
environments:
  test:
    sidecars:
      log:
        image:
          build:
            context: nowhere
"""


def test_what_is_not_there_is_told_with_the_manifest_s_line(root: Path) -> None:
    """Also in an environment's section."""
    builds = {
        "report": of("four"),
        "log": Build(context="nowhere", dockerfile="one", target="last"),
    }
    wanted = Release(job=JOB, source=Source(manifest=MANIFEST, builds=builds))
    with pytest.raises(InputErrors) as raised:
        build_images(wanted, no_engine, Files(root=root), print)
    assert [(one.place, one.message.split(" of ")[0]) for one in raised.value.problems] == [
        ("copilot/report/manifest.yml:4:10", "the Dockerfile 'four'"),
        ("copilot/report/manifest.yml:19:22", "the build context 'nowhere'"),
        ("copilot/report/manifest.yml:12:17", "the Dockerfile 'one'"),
    ]


def test_an_engine_that_is_not_there_is_told_with_the_first_build_s_line(root: Path) -> None:
    """It is that line which asks for one."""

    def builders(kind: BuilderName) -> Builder:
        raise ServiceError(f"no {kind}")

    source = Source(manifest=MANIFEST, builds={"report": of("one")})
    with pytest.raises(ServiceError, match="no buildx") as raised:
        build_images(Release(job=JOB, source=source), builders, Files(root=root), print)
    assert raised.value.place == "copilot/report/manifest.yml:4:10"


def test_several_missing_files_are_told_together(root: Path) -> None:
    """One run is enough to learn of all of them."""
    builds = {"report": of("four"), "log": Build(context="nowhere", dockerfile="five")}
    with pytest.raises(InputErrors) as raised:
        build_images(release(builds), no_engine, Files(root=root), print)
    assert len(raised.value.problems) == 3


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("FROM a AS first\nFROM b AS lost\n", "did you mean 'lost'?"),
        ("FROM a AS x\nFROM b AS y\n", "its stages are x, y; write `FROM … AS last` for another"),
        ("FROM a\n", "no stage of it has a name; write `FROM … AS last` for another"),
    ],
)
def test_a_stage_that_is_not_there_is_told_with_those_that_are(
    root: Path, text: str, hint: str
) -> None:
    """The most likely cause is a typo."""
    (root / "one").write_text(text)
    wanted = Build(context=".", dockerfile="one", target="last")
    with pytest.raises(InputError, match="has no stage") as raised:
        build_images(release({"report": wanted}), no_engine, Files(root=root), print)
    assert raised.value.hint == hint


def test_an_image_of_another_platform_than_asked_for_is_refused(root: Path) -> None:
    """It would not run, or not as its author meant."""
    builds = {"report": of("one", "linux/arm64")}
    with pytest.raises(ServiceError, match="is for linux/amd64, and linux/arm64 was asked for"):
        build_images(release(builds), lambda _: Builder(), Files(root=root), lambda _: None)


def test_an_image_that_would_not_run_is_warned_of(root: Path) -> None:
    """Without a platform in the manifest the task's is the usual one, whatever machine builds."""
    lines: list[str] = []
    engine = Builder(platform="linux/arm64")
    build_images(
        release({"report": of("one")}),
        lambda _: engine,
        Files(root=root),
        lambda record: lines.append(record.text),
    )
    assert "warning: the image of report is for linux/arm64" in lines[-1]
    build_images(
        release({"report": of("one", "linux/arm64")}),
        lambda _: engine,
        Files(root=root),
        lambda record: lines.append(record.text),
    )
    assert "warning" not in lines[-1]
