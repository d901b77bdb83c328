"""Whether a document may be applied: its identity, completeness, version, plan and removals.

Each check refuses with an InputError that says what can be done. Pure: takes plain data, touches
nothing.
"""

from collections.abc import Collection, Iterator, Mapping

from cjob import live as live_side
from cjob import names, versions
from cjob.errors import InputError
from cjob.live import Live
from cjob.release import Diff, Release, Stack

# Resources whose removal loses what people keep in them.
HOLDS_DATA = {
    "AWS::CloudFormation::Stack",
    "AWS::DynamoDB::Table",
    "AWS::EFS::AccessPoint",
    "AWS::EFS::FileSystem",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
    "AWS::SQS::Queue",
}

COPILOT_TAGS = ("copilot-application", "copilot-environment", "copilot-service")


def check_identity(release: Release, stack: Stack) -> None:
    """Refuse a stack name or Copilot tags that don't follow from the job."""
    expected = names.job_stack(*_job(release))
    if stack.name != expected:
        raise InputError(
            f"the document's stack is {stack.name!r}, not {expected!r}",
            hint="render the job again",
            place="stack.name",
        )
    for key, value in names.copilot_tags(*_job(release)).items():
        if stack.tags.get(key) != value:
            raise InputError(
                f"the tag {key!r} is {stack.tags.get(key)!r}, not {value!r}",
                hint="render the job again",
                place=f"stack.tags.{key}",
            )


def check_complete(release: Release, stack: Stack) -> None:
    """Refuse a stack that lacks what only a push can give."""
    if stack.missing:
        raise InputError(
            f"job {release.job.name!r} was rendered without what only a push gives: "
            + ", ".join(stack.missing),
            hint="put cjob-build | cjob-push before cjob-render, or use cjob deploy",
            place="stack.missing",
        )


def check_owner(live: Live, stack: Stack) -> None:
    """Refuse to touch a stack of another application, environment or job.

    Names are joined with hyphens, so two jobs may come to the same one.
    """
    for key in COPILOT_TAGS:
        owner = live.tags.get(key, stack.tags[key])
        if owner != stack.tags[key]:
            raise InputError(
                f"stack {stack.name!r} belongs to another {key.removeprefix('copilot-')}: "
                f"{owner!r}, not {stack.tags[key]!r}",
                hint="rename one of them: their stacks have the same name",
            )


def check_plan(plan: Diff, live: Live) -> None:
    """Refuse a plan that was made against another state of the stack than the live one."""
    now = live_side.against(live)
    moved = [
        part.replace("_", " ")
        for part in ("status", "stack_id", "template", "parameters", "tags", "addons")
        if getattr(plan.against, part) != getattr(now, part)
    ]
    if moved:
        raise InputError(
            "the plan is stale: since it was made, the live stack's "
            + ", ".join(moved)
            + " changed",
            hint="make a new plan with cjob-diff, or apply this one as it is with --force-plan",
        )


def check_removals(diff: Diff, allowed: Collection[str]) -> None:
    """Refuse to remove what holds data, unless each is named."""
    for name, kind in removals(diff):
        if name not in allowed:
            raise InputError(
                f"this would remove {name} ({kind}), and with it what is kept there",
                hint=f"if that is meant: --allow-removal {name}",
            )


def switches_features(diff: Diff) -> bool:
    """Say whether the environment's own stack would be updated for this, at least perhaps."""
    action = "Resources.EnvControllerAction"
    for change in diff.changes:
        if change.path.startswith(f"{action}.Properties.Parameters"):
            return True
        added = change.new if change.path in ("Resources", action) else None
        if isinstance(added, dict):
            resource = added.get("EnvControllerAction", added)
            properties = resource.get("Properties") if isinstance(resource, dict) else None
            if isinstance(properties, dict) and properties.get("Parameters"):
                return True
    return False


def removals(diff: Diff) -> Iterator[tuple[str, str]]:
    """Give logical id and type of each resource that holds data and would be lost.

    A resource is lost too when another type takes its name, or when all of them go at once; the
    addons' stack, which stands in the template under a condition, when its address is taken away,
    and all that is in it.
    """
    inside = "addons."
    for change in diff.changes:
        if change.path == "parameters.AddonsTemplateURL" and change.old and not change.new:
            yield "AddonsStack", "AWS::CloudFormation::Stack"
            inside = ""
        section, _, name = change.path.removeprefix(inside).partition(".")
        if section != "Resources" or change.op == "add":
            continue
        gone: Mapping[str, object] = {}
        if not name and isinstance(change.old, dict):
            gone = change.old
        elif change.op == "remove" and isinstance(change.old, dict):
            gone = {name: change.old}
        elif name.endswith(".Type"):
            gone = {name.removesuffix(".Type"): {"Type": change.old}}
        for logical_id, resource in gone.items():
            kind = resource.get("Type") if isinstance(resource, dict) else None
            if kind in HOLDS_DATA and "." not in logical_id:
                yield logical_id, kind


def check_downgrade(deployed: str, own: str, stack: str, *, allow: bool) -> None:
    """Refuse to put an older template in the place of one that a newer tool made."""
    if not allow and versions.newer(deployed, own):
        raise InputError(
            f"stack {stack!r} was deployed with template version {deployed}, newer than {own}",
            hint="use a newer cjob, or --allow-downgrade",
        )


def _job(release: Release) -> tuple[str, str, str]:
    return release.job.app, release.job.env, release.job.name
