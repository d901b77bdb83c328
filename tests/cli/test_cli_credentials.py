"""Sources of credentials that fail, and profiles that need an MFA code."""

import hashlib
import json
import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import botocore.session
import commands
import pytest
from aws_fake import Fake

from cjob.aws.credentials import CallerProvider
from cjob.aws.errors import translating_errors
from cjob.aws.session import Account
from cjob.reporting.errors import ServiceError

ROLE = "arn:aws:iam::123456789012:role/deployer"
SERIAL = "arn:aws:iam::123456789012:mfa/ada"
TARGET = ("cjob-target", "-n", "report", "-e", "test")

CONFIG = f"""\
[profile mfa]
role_arn = {ROLE}
source_profile = base
mfa_serial = {SERIAL}
[profile plain]
role_arn = {ROLE}
source_profile = base
[profile base]
aws_access_key_id = AKIABASE
aws_secret_access_key = secret
[profile absent]
credential_process = /nowhere/at-all
[profile text]
credential_process = echo hello
[profile list]
credential_process = echo [1]
[profile failing]
credential_process = ls /nowhere/at-all
[profile token]
role_arn = {ROLE}
web_identity_token_file = /nowhere/token
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home with profiles, and an environment without anything of AWS."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/config").write_text(CONFIG)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / ".aws/config"))
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return tmp_path


def failure(**settings: str) -> ServiceError:
    """Return the error of a call that is made with these variables."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        with pytest.raises(ServiceError) as raised, translating_errors("read a record"):
            Account().client("ssm").get_parameter(Name="/x")
    return raised.value


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token", "AWS_ROLE_ARN": ROLE},
            "from AWS_WEB_IDENTITY_TOKEN_FILE: '/nowhere/token': No such file or directory",
        ),
        (
            {"AWS_WEB_IDENTITY_TOKEN_FILE": "/", "AWS_ROLE_ARN": ROLE},
            "from AWS_WEB_IDENTITY_TOKEN_FILE: '/': Is a directory",
        ),
        ({"AWS_PROFILE": "token"}, "from profile 'token': '/nowhere/token': No such file"),
        ({"AWS_PROFILE": "absent"}, "from profile 'absent': '/nowhere/at-all': No such file"),
        ({"AWS_PROFILE": "text"}, "from profile 'text': Expecting value"),
        ({"AWS_PROFILE": "list"}, "from profile 'list': the response is not a JSON object"),
        ({"AWS_PROFILE": "failing"}, "from profile 'failing': Error when retrieving"),
        (
            {
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://localhost:9/",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/nowhere/token",
            },
            "from AWS_CONTAINER_CREDENTIALS_FULL_URI: '/nowhere/token': No such file",
        ),
        (
            {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/"},
            "from AWS_CONTAINER_CREDENTIALS_FULL_URI: Unsupported host 'example.com'",
        ),
        (
            {
                "AWS_ACCESS_KEY_ID": "AKIA",
                "AWS_SECRET_ACCESS_KEY": "secret",
                "AWS_SESSION_TOKEN": "token",
                "AWS_CREDENTIAL_EXPIRATION": "2020-01-01T00:00:00Z",
            },
            "from AWS_ACCESS_KEY_ID: they have expired",
        ),
        ({"AWS_ACCESS_KEY_ID": "AKIA"}, "from AWS_ACCESS_KEY_ID: Partial credentials found"),
    ],
)
@pytest.mark.usefixtures("home")
def test_a_source_that_fails_is_named(settings: dict[str, str], message: str) -> None:
    """The variable or the profile, and the file; it is not a bug in cjob."""
    error = failure(**settings)
    assert error.message.startswith(f"no usable AWS credentials {message}")
    assert error.hint


@pytest.mark.usefixtures("home")
def test_a_line_break_after_a_token_is_found_before_it_could_be_printed() -> None:
    """Python's own error about the header would show the token."""
    keys = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "secret"}
    error = failure(**keys, AWS_SESSION_TOKEN="hunter22\n")
    assert error.message.startswith(
        "no usable AWS credentials from AWS_ACCESS_KEY_ID: the session token contains a space"
    )
    assert "hunter22" not in str(error) + error.hint


def test_a_credential_process_does_not_read_the_document(home: Path, aws: Fake) -> None:
    """It gets an empty stdin."""
    keys = '{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "s"}'
    script = home / "process"
    script.write_text(f"#!/bin/sh\ncat > {home}/read\necho '{keys}'\n")
    script.chmod(0o755)
    (home / ".aws/config").write_text(f"[profile p]\ncredential_process = {script}\n")
    settings = {"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": aws.address, "AWS_PROFILE": "p"}
    document = {"apiVersion": "cjob/v1", "kind": "Release"}
    job = {"app": "acme", "env": "test", "name": "report"}
    done = commands.run(
        "cjob-target", folder=home, settings=settings, stdin=json.dumps({**document, "job": job})
    )
    assert "application 'acme'" in done.err
    assert (home / "read").read_text() == ""


@pytest.mark.parametrize("profile", ["direct", "role"])
def test_a_credential_process_that_hangs_is_not_waited_for(home: Path, profile: str) -> None:
    """Neither a profile's own, nor that of a role's source profile."""
    (home / ".aws/config").write_text(
        "[profile direct]\ncredential_process = sleep 600\n"
        f"[profile role]\nrole_arn = {ROLE}\nsource_profile = direct\n"
    )
    session = botocore.session.Session(profile=profile)
    with pytest.raises(ServiceError) as raised:
        CallerProvider(session, None, process_timeout_s=0.2).load_credentials()
    assert "credential_process did not end within 0.2 seconds" in raised.value.message
    assert f"from profile '{profile}'" in raised.value.message


# MFA


def cached(home: Path) -> Path:
    """Return the file in which the AWS CLI keeps what the role of the profile `mfa` gave."""
    key = json.dumps({"RoleArn": ROLE, "SerialNumber": SERIAL}, sort_keys=True)
    return home / ".aws/cli/cache" / f"{hashlib.sha1(key.encode()).hexdigest()}.json"  # noqa: S324


def mfa(aws: Fake) -> dict[str, str]:
    """Return the settings of a person who needs a code."""
    return {"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": aws.address, "AWS_PROFILE": "mfa"}


def test_without_a_terminal_a_profile_that_needs_a_code_is_refused(
    home: Path, workspace: Path, aws: Fake
) -> None:
    """At once, and nothing is read from stdin, which may have a document."""
    for name, status in (("mfa", 3), ("plain", 2)):
        settings = {**mfa(aws), "AWS_PROFILE": name}
        done = run_apart(*TARGET, folder=workspace, settings=settings, stdin="123456\n")
        assert done.status == status, done.err
        if name == "mfa":
            assert commands.told(done) == (
                "profile 'mfa' needs an MFA code, and there is no terminal to ask for it",
                "sign in first: aws sts get-caller-identity --profile mfa",
            )
            assert not aws.assumed
    assert home


def run_apart(
    *command: str, folder: Path, settings: Mapping[str, str], stdin: str
) -> commands.Done:
    """Run a command without any terminal, wherever the tests run."""
    return commands.run("setsid", "--wait", *command, folder=folder, settings=settings, stdin=stdin)


@pytest.mark.usefixtures("home")
def test_what_the_aws_cli_got_for_a_code_is_used(home: Path, workspace: Path, aws: Fake) -> None:
    """Then no code is needed, also without a terminal."""
    keys = {"AccessKeyId": "ASIACLI", "SecretAccessKey": "s", "SessionToken": "t"}
    cached(home).parent.mkdir(parents=True)
    cached(home).write_text(
        json.dumps({"Credentials": {**keys, "Expiration": "2099-01-01T00:00:00UTC"}})
    )
    done = run_apart(*TARGET, folder=workspace, settings=mfa(aws), stdin="")
    assert done.status == 2, done.err
    assert "application 'acme'" in done.err
    assert not aws.assumed


# Takes the terminal that is its stdin, so that /dev/tty is that one; then runs a shell's line.
ON_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp("bash", ["bash", "-c", sys.argv[1]])
"""


def on_terminal(line: str, folder: Path, settings: Mapping[str, str], answer: str) -> str:
    """Run a shell's line on a terminal, answer each question, and return what was shown."""
    own, given = pty.openpty()
    running = subprocess.Popen(
        [sys.executable, "-c", ON_TERMINAL, line],
        cwd=folder,
        env={k: v for k, v in commands.environment(folder, settings).items() if k != "CI"},
        stdin=given,
        stdout=given,
        stderr=given,
        start_new_session=True,
    )
    os.close(given)
    shown = ""
    try:
        while text := os.read(own, 65536):
            shown += text.decode()
            if shown.endswith(f"{SERIAL}: "):
                os.write(own, answer.encode())
    except OSError:  # the other side is closed
        pass
    os.close(own)
    running.wait(commands.LIMIT_S)
    return shown


def test_one_code_serves_several_commands_with_full_pipes(
    home: Path, workspace: Path, aws: Fake
) -> None:
    """It is asked for at the terminal, once, and kept where the AWS CLI finds it."""
    line = "for n in 1 2 3; do cjob-target -n report -e test 2>&1 </dev/null | cat & done; wait"
    shown = on_terminal(line, workspace, mfa(aws), "123456\n")
    assert shown.count("MFA code") == 1, shown
    assert shown.count("application 'acme'") == 3, shown
    [asked] = aws.assumed
    assert (asked["SerialNumber"], asked["TokenCode"]) == (SERIAL, "123456")
    kept = json.loads(cached(home).read_text())["Credentials"]["AccessKeyId"]
    assert (kept, cached(home).stat().st_mode & 0o777) == ("ASIAROLE", 0o600)


def test_what_is_not_a_code_is_not_sent(workspace: Path, aws: Fake, home: Path) -> None:
    """A pipe whose first command fails so ends."""
    shown = on_terminal("cjob-target -n report -e test; echo status $?", workspace, mfa(aws), "\n")
    assert "profile 'mfa': an MFA code has six digits" in shown
    assert "status 3" in shown
    assert not aws.assumed
    assert not cached(home).exists()
