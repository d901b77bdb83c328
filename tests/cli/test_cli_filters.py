"""What each filter does with a stdin that is not what it needs: always the same."""

import json
import subprocess
import sys
import time
from pathlib import Path

import commands
import pytest

HEAD = {"apiVersion": "cjob/v1", "kind": "Release"}
JOB = {"app": "acme", "env": "test", "name": "report"}
BAD: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", "no document on stdin; did the command before this one fail?"),
    "blanks": (" \n\t\n", "no document on stdin; did the command before this one fail?"),
    "half an object": ("{", "stdin:1:2: not a JSON document: "),
    "a line of log": ("INFO all is well\n", "stdin:1:1: not a JSON document: "),
    "a list": ("[]", "stdin, document 1: expected a document (an object), got a list"),
    "null": ("null", "stdin, document 1: expected a document (an object), got null"),
    "an empty object": ("{}", "stdin, document 1: apiVersion is absent, not 'cjob/v1'"),
    "another version": (
        json.dumps({**HEAD, "apiVersion": "cjob/v9", "job": JOB}),
        "stdin, document 1: apiVersion is 'cjob/v9', not 'cjob/v1'",
    ),
    "another kind": (
        json.dumps({**HEAD, "kind": "List", "job": JOB}),
        "stdin, document 1: kind is 'List', not 'Release'",
    ),
    "a wrong type": (
        json.dumps({**HEAD, "job": JOB, "source": {"manifest": 1}}),
        "stdin, document 1, source.manifest: expected a text, got a number",
    ),
    "no job": (json.dumps(HEAD), "stdin, document 1, job: missing from the document"),
    "a name that leads elsewhere": (
        json.dumps({**HEAD, "job": {**JOB, "name": "../x"}}),
        "stdin, document 1, job.name: job '../x' is not a valid name",
    ),
    "a good document, then a bad one": (
        json.dumps({**HEAD, "job": JOB}) + "\n" + json.dumps({**HEAD, "job": []}),
        "stdin, document 2, job: expected an object, got a list",
    ),
    "a key that stands twice": (
        '{"apiVersion": "cjob/v1", "kind": "Release", "kind": "Release"}',
        "stdin, document 1: duplicate key 'kind' in an object",
    ),
    "bytes that are no text": (b"\xff\xfe{}", "stdin is not UTF-8"),
}
NEEDED = {
    "build": "source",
    "push": "source",
    "render": "source",
    "diff": "stack",
    "apply": "stack",
}


@pytest.mark.parametrize("command", commands.FILTERS)
@pytest.mark.parametrize("case", BAD)
def test_a_bad_stdin_is_refused_with_one_message_and_one_hint(
    command: str, case: str, tmp_path: Path
) -> None:
    """Status 2, nothing on stdout, and stderr says where in the stream to look."""
    stdin, message = BAD[case]
    done = commands.run(f"cjob-{command}", folder=tmp_path, stdin=stdin)
    assert done.status == 2
    assert commands.told(done)[0].startswith(message)


@pytest.mark.parametrize(("command", "section"), NEEDED.items())
def test_a_missing_section_is_named_with_the_command_that_makes_it(
    command: str, section: str, tmp_path: Path
) -> None:
    """It is refused before AWS is asked for anything: there is none here."""
    stdin = json.dumps({**HEAD, "job": JOB})
    done = commands.run(f"cjob-{command}", folder=tmp_path, stdin=stdin)
    assert done.status == 2
    message, hint = commands.told(done)
    assert message == f'the document has no "{section}" section'
    assert {"source": "cjob-build", "stack": "cjob-render"}[section] in hint


@pytest.mark.parametrize("command", commands.FILTERS)
def test_documents_are_read_from_a_file_too(command: str, tmp_path: Path) -> None:
    """A FILE is what stdin would be, and is named in messages."""
    (tmp_path / "plan.json").write_text("[]")
    done = commands.run(f"cjob-{command}", "plan.json", folder=tmp_path)
    assert done.status == 2
    message, _ = commands.told(done)
    assert message == "plan.json, document 1: expected a document (an object), got a list"


@pytest.mark.parametrize(
    ("name", "reason"), [("absent.json", "No such file or directory"), (".", "Is a directory")]
)
def test_a_file_that_cannot_be_read_is_named(name: str, reason: str, tmp_path: Path) -> None:
    """The system's own reason is given."""
    done = commands.run("cjob-render", name, folder=tmp_path)
    assert done.status == 2
    assert commands.told(done)[0] == f"cannot read {name!r}: {reason}"


def test_a_filter_gets_ready_while_it_waits(tmp_path: Path) -> None:
    """The command before may take long, and what push loads takes a while, too."""
    program = [sys.executable, "-c", "from cjob.cli.main import main; main()", "push"]
    pipe, quiet = subprocess.PIPE, subprocess.DEVNULL
    environment = commands.environment(tmp_path)
    with subprocess.Popen(program, stdin=pipe, stderr=quiet, env=environment) as waiting:
        try:
            loaded = Path(f"/proc/{waiting.pid}/maps")
            ends = time.monotonic() + commands.LIMIT_S
            while "_ssl" not in loaded.read_text():  # the library of what speaks to AWS
                assert waiting.poll() is None
                assert time.monotonic() < ends
                time.sleep(0.02)
        finally:
            waiting.kill()


@pytest.mark.usefixtures("target")
def test_two_documents_for_one_stack_are_refused_before_aws_is_asked(workspace: Path) -> None:
    """Also if a later version has added keys to their job; there is no region here."""
    line = ("cjob-render", "-n", "report", "-e", "test", "--target", "target.json")
    document = json.loads(commands.run(*line, folder=workspace).out)
    document["job"]["later"] = {"key": "value"}
    done = commands.run("cjob-apply", folder=workspace, stdin=json.dumps(document) * 2)
    assert (done.status, done.out) == (2, "")
    assert "two documents for job 'report' in environment 'test'" in done.err
