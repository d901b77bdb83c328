"""What AWS refuses, as the person reads it: credentials, permissions, things that aren't there."""

import pytest
from calls_proxy import Proxy
from pipelines import Place, on, through

MANAGER = "arn:aws:iam::123456789012:role/demo-test-EnvManagerRole"


def denied(action: str) -> tuple[int, str]:
    """Answer as AWS does where an action isn't allowed."""
    service = "sts" if action == "AssumeRole" else "cloudformation"
    message = f"User: somebody is not authorized to perform: {service}:{action}"
    return 403, (
        "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
        f"<Message>{message}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
    )


def json_error(code: str, message: str) -> tuple[int, str]:
    """Answer as the services that speak JSON do."""
    return 400, f'{{"__type": "{code}", "message": "{message}"}}'


@pytest.fixture
def asked(place: Place, proxy: Proxy) -> Place:
    """Return a workspace with one job, whose commands ask through the proxy."""
    place.job("refusals")
    return through(place, proxy)


def test_without_credentials_it_says_how_to_get_some(asked: Place, proxy: Proxy) -> None:
    """And that it can be tried without."""
    nobody = {
        "AWS_ACCESS_KEY_ID": "",
        "AWS_SECRET_ACCESS_KEY": "",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_CONFIG_FILE": "/dev/null",
    }
    asked.write("target.json", asked.done("target", *on("refusals")).stdout)
    proxy.calls.clear()
    for more in ((), ("--target", "target.json")):
        done = asked.run("package", *on("refusals"), "--diff", *more, **nobody)
        assert (done.returncode, done.stdout) == (2, "")
        assert "no usable AWS credentials" in done.stderr
        assert "AWS_PROFILE" in done.stderr
        assert "cjob sandbox start" in done.stderr
    assert asked.run("deploy", *on("refusals"), **nobody).returncode == 3
    assert proxy.calls == []


def test_without_a_region_nothing_is_asked(asked: Place, proxy: Proxy) -> None:
    """Where to ask is not known."""
    done = asked.run(
        "deploy", *on("refusals"), AWS_REGION="", AWS_DEFAULT_REGION="", AWS_CONFIG_FILE="/dev/null"
    )
    assert (done.returncode, done.stdout, proxy.calls) == (2, "", [])
    assert "no AWS region is set" in done.stderr


def test_expired_credentials_are_to_be_renewed(asked: Place, proxy: Proxy) -> None:
    """As AWS tells at the first call."""
    proxy.instead["GetParameter"] = json_error("ExpiredTokenException", "The token is expired")
    done = asked.run("deploy", *on("refusals"))
    assert (done.returncode, done.stdout) == (3, "")
    assert "The token is expired" in done.stderr
    assert "sign in again" in done.stderr


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ("DescribeStacks", f"{MANAGER} is not allowed to perform cloudformation:DescribeStacks"),
        ("CreateChangeSet", f"{MANAGER} is not allowed to perform cloudformation:CreateChangeSet"),
        (
            "ListStackInstances",
            "somebody is not allowed to perform cloudformation:ListStackInstances",
        ),
        ("AssumeRole", f"somebody is not allowed to perform sts:AssumeRole on {MANAGER}"),
    ],
)
def test_a_denied_call_names_who_needs_what(
    asked: Place, proxy: Proxy, action: str, told: str
) -> None:
    """The action, and the role that it was asked as."""
    proxy.instead[action] = denied(action)
    done = asked.run("deploy", *on("refusals"))
    assert (done.returncode, done.stdout) == (3, "")
    assert told in done.stderr
    assert asked.status("refusals") == ""


def test_a_denied_hint_hides_no_error(asked: Place, proxy: Proxy) -> None:
    """That the environment isn't there is what matters."""
    proxy.instead["GetParametersByPath"] = json_error("AccessDeniedException", "no")
    done = asked.run("deploy", "-n", "refusals", "-e", "tset")
    assert done.returncode == 2
    assert "application 'demo' has no environment 'tset'" in done.stderr


def test_an_environment_that_is_not_there_has_the_nearest_suggested(asked: Place) -> None:
    """One that is there."""
    done = asked.run("deploy", "-n", "refusals", "-e", "tset")
    assert (done.returncode, done.stdout) == (2, "")
    assert "did you mean 'test'?" in done.stderr


def test_an_application_that_is_not_there_is_named(asked: Place) -> None:
    """With where it was looked for."""
    done = asked.run("target", *on("refusals"), "-a", "nope")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no application 'nope' in this account and region us-west-2" in done.stderr


def test_aws_that_does_not_answer_is_said(asked: Place) -> None:
    """With what may be in the way."""
    done = asked.run("target", *on("refusals"), AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert (done.returncode, done.stdout) == (3, "")
    assert "AWS_ENDPOINT_URL" in done.stderr


def test_a_proposal_that_is_denied_leaves_no_change_set(asked: Place, proxy: Proxy) -> None:
    """Where AWS denies only what comes after it."""
    asked.job("half")
    proxy.instead["DescribeChangeSet"] = denied("DescribeChangeSet")
    done = asked.run("deploy", *on("half"))
    assert done.returncode == 3
    assert asked.status("half") == ""
    proxy.instead = {"ExecuteChangeSet": denied("ExecuteChangeSet")}
    done = asked.run("deploy", *on("half"))
    assert done.returncode == 3
    assert f"{MANAGER} is not allowed to perform cloudformation:ExecuteChangeSet" in done.stderr
    assert asked.status("half") == ""


def test_throttled_events_neither_end_nor_fail_a_deployment(asked: Place, proxy: Proxy) -> None:
    """They are asked for again, later; old ones are never taken for new."""
    asked.job("throttled")
    asked.done("deploy", *on("throttled"))
    asked.waiting("throttled", seconds=2)
    throttling = (
        "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error>"
        "</ErrorResponse>"
    )

    def after(action: str) -> None:
        if action == "ExecuteChangeSet":
            proxy.instead["DescribeStackEvents"] = (400, throttling)
        elif action == "DescribeStackEvents" and len(refused) < 3:
            refused.append(action)
        elif action == "DescribeStackEvents":
            proxy.instead.clear()

    refused: list[str] = []
    proxy.after = after
    done = asked.run("deploy", *on("throttled"))
    assert (done.returncode, done.stdout) == (4, ""), done.stderr
    assert "ended in UPDATE_ROLLBACK_COMPLETE: Signal" in done.stderr
    assert len(refused) == 3
