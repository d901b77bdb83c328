"""What stages need besides the Release: the options, the clients, and what jobs of a run share.

Each client is made when it is first used, and once a run: a command that calls no AWS imports no
boto3, and a job that builds no image touches no engine. This is the only module that knows which
adapter is behind a protocol of the stages.
"""

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from cjob.concurrency.interrupts import Interruption, Started
from cjob.concurrency.slots import Slots
from cjob.document.models import Image, Job, Release, Target, required
from cjob.document.records import EMPTY, dataclass, replace
from cjob.reporting.errors import CjobError
from cjob.reporting.progress import Reporter

if TYPE_CHECKING:
    # The adapters import boto3 and docker, which only some commands use.
    from cjob.aws.application import AwsApplication
    from cjob.aws.credentials import Ask
    from cjob.aws.directory import AwsDirectory
    from cjob.aws.session import Account
    from cjob.aws.stacks import AwsStacks
    from cjob.aws.storage import AwsBucket, AwsRegistry
    from cjob.engines.docker_api import DockerEngine
    from cjob.engines.engine import Builder, BuilderName, BuildOptions, NoBuildxError
    from cjob.workspace.find import Files, Workspace

T = TypeVar("T")

# So many jobs at once may update the environment's own stack. CloudFormation runs one update of it
# at a time, and each job's env controller waits for its own, at most 14 and a half minutes.
FEATURE_JOBS = 4


@dataclass(frozen=True, kw_only=True)
class DeployOptions:
    """The options of the command line that stages read; the parser fills it.

    `images` are images built elsewhere, by container. With `refuses_findings`, the run refuses
    what AWS would refuse, so that load does not warn about it as well.
    """

    tag: str = ""
    resource_tags: Mapping[str, str] = EMPTY
    target: Target | None = None
    cdk_env: tuple[str, ...] = ()
    images: Mapping[str, Image] = EMPTY
    latest: bool = True
    create_repository: bool = False
    refuses_findings: bool = False
    rollback: bool = True
    detach: bool = False
    allow_downgrade: bool = False
    allow_removal: tuple[str, ...] = ()
    adopt_stack: bool = False
    allow_stale_plan: bool = False
    wait_for_stack: bool = False


class RunContext:
    """The options and clients of one run; several threads may use it at once."""

    def __init__(
        self,
        folder: Path,
        report: Reporter,
        options: DeployOptions = DeployOptions(),  # noqa: B008 - it is frozen
        *,
        build_options: "BuildOptions | None" = None,
        ask: "Ask | None" = None,
        allow_outside: bool = False,
        as_caller: bool = False,
    ) -> None:
        """Take the folder that the workspace is searched from, and where progress is reported.

        `ask` prompts at the terminal. `allow_outside` lets the workspace name files outside of its
        repository. `as_caller` calls AWS without the environment manager role.
        """
        self.folder = folder
        self.report = report
        self.options = options
        self.interruption = Interruption()
        self.rendering = threading.Lock()
        """Held while a template is rendered: threads that only compute slow each other down."""
        self.creating_repositories: set[str] = set()
        """The jobs whose repository AWS is creating, which continues if the run ends."""
        self._build_options = build_options
        self._ask = ask
        self._allow_outside = allow_outside
        self._as_caller = as_caller
        self._feature_slots = Slots(FEATURE_JOBS)
        self._made: dict[object, object] = {}
        self._lock = threading.RLock()

    def reporter(self, job: Job) -> Reporter:
        """Return a reporter for a job's records, which names the job in each of them."""
        return lambda record: self.report(replace(record, job=job.name, env=job.env))

    def started(self, job: Job) -> Started:
        """Return what to report if the job's deployment is interrupted."""
        return self._once((Started, job.stack_name), Started)

    def feature_slot(self) -> AbstractContextManager[None]:
        """Return a slot for one of the FEATURE_JOBS that update the environment's stack at once."""
        return self._feature_slots.slot(lambda: self.interruption.sleep(0))

    @property
    def workspace(self) -> "Workspace":
        """The workspace that the folder is in."""
        from cjob.workspace import find  # noqa: PLC0415 - a document from a pipe needs none

        allow = self._allow_outside
        return self._once(find.find, lambda: find.find(self.folder, allow_outside=allow))

    def files(self, release: Release) -> "Files":
        """Return the workspace's files; a job that needs no files needs no workspace either."""
        source = required(release.source, "source")
        if source.builds or any(asset.path for asset in source.assets):
            return self.workspace
        from cjob.workspace.find import Files  # noqa: PLC0415 - as above

        return Files(root=Path())

    # AWS

    @property
    def account(self) -> "Account":
        """AWS as the caller sees it."""
        from cjob.aws.session import Account  # noqa: PLC0415 - imports boto3, as do all below

        return self._once(
            Account, lambda: Account(self._ask, self.report, as_caller=self._as_caller)
        )

    @property
    def directory(self) -> "AwsDirectory":
        """Where applications and environments are looked up, each once a run."""
        from cjob.aws.directory import AwsDirectory  # noqa: PLC0415

        return self._once(AwsDirectory, lambda: AwsDirectory(self.account))

    @property
    def application(self) -> "AwsApplication":
        """The resources of applications in all their regions."""
        from cjob.aws.application import AwsApplication  # noqa: PLC0415

        return self._once(
            AwsApplication,
            lambda: AwsApplication(self.account, self.interruption.sleep, self.report),
        )

    @property
    def stacks(self) -> "AwsStacks":
        """CloudFormation."""
        from cjob.aws.stacks import AwsStacks  # noqa: PLC0415

        return self._once(
            AwsStacks, lambda: AwsStacks(self.account, self.interruption.sleep, self.report)
        )

    def bucket(self, target: Target) -> "AwsBucket":
        """Return the artifact bucket of an environment."""
        from cjob.aws.storage import AwsBucket  # noqa: PLC0415

        return AwsBucket(self.account, target)

    def registry(self, target: Target) -> "AwsRegistry":
        """Return the registry of an environment's images."""
        from cjob.aws.storage import AwsRegistry  # noqa: PLC0415

        return self._once((AwsRegistry, target.region), lambda: AwsRegistry(self.account, target))

    # Container engines

    @property
    def build_options(self) -> "BuildOptions":
        """The options that hold for all builds."""
        from cjob.engines.engine import BuildOptions  # noqa: PLC0415 - only builds need engines

        return self._build_options or BuildOptions()

    def engine(self) -> "DockerEngine":
        """Return the container engine, connected."""
        from cjob.engines.docker_api import connect  # noqa: PLC0415 - imports docker

        return self._once(connect, connect)

    def builder(self, name: "BuilderName") -> "Builder":
        """Return a builder that is ready; buildx loads its images into the container engine."""
        from cjob.engines.build_slots import MAX_BUILDS, LimitedBuilder  # noqa: PLC0415 - as above

        slots = self._once(LimitedBuilder, lambda: Slots(MAX_BUILDS))

        def find() -> "Builder":
            if name == "docker":
                return LimitedBuilder(self.engine(), slots)
            from cjob.engines import buildx  # noqa: PLC0415 - imports subprocess

            if missing := self._once(buildx.check, self._missing_buildx):
                raise missing
            return LimitedBuilder(
                buildx.Buildx(self.engine(), self.build_options, os.environ), slots
            )

        return self._once((LimitedBuilder, name), find)

    def _missing_buildx(self) -> "NoBuildxError | None":
        """Check once a run whether buildx can build; several jobs may do without it."""
        from cjob.engines import buildx  # noqa: PLC0415 - as above
        from cjob.engines.engine import NoBuildxError  # noqa: PLC0415

        try:
            buildx.check(self.build_options, os.environ)
            buildx.check_store(self.engine(), self.build_options)
        except NoBuildxError as error:
            return error
        return None

    # What a filter imports and connects while the command before it in the pipe still works.
    # An error is raised only when the client is used.

    def warm_up_lookup(self) -> None:
        """Import and make what resolve and confirm use."""
        self._warm_up(lambda: self.directory, "ssm", "cloudformation")

    def warm_up_push(self) -> None:
        """Import and make what push uses."""
        from cjob.aws import storage  # noqa: F401, PLC0415 - imported to be there
        from cjob.engines import docker_api  # noqa: F401, PLC0415 - likewise

        self._warm_up(lambda: self.account, "ecr", "s3")

    def warm_up_stacks(self) -> None:
        """Import what diff and apply use."""
        self._warm_up(lambda: self.stacks)

    def _warm_up(
        self,
        make: Callable[[], object],
        *services: Literal["ssm", "cloudformation", "ecr", "s3"],
    ) -> None:
        with suppress(CjobError):
            make()
            for service in services:
                self.account.client(service)

    def _once(self, key: object, make: Callable[[], T]) -> T:
        with self._lock:
            if key not in self._made:
                self._made[key] = make()
            return self._made[key]  # type: ignore[return-value]
