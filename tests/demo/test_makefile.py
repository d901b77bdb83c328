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

ADDON = """\
Parameters: {App: {Type: String}, Env: {Type: String}, Name: {Type: String}}
Resources: {Topic: {Type: AWS::SNS::Topic}}
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
        """Return the path of a job's manifest."""
        return self.folder / "copilot" / job / "manifest.yml"

    def documents(self) -> list[str]:
        """Return the names of the documents there are for the environment, in order."""
        return sorted(path.name for path in (self.folder / "build" / "test").glob("*.json"))

    def head(self) -> str:
        """Return the short name of the commit that is checked out."""
        command = ["git", "rev-parse", "--short", "HEAD"]
        return subprocess.check_output(command, cwd=self.folder, text=True).strip()

    def revision(self, job: str) -> object:
        """Return the revision that a job's plan was made of."""
        plan = (self.folder / "build" / "test" / f"{job}.plan.json").read_text()
        return json.loads(plan)["source"]["revision"]

    def commit(self) -> None:
        """Commit all that there is."""
        settings = ("-c", "user.name=test", "-c", "user.email=test@localhost")
        for command in (["add", "."], [*settings, "commit", "-q", "-m", "All"]):
            subprocess.run(["git", *command], cwd=self.folder, check=True)


def commands(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the first words of the commands of cjob that make ran, in order."""
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
    """Return a repository with jobs of its own: their names contain the folder."""
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
    """The second time nothing is built, not for what make made; nor is it for a commit alone."""
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
    third = repository.make("deploy", "ENV=test")
    assert third.returncode == 0, third.stderr
    assert sorted(commands(third)) == sorted([*stages, "cjob-apply", "cjob-diff"])
    assert f"{job}: deployed (UPDATE_COMPLETE)" in third.stdout
    assert third.stdout.count("nothing to change") == 1


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
    assert f"{job}: no plan; make one: make plan ENV=test\n" in early.stderr
    assert (early.returncode, commands(early)) == (2, [])
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


def built(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the jobs that make built, in order."""
    words = [line.split() for line in done.stdout.splitlines() if line.startswith("cjob-build")]
    return sorted(line[line.index("-n") + 1] for line in words)


def test_only_the_job_whose_inputs_changed_is_built_again(repository: Repository) -> None:
    """Inputs are the manifest with its variables, addons, and all that an image is built from."""
    first, second = repository.jobs
    text = repository.manifest(first).read_text()
    image = "build: {context: src, dockerfile: src/Dockerfile}"
    text = text.replace("location: public.ecr.aws/docker/library/busybox", image)
    repository.manifest(first).write_text(text)
    manifest = repository.manifest(second)
    manifest.write_text(manifest.read_text() + "variables: {A: '${WHO}'}\n")
    source = repository.folder / "src"
    source.mkdir()
    for name, content in (("Dockerfile", "FROM scratch\n"), ("a.txt", "1"), ("notes.md", "1")):
        (source / name).write_text(content)
    (source / ".dockerignore").write_text("*.md\n")

    def changed(who: str = "me") -> list[str]:
        """Return what make would build, then have it taken for built."""
        done = replace(repository, variables={**repository.variables, "WHO": who}).make(
            "-n", "plan", "ENV=test"
        )
        assert done.returncode == 0, done.stderr
        for job in repository.jobs:
            for stage in ("built", "pushed", "rendered"):
                (repository.folder / f"build/test/{job}.{stage}.json").touch()
        return built(done)

    assert changed() == [first, second]
    assert changed() == []
    repository.commit()
    assert changed() == []
    (source / "a.txt").write_text("2")
    assert changed() == [first]
    (source / "notes.md").write_text("2")
    assert changed() == []
    (source / "b.txt").write_text("new")
    assert changed() == [first]
    (source / "b.txt").unlink()
    assert changed() == [first]
    assert changed(who="you") == [second]
    addon = manifest.parent / "addons" / "topic.yml"
    addon.parent.mkdir()
    addon.write_text(ADDON)
    assert changed(who="you") == [second]
    assert changed(who="you") == []


@pytest.mark.parametrize("name", ["ENV", "CJOB_ENV"])
def test_the_environment_may_be_exported(name: str, repository: Repository) -> None:
    """As a variable of make's name, or of cjob's; without one, each target says what is missing."""
    exported = replace(repository, variables={**repository.variables, name: "test"})
    done = exported.make("-n", "deploy")
    assert done.returncode == 0, done.stderr
    assert "-e test" in done.stdout
    for target in ("deploy", "diff", "plan", "apply", "package"):
        missing = repository.make(target)
        assert missing.returncode == 2
        assert "name the environment, as in: make deploy ENV=test" in missing.stderr
    path = replace(repository, variables={**repository.variables, "ENV": "/etc/shinit"})
    assert "ENV is '/etc/shinit', not the name of an environment" in path.make("diff").stderr


def test_make_alone_prints_help(repository: Repository) -> None:
    """Nothing is deployed by a word that was forgotten."""
    done = repository.make()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == repository.make("help").stdout
    for target in ("deploy", "diff", "plan", "apply", "package"):
        assert f"\n  make {target} ENV=" in done.stdout
    assert max(map(len, done.stdout.splitlines())) < 80


def test_jobs_that_cannot_be_listed_are_an_error(repository: Repository) -> None:
    """Deploying nothing is not a success."""
    for job in repository.jobs:
        repository.manifest(job).unlink()
    done = repository.make("deploy", "ENV=test")
    assert done.returncode == 2
    assert "the workspace has no jobs" in done.stderr


OUTER = """{prefix}include jobs.mk

test:
	@echo "tested by $(SHELL) with [$(MAKEFLAGS)]"

help:
	@echo my own help
"""


def test_another_makefile_may_include_it(repository: Repository) -> None:
    """Its own targets, shell, flags, help and first target stay; it need not know environments."""
    outer = repository.folder / "Makefile"
    outer.rename(repository.folder / "jobs.mk")
    outer.write_text(OUTER.format(prefix=""))
    alone = OUTER.format(prefix="").replace("include jobs.mk\n", "")
    (repository.folder / "alone.mk").write_text(alone)
    expected = repository.make("-f", "alone.mk", "test")
    for arguments in ((), ("test",)):
        done = repository.make(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == expected.stdout
    assert repository.make("help").stdout == "my own help\n"
    assert "\n  make cjob-help " in repository.make("cjob-help").stdout
    assert built(repository.make("-n", "plan", "ENV=test")) == list(repository.jobs)


def test_included_targets_may_have_a_prefix(repository: Repository) -> None:
    """For a Makefile that deploys other things, too."""
    outer = repository.folder / "Makefile"
    outer.rename(repository.folder / "jobs.mk")
    outer.write_text(OUTER.format(prefix="CJOB_PREFIX := jobs-\n") + "deploy:\n\t@echo mine\n")
    assert repository.make("deploy").stdout == "mine\n"
    help_lines = repository.make("jobs-help").stdout.splitlines()
    assert "  make jobs-deploy ENV=test" in "\n".join(help_lines)
    assert max(map(len, help_lines)) < 80
    done = repository.make("-n", "jobs-deploy", "ENV=test")
    assert done.returncode == 0, done.stderr
    assert built(done) == list(repository.jobs)
    assert done.stdout.count("cjob-apply -o text <") == 2
