"""`cjob doctor`, and the line that a terminal shows while AWS is asked."""

import io
import json
import sys
from pathlib import Path

import commands
import pytest
import terminals
from aws_fake import Fake
from botocore.stub import Stubber

from cjob.aws import patterns, policies, rights
from cjob.aws.identity import AwsIdentity, Caller, examples
from cjob.aws.session import Account
from cjob.cli.output.waiting_line import ERASE, Waiting
from cjob.reporting.errors import ServiceError

ROLE = "arn:aws:iam::123456789012:role/deployer"
SESSION = "arn:aws:sts::123456789012:assumed-role/deployer/me"
SCOPE = policies.Scope(app="acme", env="test")


def test_what_is_wrong_has_a_hint_and_the_rest_is_checked(workspace: Path) -> None:
    """Without a region: AWS is an error, engine and sandbox are for some jobs or for trying."""
    settings = {"DOCKER_HOST": "unix:///nonexistent/docker.sock", "CJOB_SANDBOX_DIR": "sandbox"}
    done = commands.run("cjob", "doctor", "-o", "json", folder=workspace, settings=settings)
    assert (done.status, done.err) == (2, "")
    found = json.loads(done.out)
    assert found["ok"] is False
    checks = {check["name"]: check for check in found["checks"]}
    assert checks["versions"]["versions"]["cjob"]
    assert checks["workspace"]["jobs"] == ["report"]
    assert (checks["region"]["state"], checks["engine"]["state"]) == ("error", "warning")
    assert checks["sandbox"]["state"] == "ok"
    for check in checks.values():
        assert ("hint" in check) == (check["state"] != "ok")


def test_credentials_that_are_refused_are_the_status(workspace: Path, aws: Fake) -> None:
    """Whatever else is wrong: 3, as for a deployment; what needs them is not looked at."""
    settings = {"AWS_REGION": "eu-west-1", "DOCKER_HOST": "unix:///nonexistent/docker.sock"}
    done = commands.run("cjob", "doctor", folder=workspace, settings=settings)
    assert done.status == 3
    assert "!!  account " in done.out
    assert "application" not in done.out.replace("the application", "")
    elsewhere = commands.run("cjob", "doctor", folder=workspace / "..", settings=settings)
    assert "!!  workspace  " in elsewhere.out
    del aws


def test_it_fits_one_screen_of_80_columns(workspace: Path) -> None:
    """Also with everything wrong."""
    settings = {"DOCKER_HOST": "unix:///nonexistent/docker.sock"}
    seen = terminals.run("cjob", "doctor", "-C", "..", folder=workspace, settings=settings)
    assert len(seen.lines) <= 24
    assert sum(line.startswith(("ok  ", "--  ", "!!  ")) for line in seen.lines) == 6


@pytest.mark.parametrize(
    ("arn", "principal"),
    [
        (SESSION, ROLE),
        ("arn:aws-cn:sts::1:assumed-role/a_b/c/d", "arn:aws-cn:iam::1:role/a_b"),
        ("arn:aws:iam::1:user/ci", "arn:aws:iam::1:user/ci"),
    ],
)
def test_a_session_is_simulated_as_its_role(arn: str, principal: str) -> None:
    """IAM knows no sessions."""
    assert Caller("1", arn).principal == principal


def test_the_simulator_is_asked_about_whole_names() -> None:
    """It takes an asterisk for itself, so a policy of the very same pattern would not match."""
    for right in rights.needed(["deploy"]):
        for arn in examples(right, SCOPE, "123456789012", "eu-west-1"):
            assert "*" not in arn or arn == patterns.ANYTHING
    (role,) = [r for r in rights.needed(["target"], rights.CALLER) if r.action == "sts:AssumeRole"]
    assert examples(role, SCOPE, "123456789012", "eu-west-1") == (
        "arn:aws:iam::123456789012:role/acme-test-EnvManagerRole",
    )


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    """Return the session of somebody in Ireland."""
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    return Account()


def test_actions_that_no_policy_allows_are_missing(account: Account) -> None:
    """As the simulator's answers say, which have the form of botocore's model."""
    right = rights.needed(["target"], rights.CALLER)[0]
    with Stubber(account.client("iam")) as iam:
        iam.add_response(
            "simulate_principal_policy",
            {
                "EvaluationResults": [
                    {"EvalActionName": right.action, "EvalDecision": "implicitDeny"},
                    {"EvalActionName": "ssm:Other", "EvalDecision": "allowed"},
                ],
                "IsTruncated": False,
            },
            {
                "PolicySourceArn": ROLE,
                "ActionNames": [right.action],
                "ResourceArns": list(examples(right, SCOPE, "123456789012", "eu-west-1")),
            },
        )
        missing = AwsIdentity(account).missing(Caller("123456789012", SESSION), [right], SCOPE)
    assert missing == (right.action,)


def test_a_simulator_that_must_not_be_asked_is_an_error(account: Account) -> None:
    """The doctor prints it as a warning."""
    with Stubber(account.client("iam")) as iam:
        iam.add_client_error("simulate_principal_policy", "AccessDenied", "no", 403)
        with pytest.raises(ServiceError, match="simulate the caller's policies"):
            AwsIdentity(account).missing(
                Caller("123456789012", SESSION), rights.needed(["target"], rights.CALLER), SCOPE
            )


def test_limits_of_the_simulator_are_kept() -> None:
    """AWS takes 100 actions at once at most."""
    assert len({r.action for r in rights.needed(["deploy"], rights.CALLER)}) < 100


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (("cjob", "list", "envs"), "looking up the environments"),
        (("cjob", "package", "-n", "report"), "looking up the environments of acme"),
        (("cjob", "package", "-n", "report", "-e", "test"), "looking up acme/test"),
        (("cjob-render", "-n", "report", "-e", "test"), "looking up acme/test"),
        (("cjob", "doctor"), "checking AWS, the engine and the sandbox"),
    ],
)
def test_a_terminal_shows_what_is_waited_for(
    command: tuple[str, ...], text: str, workspace: Path, aws: Fake
) -> None:
    """Until AWS answers; then the line is gone."""
    aws.ready.clear()
    shown: list[str] = []

    def answer(line: str) -> None:
        shown.append(line)
        aws.ready.set()

    answers = [(" s)", answer)]
    seen = terminals.run(*command, folder=workspace, settings=aws.settings, answers=answers)
    assert shown[0].startswith(f"{text} (")
    assert not any(text in line for line in seen.lines)
    assert seen.lines


ASKING = """
from cjob.cli.output.console import Console
from cjob.cli.output.terminal import ask
with Console().waiting("looking up acme/test"):
    Console.shown.drawn.wait()
    print("got", ask("MFA code? "))
"""


def test_a_question_erases_the_line(workspace: Path) -> None:
    """An MFA code is asked for while AWS is waited for."""
    answers = [("MFA code?", "123456\n")]
    command = (sys.executable, "-c", ASKING)
    root = str(Path(__file__).parents[2])
    seen = terminals.run(*command, folder=workspace, settings={"PYTHONPATH": root}, answers=answers)
    assert seen.lines[:2] == ["MFA code? 123456", "got 123456"]
    assert seen.status == 0


def test_a_line_that_was_stopped_does_not_come_back() -> None:
    """Nor is anything erased that was not drawn."""
    screen = io.StringIO()
    line = Waiting(screen, "looking up acme/test")
    line.start()
    line.stop()
    assert screen.getvalue() == ""
    assert ERASE == "\r\x1b[K"
