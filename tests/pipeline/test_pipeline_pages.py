"""The two pages that cjob keeps to, line by line: flags, short forms, defaults, examples, files."""

import argparse
import json
from collections.abc import Mapping, Sequence

import pytest
import yaml
from pipelines import Place, document, on

from cjob.cli import main as cli

TEXT, REPEATED = "a string", "a string, repeatable"
SWITCH, NEGATION = "turns something on", "turns something off"

# Of each page: the flag, its short form, what it takes, and what holds without it.
FLAGS: Mapping[str, Sequence[tuple[str, str, str, object]]] = {
    "deploy": [
        ("--allow-downgrade", "", SWITCH, False),
        ("--app", "-a", TEXT, None),
        ("--detach", "", SWITCH, False),
        ("--diff", "", SWITCH, False),
        ("--env", "-e", TEXT, None),
        ("--name", "-n", REPEATED, None),
        ("--no-rollback", "", NEGATION, True),
        ("--resource-tags", "", REPEATED, []),
        ("--tag", "", TEXT, ""),
    ],
    "package": [
        ("--allow-downgrade", "", SWITCH, False),
        ("--app", "-a", TEXT, None),
        ("--diff", "", SWITCH, False),
        ("--env", "-e", TEXT, None),
        ("--name", "-n", REPEATED, None),
        ("--output-dir", "", TEXT, None),
        ("--tag", "", TEXT, ""),
        ("--upload-assets", "", SWITCH, False),
    ],
}


@pytest.mark.parametrize(
    ("command", "flag", "short", "takes", "default"),
    [(command, *row) for command, rows in FLAGS.items() for row in rows],
)
def test_a_flag_of_the_page_is_there(
    command: str, flag: str, short: str, takes: str, default: object
) -> None:
    """With its short form, what it takes, and its default."""
    parser = argparse.ArgumentParser(add_help=False)
    cli.arguments_of(command).add_to(parser)
    given = {SWITCH: [flag], NEGATION: [flag], TEXT: [flag, "x"], REPEATED: [flag, "x", flag, "y"]}[
        takes
    ]
    expected = {SWITCH: True, NEGATION: False, TEXT: "x", REPEATED: ["x", "y"]}[takes]
    place = flag.removeprefix("--").removeprefix("no-").replace("-", "_")
    assert getattr(parser.parse_args([]), place) == default
    assert getattr(parser.parse_args(given), place) == expected
    if short:
        shortened = [short if word == flag else word for word in given]
        assert getattr(parser.parse_args(shortened), place) == expected


def test_the_examples_of_deploy(place: Place) -> None:
    """A job by its names; with tags; and a difference that nobody is asked about in CI."""
    place.job("report-gen")
    made = place.typed("deploy", "--name", "report-gen", "--env", "test")
    assert (made.returncode, made.stdout) == (0, "report-gen: deployed (CREATE_COMPLETE)\n")
    tags = "source/revision=bb133e7,deployment/initiator=manual"
    place.done("deploy", "--resource-tags", tags)
    found = {tag["Key"]: tag["Value"] for tag in place.stack("report-gen")["Tags"]}
    assert found["source/revision"] == "bb133e7"
    assert found["deployment/initiator"] == "manual"
    assert found["copilot-service"] == "report-gen"
    place.job("report-gen", "variables: {LOG_LEVEL: info, DB_PASSWORD: s3cret}\n")
    shown = place.typed("deploy", "--diff", "--resource-tags", tags, CI="true")
    assert shown.returncode == 2
    assert "\n                      + - Name: LOG_LEVEL\n" in shown.stdout
    assert shown.stdout.startswith("~ Resources:\n")
    agreed = place.typed("deploy", "--resource-tags", tags, "--diff", "--yes", CI="true")
    assert agreed.stdout == f"{shown.stdout}report-gen: deployed (UPDATE_COMPLETE)\n"
    assert "s3cret" not in agreed.stdout + agreed.stderr, "a log gets no documents"


def test_the_examples_of_package(place: Place) -> None:
    """A template on stdout; files in a folder; a difference with its status."""
    place.job("report-generator")
    printed = place.done("package", "-n", "report-generator", "-e", "test").stdout
    assert printed.count("AWSTemplateFormatVersion") == 1
    folder = "./infrastructure"
    place.done("package", "-n", "report-generator", "-e", "test", "--output-dir", folder)
    written = {path.name: path.read_text() for path in (place.root / folder).iterdir()}
    assert sorted(written) == [
        "report-generator-test.params.yml",
        "report-generator-test.stack.yml",
    ]
    assert written["report-generator-test.stack.yml"] == printed
    whole = document(place.done("package", *on("report-generator"), "-o", "json"))
    assert whole["stack"]["template"] == printed
    settings = yaml.safe_load(written["report-generator-test.params.yml"])
    assert sorted(settings) == ["Parameters", "Tags"]
    assert place.run("package", "--diff").returncode == 1
    compared = place.run("package", "--diff", "-o", "json")
    assert compared.returncode == 1
    assert json.loads(compared.stdout)["diff"]["changed"] is True
    assert place.status("report-generator") == ""


def test_templates_of_several_jobs_are_documents_of_one_stream(place: Place) -> None:
    """Any YAML reader takes them apart."""
    place.job("first")
    place.job("second")
    printed = place.done("package", *on("first"), "-n", "second").stdout
    alone = [place.done("package", *on(job)).stdout for job in ("first", "second")]
    assert printed == "---\n".join(alone)
