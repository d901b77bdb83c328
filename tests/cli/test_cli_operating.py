"""What commands about runs refuse before AWS is asked for anything."""

from pathlib import Path

import commands
import pytest

ON = ("-n", "report", "-e", "test")

NEAREST = "use one of the nearest sizes: cpu: 256 with memory: 2048, or cpu: 1024 with memory: 8192"


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("runs", "-e", "test"), "no job named", "name it with -n, or pass --all"),
        (
            ("run", "-e", "test"),
            "no job named",
            "name it with -n, as in -n report; or leave out -e and -a",
        ),
        (
            ("run", "report", "-e", "test"),
            "there is no file 'report', but there is a job with that name",
            "to name a job: cjob run -n report",
        ),
        (
            ("run", "plan.json", *ON),
            "FILE cannot be combined with -n or --all",
            "pass one or the other",
        ),
        (
            ("run", *ON, "--if-changed"),
            "--if-changed needs documents of cjob-apply: remove -n or --all",
            "leave one of them out",
        ),
        (
            ("run", *ON, "-n", "other", "--pass-exit-code"),
            "--pass-exit-code takes one job",
            "leave one of them out",
        ),
        (
            ("run", *ON, "--container", "sidecar"),
            "--container needs --pass-exit-code",
            "leave one of them out",
        ),
        (
            ("deploy", *ON, "--run", "--detach"),
            "--run cannot be combined with --detach",
            "a job runs once it is deployed",
        ),
        (
            ("logs", *ON, "-n", "other"),
            "cjob logs takes one job, but 2 are named",
            "run it once for each job, starting with: cjob logs -n report",
        ),
        (
            ("status", "-e", "test"),
            "no job named",
            "name it with -n, or pass --all or --deployed",
        ),
        (
            ("job", "status", "--all", "--deployed", "-e", "test"),
            "--deployed cannot be combined with -n or --all",
            "name jobs, or take all deployed ones",
        ),
        (
            ("status", "--deployed"),
            "no environment named",
            "name it with -e, as in -e test, or set CJOB_ENV",
        ),
        (
            ("logs", *ON, "--since", "1h", "--run", "last"),
            "--since cannot be combined with --run",
            "name one run, or all runs since a time",
        ),
        (
            ("logs", *ON, "--until", "1h", "--run", "last"),
            "--until cannot be combined with --run",
            "name one run, or all runs of a time",
        ),
        (
            ("logs", *ON, "--since", "1h", "-f"),
            "--since cannot be combined with --follow",
            "a single run is followed: pass --run",
        ),
        (
            ("logs", *ON, "--tail", "1", "-f"),
            "--tail cannot be combined with --follow",
            "a run is followed from its first line",
        ),
        (
            ("run", *ON, "--var", "DEBUG"),
            "--var 'DEBUG' is not a variable with a value",
            "as in --var LOG_LEVEL=debug",
        ),
        (
            ("run", *ON, "--var", "DB_PASSWORD=x"),
            "--var DB_PASSWORD: its name looks like that of a secret, which ECS would show",
            "deploy it with the job: secrets: DB_PASSWORD: in the manifest",
        ),
        (
            ("run", *ON, "--command", "echo 'x"),
            "--command \"echo 'x\": unclosed single quote (')",
            "quote it again for your shell",
        ),
        (
            ("run", *ON, "--command", " "),
            "--command is empty",
            "as in --command 'python migrate.py'",
        ),
        (
            ("run", *ON, "--cpu", "256", "--memory", "8192"),
            "cpu: 256 with memory: 8192 is not a task size that Fargate offers",
            NEAREST,
        ),
        (
            ("run", *ON, "--command", "x", "--reason", "y"),
            "--reason cannot be combined with a one-off run: ECS keeps no reason",
            "leave one of them out",
        ),
        (
            ("run", *ON, "--var", f"A={'x' * 8192}"),
            "the command and variables have 8281 characters as JSON; ECS takes 8192",
            "put them into a file that the container reads, or deploy them with the job",
        ),
    ],
    ids=lambda value: str(value)[:60],
)
def test_arguments_that_do_not_fit_are_refused(
    workspace: Path, words: tuple[str, ...], message: str, hint: str
) -> None:
    """With what to type instead, and never as a bug in cjob."""
    done = commands.run("cjob", *words, folder=workspace)
    assert done.status == 2
    assert commands.told(done) == (message, hint)


@pytest.mark.parametrize(
    ("command", "option", "value", "problem"),
    [
        ("runs", "--last", "0", "'0' is not a positive number"),
        ("runs", "--last", "-1", "'-1' is not a positive number"),
        ("logs", "--tail", "-1", "'-1' is not a positive number"),
        ("logs", "--attempt", "0", "'0' is not a positive number"),
        ("runs", "--since", "2199-01-01", "'2199-01-01' is in the future; it is 20"),
        ("logs", "--since", "yesterday", "'yesterday' is not a duration or a time"),
        ("run", "--run-id", "", "the id is empty"),
        ("run", "--run-id", " ", "the id is empty"),
    ],
)
def test_values_that_no_option_takes_are_refused(
    workspace: Path, command: str, option: str, value: str, problem: str
) -> None:
    """Each with the option that it was given to."""
    done = commands.run("cjob", command, *ON, option, value, folder=workspace)
    assert done.status == 2
    assert commands.told(done)[0].startswith(f"argument {option}: {problem}")


@pytest.mark.parametrize("command", ["run", "runs", "logs", "status"])
def test_without_a_workspace_the_application_can_be_named(tmp_path: Path, command: str) -> None:
    """The hint says how; an application that was named needs no workspace."""
    done = commands.run("cjob", command, *ON, folder=tmp_path)
    assert done.status == 2
    message, hint = commands.told(done)
    assert message.startswith("no workspace: ")
    assert hint == "go to the workspace, or name the application with -a, as in -a demo"
    named = commands.run("cjob", command, *ON, "-a", "demo", folder=tmp_path)
    assert commands.told(named)[0] == "no AWS region is set"


def test_all_jobs_need_a_workspace(tmp_path: Path) -> None:
    """Even of an application that was named."""
    done = commands.run("cjob", "runs", "--all", "-a", "demo", "-e", "test", folder=tmp_path)
    assert commands.told(done)[1].startswith("go to the workspace, or name the jobs with -n and ")
