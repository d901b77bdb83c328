"""The options that choose how images are built; these tests build nothing."""

import shutil
from pathlib import Path

import pytest
from commands import run, told

BUILT = """\
name: report
type: Scheduled Job
image:
  build: Dockerfile
on:
  schedule: "@daily"
"""

HEAD = ("cjob-build", "-n", "report", "-e", "test")


@pytest.fixture
def building(workspace: Path) -> Path:
    """Return a workspace whose job is built."""
    (workspace / "copilot/report/manifest.yml").write_text(BUILT)
    (workspace / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    return workspace


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--secret", "hunter22"), "a --secret is not id=NAME,env=VARIABLE or id=NAME,src=FILE"),
        (("--secret", ""), "a --secret is not id=NAME"),
        (("--secret", "id=a,env=B,src=c"), "a --secret is not id=NAME"),
        (("--secret", "id=a,env=B,type=env"), "a --secret is not id=NAME"),
        (("--secret", "id=a b,env=B"), "a --secret is not id=NAME"),
        (("--secret", "id=a,env=ABSENT"), "the variable 'ABSENT' of --secret 'a' is not set"),
        (("--secret", "id=a,env=HOME", "--secret", "id=a,env=PATH"), "--secret 'a' is used twice"),
        (("--engine", "docker", "--secret", "id=a,env=HOME"), "--secret cannot be combined with"),
        (("--engine", "docker", "--builder", "far"), "--builder cannot be combined with --"),
        (("--engine", "podman"), "argument --engine: invalid choice: 'podman'"),
    ],
)
def test_what_can_t_be_wished_is_refused_before_anything(
    building: Path, flags: tuple[str, ...], message: str
) -> None:
    """What a person may have put there is not repeated."""
    said, _ = told(done := run(*HEAD, *flags, folder=building))
    assert (done.status, said[: len(message)]) == (2, message)
    assert "hunter22" not in done.err


def test_a_secret_s_file_must_be_one_that_buildkit_takes(building: Path) -> None:
    """It is there, and not too large; its path is relative to where the person is."""
    (building / "large").write_bytes(b"x" * (500 * 1024 + 1))
    said, _ = told(run(*HEAD, "--secret", "id=a,src=absent", folder=building))
    assert said.endswith("absent' of --secret 'a' cannot be read: No such file or directory")
    said, _ = told(run(*HEAD, "--secret", "id=a,src=large", folder=building))
    assert said.endswith("large' of --secret 'a' is larger than 500 KiB")


@pytest.mark.parametrize("flags", [("--engine", "buildx"), ("--no-latest",)])
def test_package_takes_them_only_where_it_builds(building: Path, flags: tuple[str, ...]) -> None:
    """Without --upload-assets they would be ignored."""
    said, hint = told(done := run("cjob", "package", "-n", "report", *flags, folder=building))
    assert (done.status, said) == (
        2,
        (
            "--engine, --builder, --secret, --image and --no-latest are for builds, but this "
            "command builds nothing"
        ),
    )
    assert "--upload-assets" in hint


@pytest.fixture
def no_buildx(tmp_path: Path) -> dict[str, str]:
    """Return a PATH with a docker that has no plugins, as Debian's."""
    folder = tmp_path / "path"
    folder.mkdir()
    docker = folder / "docker"
    docker.write_text("#!/bin/sh\necho \"docker: 'buildx' is not a docker command.\" >&2\nexit 1\n")
    docker.chmod(0o755)
    python = Path(shutil.which("env") or "/usr/bin/env").parent
    return {"PATH": f"{Path(__file__).parents[2] / 'bin'}:{folder}:{python}:/bin"}


def test_without_buildx_the_line_that_needs_it_is_told_with_what_to_install(
    building: Path, no_buildx: dict[str, str]
) -> None:
    """No daemon is needed to know."""
    (building / "Dockerfile").write_text("FROM scratch\nRUN --mount=type=secret,id=x true\n")
    done = run(*HEAD, folder=building, settings=no_buildx)
    said, hint = told(done)
    assert done.status == 3
    assert said == (
        "Dockerfile:2: building the image of container 'report' needs buildx, for RUN --mount: "
        "docker buildx is not installed"
    )
    assert "docker-buildx" in hint


def test_secrets_need_buildx_whatever_the_dockerfile(
    building: Path, no_buildx: dict[str, str]
) -> None:
    """The classic builder has none."""
    flags = ("--secret", "id=a,env=HOME")
    said, hint = told(run(*HEAD, *flags, folder=building, settings=no_buildx))
    assert said.endswith("needs buildx, for --secret: docker buildx is not installed")
    assert "docker-buildx" in hint
