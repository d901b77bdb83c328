"""The Makefile that people copy, run by make in a repository with two jobs, on a sandbox."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import programs
import pytest
import sandboxes

ROOT = Path(__file__).resolve().parents[2]

MANIFEST = """\
name: {name}
type: Scheduled Job
image:
  location: public.ecr.aws/docker/library/busybox
on:
  schedule: "@daily"
cpu: 256
memory: 512
"""

ANOTHER_KIND = "name: site\ntype: Load Balanced Web Service\n"


@dataclass(frozen=True)
class Repository:
    """A repository with the Makefile, two jobs and a service; and where they are deployed to."""

    folder: Path
    variables: dict[str, str]
    jobs: tuple[str, str]

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run make, several recipes at once."""
        return subprocess.run(
            ["make", "-j2", *arguments],
            cwd=self.folder,
            env=self.variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def manifest(self, job: str) -> Path:
        """Give the path of a job's manifest."""
        return self.folder / "copilot" / job / "manifest.yml"

    def documents(self) -> list[str]:
        """Give the names of the documents there are for the environment, in order."""
        return sorted(path.name for path in (self.folder / "build" / "test").glob("*.json"))

    def head(self) -> str:
        """Give the short name of the commit that is checked out."""
        command = ["git", "rev-parse", "--short", "HEAD"]
        return subprocess.check_output(command, cwd=self.folder, text=True).strip()

    def revision(self, job: str) -> object:
        """Give the revision that a job's plan was made of."""
        plan = (self.folder / "build" / "test" / f"{job}.plan.json").read_text()
        return json.loads(plan)["source"]["revision"]

    def commit(self) -> None:
        """Commit all that there is."""
        settings = ("-c", "user.name=test", "-c", "user.email=test@localhost")
        for command in (["add", "."], [*settings, "commit", "-q", "-m", "All"]):
            subprocess.run(["git", *command], cwd=self.folder, check=True)


def commands(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Give the first words of the commands of cjob that make ran, in order."""
    return [line.split()[0] for line in done.stdout.splitlines() if line.startswith("cjob")]


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Run a sandbox, and give what to have in the environment for it and for make."""
    programs.needs("make", "git")
    folder = tmp_path_factory.mktemp("make") / "sandbox"
    sandboxes.prepare(folder)
    sandbox = sandboxes.start(folder)
    environment = sandboxes.environment(folder)
    environment.pop("MAKEFLAGS", None)
    path = f"{ROOT / 'bin'}{os.pathsep}{environment['PATH']}"
    yield {**environment, **{k: v for k, v in sandbox.env.items() if v}, "PATH": path}
    sandbox.stop()


@pytest.fixture
def repository(variables: dict[str, str], tmp_path: Path) -> Repository:
    """Give a repository with jobs that no other test has deployed: the folder is in their names."""
    name = tmp_path.name.replace("_", "-")
    made = Repository(tmp_path, variables, (f"{name}-a", f"{name}-b"))
    shutil.copy(ROOT / "Makefile.example", tmp_path / "Makefile")
    for job in (*made.jobs, "site"):
        made.manifest(job).parent.mkdir(parents=True)
        made.manifest(job).write_text(MANIFEST.format(name=job))
    made.manifest("site").write_text(ANOTHER_KIND)
    (tmp_path / "copilot" / ".workspace").write_text("application: demo\n")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    made.commit()
    return made


def test_jobs_are_deployed_and_only_what_changed_is_done_again(repository: Repository) -> None:
    """The second time nothing is built, not for what make made; a commit, a tag, builds again."""
    first = repository.make("deploy", "ENV=test")
    assert first.returncode == 0, first.stderr
    stages = ["cjob-apply", "cjob-build", "cjob-diff", "cjob-push", "cjob-render"]
    assert sorted({*commands(first)}) == stages
    assert len(commands(first)) == 2 * len(stages)
    assert first.stdout.count("deployed (CREATE_COMPLETE)") == 2

    assert repository.make("package", "ENV=test").returncode == 0
    second = repository.make("deploy", "ENV=test")
    assert second.returncode == 0, second.stderr
    assert sorted(commands(second)) == ["cjob-apply"] * 2 + ["cjob-diff"] * 2
    assert second.stdout.count("nothing to change") == 2

    job = repository.jobs[0]
    with repository.manifest(job).open("a") as manifest:
        manifest.write("variables:\n  LOG_LEVEL: info\n")
    repository.commit()
    third = repository.make("deploy", "ENV=test", f"JOBS={job}")
    assert third.returncode == 0, third.stderr
    assert sorted(commands(third)) == stages
    assert f"{job}: deployed (UPDATE_COMPLETE)" in third.stdout


def test_a_failing_build_leaves_no_document_and_runs_nothing_after_it(
    repository: Repository,
) -> None:
    """Here for want of a container engine; what another job has is kept."""
    failing, sound = repository.jobs
    text = repository.manifest(failing).read_text()
    needs_engine = text.replace(
        "location: public.ecr.aws/docker/library/busybox", "build: Dockerfile"
    )
    repository.manifest(failing).write_text(needs_engine)
    (repository.folder / "Dockerfile").write_text("FROM scratch\n")

    done = repository.make("--keep-going", "plan", "ENV=test")

    assert done.returncode == 2
    assert "reaching the container engine at " in done.stderr
    assert f"cjob-push < build/test/{failing}" not in done.stdout
    ends = ("built", "plan", "pushed", "rendered")
    assert repository.documents() == [f"{sound}.{end}.json" for end in ends]


def test_a_plan_is_applied_as_it_was_kept(repository: Repository) -> None:
    """Without another look at the sources, which may have changed since."""
    job = repository.jobs[0]
    early = repository.make("apply", "ENV=test", f"JOBS={job}")
    assert f"cjob: cannot read 'build/test/{job}.plan.json': No such file" in early.stderr
    assert repository.make("plan", "ENV=test", f"JOBS={job}").returncode == 0
    assert repository.revision(job) == {"commit": repository.head(), "dirty": False}
    repository.manifest(job).write_text("not: used\n")

    applied = repository.make("apply", "ENV=test", f"JOBS={job}")

    assert applied.returncode == 0, applied.stderr
    assert commands(applied) == ["cjob-apply"]
    assert f"{job}: deployed (CREATE_COMPLETE)" in applied.stdout


def test_what_would_change_and_the_templates_come_without_a_build(repository: Repository) -> None:
    """For all jobs of the workspace, and no document is left."""
    compared = repository.make("diff", "ENV=test")
    assert compared.returncode == 0, compared.stderr
    assert compared.stdout.count("+ AWSTemplateFormatVersion:") == 2

    packaged = repository.make("package", "ENV=test")
    assert packaged.returncode == 0, packaged.stderr
    names = [f"{job}-test.{end}" for job in repository.jobs for end in ("params.yml", "stack.yml")]
    assert sorted(p.name for p in (repository.folder / "infrastructure").iterdir()) == names
    assert not (repository.folder / "build").exists()


def test_an_environment_must_be_named_on_the_command_line(repository: Repository) -> None:
    """A variable of that name may be there for the shell's own purposes."""
    set_elsewhere = {**repository.variables, "ENV": "test"}
    done = replace(repository, variables=set_elsewhere).make("deploy")
    assert done.returncode == 2
    assert "say which environment, as in: make deploy ENV=test" in done.stderr
