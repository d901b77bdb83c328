"""Commands in pipes: documents from one to the next, and what becomes of broken pipes."""

import json
import subprocess
from pathlib import Path

import commands
import pytest

RENDER = "cjob-render -n report -e test --target target.json"


def test_two_spellings_are_one_command(workspace: Path) -> None:
    """`cjob build` writes what `cjob-build` writes, and so do their helps."""
    for arguments in (("-n", "report", "-e", "test"), ("--help",), ("--nonsense",)):
        one, two = (
            commands.run(*spelling, *arguments, folder=workspace)
            for spelling in (("cjob", "build"), (str(commands.BIN / "cjob-build"),))
        )
        assert one == two
        assert one.out or one.status == 2


@pytest.mark.usefixtures("target")
def test_a_document_grows_from_command_to_command(workspace: Path) -> None:
    """Build and render, joined by a pipe, give what one render of both gives."""
    line = "cjob-build -n report -e test --target target.json | cjob-render"
    done = commands.shell(f"set -o pipefail; {line}", folder=workspace)
    assert (done.status, done.err) == (0, "")
    piped = json.loads(done.out)
    alone = json.loads(commands.shell(RENDER, folder=workspace).out)
    assert list(piped) == ["apiVersion", "kind", "job", "source", "target", "images", "stack"]
    assert piped["stack"] == {**alone["stack"], "missing": piped["stack"]["missing"]}


@pytest.mark.usefixtures("target")
def test_the_same_input_gives_the_same_bytes(workspace: Path) -> None:
    """A document holds no time, host or duration, and rendering it again changes nothing."""
    first, second = (commands.shell(RENDER, folder=workspace) for _ in range(2))
    assert first == second
    again = commands.run("cjob-render", folder=workspace, stdin=first.out)
    assert again.out == first.out


@pytest.mark.usefixtures("target")
def test_a_filter_needs_no_workspace_and_no_aws(workspace: Path, tmp_path: Path) -> None:
    """A document that has all its sections is rendered anywhere."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    document = commands.shell(RENDER, folder=workspace).out
    done = commands.run("cjob-render", "-o", "template", folder=elsewhere, stdin=document)
    assert (done.status, done.err) == (0, "")
    assert done.out == json.loads(document)["stack"]["template"]


def test_several_jobs_are_written_in_the_order_asked_for(workspace: Path) -> None:
    """One line each; the order of names on the command line is kept."""
    for name in ("b", "a"):
        folder = workspace / "copilot" / name
        folder.mkdir()
        (folder / "manifest.yml").write_text(commands.MANIFEST.replace("report", name, 1))
    names = ["report", "b", "a"]
    flags = [flag for name in names for flag in ("-n", name)]
    done = commands.run("cjob-build", *flags, "-e", "test", folder=workspace)
    assert [json.loads(line)["job"]["name"] for line in done.out.splitlines()] == names
    everything = commands.run("cjob-build", "--all", "-e", "test", folder=workspace)
    assert [json.loads(line)["job"]["name"] for line in everything.out.splitlines()] == sorted(
        names
    )


def test_one_job_that_fails_leaves_stdout_empty(workspace: Path) -> None:
    """Before apply it is all or nothing."""
    done = commands.run(
        "cjob-build", "-n", "report", "-n", "absent", "-e", "test", folder=workspace
    )
    assert done.status == 2
    assert commands.told(done)[0].endswith("the workspace has no job 'absent'")


def test_a_head_never_reads_stdin(workspace: Path) -> None:
    """It ends although whoever holds the other end of stdin says nothing."""
    with subprocess.Popen(
        ["cjob-build", "-n", "report", "-e", "test"],
        cwd=workspace,
        env=commands.environment(workspace),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as silent:
        assert silent.wait(commands.LIMIT_S) == 0


def test_a_failure_is_not_hidden_by_the_next_command(workspace: Path) -> None:
    """The second command of a pipe says that it got nothing, and fails too."""
    done = commands.shell(
        'cjob-build -n absent -e test | cjob-render; echo "${PIPESTATUS[*]}" >&2', folder=workspace
    )
    assert done.out == ""
    assert done.err.splitlines()[-1] == "2 2"
    assert "no document on stdin; did the command before this one fail?" in done.err


@pytest.mark.usefixtures("target")
@pytest.mark.parametrize("options", ["", "-o template"])
def test_a_reader_that_goes_away_is_no_error_to_talk_about(workspace: Path, options: str) -> None:
    """The status is that of a program that SIGPIPE ended, and stderr stays quiet."""
    manifest = workspace / "copilot" / "report" / "manifest.yml"
    padding = f"# {'x' * 100}\n" * 2000
    manifest.write_text(f"{commands.MANIFEST}{padding}")
    script = f'{RENDER} {options} | head -c 1; echo " ${{PIPESTATUS[*]}}"'
    done = commands.shell(script, folder=workspace)
    assert done.out.split()[1:] == ["141", "0"]
    assert done.err == ""


def test_help_for_a_reader_that_has_gone_is_quiet(tmp_path: Path) -> None:
    """Even the last flush of a short text raises no complaint."""
    script = '(sleep 0.3; cjob render --help) | true; echo "${PIPESTATUS[*]}"'
    done = commands.shell(script, folder=tmp_path)
    assert (done.out, done.err) == ("141 0\n", "")


def test_a_closed_stdout_is_refused_before_anything_is_done(workspace: Path) -> None:
    """Nobody could take what the command makes."""
    done = commands.shell("cjob-build -n report -e test >&-", folder=workspace)
    assert done.status == 2
    assert commands.told(done)[0] == "stdout is closed"


def test_a_full_disk_is_told(workspace: Path) -> None:
    """A document that could not be written whole is not passed over in silence."""
    done = commands.shell("cjob-build -n report -e test > /dev/full", folder=workspace)
    assert done.status == 2
    assert commands.told(done)[0] == "cannot write to stdout: No space left on device"


@pytest.mark.parametrize("command", commands.FILTERS)
def test_a_closed_stdin_is_an_empty_one(command: str, tmp_path: Path) -> None:
    """As services are started, with no stdin at all."""
    done = commands.shell(f"cjob-{command} <&-", folder=tmp_path)
    assert done.status == 2
    assert commands.told(done)[0].startswith("no document on stdin")


def test_a_closed_stderr_changes_nothing_but_what_is_told(workspace: Path) -> None:
    """Data and status are the same with nobody to console to."""
    heard = commands.shell("cjob-build -n report -e test", folder=workspace)
    unheard = commands.shell("cjob-build -n report -e test 2>&-", folder=workspace)
    assert unheard == heard
    assert commands.shell("cjob-render 2>&- </dev/null", folder=workspace).status == 2


def test_output_is_utf_8_whatever_the_locale(workspace: Path, target: str) -> None:
    """A template goes to files and services that expect UTF-8."""
    manifest = workspace / "copilot" / "report" / "manifest.yml"
    manifest.write_text(commands.MANIFEST + "variables: {CITY: Zürich}\n", encoding="utf-8")
    done = commands.run(
        *RENDER.split(),
        "-o",
        "template",
        folder=workspace,
        settings={"PYTHONIOENCODING": "ascii"},
    )
    assert done.status == 0, target
    assert "Zürich" in done.out


@pytest.mark.usefixtures("target")
def test_a_filter_reads_several_files(workspace: Path) -> None:
    """Documents of all of them, in the order of the files; `-` is stdin."""
    for name in ("a", "b"):
        folder = workspace / "copilot" / name
        folder.mkdir()
        (folder / "manifest.yml").write_text(commands.MANIFEST.replace("report", name, 1))
        done = commands.shell(f"cjob-build -n {name} -e test > {name}.json", folder=workspace)
        assert done.status == 0, done.err
    report = commands.shell("cjob-build -n report -e test", folder=workspace).out
    done = commands.run("cjob-build", "b.json", "-", "a.json", folder=workspace, stdin=report)
    names = [json.loads(line)["job"]["name"] for line in done.out.splitlines()]
    assert names == ["b", "report", "a"]
    absent = commands.run("cjob-apply", "a.json", "none.json", folder=workspace)
    assert (absent.status, commands.told(absent)[0]) == (
        2,
        "cannot read 'none.json': No such file or directory",
    )
