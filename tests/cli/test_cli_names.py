"""Names for scripts and shells: lists, completion, and the words that people come with."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import commands
import programs
import pytest
import shells
from aws_fake import Fake

from cjob.cli import main as cli

OTHER = "name: tidy\ntype: Scheduled Job\nenvironments: {prod: {cpu: 512}, staging: }\n"


@pytest.fixture
def jobs(workspace: Path) -> Path:
    """Return a workspace with two jobs, a service, and three environments that it names."""
    return _with_jobs(workspace)


def _with_jobs(workspace: Path) -> Path:
    for name, text in (("tidy", OTHER), ("site", "name: site\ntype: Backend Service\n")):
        (workspace / "copilot" / name).mkdir()
        (workspace / "copilot" / name / "manifest.yml").write_text(text)
    (workspace / "copilot/environments/test").mkdir(parents=True)
    (workspace / "copilot/environments/test/manifest.yml").write_text("name: test\n")
    return workspace


def test_jobs_are_listed_a_line_each_or_as_a_matrix_takes_them(jobs: Path) -> None:
    """Scheduled jobs alone."""
    done = commands.run("cjob", "list", "jobs", folder=jobs)
    assert (done.status, done.out, done.err) == (0, "report\ntidy\n", "")
    done = commands.run("cjob", "list", "jobs", "-o", "json", folder=jobs)
    assert json.loads(done.out) == ["report", "tidy"]


def test_a_folder_is_named_in_any_locale(workspace: Path) -> None:
    """Bytes that the locale has no letters for are shown by their numbers."""
    (workspace / "copilot/report").rename(workspace / "copilot/jöb")
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = commands.run("cjob", "list", "jobs", folder=workspace, settings=plain)
    assert (done.status, done.out) == (0, "")
    assert done.err == "warning: job 'j\\udcc3\\udcb6b' is skipped: it is not a valid name\n"


def test_environments_of_the_workspace_need_no_aws(jobs: Path) -> None:
    """Those with a manifest of their own, and those that jobs have sections for."""
    done = commands.run("cjob", "list", "envs", "--offline", folder=jobs)
    assert (done.status, done.out, done.err) == (0, "prod\nstaging\ntest\n", "")


def test_environments_come_from_aws(jobs: Path, aws: Fake) -> None:
    """Without credentials nothing is printed."""
    listing = ("cjob", "list", "envs")
    for env in ("test", "prod"):
        aws.parameters[f"/copilot/applications/acme/environments/{env}"] = "{}"
    done = commands.run(*listing, "-a", "acme", folder=jobs, settings=aws.settings)
    assert (done.status, done.out, done.err) == (0, "prod\ntest\n", "")
    refused = commands.run("cjob", "list", "envs", folder=jobs)
    assert refused.status == 2
    assert "region" in commands.told(refused)[0]


@pytest.mark.parametrize(
    ("line", "flag"),
    [
        ("jobs --offline", "--offline"),
        ("jobs --app=acme", "--app"),
        ("jobs --ignore=build", "--ignore"),
        ("envs -n report", "--name"),
        ("envs -e test", "--env"),
        ("jobs --all", "--all"),
        ("inputs -n report --offline", "--offline"),
    ],
)
def test_an_option_without_effect_on_a_list_is_refused(line: str, flag: str, jobs: Path) -> None:
    """The hint is the command without it."""
    done = commands.run("cjob", "list", *line.split(), folder=jobs)
    assert done.status == 2
    what = line.partition(" ")[0]
    assert commands.told(done) == (
        f"{flag} has no effect on cjob list {what}",
        f"remove it: cjob list {what}",
    )


def test_inputs_are_listed_with_digests_that_change_with_what_is_used(workspace: Path) -> None:
    """Not with what is ignored; a link, a mode and a variable count."""
    manifest = workspace / "copilot/report/manifest.yml"
    image = "image: {build: {dockerfile: src/Dockerfile, context: src}}"
    text = (
        re.sub("image:\n.*", image, commands.MANIFEST) + "env_file: a.env\nvariables: {A: '${W}'}\n"
    )
    manifest.write_text(text)
    (workspace / "a.env").write_text("A=1\n")
    source = workspace / "src"
    (source / "out").mkdir(parents=True)
    for name in ("Dockerfile", "main.sh", "notes.md", "out/made", ".dockerignore"):
        (source / name).write_text("*.md\n" if name == ".dockerignore" else "FROM scratch\n")
    (source / "link").symlink_to("main.sh")

    def inputs(**settings: str) -> dict[str, str]:
        options = ("-n", "report", "-e", "test", "--ignore", "src/out", "-o", "json")
        done = commands.run("cjob", "list", "inputs", *options, folder=workspace, settings=settings)
        assert (done.status, done.err) == (0, "")
        return {row["path"]: row["sha256"] for row in json.loads(done.out)}

    first = inputs(W="1")
    files = [".dockerignore", "Dockerfile", "link", "main.sh"]
    assert list(first) == ["a.env", "copilot/report/manifest.yml", *(f"src/{f}" for f in files)]
    (source / "main.sh").chmod(0o755)
    (source / "link").unlink()
    (source / "link").symlink_to("Dockerfile")
    second = inputs(W="2")
    assert {path for path in first if first[path] != second[path]} == {
        "copilot/report/manifest.yml",
        "src/link",
        "src/main.sh",
    }
    (source / "Dockerfile.dockerignore").write_text("*\n")
    assert [path for path in inputs(W="2") if path.startswith("src/")] == [
        "src/.dockerignore",
        "src/Dockerfile",
    ]


def test_inputs_of_no_job_are_refused(jobs: Path) -> None:
    """As elsewhere, -n or --all says which."""
    done = commands.run("cjob", "list", "inputs", "-e", "test", folder=jobs)
    assert (done.status, commands.told(done)[0]) == (2, "no job named")


@pytest.mark.parametrize("command", ["deploy", "package", "run", "logs"])
def test_a_command_typed_as_for_copilot_just_works(command: str, workspace: Path) -> None:
    """`cjob job deploy` is `cjob deploy`."""
    typed = commands.run("cjob", "job", command, "--help", folder=workspace)
    assert typed == commands.run("cjob", command, "--help", folder=workspace)
    assert typed == commands.run("cjob", "help", "job", command, folder=workspace)
    assert typed.status == 0


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ("env ls --app x", "cjob has no command 'env ls'", "cjob list envs"),
        ("svc deploy -n site", "cjob has no command 'svc deploy'", "see cjob --help"),
        ("job", "'job' is a command group of Copilot", "cjob deploy and cjob package"),
        ("job delete -n x", "cjob has no command 'job delete'", "aws cloudformation delete-stack"),
        ("job deplo -n x", "cjob has no command 'job deplo'", "did you mean 'cjob job deploy'?"),
    ],
)
def test_what_cjob_does_not_do_is_told_with_what_comes_nearest(
    words: str, message: str, hint: str, tmp_path: Path
) -> None:
    """For commands that fingers know."""
    done = commands.run("cjob", *words.split(), folder=tmp_path)
    assert done.status == 2
    found = commands.told(done)
    assert found[0].startswith(message)
    assert hint in found[1]


# What is typed, and what it may become.
LINES = {
    "cjob dep": "deploy",
    "cjob deploy -n ": "report tidy",
    "cjob deploy -n ti": "tidy",
    "cjob-render -e ": "prod staging test",
    "cjob-diff --exit": "--exit-code",
    "cjob list ": "envs inputs jobs",
    "cjob help sta": "stack-states status statuses",
    "cjob iam pa": "package",
    "cjob --ver": "--version",
}


@pytest.mark.parametrize(("line", "expected"), LINES.items())
def test_bash_completes(line: str, expected: str, jobs: Path) -> None:
    """It completes commands, options, and the names of the workspace."""
    assert sorted(shells.bash(line, folder=jobs)) == expected.split()


@pytest.mark.parametrize(("line", "expected"), LINES.items())
def test_fish_completes(line: str, expected: str, jobs: Path) -> None:
    """It completes the same."""
    assert sorted(shells.fish(line, folder=jobs)) == expected.split()


@pytest.fixture(scope="module")
def zsh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Yield a terminal on which zsh runs, in a workspace with jobs."""
    folder = _with_jobs(commands.make_workspace(tmp_path_factory.mktemp("zsh")))
    with shells.zsh(folder) as controller:
        yield controller


@pytest.mark.parametrize(("line", "expected"), LINES.items())
def test_zsh_completes(line: str, expected: str, zsh: int) -> None:
    """It completes the same."""
    shells.complete_in_zsh(zsh, line, expected.split())


def test_zsh_knows_every_command(jobs: Path) -> None:
    """The script is read without a word, and each command has a function that completes it."""
    programs.needs("zsh")
    script = (
        'autoload -U compinit && compinit -u -D; eval "$(cjob completion zsh)"; '
        'for name in cjob cjob-build cjob-apply; do echo "${_comps[$name]}"; done'
    )
    done = commands.run("zsh", "-f", "-c", script, folder=jobs)
    assert (done.status, done.err) == (0, "")
    functions = done.out.split()
    assert len(set(functions)) == 3
    assert all("shtab" in function for function in functions)


def test_the_dashed_commands_are_those_in_bin() -> None:
    """What is completed is what is installed."""
    there = {path.name.removeprefix("cjob-") for path in commands.BIN.glob("cjob-*")}
    assert there == set(cli.DASHED)
    assert subprocess.run([commands.BIN / "cjob-build", "--help"], check=False).returncode == 0
