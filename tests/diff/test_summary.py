"""A difference in a line, and when a changed schedule fires."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
import unredacted

from cjob import diff
from cjob.diff.categories import category_of
from cjob.diff.summary import schedules, summary
from cjob.document.fingerprint import fingerprint
from cjob.document.models import Change, Diff
from cjob.document.snapshot import StackSnapshot

MOMENT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
EAST = timezone(timedelta(hours=1), "CET")


def difference(*changes: Change) -> Diff:
    """Return a difference with these changes."""
    return Diff(
        changed=bool(changes), text="", changes=changes, against=fingerprint(StackSnapshot())
    )


def changed(path: str, kind: str, of: str = "", replacement: str = "") -> Change:
    """Return a change of a value."""
    return Change(op="change", path=path, kind=kind, type=of, replacement=replacement)


TASK = changed(
    "Resources.TaskDefinition.Properties.Cpu", "image", "AWS::ECS::TaskDefinition", "true"
)
POINT = changed(
    "Resources.AccessPoint.Properties.PosixUser.Uid", "storage", "AWS::EFS::AccessPoint", "true"
)
ROLE = changed("Resources.TaskRole.Properties.Policies[0]", "IAM", "AWS::IAM::Role", "false")
TABLE = changed(
    "addons.Resources.Table.Properties.X", "addons", "AWS::DynamoDB::Table", "conditional"
)


def test_changes_are_counted_by_kind() -> None:
    """In the order in which they come."""
    found = summary(difference(TASK, TASK, ROLE, ROLE, changed("parameters.Schedule", "schedule")))
    assert found == "5 changes: 2 images, 2 IAM, 1 schedule"


def test_a_resource_that_is_replaced_is_named_once() -> None:
    """But for the task definition, of which each deployment makes a new revision."""
    found = summary(difference(TASK, POINT, POINT, TABLE))
    assert found.endswith("; replaces AccessPoint; may replace addons.Table")


def test_a_resource_that_is_replaced_for_sure_is_not_said_to_be_so_perhaps() -> None:
    """Whichever of its changes comes first."""
    perhaps = changed("Resources.AccessPoint.Properties.X", "storage", POINT.type, "conditional")
    expected = "2 changes: 2 storage; replaces AccessPoint"
    assert summary(difference(perhaps, POINT)) == summary(difference(POINT, perhaps)) == expected


def test_one_change_is_no_changes() -> None:
    """Words are in the right number."""
    assert summary(difference(ROLE)) == "1 change: 1 IAM"
    topic = changed("Resources.OrdersSNSTopic.Properties.X", "topic", "AWS::SNS::Topic", "false")
    assert summary(difference(topic, topic, POINT)).startswith("3 changes: 2 topics, 1 storage")
    assert summary(difference()) == "no changes"


def test_a_new_stack_is_told_by_its_resources() -> None:
    """Its changes are whole sections."""
    new = Change(op="add", path="Resources", new={"A": {}, "B": {}})
    assert summary(difference(new)) == "new stack with 2 resources"


# Schedules


def test_a_changed_schedule_is_told_with_its_times() -> None:
    """In UTC, and as the person's clock shows them."""
    change = Change(
        op="change",
        path="parameters.Schedule",
        kind="schedule",
        old="cron(0 9 ? * 2-6 *)",
        new="cron(30 23 L * ? 2026)",
    )
    assert schedules(difference(change), MOMENT, lambda time: time.astimezone(EAST)) == (
        "schedule until now, cron(0 9 ? * 2-6 *):",
        "  Mon 2026-11-23 09:00 UTC (Mon 10:00 CET)",
        "  Tue 2026-11-24 09:00 UTC (Tue 10:00 CET)",
        "  Wed 2026-11-25 09:00 UTC (Wed 10:00 CET)",
        "  Thu 2026-11-26 09:00 UTC (Thu 10:00 CET)",
        "  Fri 2026-11-27 09:00 UTC (Fri 10:00 CET)",
        "schedule from now on, cron(30 23 L * ? 2026): and never again",
        "  Mon 2026-11-30 23:30 UTC (Tue 00:30 CET)",
        "  Thu 2026-12-31 23:30 UTC (Fri 00:30 CET)",
    )


def test_a_time_is_shown_once_where_the_clock_shows_utc() -> None:
    """And a rate that runs already has no times that anybody knows."""
    change = Change(op="change", path="parameters.Schedule", old="rate(1 hour)", new="rate(2 days)")
    lines = schedules(difference(change), MOMENT, lambda time: time)
    note = "counted from the deployment of the rule"
    assert lines[:3] == (
        f"schedule until now, rate(1 hour): {note}",
        f"schedule from now on, rate(2 days): {note}",
        "  Sun 2026-11-22 12:00 UTC",
    )


def test_other_changes_have_no_times() -> None:
    """Only the schedule has."""
    assert schedules(difference(TASK), MOMENT, lambda time: time) == ()


# List items


def named(item: str, kind: str = "environment variable") -> Change:
    """Return a change of the value of a named list item."""
    path = "Resources.TaskDefinition.Properties.ContainerDefinitions[0].Environment[4].Value"
    return Change(op="change", path=path, item=item, kind=kind, type="AWS::ECS::TaskDefinition")


def test_changed_list_items_are_named() -> None:
    """Each once, with its kind; of many the first."""
    found = summary(difference(named("A"), named("A"), named("DB", "secret")))
    assert found == "3 changes: 2 environment variables (A), 1 secret (DB)"
    many = summary(difference(*(named(f"V{number}") for number in range(9))))
    assert many == "9 changes: 9 environment variables (V0, V1, V2, V3, V4, …)"


def test_a_list_that_is_new_or_gone_names_its_items() -> None:
    """Not the container that it is in."""
    secrets = [{"Name": "DB", "ValueFrom": "x"}, {"Name": "API", "ValueFrom": "y"}]
    new = Change(op="add", path="x.Secrets", item="report", kind="secret", new=secrets)
    assert summary(difference(new)) == "1 change: 1 secret (DB, API)"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("Parameters.EnvFileARN.Description", "cosmetic"),
        ("Parameters.AddonsTemplateURL.Description", "cosmetic"),
        ("Outputs.Queue.Description", "cosmetic"),
        ("Description", "cosmetic"),
        ("Parameters.EnvFileARN.Default", "environment variable"),
        ("Parameters.Description.Default", "parameter"),
        ("Resources.TaskRole.Properties.Description", "IAM"),
    ],
)
def test_prose_is_cosmetic(path: str, kind: str) -> None:
    """Whatever it describes; a resource's description is a property."""
    resource = "AWS::IAM::Role" if path.startswith("Resources") else ""
    assert category_of(path, resource) == kind


def test_a_change_names_its_list_item() -> None:
    """The innermost that has a name: a variable in a container."""
    template = (
        "Resources:\n  T:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n"
        "      ContainerDefinitions:\n        - Name: report\n          Image: {image}\n"
        "          Environment: [{{Name: A, Value: '1'}}, {{Name: B, Value: '{value}'}}]\n"
    )
    old, new = template.format(image="x", value="2"), template.format(image="y", value="3")
    found = diff.changes(unredacted.compare(old, new))
    assert [change.item for change in found] == ["B", "report"]


def test_a_list_item_whose_name_is_a_parameter_has_no_name() -> None:
    """As the main container of a job has: what a parameter is called tells nobody what it is."""
    template = (
        "Resources:\n  T:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n"
        "      ContainerDefinitions: [{{Name: !Ref WorkloadName, Command: [echo, {word}]}}]\n"
    )
    old, new = template.format(word="good"), template.format(word="better")
    (found,) = diff.changes(unredacted.compare(old, new))
    assert found.item is None
    assert summary(difference(found)) == "1 change: 1 command"
