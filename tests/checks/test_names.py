"""Names that AWS takes, alone and joined."""

import pytest
from check_samples import edited, messages, refusals, rendered

from cjob.checks.names import of_job
from cjob.document.models import Job


@pytest.mark.parametrize("name", ["report", "a1", "report-2-b", "x" * 60])
def test_names_that_copilot_takes_are_no_finding(name: str) -> None:
    """Lower case, digits and single hyphens."""
    assert list(of_job(Job(app="acme", env="test", name=name))) == []


@pytest.mark.parametrize(
    "name", ["Report", "my_job", "reporT", "1report", "report-", "a--b", "a", "rep\u00f6rt"]
)
def test_other_names_are_refused(name: str) -> None:
    """Stacks, repositories or Copilot itself would not take them."""
    (found,) = of_job(Job(app="acme", env="test", name=name))
    assert found.refused
    assert f"{name!r} is not a name that a job can have" in found.message


def test_a_joined_name_is_refused_with_its_length_and_the_limit() -> None:
    """`acme-test-` and a job's name are a state machine's name, which has 80 characters."""
    assert refusals(rendered(name="r" * 70)) == []
    ((place, message),) = refusals(rendered(name="r" * 71))
    assert place == "stack.template: Resources.StateMachine.Properties.StateMachineName"
    assert "cannot be the name of a state machine: 81 characters, more than 80" in message


def test_a_patched_name_counts() -> None:
    """What is deployed is what AWS sees."""
    path = "/Resources/StateMachine/Properties/StateMachineName"
    patch = f"- {{op: replace, path: {path}, value: short}}\n"
    assert refusals(rendered(name="r" * 71, patches=patch)) == []


def test_the_managed_file_system_needs_a_shorter_name() -> None:
    """Its access point has a token of 64 characters."""
    volume = "storage: {volumes: {data: {path: /data, efs: true}}}\n"
    assert refusals(rendered(volume, name="r" * 54)) == []
    (message,) = messages(rendered(volume, name="r" * 55))
    assert "token of an access point: 65 characters, more than 64" in message


def test_a_stack_name_that_copilot_cuts_is_refused() -> None:
    """Two jobs would have the same stack."""
    found = messages(rendered(name="r" * 120))
    assert any("the name of a stack: 130 characters, more than 128" in one for one in found)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            f"publish: {{topics: [{{name: {'t' * 240}}}]}}\n",
            "cannot be the name of a topic: 257 characters, more than 256",
        ),
        ("sidecars: {'my web': {image: nginx}}\n", "the name of a container: it contains ' '"),
        ("sidecars: {a.b: {image: nginx}}\n", "the name of a container: it contains '.'"),
        (
            "storage: {volumes: {a.b: {path: /data}}}\n",
            "the name of a volume: it contains '.'",
        ),
    ],
)
def test_names_inside_the_stack_are_refused(more: str, message: str) -> None:
    """Of topics, containers and volumes."""
    assert any(message in one for one in messages(rendered(more)))


def test_the_policy_for_an_env_file_is_named_after_its_sidecar() -> None:
    """It is there if the sidecar has one."""
    document = rendered(f"sidecars: {{{'s' * 100}: {{image: nginx}}}}\n")
    assert messages(document) == []
    (message,) = messages(edited(document, **{f"EnvFileARNFor{'s' * 100}": "arn:aws:s3:::b/k"}))
    assert "cannot be the name of a policy: 135 characters, more than 128" in message
