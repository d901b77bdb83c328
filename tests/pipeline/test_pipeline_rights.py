"""The rights that `cjob iam` prints: with them everything works, and without any one of them not.

The whole pipeline runs against a sandbox that denies what the printed policies don't allow.
"""

import json
import shutil
import signal
from collections.abc import Iterator
from typing import NamedTuple

import daemons
import effort
import iam_stand_in
import pytest
from calls_proxy import Proxy
from iam_stand_in import Iam
from pipelines import ENV, Done, Place, document, name, on

from cjob.aws import manager_role, rights
from cjob.aws.rights import CALLER, MANAGER
from cjob.document import names, versions

# The env controller fails, since there is no such stack.
ASTRAY = """\
- op: replace
  path: /Resources/EnvControllerAction/Properties/EnvStack
  value: demo-none
"""

SAMPLE = {
    "sts:AssumeRole",
    "s3:PutObject",
    "kms:Decrypt",
    "cloudformation:UpdateStackSet",
    "ecr:BatchCheckLayerAvailability",
}
"""The rights that are taken away one by one in every run; all of them with CJOB_CHECK_ALL."""

UNSEEN = {
    (CALLER, "ecr:BatchGetImage"),
    (MANAGER, "ecs:ListTasks"),
    (MANAGER, "ecs:DescribeTasks"),
    (CALLER, "cloudformation:ListStackSetOperationResults"),
}
"""What AWS wants pushes to have, and the engine of these tests pushes without; what is asked of
services, which a job's stack has by addons or overrides alone; and where the change of an
application fails."""


class Step(NamedTuple):
    """What was run, and the status that it is to end with."""

    done: Done
    expected: int


def _exercised(*, is_built: bool) -> list[rights.Right]:
    """Return the permissions that the pipeline uses, with images that are built or without."""
    stages = {
        stage for command in ("deploy", "create-repository") for stage in rights.STAGES[command]
    }
    if not is_built:
        stages.remove("repository")
    found = [right for right in rights.RIGHTS if right.stage in stages]
    return [right for right in found if is_built or right.when != rights.BUILDS]


def taken_away() -> list[tuple[str, str]]:
    """Return the identity and action of each right that has to be missed."""
    found = _exercised(is_built=shutil.which("dockerd") is not None)
    needed = sorted({(r.identity, r.action) for r in found if not r.optional} - UNSEEN)
    return [one for one in needed if effort.ALL or one[1] in SAMPLE]


@pytest.fixture
def granted(place: Place, proxy: Proxy, dockerd: daemons.Dockerd | None) -> tuple[Place, Iam]:
    """Return a workspace whose commands have the rights that are printed, and no others."""
    commands = ("deploy", "create-repository")
    policies = {
        whose: json.loads(
            place.done("iam", *commands, "--role", whose, *scope, "-o", "json").stdout
        )
        for whose, scope in ((CALLER, ()), (MANAGER, ("-e", ENV)))
    }
    iam = Iam(place.settings["AWS_ACCESS_KEY_ID"], policies)
    proxy.meddle, proxy.registry = iam.judge, True
    host = {"DOCKER_HOST": dockerd.host} if dockerd else {}
    settings = {**place.settings, "AWS_ENDPOINT_URL": proxy.address, **host}
    return Place(place.root, place.sandbox, settings), iam


def pipeline(place: Place, proxy: Proxy, job: str, *, builds: bool) -> Iterator[Step]:
    """Do with a job what people do, to its good and bad ends; the next step on demand."""
    place.laden(job, "one")
    yield Step(place.run("deploy", *on(job)), 0)
    yield Step(place.run("deploy", *on(job)), 0)
    if builds:
        yield Step(pushed(place, f"{job}-made"), 0)
    place.laden(job, "two")
    yield Step(place.run("deploy", *on(job)), 0)
    yield Step(place.run("package", "-n", job, "-e", "tset"), 2)
    place.waiting(job, seconds=1)
    yield Step(place.run("deploy", *on(job)), 4)
    shutil.rmtree(place.root / "copilot" / job / "overrides")
    yield Step(place.run("deploy", *on(job)), 0)
    yield Step(interrupted(place, job, proxy), 130)
    place.job(f"{job}-new")
    place.waiting(f"{job}-new", seconds=1)
    yield Step(place.run("deploy", *on(f"{job}-new")), 4)
    shutil.rmtree(place.root / "copilot" / f"{job}-new" / "overrides")
    yield Step(place.run("deploy", *on(f"{job}-new")), 0)
    place.write(f"copilot/{job}/overrides/cfn.patches.yml", ASTRAY)
    yield Step(place.run("deploy", *on(job)), 4)
    place.job(f"{job}-left")
    leave_proposed(place, f"{job}-left")
    yield Step(place.run("deploy", *on(f"{job}-left")), 0)


def leave_proposed(place: Place, job: str) -> None:
    """Leave an empty stack with a change set that failed, as a run that was killed does."""
    place.stacks.create_change_set(
        StackName=name(job),
        ChangeSetName=names.creation_change_set(name(job)),
        ChangeSetType="CREATE",
        TemplateBody="Resources: {Topic: {Type: 'AWS::SNS::Topic', Condition: Nowhere}}",
    )
    assert place.status(job) == "REVIEW_IN_PROGRESS"


def interrupted(place: Place, job: str, proxy: Proxy) -> Done:
    """Interrupt an update as soon as it is under way."""
    place.waiting(job, seconds=5)
    running = place.start("deploy", *on(job))

    def interrupt(action: str) -> None:
        if action == "ExecuteChangeSet":
            running.send_signal(signal.SIGINT)

    proxy.after = interrupt
    out, err = running.communicate(timeout=90)
    proxy.after = lambda _: None
    return Done([], running.returncode, stdout=out, stderr=err)


def pushed(place: Place, job: str) -> Done:
    """Build an image that was never built, and push it to a repository that is made for it."""
    place.job(job, text=BUILT)
    place.write("Dockerfile", f"FROM scratch\nCOPY Dockerfile /{job}\n")
    built = place.done("build", *on(job))
    return place.run("push", "--create-repository", stdin=built.stdout)


BUILT = """\
name: {name}
type: Scheduled Job
image: {{build: Dockerfile}}
on: {{schedule: "@daily"}}
"""


def test_all_works_with_the_rights_that_are_needed_and_each_has_its_use(
    granted: tuple[Place, Iam], proxy: Proxy, dockerd: daemons.Dockerd | None
) -> None:
    """Nothing else is asked for but what is optional, and the table has nothing that nobody needs.

    The manager role does what its environment's version lets it, by a list that is not the table's.
    """
    place, iam = granted
    found = _exercised(is_built=True)
    needed = {(r.identity, r.action) for r in found if not r.optional}
    optional = {(r.identity, r.action) for r in found if r.optional} - needed
    denied = {action for _, action in optional}
    iam.policies = {w: iam_stand_in.without(p, denied) for w, p in iam.policies.items()}
    for step in pipeline(place, proxy, "granted", builds=dockerd is not None):
        assert step.done.returncode == step.expected, step.done.stderr
    assert {(whose, action) for whose, action, _ in iam.denied} == optional - UNSEEN
    table = {(r.identity, r.action) for r in _exercised(is_built=dockerd is not None)}
    assert iam.used - UNSEEN == table - optional - UNSEEN
    version = document(place.run("target", *on("granted")))["target"]["environmentVersion"]
    for action in (action for whose, action in iam.used if whose == MANAGER):
        since = manager_role.since(action)
        assert since, action
        assert not versions.newer(since, version), action


def test_who_can_only_read_can_compare_as_the_caller_and_not_deploy(
    granted: tuple[Place, Iam], proxy: Proxy
) -> None:
    """With the printed session policy and nothing else, so without the manager role."""
    place, iam = granted
    place.laden("readable", "one")
    place.done("deploy", *on("readable"))
    place.laden("readable", "two")
    policy = json.loads(place.done("iam", "-e", ENV, "--session-policy").stdout)
    iam.policies = {CALLER: policy, MANAGER: {"Statement": []}}
    proxy.calls.clear()
    done = place.done("diff", *on("readable"), "--as-caller", "-o", "text")
    assert "VALUE" in done.stdout or "EnvFile" in done.stdout, done.stdout
    assert place.run("package", *on("readable"), "--diff", "--as-caller").returncode == 1
    template = place.done("render", *on("readable"), "--as-caller", "-o", "template").stdout
    assert place.done("package", *on("readable"), "--as-caller").stdout == template
    assert "AssumeRole" not in proxy.actions
    for command in (("diff",), ("deploy",)):
        denied = place.run(*command, *on("readable"))
        assert denied.returncode == 3, denied.stderr
        assert "is not allowed to perform sts:AssumeRole" in denied.stderr


def test_a_call_that_is_denied_to_a_caller_is_not_blamed_on_the_manager_role(
    granted: tuple[Place, Iam],
) -> None:
    """Whose permissions have nothing to do with it."""
    place, iam = granted
    place.job("unreadable")
    policy = json.loads(place.done("iam", "-e", ENV, "--session-policy").stdout)
    without = iam_stand_in.without(policy, {"cloudformation:GetTemplateSummary"})
    iam.policies = {CALLER: without, MANAGER: {"Statement": []}}
    done = place.run("render", *on("unreadable"), "--as-caller")
    assert (done.returncode, done.stdout) == (3, ""), done.stderr
    assert "is not allowed to perform cloudformation:GetTemplateSummary" in done.stderr
    assert "EnvManagerRole" not in done.stderr
    assert "cjob iam --session-policy prints what --as-caller needs" in done.stderr


@pytest.mark.parametrize(("whose", "action"), taken_away())
def test_each_right_is_missed(
    granted: tuple[Place, Iam],
    proxy: Proxy,
    dockerd: daemons.Dockerd | None,
    whose: str,
    action: str,
) -> None:
    """What lacked, and who lacked it, is told, with nothing on stdout."""
    place, iam = granted
    policy = iam_stand_in.without(iam.policies[whose], {action})
    iam.policies = {**iam.policies, whose: policy}
    job = "no-" + action.lower().replace(":", "-")
    for step in pipeline(place, proxy, job, builds=dockerd is not None):
        if step.done.returncode and action in step.done.stderr:
            break
    status = 130 if step.expected == 130 else 3  # who interrupts gets that, whatever else is wrong
    assert (step.done.returncode, step.done.stdout) == (status, ""), step.done.stderr
    assert action in step.done.stderr
    if whose == MANAGER:
        assert "role/demo-test-EnvManagerRole" in step.done.stderr
