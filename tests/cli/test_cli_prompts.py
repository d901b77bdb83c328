"""Which jobs and environment are meant: questions, answers, variables and misplaced names."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import commands
import pytest
import terminals
from aws_fake import Fake

from cjob.cli import prompts
from cjob.reporting.errors import InputError

JOBS = ("cleanup", "report", "report-daily", "7")


def asking(*answers: str) -> tuple[Callable[[str], str], list[str]]:
    """Return a terminal that gives these answers, then its end; and what it was asked."""
    asked: list[str] = []
    waiting: Iterator[str] = iter(answers)

    def ask(question: str) -> str:
        asked.append(question)
        return next(waiting, "")

    return ask, asked


@pytest.mark.parametrize(
    ("answer", "chosen"),
    [
        ("2", ["report"]),
        ("cleanup", ["cleanup"]),
        ("cl", ["cleanup"]),
        ("report", ["report"]),
        ("report-", ["report-daily"]),
        ("7", ["7"]),
        ("1,2", ["cleanup", "report"]),
        ("2 , cl\n", ["report", "cleanup"]),
        ("1 1 cleanup", ["cleanup"]),
        ("all", list(JOBS)),
    ],
)
def test_an_answer_is_a_number_a_name_its_beginning_or_several(
    answer: str, chosen: list[str]
) -> None:
    """A whole name wins over a number, and over the names that it begins."""
    assert prompts.matching(answer, JOBS, several=True) == chosen


@pytest.mark.parametrize(
    ("answer", "several", "problem"),
    [
        ("9", True, "'9' is not one of the choices"),
        ("0", True, "'0' is not one of the choices"),
        ("-1", True, "'-1' is not one of the choices"),
        ("1,x", True, "'x' is not one of the choices"),
        ("rep", True, "'rep' is ambiguous: report, report-daily"),
        (" \n", True, "the answer is empty"),
        (",", True, "the answer is empty"),
        ("1,2", False, "'1,2' is more than one name: choose one"),
        ("all", False, "'all' is not one of the choices"),
        ("²", True, "'²' is not one of the choices"),
    ],
)
def test_any_other_answer_has_a_reason(answer: str, several: bool, problem: str) -> None:  # noqa: FBT001 - a parameter of the test
    """The reason is what the person reads before the question comes again."""
    with pytest.raises(InputError) as caught:
        prompts.matching(answer, JOBS, several=several)
    assert str(caught.value) == problem


def test_a_job_that_is_named_all_can_be_chosen() -> None:
    """Its name wins over the word."""
    assert prompts.matching("all", ("all", "other"), several=True) == ["all"]


def test_a_wrong_answer_asks_again_until_the_terminal_is_closed() -> None:
    """The list is shown once; a closed terminal is an error that names the option."""
    ask, asked = asking("x\n", "1\n")
    assert prompts.choose(JOBS, "job", "-n", several=True, ask=ask) == ["cleanup"]
    assert asked[0].startswith("  1  cleanup\n  2  report\n")
    assert asked[1].startswith("'x' is not one of the choices\nWhich jobs?")
    ask, asked = asking("x\n")
    with pytest.raises(InputError, match="no job was chosen") as caught:
        prompts.choose(JOBS, "job", "-n", ask=ask)
    assert (caught.value.hint, len(asked)) == ("name the job with -n", 2)


@pytest.mark.parametrize(
    ("answers", "agreed"),
    [
        (["y\n"], True),
        (["YES\n"], True),
        (["ja\n", "y\n"], True),
        (["\n"], False),
        (["n\n"], False),
        (["ja\n"], False),
        ([], False),
    ],
)
def test_only_yes_is_yes(answers: Sequence[str], agreed: bool) -> None:  # noqa: FBT001 - as above
    """A typo asks again; Enter and a closed terminal mean no."""
    ask, asked = asking(*answers)
    assert prompts.confirm("Continue? ", ask) == agreed
    assert all("is not an answer" in question for question in asked[1:])


@pytest.fixture
def jobs(workspace: Path, aws: Fake) -> Path:
    """Return a workspace with three jobs, of an application with two environments."""
    for name in ("cleanup", "tidy"):
        (workspace / "copilot" / name).mkdir()
        manifest = commands.MANIFEST.replace("report", name)
        (workspace / "copilot" / name / "manifest.yml").write_text(manifest)
    for env in ("prod", "test"):
        aws.parameters[f"/copilot/applications/acme/environments/{env}"] = "{}"
    return workspace


def test_a_person_is_asked_and_shown_the_command_without_questions(jobs: Path, aws: Fake) -> None:
    """At 80 columns: a wrong answer, two jobs by their numbers, an environment by its beginning."""
    seen = terminals.run(
        *("cjob", "package", "--tag", "v1"),
        folder=jobs,
        settings=aws.settings,
        answers=[
            ("or all)", "9\n"),
            ("or all)", "1,2\n"),
            ("(number or name)", "te\n"),
        ],
    )
    assert "  1  cleanup" in seen
    assert "'9' is not one of the choices" in seen
    line = "to skip the questions: cjob package --tag v1 -n cleanup -n report -e test"
    assert line in seen
    assert "cjob: there is no application 'acme' in this account and region eu-west-1" in seen


def test_all_jobs_are_written_as_all(jobs: Path, aws: Fake) -> None:
    """What was named on the command line is not asked, and stays in the command that is shown."""
    seen = terminals.run(
        *("cjob", "package", "-e", "test"),
        folder=jobs,
        settings=aws.settings,
        answers=[("or all)", "all\n")],
    )
    assert "to skip the questions: cjob package -e test --all" in seen


def test_a_closed_terminal_ends_the_question(jobs: Path) -> None:
    """Ctrl-D is no answer."""
    seen = terminals.run("cjob", "deploy", folder=jobs, answers=[("or all)", "\x04")])
    assert seen.status == 2
    assert "cjob: no job was chosen" in seen


@pytest.mark.parametrize("command", ["deploy", "package"])
def test_several_jobs_are_listed_with_the_options_that_choose(command: str, jobs: Path) -> None:
    """Without a terminal."""
    done = commands.run("cjob", command, folder=jobs)
    assert done.status == 2
    assert commands.told(done) == (
        "several jobs: cleanup, report, tidy",
        "name one with -n, or pass --all",
    )


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("cjob deploy report", "cjob deploy -n report"),
        ("cjob deploy report -e test", "cjob deploy -n report -e test"),
        ("cjob deploy -e test --diff report tidy", "cjob deploy -e test --diff -n report -n tidy"),
        ("cjob package -e report report", "cjob package -e report -n report"),
        ("cjob manifest report -e test", "cjob manifest -n report -e test"),
        ("cjob job deploy report", "cjob deploy -n report"),
    ],
)
def test_a_job_without_its_option_is_refused_with_the_whole_command(
    line: str, hint: str, jobs: Path
) -> None:
    """An option's value that is spelled like a job stays where it is."""
    done = commands.run(*line.split(), folder=jobs)
    assert done.status == 2
    message, found = commands.told(done)
    assert message == "unexpected argument 'report' (did you mean: -n report)"
    assert found == f"name jobs with -n: {hint}"


@pytest.mark.parametrize("command", commands.FILTERS)
def test_a_filter_given_a_job_says_how_to_name_one(command: str, jobs: Path) -> None:
    """It takes a file there, but a job's name is what people write."""
    done = commands.run(f"cjob-{command}", "report", folder=jobs)
    assert done.status == 2
    head = "cjob deploy" if command == "apply" else f"cjob-{command}"
    assert commands.told(done) == (
        "there is no file 'report', but there is a job with that name",
        f"to name a job: {head} -n report",
    )
    other = commands.run(f"cjob-{command}", "absent.json", folder=jobs)
    assert commands.told(other)[0].startswith("cannot read 'absent.json'")


def test_variables_are_defaults_of_the_application_and_the_environment(workspace: Path) -> None:
    """Options win over them, they win over the workspace; empty ones are as if unset."""
    names = {"CJOB_ENV": "test", "CJOB_APP": "other"}

    def job(*options: str, **settings: str) -> object:
        done = commands.run("cjob-build", *options, folder=workspace, settings=settings)
        return json.loads(done.out)["job"] if done.status == 0 else commands.told(done)[0]

    report = ("-n", "report")
    assert job(*report, **names) == {"app": "other", "env": "test", "name": "report"}
    assert job(*report, "-e", "prod", "-a", "acme", **names) == {
        "app": "acme",
        "env": "prod",
        "name": "report",
    }
    assert job(*report, "-e", "prod", CJOB_APP="", CJOB_ENV="") == {
        "app": "acme",
        "env": "prod",
        "name": "report",
    }
    assert job(*report, CJOB_ENV="") == "no environment named"
    assert job(*report, CJOB_ENV="../x") == "CJOB_ENV: environment '../x' is not a valid name"
    wrong = job(*report, "-e", "test", CJOB_APP="a/b")
    assert wrong == "CJOB_APP: application 'a/b' is not a valid name"


def test_a_composite_says_that_the_variable_chose(workspace: Path, aws: Fake) -> None:
    """Nobody deploys to an environment by a forgotten variable without seeing it."""
    settings = {**aws.settings, "CJOB_ENV": "prod"}
    done = commands.run("cjob", "package", folder=workspace, settings=settings)
    assert done.err.splitlines()[:2] == [
        "using job report (the only one)",
        "using environment prod (CJOB_ENV)",
    ]


def test_variables_mean_nothing_to_a_filter(workspace: Path) -> None:
    """A document's own names stay."""
    built = commands.run("cjob-build", "-n", "report", "-e", "test", folder=workspace).out
    settings = {"CJOB_ENV": "prod", "CJOB_APP": "other"}
    again = commands.run("cjob-build", folder=workspace, stdin=built, settings=settings)
    assert (again.status, again.out) == (0, built)
