"""What a deployment refuses of a rendered document, wherever it came from."""

import pytest
from check_samples import HEAD, edited, refusals, rendered

from cjob.checks import deployable
from cjob.document.records import replace
from cjob.reporting.errors import InputErrors

BUILT = (
    HEAD + "image: {{build: Dockerfile}}\nsidecars: {{web: {{image: {{build: web/Dockerfile}}}}}}\n"
)
CPU = "/Resources/TaskDefinition/Properties/Cpu"


def test_a_document_that_can_be_deployed_is_refused_nothing() -> None:
    """Neither with images from elsewhere, nor with images that are yet to be pushed."""
    assert refusals(rendered()) == []
    assert refusals(rendered(base=BUILT)) == []
    assert deployable.beyond_manifest(rendered(base=BUILT)) == ()


def test_what_the_manifest_says_is_refused_with_its_place() -> None:
    """All of it together, in the order of the file."""
    found = refusals(
        rendered("cpu: 300\nmemory: 1\n", base=HEAD + "image: {{location: 'repo:'}}\n")
    )
    assert [place for place, _ in found] == [
        "copilot/report/manifest.yml:4:19",
        "copilot/report/manifest.yml:5:6",
    ]


def test_what_overrides_have_fixed_is_not_refused() -> None:
    """What is deployed counts."""
    fix = f"- {{op: replace, path: {CPU}, value: '512'}}\n"
    assert refusals(rendered("cpu: 300\nmemory: 1024\n", patches=fix)) == []


@pytest.mark.parametrize("cpu", ["300", "3 vCPU"])
def test_what_overrides_have_broken_is_refused(cpu: str) -> None:
    """With its path in the template, as the manifest is innocent."""
    ((place, message),) = refusals(
        rendered(patches=f"- {{op: replace, path: {CPU}, value: {cpu}}}\n")
    )
    assert place == "stack.template: Resources.TaskDefinition.Properties.Cpu"
    assert "is not a task size" in message


def test_sizes_may_have_units() -> None:
    """As ECS takes them in a patch."""
    patches = "".join(
        f"- {{op: replace, path: /Resources/TaskDefinition/Properties/{key}, value: {value}}}\n"
        for key, value in (("Cpu", ".5 vcpu"), ("Memory", "2 GB"))
    )
    assert refusals(rendered(patches=patches)) == []


def test_a_template_that_is_yet_to_change_is_not_looked_at() -> None:
    """A CDK app may fix it; the name of the job stays."""
    document = rendered("cpu: 300\n", name="My-Job")
    with pytest.raises(InputErrors) as caught:
        deployable.check(document, template_known=False)
    assert ["is not a name" in one.message for one in caught.value.problems] == [True]


def test_an_edited_parameter_is_refused() -> None:
    """A document may have been edited between render and apply."""
    document = rendered()
    ((place, message),) = refusals(edited(document, TaskCPU="300"))
    assert place.endswith("Properties.Cpu")
    assert "cpu: 300" in message
    ((place, _),) = refusals(edited(document, ContainerImage="./Dockerfile"))
    assert place.endswith("ContainerDefinitions[0].Image")


def test_a_schedule_is_refused_with_its_place() -> None:
    """And one that was edited, with its path."""
    base = HEAD.replace("@daily", "*/60 * * * *") + "image: {{location: alpine}}\n"
    ((place, message),) = refusals(rendered(base=base))
    assert place == "copilot/report/manifest.yml:3:16"
    assert "EventBridge rejects the schedule 'cron(*/60 * * * ? *)'" in message
    ((place, _),) = refusals(edited(rendered(), Schedule="rate(1 minutes)"))
    assert place.endswith("Resources.Rule.Properties.ScheduleExpression")
    assert refusals(rendered(base=base.replace("*/60 * * * *", "none"))) == []


def test_a_document_without_its_manifest_is_judged_by_its_stack() -> None:
    """The section may have been left out, or its manifest edited to nonsense."""
    document = edited(rendered(), TaskCPU="300")
    assert len(refusals(replace(document, source=None))) == 1
    assert document.source is not None
    nonsense = replace(document, source=replace(document.source, manifest="]"))
    assert len(refusals(nonsense)) == 1


def test_functions_are_filled_in_as_far_as_they_are_known() -> None:
    """The account and the region are; what a resource will be called is not."""
    sub = "'!Sub \"${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/x:\"'"
    ((place, message),) = refusals(rendered(f"sidecars: {{web: {{image: {sub}}}}}\n"))
    assert place.endswith("ContainerDefinitions[1].Image")
    assert "123456789012.dkr.ecr.eu-central-1.amazonaws.com/x:" in message
    unknown = "'!GetAtt Some.Uri'"
    assert refusals(rendered(f"sidecars: {{web: {{image: {unknown}}}}}\n")) == []
