"""What is denied: a caller with the printed policy alone, and a role of an older environment."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import daemons
import pipelines
import pytest
import sandboxes
from pipelines import Place, on

BUILT = """\
name: {name}
type: Scheduled Job
image: {{build: Dockerfile}}
on: {{schedule: "@daily"}}
"""


@pytest.fixture
def printed(
    dockerd: daemons.Dockerd | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """Yield a workspace whose caller may do what `cjob iam` prints, and nothing else."""
    folder = tmp_path_factory.mktemp("printed")
    sandboxes.prepare(folder / "sandbox")
    policy = folder / "policy.json"
    given = ("iam", "deploy", "create-repository", "-a", pipelines.APP, "-o", "json")
    done = subprocess.run(
        [*pipelines.CJOB, *given], cwd=folder, capture_output=True, text=True, check=True
    )
    policy.write_text(done.stdout)
    host = dockerd.host if dockerd else sandboxes.NO_DOCKER
    strict = ("--strict", "--policy", str(policy))
    running = sandboxes.start(folder / "sandbox", *strict, docker_host=host)
    yield pipelines.make(folder / "workspace", running, DOCKER_HOST=host)
    running.stop()


def test_everything_is_done_with_the_printed_policy(
    printed: Place, dockerd: daemons.Dockerd | None
) -> None:
    """From a first deployment to a pipe of commands, and with a daemon a first push."""
    printed.laden("report", "one")
    printed.done("deploy", *on("report"))
    printed.laden("report", "two")
    assert printed.run("package", *on("report"), "--diff").returncode == 1
    printed.done("deploy", *on("report"), "--diff", "--yes")
    printed.done("package", *on("report"), "--upload-assets")
    printed.done("list", "envs")
    printed.laden("report", "three")
    stages = (["build", *on("report")], ["push"], ["render"], ["diff"], ["apply"])
    assert printed.pipe(*stages).returncode == 0
    if dockerd:
        printed.job("fresh", text=BUILT)
        printed.write("Dockerfile", "FROM scratch\nCOPY Dockerfile /\n")
        printed.done("deploy", *on("fresh"), "--create-repository")


def test_an_environment_of_an_older_version_has_a_role_with_fewer_rights(tmp_path: Path) -> None:
    """The manager role puts no objects before v1.8.0; cjob says what to upgrade."""
    folder = tmp_path / "sandbox"
    sandboxes.prepare(folder)
    old = sandboxes.start(folder, "--strict", "--env-version", "v1.7.0")
    try:
        place = pipelines.make(tmp_path / "workspace", old)
        place.laden("report", "one")
        done = place.run("deploy", *pipelines.on("report"))
        assert done.returncode == 3
        assert "s3:PutObject" in done.stderr
        assert "v1.8.0" in done.stderr
    finally:
        old.stop()
