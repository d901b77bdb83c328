"""What apply decides before it touches anything."""

import pytest
from stacks_fake import UPDATED, FakeStacks, FakeStore, own
from stage_samples import (
    NAME,
    OLDER,
    TAGS,
    TEMPLATE,
    live,
    plan,
    referring_to,
    release,
    stack,
    with_addons,
    without_tag,
)

from cjob.checks.downgrade import check_downgrade
from cjob.concurrency.interrupts import Started
from cjob.context import DeployOptions
from cjob.document.fingerprint import fingerprint
from cjob.document.models import Release, Target
from cjob.document.records import replace
from cjob.document.snapshot import StackSnapshot, is_stable
from cjob.reporting.errors import InputError
from cjob.stages.deployment.change_sets import ApplyDeps, Proposal, Request, StackChangedError
from cjob.stages.deployment.decide import RETRIES, RETRY_PAUSE_S, deploy


def applied(
    document: Release,
    stacks: FakeStacks,
    options: DeployOptions | None = None,
    known: StackSnapshot | None = None,
) -> Release:
    """Apply a document to a stack in memory."""
    tools = ApplyDeps(stacks=stacks, store=FakeStore(), started=Started(), report=lambda _: None)
    return deploy(replace(document, snapshot=known), tools, options or DeployOptions())


def refused(
    document: Release, stacks: FakeStacks, options: DeployOptions | None = None
) -> InputError:
    """Apply a document that is refused, and see that nothing but a look was asked for."""
    with pytest.raises(InputError) as caught:
        applied(document, stacks, options)
    assert stacks.asked in ([], ["read"])
    return caught.value


def test_a_stack_is_settled_where_it_has_what_it_was_asked_for() -> None:
    """A rolled back update rests too, but on something else."""
    assert is_stable("CREATE_COMPLETE")
    assert is_stable("UPDATE_COMPLETE")
    assert not is_stable("UPDATE_ROLLBACK_COMPLETE")
    assert not is_stable("UPDATE_FAILED")
    assert not is_stable("")


# Versions


def test_a_newer_template_is_not_replaced_by_an_older_one() -> None:
    """Both versions are named."""
    with pytest.raises(InputError, match=r"version v1\.34\.10, newer than v1\.34\.9") as caught:
        check_downgrade("v1.34.10", "v1.34.9", NAME, allow=False)
    assert "--allow-downgrade" in caught.value.hint


def test_an_older_or_equal_template_is_replaced() -> None:
    """And a newer one where the person says so."""
    check_downgrade("v1.34.1", "v1.34.1", NAME, allow=False)
    check_downgrade("v0.0.0", "v1.34.1", NAME, allow=False)
    check_downgrade("v9.0.0", "v1.34.1", NAME, allow=True)


def test_apply_reads_both_versions_from_the_templates() -> None:
    """The deployed one, and the document's."""
    newer = TEMPLATE.replace("v1.34.1", "v1.35.0")
    stacks = FakeStacks(live(template=newer))
    assert "v1.35.0" in refused(release(), stacks).message


# Documents that are refused


def test_a_document_for_another_stack_is_refused() -> None:
    """The name follows from the job."""
    wrong = replace(stack(), name="acme-prod-report")
    error = refused(release(wrong), FakeStacks())
    assert (error.place, "'acme-prod-report'" in error.message) == ("stack.name", True)


@pytest.mark.parametrize("key", ["copilot-application", "copilot-environment", "copilot-service"])
def test_a_document_without_copilots_tags_is_refused(key: str) -> None:
    """Copilot's own commands find stacks by them."""
    assert refused(release(without_tag(stack(), key)), FakeStacks()).place == f"stack.tags.{key}"


def test_a_document_that_lacks_what_a_push_gives_is_refused() -> None:
    """All that is missing is named, with the commands that give it."""
    lacking = stack(missing=("ContainerImage", "EnvControllerFunction"))
    error = refused(release(lacking), FakeStacks())
    assert "ContainerImage, EnvControllerFunction" in error.message
    assert (error.place, "cjob-build | cjob-push" in error.hint) == ("stack.missing", True)


def test_a_plan_that_changes_nothing_is_refused_too_where_something_is_missing() -> None:
    """What is missing was not compared, so nobody knows whether it changes."""
    lacking = stack(OLDER, missing=("ContainerImage",))
    refused(plan(live(), lacking), FakeStacks(live()))


# Whose a stack is


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_FAILED", "ROLLBACK_COMPLETE"])
@pytest.mark.parametrize("key", ["copilot-application", "copilot-environment", "copilot-service"])
def test_a_stack_without_copilots_tags_is_refused(status: str, key: str) -> None:
    """It only happens to have the job's stack name; not even a failed one is deleted."""
    tags = {k: v for k, v in TAGS.items() if k != key}
    error = refused(release(), FakeStacks(replace(live(status), tags=tags)))
    assert f"was not created by cjob or Copilot: it has no tag '{key}'" in error.message
    assert "--adopt-stack" in error.hint


def test_a_stack_without_copilots_tags_is_adopted_on_request() -> None:
    """It gets the tags with the deployment."""
    stacks = FakeStacks(replace(live(), tags={}), events=tuple(map(own, UPDATED)))
    applied(release(), stacks, DeployOptions(adopt_stack=True))
    assert stacks.live.tags == TAGS


def test_a_stack_of_another_job_is_refused_although_adopting_is_allowed() -> None:
    """Two jobs would take turns in it."""
    theirs = replace(live(), tags={**TAGS, "copilot-environment": "test-report"})
    error = refused(release(), FakeStacks(theirs), DeployOptions(adopt_stack=True))
    assert "belongs to another environment: 'test-report', not 'test'" in error.message


# Plans


@pytest.mark.parametrize(
    ("moved", "named"),
    [
        (live(status="UPDATE_ROLLBACK_COMPLETE"), "status"),
        (live(template=TEMPLATE.replace("Role:", "Other:")), "template"),
        (live(Schedule="rate(1 day)"), "parameters"),
        (replace(live(), tags={**TAGS, "a": "b"}), "tags"),
        (replace(live(), stack_id="made-anew"), "stack id"),
        (StackSnapshot(), "status, stack id, template, tags"),
    ],
)
def test_a_plan_is_stale_once_any_part_of_the_stack_moved(moved: StackSnapshot, named: str) -> None:
    """The parts that moved are named."""
    error = refused(plan(live()), FakeStacks(moved))
    assert f"the live stack's {named} changed" in error.message
    assert "--allow-stale-plan" in error.hint


def test_a_plan_whose_changes_are_deployed_is_already_applied() -> None:
    """Whoever did it; nothing is left to be refused, unless the stack is not at rest by it."""
    lines: list[str] = []
    tools = ApplyDeps(
        stacks=FakeStacks(live(template=TEMPLATE)),
        store=FakeStore(),
        started=Started(),
        report=lambda record: lines.append(record.text),
    )
    done = deploy(plan(live()), tools, DeployOptions()).deployment
    assert done is not None
    assert not done.changed
    assert lines == [f"already applied: stack {NAME} is up to date"]
    rolled_back = FakeStacks(live("UPDATE_ROLLBACK_COMPLETE", TEMPLATE))
    assert "the plan is out of date" in refused(plan(live()), rolled_back).message


def test_a_plan_is_stale_once_the_addons_moved() -> None:
    """Although their address is the same."""
    now, wanted = live(AddonsTemplateURL="https://one"), with_addons("Resources: {}\n")
    stacks = FakeStacks(now, addons="Resources: {}")
    with pytest.raises(InputError, match="the live stack's addons changed"):
        applied(plan(replace(now, addons="Outputs: {}"), wanted), stacks)
    assert stacks.asked == ["read", "nested_template"]


def test_addons_that_change_are_read_once() -> None:
    """They are as they were where the stack's parameters are."""
    now, wanted = live(AddonsTemplateURL="https://one"), with_addons("Resources: {}\n")
    stacks = FakeStacks(now, addons="Resources: {}", events=tuple(map(own, UPDATED)))
    done = applied(release(wanted), stacks).deployment
    assert done is not None
    assert (done.status, done.changed) == ("UPDATE_COMPLETE", True)
    assert stacks.asked.count("nested_template") == 1


def test_a_stale_plan_is_refused_although_it_changes_nothing() -> None:
    """What it says of the stack is no longer so."""
    refused(plan(live(template=TEMPLATE)), FakeStacks(live(template=OLDER)))


def test_a_plan_that_changes_nothing_sends_nothing() -> None:
    """It is looked whether that is still so, and no more."""
    stacks = FakeStacks(live(template=TEMPLATE))
    done = applied(plan(live(template=TEMPLATE)), stacks)
    assert done.deployment is not None
    assert (done.deployment.changed, done.deployment.status) == (False, "UPDATE_COMPLETE")
    assert stacks.asked == ["read"]


def test_a_stack_that_was_read_before_the_build_is_described_once_more() -> None:
    """Only what was read last may be called up to date; that is one call."""
    stacks = FakeStacks(live(template=TEMPLATE))
    done = applied(plan(live(template=TEMPLATE)), stacks, known=live(template=TEMPLATE))
    assert done.deployment is not None
    assert not done.deployment.changed
    assert stacks.asked == ["describe"]


@pytest.mark.parametrize(
    "meanwhile",
    [
        replace(live(), last_updated="later"),
        live(template=referring_to("Schedule"), Schedule="rate(1 day)"),
        replace(live(template=TEMPLATE), tags={**TAGS, "team": "data"}),
    ],
    ids=["template", "parameters", "tags"],
)
def test_a_stack_that_somebody_changed_during_the_build_is_compared_again(
    meanwhile: StackSnapshot,
) -> None:
    """And deployed, as if the run had started later."""
    known = live(template=TEMPLATE)
    stacks = FakeStacks(known, meanwhile=meanwhile, events=tuple(map(own, UPDATED)))
    done = applied(release(), stacks, known=known)
    assert done.deployment is not None
    assert done.deployment.changed
    assert (stacks.live.template, stacks.live.tags) == (TEMPLATE, TAGS)


def test_digests_tell_each_part_of_a_stack_apart() -> None:
    """And come out the same whatever order the parts have."""
    one = StackSnapshot(status="A", template="t", parameters={"a": "1", "b": "2"}, tags={"x": "y"})
    same = replace(one, parameters={"b": "2", "a": "1"})
    other = replace(one, parameters={"a": "2", "b": "1"})
    assert fingerprint(one) == fingerprint(same)
    assert fingerprint(one).parameters != fingerprint(other).parameters
    assert fingerprint(one).template == fingerprint(other).template
    assert fingerprint(one).template.startswith("sha256:")


# Data


def test_a_removal_needs_the_name_of_each_resource() -> None:
    """With it the deployment goes on."""
    bucket = TEMPLATE + "  Data:\n    Type: AWS::S3::Bucket\n"
    error = refused(release(), FakeStacks(live(template=bucket)))
    assert "remove Data (AWS::S3::Bucket)" in error.message
    assert error.hint.endswith("pass --allow-removal Data")
    stacks = FakeStacks(live(template=bucket), empty=True)
    applied(release(), stacks, DeployOptions(allow_removal=("Data",)))
    assert "propose" in stacks.asked


def test_a_stack_whose_creation_failed_has_nothing_to_lose() -> None:
    """Nothing of it is left, whatever its template says."""
    bucket = TEMPLATE + "  Data:\n    Type: AWS::S3::Bucket\n"
    stacks = FakeStacks(live("ROLLBACK_COMPLETE", template=bucket), empty=True)
    applied(release(), stacks)
    assert stacks.asked[:3] == ["read", "follow", "delete"]


class Contested(FakeStacks):
    """A stack that another deployment changes whenever a change set is proposed."""

    def propose(self, _target: Target, _request: Request) -> Proposal:
        """Refuse the proposal: the stack was changed."""
        self.asked.append("propose")
        raise StackChangedError(NAME, "UPDATE_COMPLETE")


def test_waiting_for_a_stack_that_others_keep_changing_pauses_and_ends() -> None:
    """The first retry is at once, the others after a pause, and the last error is raised."""
    stacks, pauses, lines = Contested(live()), list[float](), list[str]()
    deps = ApplyDeps(
        stacks=stacks,
        store=FakeStore(),
        started=Started(),
        report=lambda record: lines.append(record.text),
        sleep=pauses.append,
    )
    with pytest.raises(StackChangedError):
        deploy(release(), deps, DeployOptions(wait_for_stack=True))
    assert stacks.asked.count("propose") == RETRIES + 1
    assert pauses == [RETRY_PAUSE_S] * (RETRIES - 1)
    assert sum(line.startswith("trying again: ") for line in lines) == RETRIES
