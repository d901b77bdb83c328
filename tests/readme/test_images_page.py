"""What README and `cjob help images` show of builds is true: run with a real daemon and buildx."""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import buildx_plugin
import daemons
import docker
import programs
import pytest
from shown import blocks, on_a_terminal, pattern, steps

from cjob.cli import help_topics

ROOT = Path(__file__).parents[2]
PAGE = help_topics.page("images")
OTHERS = ("AWS_", "CI", "CJOB_", "DOCKER_", "MAKE")
TOKEN = "of-no-use-to-anybody"

# Stands for the base image, which is elsewhere.
BASE = """\
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
"""


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Mapping[str, str]]:
    """Run a daemon that has the base image; give what a person's shell has."""
    programs.needs("busybox")
    running = daemons.start_dockerd(tmp_path / "dockerd", apart=True)
    base = tmp_path / "base"
    base.mkdir()
    shutil.copy(shutil.which("busybox") or "", base / "busybox")
    (base / "Dockerfile").write_text(BASE)
    with closing(docker.APIClient(base_url=running.host)) as client:
        assert list(client.build(path=str(base), tag="alpine:3"))
    (tmp_path / ".npm-token").write_text(TOKEN)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(OTHERS)}
    yield {
        **kept,
        **buildx_plugin.configured(tmp_path / "docker"),
        "DOCKER_HOST": running.host,
        "NPM_TOKEN": TOKEN,
        "DIGEST": "0a" * 32,
        "HOME": str(tmp_path),
        "PATH": f"{ROOT / 'bin'}:{os.environ['PATH']}",
        "NO_COLOR": "1",
        "TERM": "xterm",
    }
    running.stop()


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Make the page's workspace."""
    place = tmp_path / "workspace"
    files = {
        "copilot/.workspace": "application: demo\n",
        "copilot/report/manifest.yml": blocks(PAGE, "yaml")[0],
        "Dockerfile": blocks(PAGE, "dockerfile")[0],
        "log/Dockerfile": 'FROM alpine:3\nENTRYPOINT ["tail", "-F", "/logs/report"]\n',
    }
    for name, text in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)
    return place


def test_every_build_prints_what_the_pages_show(
    workspace: Path, environment: Mapping[str, str]
) -> None:
    """And no secret: neither there nor in the document."""
    pages = (PAGE, (ROOT / "README.md").read_text("utf-8"))
    wanted = [step for page in pages for step in steps(page, "console docker")]
    assert len(wanted) >= len(pages)
    for command, output in wanted:
        shown = on_a_terminal(command, workspace, environment)
        assert re.fullmatch(pattern(output), shown, re.DOTALL), f"$ {command}\n{shown}"
        assert TOKEN not in shown
    assert TOKEN not in (workspace / "report.built.json").read_text()
