"""What people type: heads, filters, help, and mistakes that are told with what was meant."""

import json
import os
import pty
import re
import subprocess
import tomllib
from importlib import metadata
from pathlib import Path

import commands
import pytest

BEGUN = json.dumps(
    {
        "apiVersion": "cjob/v1",
        "kind": "Release",
        "job": {"app": "acme", "env": "test", "name": "report"},
        "source": {"manifest": commands.MANIFEST},
    }
)


@pytest.mark.parametrize("command", commands.COMMANDS)
def test_every_command_has_help(command: str, tmp_path: Path) -> None:
    """It goes to stdout, and says what the command does and how it may end."""
    done = commands.run("cjob", command, "--help", folder=tmp_path)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(f"usage: cjob {command} ")
    assert "\nexamples:\n  " in done.out
    assert "\nexit status:\n  " in done.out
    assert commands.run("cjob", "help", command, folder=tmp_path) == done


@pytest.mark.parametrize("command", [*commands.COMMANDS, ""])
def test_help_fits_a_terminal(command: str, tmp_path: Path) -> None:
    """80 columns are enough for all of it, and what is prose fits a narrower one as well."""
    help_of = (*filter(None, ["cjob", command]), "--help")
    for columns in ("80", "0"):
        done = commands.run(*help_of, folder=tmp_path, settings={"COLUMNS": columns})
        assert max(map(len, done.out.splitlines())) <= 80
        assert "\n" * 3 not in done.out
    narrow = commands.run(*help_of, folder=tmp_path, settings={"COLUMNS": "50"})
    if command:
        purpose = narrow.out.split("\n\n")[1]
        assert max(map(len, purpose.splitlines())) <= 50
        assert purpose.split() == done.out.split("\n\n")[1].split()


def test_the_overview_lists_every_command(tmp_path: Path) -> None:
    """`cjob --help` is where people begin."""
    done = commands.run("cjob", "--help", folder=tmp_path)
    assert (done.status, done.err) == (0, "")
    for command in commands.COMMANDS:
        assert f"\n  {command} " in done.out


def test_no_command_at_all_is_a_usage_error_that_shows_the_overview(tmp_path: Path) -> None:
    """A script that forgot the command doesn't take the help for data."""
    done = commands.run("cjob", folder=tmp_path)
    assert (done.status, done.out) == (2, "")
    assert done.err == commands.run("cjob", "--help", folder=tmp_path).out


def test_the_version_is_data(tmp_path: Path) -> None:
    """One line, for scripts."""
    done = commands.run("cjob", "--version", folder=tmp_path)
    assert (done.status, done.err) == (0, "")
    name, version = done.out.split()
    assert name == "cjob"
    assert version.count(".") == 2
    assert commands.run("cjob", "version", folder=tmp_path) == done


def test_versions_of_python_and_all_libraries_are_printed_as_json(tmp_path: Path) -> None:
    """The libraries are those of pyproject.toml, and botocore, which much depends on."""
    done = commands.run("cjob", "version", "-o", "json", folder=tmp_path)
    assert (done.status, done.err) == (0, "")
    versions = json.loads(done.out)
    assert versions["python"].startswith("3.")
    libraries = versions["libraries"]
    for name in libraries:
        assert libraries[name] == metadata.version(name)
    project = tomllib.loads((commands.BIN.parent / "pyproject.toml").read_text())["project"]
    wanted = {re.split("[<>=]", text)[0] for text in project["dependencies"]}
    assert set(libraries) == wanted | {"botocore"}


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("cjob rendr", "'rendr' is not a command of cjob", "did you mean 'render'?"),
        ("cjob xyz", "'xyz' is not a command of cjob", "see cjob --help"),
        (
            "cjob --versoin",
            "'--versoin' is not an option of cjob itself",
            "did you mean '--version'?",
        ),
        (
            "cjob --log-format=text deploy",
            "'--log-format=text' is not an option of cjob itself",
            "a command comes first, as in cjob deploy -n report",
        ),
        (
            "cjob package -n report -e test --output-dir=",
            "--output-dir: the folder is empty",
            "name a folder, such as --output-dir ./infrastructure",
        ),
        (
            "cjob-render --trget t.json",
            "unexpected argument '--trget'",
            "did you mean '--target'?",
        ),
        (
            "cjob-render --trget=t.json",
            "unexpected argument '--trget=t.json'",
            "did you mean '--target'?",
        ),
        (
            "cjob deploy -n report --environment test",
            "unexpected argument '--environment'",
            "did you mean '--env'?",
        ),
        (
            "cjob schema",
            "the following arguments are required: {manifest,release}",
            "see cjob schema --help",
        ),
        (
            "cjob-render --targ t.json",
            "unexpected argument '--targ'",
            "did you mean '--target'?",
        ),
        (
            "cjob list jobs envs",
            "unexpected argument 'envs'",
            "see cjob list --help",
        ),
        (
            "cjob-render --parallel none",
            "argument --parallel: 'none' is not a positive number",
            "see cjob render --help",
        ),
        (
            "cjob-render --parallel 0",
            "argument --parallel: '0' is not a positive number",
            "see cjob render --help",
        ),
        ("cjob-render -n", "argument -n/--name: expected one argument", "see cjob render --help"),
        (
            "cjob-build -n report -e test report.json",
            "FILE cannot be combined with -n or --all",
            "pass one or the other",
        ),
        (
            "cjob-build -n report",
            "no environment named",
            "name it with -e, as in -e test, or set CJOB_ENV",
        ),
        (
            "cjob-build -n report -e ../x",
            "environment '../x' is not a valid name",
            "a name has letters, digits, - and _, and begins with a letter or a digit",
        ),
        (
            "cjob-build -n ../report -e test",
            "job '../report' is not a valid name",
            "a name has letters, digits, - and _, and begins with a letter or a digit",
        ),
        (
            "cjob-build -n reprot -e test",
            "copilot/reprot/manifest.yml: the workspace has no job 'reprot'",
            "did you mean 'report'?",
        ),
        (
            "cjob-build -n zzz -e test",
            "copilot/zzz/manifest.yml: the workspace has no job 'zzz'",
            "the workspace has: report",
        ),
        (
            "cjob-build -n report -e test --resource-tags team",
            "--resource-tags 'team' is not KEY=VALUE",
            """as in --resource-tags team=data,cost=42, or '"team=a,b",cost=42' for commas""",
        ),
        (
            "cjob-build -n report -e test --resource-tags aws:x=1",
            "--resource-tags 'aws:x=1' is not a valid tag",
            "a key has up to 128 characters and does not start with aws:, a value has 1 to 256",
        ),
        (
            "cjob-build -n report -e test --resource-tags team=",
            "--resource-tags 'team=' is not a valid tag",
            "a key has up to 128 characters and does not start with aws:, a value has 1 to 256",
        ),
        (
            "cjob-build -n report -e test --tag -x!",
            "argument --tag: expected one argument",
            "see cjob build --help",
        ),
        (
            "cjob-build -n report -e test --tag=v1/x",
            "--tag 'v1/x' is not a valid image tag",
            "use up to 128 letters, digits, _, . and -, starting with a letter, a digit or _",
        ),
        (
            "cjob-build --all -n report -e test",
            "--all cannot be combined with -n",
            "pass -n for some jobs, or --all for all of them",
        ),
        (
            "cjob-build -n report --env=",
            "environment '' is not a valid name",
            "a name has letters, digits, - and _, and begins with a letter or a digit",
        ),
        (
            "cjob deploy -n report --env=",
            "environment '' is not a valid name",
            "a name has letters, digits, - and _, and begins with a letter or a digit",
        ),
        (
            "cjob deploy -n report -e test --app=",
            "application '' is not a valid name",
            "a name has letters, digits, - and _, and begins with a letter or a digit",
        ),
        (
            "cjob-build -n report -e test -C nowhere/else",
            "there is no folder",
            "check the folder of -C",
        ),
        (
            "cjob-render -n report -e test --target absent.json",
            "cannot read 'absent.json': No such file or directory",
            "check the file name",
        ),
        (
            "cjob-render -n report -e prod --target target.json",
            "the target in 'target.json' is application 'acme', environment 'test'",
            "make one for your environment with cjob-target",
        ),
        (
            "cjob-render -n report -a other -e test --target target.json",
            "the target in 'target.json' is application 'acme', environment 'test'",
            "make one for your environment with cjob-target",
        ),
        ("cjob sandbox", "the following arguments are required: ACTION", "see cjob sandbox --help"),
    ],
)
@pytest.mark.usefixtures("target")
def test_a_mistake_is_told_with_what_to_do(
    line: str, message: str, hint: str, workspace: Path
) -> None:
    """Status 2, one message, one hint, and nothing on stdout."""
    done = commands.run(*line.split(), folder=workspace)
    assert done.status == 2
    found = commands.told(done)
    assert found[0].startswith(message)
    assert found[1] == hint


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("file", "Not a directory"),
        ("file/below", "Not a directory"),
        ("x" * 300, "File name too long"),
    ],
)
def test_a_folder_that_takes_no_files_is_told_at_once(
    folder: str, reason: str, workspace: Path
) -> None:
    """Before AWS is asked for anything, or an image built: there is no region here."""
    (workspace / "file").touch()
    line = ("cjob", "package", "-n", "report", "-e", "test", "--output-dir", folder)
    done = commands.run(*line, "--upload-assets", folder=workspace)
    assert done.status == 2
    assert commands.told(done)[0] == f"cannot write to {folder!r}: {reason}"


@pytest.mark.parametrize(
    "flag", ["-e test", "-a acme", "--tag v1", "--target t.json", "--resource-tags a=b"]
)
def test_what_belongs_to_a_head_is_refused_where_documents_are_read(
    flag: str, tmp_path: Path
) -> None:
    """It would have no effect, since it travels in the document."""
    (tmp_path / "t.json").write_text(json.dumps({**json.loads(BEGUN), "target": commands.TARGET}))
    done = commands.run("cjob-build", *flag.split(), folder=tmp_path, stdin=BEGUN)
    assert done.status == 2
    message, hint = commands.told(done)
    assert message.endswith("belongs to a command with -n or --all; this command reads documents")
    assert hint == "pass it to the first command of the pipe"


def test_a_folder_without_workspace_is_told(tmp_path: Path) -> None:
    """The folder that is looked for is named, and the flag that says where it is."""
    done = commands.run("cjob-build", "-n", "report", "-e", "test", folder=tmp_path)
    assert done.status == 2
    message, hint = commands.told(done)
    assert message.startswith("no workspace: there is no folder 'copilot' in ")
    assert "-C" in hint


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    """As after another shell has removed it."""
    script = (
        'mkdir gone; cd gone; rmdir ../gone; cjob-build -n report -e test 2>&1 | grep -v "^sh:"'
    )
    done = commands.shell(script, folder=tmp_path)
    assert done.out == "cjob: the current folder was deleted\nhint: change to another folder\n"


def test_a_workspace_is_found_from_below_and_by_its_flag(workspace: Path, tmp_path: Path) -> None:
    """Wherever a command starts, its document is the same."""
    command = ("cjob-build", "-n", "report", "-e", "test")
    here = commands.run(*command, folder=workspace)
    below = commands.run(*command, folder=workspace / "copilot" / "report")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    named = commands.run(*command, "-C", str(workspace), folder=elsewhere)
    assert here.status == 0
    assert here == below == named


def test_a_manifest_with_several_mistakes_tells_all_of_them(workspace: Path) -> None:
    """Each has its place and its hint, so that one run shows what is to be put right."""
    manifest = workspace / "copilot" / "report" / "manifest.yml"
    bad = commands.MANIFEST.replace("256", "lots").replace("512", "more")
    manifest.write_text(bad)
    done = commands.run("cjob-build", "-n", "report", "-e", "test", folder=workspace)
    assert (done.status, done.out) == (2, "")
    lines = done.err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["cjob", "hint"] * 2
    assert lines[0].startswith("cjob: copilot/report/manifest.yml:7:6: ")
    assert lines[2].startswith("cjob: copilot/report/manifest.yml:8:9: ")


def test_names_from_outside_cannot_drive_the_terminal(workspace: Path) -> None:
    """What a message quotes is shown with its control characters spelled out."""
    done = commands.run("cjob-build", "-n", "\x1b[31mred\n", "-e", "test", folder=workspace)
    assert done.status == 2
    message, _ = commands.told(done)
    assert "\x1b" not in message
    assert "\\x1b[31mred\\n" in message


@pytest.mark.parametrize("command", commands.FILTERS)
def test_a_filter_at_a_terminal_shows_both_its_forms(command: str, tmp_path: Path) -> None:
    """A person who typed it alone would wait for ever for a document to come."""
    controller, terminal = pty.openpty()
    try:
        done = subprocess.run(
            [f"cjob-{command}"],
            cwd=tmp_path,
            env=commands.environment(tmp_path),
            stdin=terminal,
            capture_output=True,
            timeout=commands.LIMIT_S,
            check=False,
        )
    finally:
        os.close(controller)
        os.close(terminal)
    assert done.returncode == 2
    found = commands.told(commands.Done(2, done.stdout.decode(), done.stderr.decode()))
    assert found[0] == "no job and no document"
    head = "cjob deploy" if command == "apply" else f"cjob-{command}"
    hint = f"{head} -n JOB -e ENV, or a command that writes documents | cjob-{command}"
    assert found[1] == hint
    empty = commands.run(f"cjob-{command}", folder=tmp_path)
    assert (empty.status, commands.told(empty)[1]) == (2, hint)


@pytest.mark.usefixtures("target")
@pytest.mark.parametrize(
    ("options", "shown"), [((), "AWSTemplateFormatVersion"), (("-o", "json"), '{"apiVersion"')]
)
def test_a_terminal_gets_what_people_read(
    options: tuple[str, ...], shown: str, workspace: Path
) -> None:
    """`-o text` is the default where stdout is a terminal, and -o overrides it."""
    command = ["cjob-render", "-n", "report", "-e", "test", "--target", "target.json"]
    controller, terminal = pty.openpty()
    with subprocess.Popen(
        [*command, *options],
        cwd=workspace,
        env=commands.environment(workspace),
        stdin=subprocess.DEVNULL,
        stdout=terminal,
    ) as running:
        os.close(terminal)
        written = b""
        while len(written) < 2000 and (more := os.read(controller, 1000)):
            written += more
        running.kill()
    os.close(controller)
    assert shown in written.decode()


@pytest.mark.parametrize(
    "line",
    [
        "cjob-render",
        "cjob-render --parallel none",
        "cjob-render --nonsense",
        "cjob nonsense",
        "cjob-build -n reprot -e test",
        "cjob-diff [",
    ],
)
@pytest.mark.parametrize("form", [["--log-format", "json"], ["--log-format=json"]])
def test_errors_are_events_where_json_was_asked_for(
    line: str, form: list[str], workspace: Path
) -> None:
    """Also those that are found while the arguments are read."""
    plain = commands.run(*line.split(), folder=workspace)
    done = commands.run(*line.split(), *form, folder=workspace)
    assert (done.status, done.out) == (plain.status, plain.out)
    event = json.loads(done.err)
    message, hint = commands.told(plain)
    told = {name: event[name] for name in ("level", "message", "hint", "code", "status")}
    assert told == {
        "level": "error",
        "message": message,
        "hint": hint,
        "code": "invalid-input",
        "status": 2,
    }


def test_warnings_and_several_problems_are_an_event_each(workspace: Path) -> None:
    """Every line on stderr is one object."""
    manifest = workspace / "copilot" / "report" / "manifest.yml"
    manifest.write_text(commands.MANIFEST + "tsaks: 3\n")
    command = ("cjob-build", "-n", "report", "-e", "test", "--log-format", "json")
    done = commands.run(*command, folder=workspace)
    assert done.status == 0
    (warning,) = [json.loads(line) for line in done.err.splitlines()]
    assert warning["level"] == "warning"
    assert warning["message"].startswith("warning: ")
    bad = commands.MANIFEST.replace("256", "lots").replace("512", "more")
    manifest.write_text(bad)
    done = commands.run(*command, folder=workspace)
    assert done.status == 2
    events = [json.loads(line) for line in done.err.splitlines()]
    assert [event["level"] for event in events] == ["error", "error"]


@pytest.mark.parametrize("option", ["-n=report", "-e", "--all"])
def test_apply_points_at_the_command_that_begins_from_the_workspace(
    workspace: Path, option: str
) -> None:
    """It takes documents only, which surprises after the other commands."""
    done = commands.run("cjob", "apply", *option.split("="), folder=workspace)
    assert done.status == 2
    hint = "name the files of plans; to deploy from the workspace: cjob deploy"
    assert commands.told(done) == (
        f"unexpected argument {option.split('=', maxsplit=1)[0]!r}",
        hint,
    )


@pytest.mark.parametrize("words", ["deploy", "deploy --all -e test", "runs --all -e test"])
def test_a_workspace_without_jobs_is_an_error(tmp_path: Path, words: str) -> None:
    """The hint leads to a first manifest, whether a job was to be chosen or all were meant."""
    (tmp_path / "copilot").mkdir()
    (tmp_path / "copilot/.workspace").write_text("application: acme\n")
    done = commands.run("cjob", *words.split(), folder=tmp_path)
    assert done.status == 2
    message, hint = commands.told(done)
    assert message == "the workspace has no scheduled jobs"
    assert hint.endswith("to write a first job: cjob help application")
