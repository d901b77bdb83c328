"""A job that was never initialised gets its repository, in the way of Copilot's own tools."""

import json
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import daemons
import programs
import pytest
import yaml
from calls_proxy import UNTOUCHED, Asked, Meddling, Proxy
from pipelines import Done, Place, document, documents, eventually, on

from cjob.template.regional import with_repository

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_ssm import SSMClient

STACK_SET = "demo-infrastructure"
MANIFEST = """\
name: {name}
type: Scheduled Job
image: {{build: Dockerfile}}
on: {{schedule: "@daily"}}
"""
REFUSED = """\
<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>too late</Message></Error>
<RequestId>1</RequestId></ErrorResponse>
"""


DENIED = Meddling(
    answer=(400, json.dumps({"__type": "AccessDeniedException", "message": "no"})), passed=False
)


@pytest.fixture
def building(place: Place, dockerd: daemons.Dockerd | None) -> Place:
    """Return a workspace whose jobs build an image."""
    programs.needs("dockerd")
    assert dockerd
    place.write("Dockerfile", "FROM scratch\nCOPY Dockerfile /\n")
    settings = {**place.settings, "DOCKER_HOST": dockerd.host}
    return Place(root=place.root, sandbox=place.sandbox, settings=settings)


@pytest.fixture
def watched(building: Place, proxy: Proxy) -> tuple[Place, Proxy]:
    """Return the workspace with a proxy before AWS."""
    settings = {**building.settings, "AWS_ENDPOINT_URL": proxy.address}
    return Place(root=building.root, sandbox=building.sandbox, settings=settings), proxy


def template(place: Place) -> str:
    """Return the StackSet's template."""
    return place.stacks.describe_stack_set(StackSetName=STACK_SET)["StackSet"]["TemplateBody"]


def metadata(place: Place) -> dict[str, Any]:
    """Return what the StackSet's template says of itself."""
    found: dict[str, Any] = yaml.load(template(place), yaml.BaseLoader)["Metadata"]  # noqa: S506
    return found


def workloads(place: Place) -> set[str]:
    """Return the workloads that the StackSet lists with a repository."""
    return {one["Name"] for one in metadata(place)["Workloads"] if one["WithECR"] == "true"}


def images(place: Place) -> "ECRClient":
    """Return ECR."""
    return place.sandbox.session().client("ecr", endpoint_url=place.sandbox.endpoint)


def records(place: Place) -> "SSMClient":
    """Return SSM."""
    return place.sandbox.session().client("ssm", endpoint_url=place.sandbox.endpoint)


def record(place: Place, job: str) -> dict[str, str]:
    """Read a job's record."""
    name = f"/copilot/applications/demo/components/{job}"
    found: dict[str, str] = json.loads(
        records(place).get_parameter(Name=name)["Parameter"]["Value"]
    )
    return found


def add(place: Place, job: str) -> None:
    """Add a job's repository as another tool does at the same time."""
    update = with_repository(template(place), "demo", job)
    stacks = place.stacks
    role = stacks.describe_stack_set(StackSetName=STACK_SET)["StackSet"]["AdministrationRoleARN"]
    stacks.update_stack_set(
        StackSetName=STACK_SET,
        OperationId=update.operation,
        TemplateBody=update.template,
        AdministrationRoleARN=role,
    )
    eventually(lambda: not running(place, update.operation))


def running(place: Place, operation: str) -> bool:
    """Return whether an operation is under way."""
    found = place.stacks.describe_stack_set_operation(StackSetName=STACK_SET, OperationId=operation)
    return found["StackSetOperation"]["Status"] == "RUNNING"


def once(proxy: Proxy, act: Callable[[], Meddling]) -> None:
    """Do something when the first update of the StackSet is on its way."""
    waiting = [act]

    def meddle(asked: Asked) -> Meddling:
        if asked.action == "UpdateStackSet" and waiting:
            return waiting.pop()()
        return UNTOUCHED

    proxy.meddle = meddle


def test_a_job_that_was_never_initialised_is_deployed(building: Place) -> None:
    """Its repository and record are what copilot job init makes; then there is nothing to do."""
    building.job("never-made", text=MANIFEST)
    before = metadata(building)
    done = document(building.done("deploy", *on("never-made"), "--create-repository"))
    assert done["deployment"]["status"] == "CREATE_COMPLETE"
    image = done["images"]["never-made"]
    assert done["stack"]["parameters"]["ContainerImage"] == image["uri"]
    assert image["repository"] == done["target"]["repositories"]["never-made"]
    found = images(building).describe_images(repositoryName="demo/never-made")["imageDetails"]
    assert [one["imageDigest"] for one in found] == [image["digest"]]
    after = metadata(building)
    assert int(after["Version"]) == int(before["Version"]) + 1
    assert after["Workloads"] == [*before["Workloads"], {"Name": "never-made", "WithECR": "true"}]
    name = "/copilot/applications/demo/components/never-made"
    assert record(building, "never-made") == {
        "app": "demo",
        "name": "never-made",
        "type": "Scheduled Job",
    }
    tags = records(building).list_tags_for_resource(ResourceType="Parameter", ResourceId=name)
    assert {tag["Key"]: tag["Value"] for tag in tags["TagList"]} == {
        "copilot-application": "demo",
        "copilot-service": "never-made",
    }
    again = document(building.done("deploy", *on("never-made"), "--create-repository"))
    assert again["deployment"]["changed"] is False
    assert metadata(building) == after


def test_a_job_without_builds_is_registered_too(watched: tuple[Place, Proxy]) -> None:
    """At its first deployment alone; a refusal is a warning, since the job runs all the same."""
    place, proxy = watched
    done = []
    for job in ("registered", "unregistered"):
        place.job(job)
        done.append(place.done("deploy", *on(job)))
        proxy.meddle = lambda asked: DENIED if asked.action == "PutParameter" else UNTOUCHED
    assert record(place, "registered")["type"] == "Scheduled Job"
    assert "warning" not in done[0].stderr
    assert "warning: job 'unregistered' is not registered for copilot job ls: " in done[1].stderr
    assert proxy.actions.count("PutParameter") == 2
    place.job("registered", "variables: {A: b}\n")
    place.done("deploy", *on("registered"))
    assert proxy.actions.count("PutParameter") == 2


def test_a_difference_can_be_agreed_to_first(building: Place) -> None:
    """Before that nothing is made."""
    building.job("agreed", text=MANIFEST)
    flags = (*on("agreed"), "--create-repository", "--diff")
    assert building.run("deploy", *flags).returncode == 2
    assert "agreed" not in workloads(building)
    done = document(building.done("deploy", *flags, "--yes"))
    assert done["deployment"]["status"] == "CREATE_COMPLETE"


def test_a_pipe_of_single_commands_does_the_same(building: Place) -> None:
    """The document that push writes names the repository, and apply finds it so."""
    building.job("piped-made", text=MANIFEST)
    done = building.pipe(
        ["build", *on("piped-made")], ["push", "--create-repository"], ["render"], ["apply"]
    )
    assert document(done)["deployment"]["status"] == "CREATE_COMPLETE"


def test_a_document_from_before_is_pushed_again(building: Place) -> None:
    """The repository that was made since is no reason to refuse it; another job's is not either."""
    building.job("twice-made", text=MANIFEST)
    target = building.done("target", *on("twice-made")).stdout
    built = json.loads(building.done("build", *on("twice-made")).stdout)
    text = json.dumps({**built, "target": json.loads(target)["target"]})
    first = document(building.done("push", "--create-repository", stdin=text))
    assert document(building.done("push", stdin=text)) == first
    add(building, "somebody-elses")
    assert document(building.done("push", stdin=json.dumps(first)))["images"] == first["images"]


def test_of_two_that_change_an_application_one_waits(watched: tuple[Place, Proxy]) -> None:
    """It began from what is no longer so: its change is refused, and made anew from what is."""
    place, proxy = watched
    place.job("later", text=MANIFEST)

    def sooner() -> Meddling:
        add(place, "sooner")
        return UNTOUCHED

    once(proxy, sooner)
    done = place.done("deploy", *on("later"), "--create-repository")
    assert "waiting for another change of application demo" in done.stderr
    assert {"sooner", "later"} <= workloads(place)
    assert proxy.actions.count("UpdateStackSet") == 2


def test_a_change_for_the_same_job_is_taken_over(watched: tuple[Place, Proxy]) -> None:
    """Whoever made it may have been broken off before the job had its record."""
    place, proxy = watched
    place.job("made-by-two", text=MANIFEST)

    def sooner() -> Meddling:
        add(place, "made-by-two")
        return UNTOUCHED

    once(proxy, sooner)
    place.done("deploy", *on("made-by-two"), "--create-repository")
    assert record(place, "made-by-two")["name"] == "made-by-two"
    assert proxy.actions.count("UpdateStackSet") == 1


@pytest.mark.parametrize("code", ["OperationInProgressException", "StaleRequestException"])
def test_a_change_that_is_under_way_is_waited_for(watched: tuple[Place, Proxy], code: str) -> None:
    """Whatever way AWS says that somebody else is at it."""
    place, proxy = watched
    job = code.lower()[:20]
    place.job(job, text=MANIFEST)
    once(proxy, lambda: Meddling(answer=(409, REFUSED.format(code=code)), passed=False))
    place.done("deploy", *on(job), "--create-repository")
    assert job in workloads(place)


def test_two_jobs_at_once_get_a_repository_each(building: Place) -> None:
    """They are two threads of one process, and wait for each other."""
    for job in ("one-of-two", "two-of-two"):
        building.job(job, text=MANIFEST)
    flags = ("-n", "one-of-two", "-n", "two-of-two", "-e", "test", "--create-repository")
    building.done("deploy", *flags)
    assert {"one-of-two", "two-of-two"} <= workloads(building)


@pytest.mark.parametrize("jobs", [("broken-off",), ("broken-one", "broken-two")])
def test_an_interrupted_run_can_be_run_again(
    watched: tuple[Place, Proxy], jobs: tuple[str, ...]
) -> None:
    """AWS continues with what was begun; the second run finds it."""
    place, proxy = watched
    words = ["deploy", "-e", "test", "--create-repository"]
    for job in jobs:
        place.job(job, text=MANIFEST)
        words += ["-n", job]
    started = place.start(*words)

    def interrupt(action: str) -> None:
        if action == "UpdateStackSet":
            started.send_signal(signal.SIGINT)

    proxy.after = interrupt
    out, err = started.communicate(timeout=60)
    proxy.after = lambda _: None
    assert (started.returncode, out) == (130, ""), err
    assert "interrupted while AWS creates the repository of 'broken-" in err
    for done in documents(place.done(*words, "-o", "json")):
        assert done["deployment"]["status"] == "CREATE_COMPLETE"
    assert set(jobs) <= workloads(place)


def test_a_repository_that_was_made_by_hand_is_told(building: Place) -> None:
    """Whose stack can't be made beside it; once it is gone the same command helps."""
    building.job("made-by-hand", text=MANIFEST)
    images(building).create_repository(repositoryName="demo/made-by-hand")
    done = building.run("deploy", *on("made-by-hand"), "--create-repository")
    assert (done.returncode, done.stdout) == (3, "")
    assert "the repository of job 'made-by-hand' was not created" in done.stderr
    assert "already exists" in done.stderr
    assert "exists already; delete it" in done.stderr
    images(building).delete_repository(repositoryName="demo/made-by-hand")
    building.done("deploy", *on("made-by-hand"), "--create-repository")


def test_nothing_is_made_for_images_from_elsewhere(building: Place) -> None:
    """Nor where the build fails: a repository is for what is about to be sent."""
    building.job("built-there", text=MANIFEST)
    image = f"example.com/there@sha256:{'0' * 64}"
    building.done("push", *on("built-there"), "--create-repository", "--image", image)
    building.write("Dockerfile", "FROM scratch\nCOPY absent /\n")
    failed: Done = building.run("deploy", *on("built-there"), "--create-repository")
    assert failed.returncode == 2
    assert "built-there" not in workloads(building)
