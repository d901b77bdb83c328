"""What is told where AWS cannot be asked, or has no such thing: one message, one hint."""

import time
from pathlib import Path

import commands
import pytest
from aws_fake import Fake

TARGET = ("cjob-target", "-n", "report", "-e", "test")
REGION = {"AWS_REGION": "eu-west-1"}
KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}


@pytest.mark.parametrize(
    ("settings", "status", "message", "hint"),
    [
        (KEYS, 2, "no AWS region is set", "set AWS_REGION"),
        (REGION, 3, "no usable AWS credentials", "set AWS_PROFILE"),
        (REGION | {"AWS_ACCESS_KEY_ID": "key"}, 3, "no usable AWS credentials", "set AWS_PROFILE"),
        (REGION | {"AWS_PROFILE": "absent"}, 2, "(absent)", "set AWS_PROFILE"),
        (
            REGION | KEYS | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"},
            3,
            "connect",
            "AWS_ENDPOINT_URL",
        ),
    ],
)
def test_settings_that_lead_to_no_aws_are_told(
    settings: dict[str, str], status: int, message: str, hint: str, workspace: Path
) -> None:
    """What to set is in the hint; 2 where the person left it out, 3 where AWS is out of reach."""
    done = commands.run(*TARGET, folder=workspace, settings=settings)
    assert done.status == status
    found = commands.told(done)
    assert message in found[0]
    assert hint in found[1]


@pytest.mark.parametrize(
    ("denial", "hint"),
    [
        ("ExpiredTokenException", "sign in again"),
        ("UnrecognizedClientException", "sign in again"),
        ("AccessDeniedException", "cjob iam prints"),
    ],
)
def test_credentials_that_aws_refuses_are_told(
    denial: str, hint: str, workspace: Path, aws: Fake
) -> None:
    """Expired, unknown or not allowed: status 3, and what puts it right."""
    aws.denies = denial
    done = commands.run(*TARGET, folder=workspace, settings=aws.settings)
    assert done.status == 3
    found = commands.told(done)
    assert "told so" in found[0]
    assert hint in found[1]


@pytest.mark.parametrize(
    ("existing", "hint"),
    [
        ([], "name it with -a, or set AWS_REGION and AWS_PROFILE to where it was created"),
        (["a", "shop"], "name it with -a, or set AWS_REGION"),
        (["acme2"], "did you mean 'acme2'?"),
    ],
)
@pytest.mark.parametrize(
    "command", [TARGET, ("cjob", "list", "envs"), ("cjob", "package", "-n", "report")]
)
def test_an_application_that_is_not_there_is_explained(
    command: tuple[str, ...], existing: list[str], hint: str, workspace: Path, aws: Fake
) -> None:
    """With its region, which is mostly what is wrong; what is needed; and how to get one."""
    for name in existing:
        aws.parameters[f"/copilot/applications/{name}"] = "{}"
    done = commands.run(*command, folder=workspace, settings=aws.settings)
    assert (done.status, done.out) == (2, "")
    message, *notes, last = done.err.splitlines()
    assert message == "cjob: there is no application 'acme' in this account and region eu-west-1"
    assert notes[:-1] == ([f"note: this region has: {', '.join(existing)}"] if existing else [])
    assert "copilot app init" in notes[-1]
    assert "cjob sandbox start" in notes[-1]
    assert last.startswith(f"hint: {hint}")
    assert last.endswith("; to create one: cjob help application")


def test_applications_that_must_not_be_listed_are_left_out(workspace: Path, aws: Fake) -> None:
    """The error stays the one about the application."""
    aws.denied_path = "/copilot/applications/"
    done = commands.run(*TARGET, folder=workspace, settings=aws.settings)
    assert done.status == 2
    assert done.err.startswith("cjob: there is no application 'acme'")
    assert "this region has" not in done.err


@pytest.mark.parametrize(
    ("existing", "hint"),
    [
        ([], "check -e, and -a"),
        (["prod", "staging"], "it has: prod, staging"),
        (["tests"], "did you mean 'tests'?"),
    ],
)
def test_an_environment_that_is_not_there_is_told(
    existing: list[str], hint: str, workspace: Path, aws: Fake
) -> None:
    """The hint lists those that are."""
    aws.parameters["/copilot/applications/acme"] = '{"name": "acme", "account": "1"}'
    for name in existing:
        aws.parameters[f"/copilot/applications/acme/environments/{name}"] = "{}"
    done = commands.run(*TARGET, folder=workspace, settings=aws.settings)
    assert done.status == 2
    assert commands.told(done) == ("application 'acme' has no environment 'test'", hint)


def test_a_composite_lists_what_it_cannot_choose_from(workspace: Path, aws: Fake) -> None:
    """Where nobody can be asked, the choices are in the message."""
    for name in ("prod", "test"):
        aws.parameters[f"/copilot/applications/acme/environments/{name}"] = "{}"
    done = commands.run("cjob", "package", folder=workspace, settings=aws.settings)
    assert (done.status, done.out) == (2, "")
    found_one, message, hint = done.err.splitlines()
    assert found_one == "using job report (the only one)"
    assert message == "cjob: several environments: prod, test"
    assert hint == "hint: name one with -e"


def test_an_application_without_environments_is_told(workspace: Path, aws: Fake) -> None:
    """A list of none is no error; a composite has nothing to work on."""
    aws.parameters["/copilot/applications/acme"] = '{"name": "acme", "account": "1"}'
    done = commands.run("cjob", "list", "envs", folder=workspace, settings=aws.settings)
    assert (done.status, done.out, done.err) == (0, "", "the application has no environments\n")
    done = commands.run("cjob", "package", folder=workspace, settings=aws.settings)
    assert (done.status, done.out) == (2, "")
    _, message, hint = done.err.splitlines()
    assert message == "cjob: application 'acme' has no environment"
    assert hint == "hint: deploy one first; see cjob help application"


def test_an_instance_without_answer_does_not_hold_up_the_message(
    workspace: Path, aws: Fake
) -> None:
    """Credentials of a machine's role are looked for, but not waited for."""
    aws.silent = True
    settings = {
        **REGION,
        "AWS_EC2_METADATA_DISABLED": "false",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": aws.address,
    }
    began = time.monotonic()
    done = commands.run(*TARGET, folder=workspace, settings=settings)
    assert time.monotonic() - began < 6
    assert aws.asked.is_set()
    assert done.status == 3
    assert "no usable AWS credentials" in commands.told(done)[0]


@pytest.mark.parametrize("command", ["build", "render"])
@pytest.mark.usefixtures("target")
def test_what_needs_no_aws_asks_for_none(command: str, workspace: Path) -> None:
    """Neither region nor credentials are looked for with a target at hand."""
    line = (f"cjob-{command}", "-n", "report", "-e", "test", "--target", "target.json")
    done = commands.run(*line, folder=workspace)
    assert (done.status, done.err) == (0, "")
