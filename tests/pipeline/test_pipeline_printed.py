"""The policy that `cjob iam` prints, in a sandbox that denies the caller everything else."""

import subprocess
from collections.abc import Iterator

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
    """Give a workspace whose caller may do what `cjob iam` prints, and nothing else."""
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
