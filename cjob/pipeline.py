"""The pipeline: what happens between a manifest and a deployed stack, and in which order.

A job is worked on as one document, a Release (`release`), that grows as it moves. Each stage is a
function in `cjob/stages/`, one file each, that takes a Release and gives one with a section more:

    load      the workspace's files              -> job, source
    resolve   AWS, reads only                    -> target
    build     the container engine               -> images (built)
    push      engine, registry, S3               -> images (by digest), artifacts
    render    nothing: a pure function           -> stack
    override  Node, for CDK overrides alone      -> stack.template
    diff      CloudFormation, reads only         -> diff
    apply     S3, CloudFormation                 -> deployment

Apply carries out what `stages/states` (by the stack's status) and `checks/` (by document, plan and
stack) let pass; `stages/following` reads what came of it out of the stack's events.

The single commands run one stage each and pass the document on, as JSON, through a pipe (`wire`).
The composites, `cjob deploy` and `cjob package`, run the same functions in one process: the tuples
below are all that they add. What a stage touches of the outside world is handed to it, made in one
place (`collaborators`). Only `cjob/aws/` imports boto3, only `cjob/engines/` imports docker; and
`cjob/cli/` alone reads options, stdin and terminals.

Between the stages, `manifest/` turns a manifest's text into a Job, `template/` turns a Job into a
template, and `diff/` compares two templates: pure functions all of them.
"""

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from cjob.concurrency.interrupts import Begun, run_to_end
from cjob.concurrency.pool import Checkpoint, run_all
from cjob.concurrency.slots import Slots
from cjob.context import Collaborators
from cjob.document.models import Image, Job, Release, Target, required
from cjob.document.records import EMPTY, dataclass, replace
from cjob.reporting.errors import CjobError, InputError, Interrupted
from cjob.reporting.progress import found

if TYPE_CHECKING:
    from cjob.document.snapshot import StackSnapshot
    from cjob.reporting.progress import Reporter
    from cjob.workspace.find import Files

Stage = Callable[[Release], Release]

CHECKED = ("confirm", "resolve", "inspect", "admit")
SENT = ("push", "render", "override", "diff")
DEPLOY = (*CHECKED, "check_data_loss", "build", *SENT, "apply")
DEPLOY_DIFF = (*CHECKED, "build", "recognise", "render", "override", "diff")
DEPLOY_SHOWN = ("check_data_loss", *SENT)
PACKAGE = ("resolve", "check_version", "render", "override")
PACKAGE_UPLOADED = ("confirm", "resolve", "check_version", "build", "push", "render", "override")
PACKAGE_DIFF = ("resolve", "inspect", "recognise", "render", "override", "diff")
PACKAGE_DIFF_BUILT = ("resolve", "inspect", "build", "recognise", "render", "override", "diff")
DIFF = ("resolve", "recognise", "render", "override", "diff")
DIFF_BUILT = ("resolve", "build", "recognise", "render", "override", "diff")
DIFF_READ = ("resolve", "recognise", "diff")

# So many jobs at once may have the environment's own stack updated. CloudFormation makes one update
# of it at a time, and each job's env controller waits for its turn, 14 and a half minutes at most.
FEATURE_JOBS = 4


# The resource of a job's stack that has the environment's stack updated.
CONTROLLER = "EnvControllerAction"


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What a person chose on the command line, for all stages."""

    tag: str = ""
    tags: Mapping[str, str] = EMPTY
    target: Target | None = None
    rollback: bool = True
    detach: bool = False
    allow_downgrade: bool = False
    allow_removal: tuple[str, ...] = ()
    adopt: bool = False
    force_plan: bool = False
    wait: bool = False
    cdk_env: tuple[str, ...] = ()
    images: Mapping[str, Image] = EMPTY
    latest: bool = True
    create_repository: bool = False
    refuses: bool = False


class Stages:
    """The stages, each bound to what it works with; the imports wait for the stage's turn."""

    def __init__(self, tools: Collaborators, choices: Choices) -> None:
        """Take what makes the adapters, and what the person chose."""
        self._tools = tools
        self._choices = choices
        self._live: dict[str, StackSnapshot] = {}
        self._begun: dict[str, Begun] = {}
        self._turns = Slots(FEATURE_JOBS)
        # Rendering waits for nothing, so several threads at it only take the CPU from each other.
        self._rendering = threading.Lock()
        self.interruption = tools.interruption
        self.changing: set[str] = set()

    @property
    def workspace(self) -> "Files":
        """The workspace's files."""
        return self._tools.workspace

    def load(self, job: Job) -> Release:
        """Begin a Release from the workspace."""
        from cjob.stages.load import load  # noqa: PLC0415 - see the class's first line

        release = load(
            job,
            self._tools.workspace,
            os.environ,
            self._report(job),
            tag=self._choices.tag,
            tags=self._choices.tags,
            refused_later=self._choices.refuses,
        )
        return replace(release, target=self._choices.target)

    def resolve(self, release: Release) -> Release:
        """Add `target` where it is absent; offline where it was given, but for lacking subnets."""
        from cjob.stages.resolve import resolve_absent  # noqa: PLC0415

        return resolve_absent(release, lambda: self._tools.directory)

    def resolve_anew(self, release: Release) -> Release:
        """Fill `target` with what AWS says now, whatever the document had."""
        from cjob.stages.resolve import resolve  # noqa: PLC0415

        return resolve(release, self._tools.directory)

    def confirm(self, release: Release) -> Release:
        """Check that `target` is what AWS says, before anything is sent there."""
        from cjob.stages.resolve import confirm  # noqa: PLC0415

        return confirm(release, self._tools.directory)

    def inspect(self, release: Release) -> Release:
        """Read the live stack once, for diff too, and refuse early what apply would refuse."""
        from cjob.stages.diff import template_version  # noqa: PLC0415

        name = self._stack_name(release)
        live = self._live[name] = self._tools.stacks.read(required(release.target, "target"), name)
        deployed = template_version(live.template)
        self._check_version(name, deployed)
        return release

    def admit(self, release: Release) -> Release:
        """Refuse, before anything is built, what would be refused after that.

        Rendering is pure, so it is done here for its refusals alone, images yet missing.
        """
        from cjob.checks.ownership import check_owner  # noqa: PLC0415
        from cjob.stages.prebuilt import to_build  # noqa: PLC0415
        from cjob.stages.push import repository_of  # noqa: PLC0415
        from cjob.stages.readiness import at_rest  # noqa: PLC0415
        from cjob.stages.render import render  # noqa: PLC0415

        target = required(release.target, "target")
        name = self._stack_name(release)
        check_owner(self._live[name], release.job, adopt=self._choices.adopt)
        self._live[name] = at_rest(
            self._tools.stacks,
            target,
            self._live[name],
            name,
            wait=self._choices.wait,
            report=self._report(release.job),
        )
        self._check_deployable(render(release))
        if to_build(release, self._choices.images) and not self._choices.create_repository:
            repository_of(release, target)
        return release

    def check_data_loss(self, release: Release) -> Release:
        """Refuse what apply would refuse: to remove or replace resources that hold data.

        Checked before anything is built, or once it was shown; but with CDK overrides only after
        they ran, since the template is not known before.
        """
        from cjob.checks import data_loss  # noqa: PLC0415
        from cjob.stages.diff import complete  # noqa: PLC0415

        cdk = required(release.source, "source").overrides.cdk
        if release.stack is None and cdk:
            return release
        rendered = release if release.stack else self.render(release)
        stack = required(rendered.stack, "stack")
        live = complete(self._live[stack.name], rendered, self._tools.stacks)
        self._live[stack.name] = live
        losses = data_loss.losses(live, stack)
        data_loss.check_data_loss(losses, self._choices.allow_removal, stack.name)
        return release

    def check_version(self, release: Release) -> Release:
        """Refuse to render for a stack that a newer tool made; offline with a given target."""
        if self._choices.target is None and not self._choices.allow_downgrade:
            name = self._stack_name(release)
            target = required(release.target, "target")
            self._check_version(name, self._tools.stacks.version(target, name))
        return release

    def _check_version(self, stack: str, deployed: str) -> None:
        from cjob.checks.downgrade import check_downgrade  # noqa: PLC0415
        from cjob.stages.render import TEMPLATE_VERSION  # noqa: PLC0415

        allow = self._choices.allow_downgrade
        check_downgrade(deployed, TEMPLATE_VERSION, stack, allow=allow)

    def build(self, release: Release) -> Release:
        """Add `images`."""
        from cjob.stages.build import build  # noqa: PLC0415

        files, tools, report = self._files(release), self._tools, self._report(release.job)
        given, latest = self._choices.images, self._choices.latest
        return build(
            release, tools.builder, files, report, tools.build_options, given=given, latest=latest
        )

    def recognise(self, release: Release) -> Release:
        """Find among the job's images those that are deployed already, without a push."""
        if not release.images and not (release.source and release.source.builds):
            return release
        from cjob.stages.recognise import recognise  # noqa: PLC0415

        registry = self._tools.registry(required(release.target, "target"))
        return recognise(release, self._deployed(release), registry, self._report(release.job))

    def _deployed(self, release: Release) -> "StackSnapshot":
        """Return the live stack as it was inspected, or as it is now."""
        name = self._stack_name(release)
        if name not in self._live:
            self._live[name] = self._tools.stacks.read(required(release.target, "target"), name)
        return self._live[name]

    def push(self, release: Release) -> Release:
        """Send images and files; fill in what names them."""
        from cjob.stages.prebuilt import named  # noqa: PLC0415
        from cjob.stages.push import push  # noqa: PLC0415

        release = named(release, self._choices.images)
        self._check_deployable(self.render(release))
        if self._choices.create_repository and any(i.id for i in (release.images or {}).values()):
            release = self._initialise(release)
        target = required(release.target, "target")
        return push(
            release,
            engine=self._tools.engine,
            registry=self._tools.registry(target),
            store=self._tools.bucket(target),
            files=self._files(release),
            report=self._report(release.job),
            latest=self._choices.latest,
        )

    def _initialise(self, release: Release) -> Release:
        """Have the job's repository made, where it has none."""
        from cjob.stages.initialise import initialise  # noqa: PLC0415

        tools, report = self._tools, self._report(release.job)
        return initialise(release, tools.application, tools.directory, report, self.changing)

    def render(self, release: Release) -> Release:
        """Add `stack`."""
        from cjob.stages.render import render  # noqa: PLC0415

        with self._rendering:
            return render(release)

    def _check_deployable(self, rendered: Release) -> None:
        """Refuse what AWS would refuse; of a template that a CDK app changes, apply does."""
        from cjob.checks import deployable  # noqa: PLC0415

        cdk = required(rendered.source, "source").overrides.cdk
        deployable.check(rendered, template_known=not cdk)

    def override(self, release: Release) -> Release:
        """Apply CDK overrides to the template, and warn about what a deployment would refuse."""
        from cjob.checks import deployable  # noqa: PLC0415

        if required(release.source, "source").overrides.cdk:
            release = self._override(release)
        for finding in deployable.beyond_manifest(release):
            for record in found(finding):
                self._report(release.job)(record)
        return release

    def _override(self, release: Release) -> Release:
        from cjob.concurrency import processes  # noqa: PLC0415
        from cjob.stages.override import override  # noqa: PLC0415

        return override(
            release,
            self._tools.workspace,
            self._tools.start,
            os.environ,
            names=self._choices.cdk_env,
            run=processes.run_untrusted,
            report=self._report(release.job),
        )

    def diff(self, release: Release) -> Release:
        """Add `diff`, against the live stack as it was inspected, or as it is now."""
        from cjob.stages.diff import complete, diff  # noqa: PLC0415

        live = complete(self._deployed(release), release, self._tools.stacks)
        self._live[self._stack_name(release)] = live
        return diff(release, live)

    def apply(self, release: Release) -> Release:
        """Deploy; add `deployment`."""
        from cjob.document import names  # noqa: PLC0415
        from cjob.stages.apply import apply  # noqa: PLC0415
        from cjob.stages.change_sets import Options, Tools  # noqa: PLC0415
        from cjob.stages.register import register  # noqa: PLC0415

        chosen = self._choices
        options = Options(
            rollback=chosen.rollback,
            detach=chosen.detach,
            allow_downgrade=chosen.allow_downgrade,
            allow_removal=chosen.allow_removal,
            adopt=chosen.adopt,
            force_plan=chosen.force_plan,
            wait=chosen.wait,
        )
        job = release.job
        tools = Tools(
            stacks=self._tools.stacks,
            store=self._tools.bucket(required(release.target, "target")),
            report=self._report(job),
            begun=self._begun.setdefault(self._stack_name(release), Begun()),
            turn=self._turn,
            aside={CONTROLLER: names.environment_stack(job.app, job.env)},
        )
        done = apply(release, tools, options, self._live.get(self._stack_name(release)))
        return register(done, lambda: self._tools.application, tools.report)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Be one of the few jobs at a time for which the environment's own stack is updated."""
        with self._turns.slot(lambda: self.interruption.sleep(0)):
            yield

    def check_unchanged(self, release: Release) -> Release:
        """Refuse to call a stack up to date that somebody changed since it was compared."""
        from cjob.stages.apply import is_still  # noqa: PLC0415
        from cjob.stages.change_sets import StackChangedError  # noqa: PLC0415

        name, target = self._stack_name(release), required(release.target, "target")
        if not is_still(self._tools.stacks, target, name, self._live[name]):
            raise StackChangedError(name, self._tools.stacks.describe(target, name).status)
        return release

    def interrupted(self, release: Release) -> Interrupted:
        """Return the error for a deployment that was interrupted where nobody could roll back."""
        return self._begun.get(self._stack_name(release), Begun()).interrupted()

    def _report(self, job: Job) -> "Reporter":
        """Return what takes the records of a job's stages, and says whose they are."""
        return lambda record: self._tools.report(replace(record, job=job.name, env=job.env))

    def _files(self, release: Release) -> "Files":
        """Return the workspace's files; if none of them is needed, there need be no workspace."""
        source = required(release.source, "source")
        if source.builds or any(asset.path for asset in source.assets):
            return self._tools.workspace
        from pathlib import Path  # noqa: PLC0415

        from cjob.workspace.find import Files  # noqa: PLC0415

        return Files(root=Path())

    def _stack_name(self, release: Release) -> str:
        from cjob.document import names  # noqa: PLC0415

        return names.job_stack(release.job.app, release.job.env, release.job.name)


def run(
    releases: Sequence[Release], stages: Stages, names: Sequence[str], jobs: int
) -> tuple[Release, ...]:
    """Run each Release through the named stages, several at once; the first failure stops all.

    Given and returned in the same order. Nothing is sent before the images of all are built.
    """

    def through(part: Sequence[str], release: Release, checkpoint: Checkpoint) -> Release:
        try:
            for name in part:
                checkpoint()
                release = _stage(stages, name)(release)
        except CjobError as error:
            error.belongs_to(release.job.name, release.job.env)
            raise
        return release

    sending = names.index("push") if "push" in names else 0
    for part in (names[:sending], names[sending:]) if sending else (names,):
        try:
            releases = run_all([partial(through, part, r) for r in releases], jobs)
        except KeyboardInterrupt:
            if not stages.changing:
                raise
            from cjob.stages.initialise import interrupted  # noqa: PLC0415

            raise interrupted(stages.changing) from None
    return tuple(releases)


@contextmanager
def undeployed() -> Iterator[None]:
    """Report Ctrl-C inside as what it means there."""
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted("interrupted before anything was deployed") from None


def run_each(
    releases: Sequence[Release], stages: Stages, last: str, jobs: int, *, fail_fast: bool = False
) -> list[Release | CjobError]:
    """Run the last stage of each Release to its own end; give Releases and errors in order.

    Ctrl-C lets each of them come to a safe end, and those that had not begun stay as they are; so
    they do after the first failure with `fail_fast`.
    """

    def one(release: Release) -> Release | CjobError | None:
        try:
            return _stage(stages, last)(release)
        except CjobError as error:
            return error.belongs_to(release.job.name, release.job.env)
        except KeyboardInterrupt:
            return stages.interrupted(release).belongs_to(release.job.name, release.job.env)

    def is_enough(outcome: Release | CjobError | None) -> bool:
        return fail_fast and isinstance(outcome, CjobError)

    work = [partial(one, release) for release in releases]
    try:
        outcomes = run_to_end(work, jobs, stages.interruption, None, is_enough)
    except KeyboardInterrupt:
        names = ", ".join(release.stack.name for release in releases if release.stack)
        raise Interrupted(
            "interrupted again: the deployments are left as they are",
            hint=f"check the result with: aws cloudformation describe-stacks ({names})",
        ) from None
    return [
        outcome or _unbegun(stages).belongs_to(release.job.name, release.job.env)
        for outcome, release in zip(outcomes, releases, strict=True)
    ]


def _unbegun(stages: Stages) -> CjobError:
    if stages.interruption.asked:
        return Interrupted("interrupted before it was begun")
    return InputError("not started, since another job failed", hint="fix that job, then deploy")


def _stage(stages: Stages, name: str) -> Stage:
    stage: Stage = getattr(stages, name)
    return stage
