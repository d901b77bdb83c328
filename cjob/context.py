"""The one place that makes what stages are handed: workspace, AWS, container engine.

Each is made when it is first asked for and once a run, so that a command without AWS loads no
boto3, and a job without a build touches no engine.
"""

import os
import threading
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from cjob.concurrency.interrupts import Interruption
from cjob.reporting.errors import CjobError

if TYPE_CHECKING:
    from cjob.aws.application import AwsApplication
    from cjob.aws.credentials import Ask
    from cjob.aws.directory import AwsDirectory
    from cjob.aws.session import Account
    from cjob.aws.stacks import AwsStacks
    from cjob.aws.storage import AwsBucket, AwsRegistry
    from cjob.document.models import Target
    from cjob.engines.docker_api import DockerEngine
    from cjob.engines.engine import Builder, BuilderName, BuildOptions, NoBuildxError
    from cjob.reporting.progress import Reporter
    from cjob.workspace.find import Workspace

T = TypeVar("T")

# What a stage surely takes, where that is slow to import.
TAKEN = {
    "confirm": ("cjob.aws.directory", "cjob.stages.resolve"),
    "push": ("cjob.aws.storage", "cjob.engines.docker_api", "cjob.stages.push"),
    "render": ("cjob.stages.render",),
    "diff": ("cjob.aws.stacks", "cjob.stages.diff"),
    "apply": ("cjob.aws.stacks", "cjob.stages.apply"),
}

# What it surely asks of AWS.
ASKED: Mapping[str, tuple[Literal["ssm", "cloudformation", "ecr", "s3"], ...]] = {
    "confirm": ("ssm", "cloudformation"),
    "push": ("ecr", "s3"),
}


class Collaborators:
    """Makes each adapter once; may be used by several threads."""

    def __init__(
        self,
        start: Path,
        report: "Reporter",
        build_options: "BuildOptions | None" = None,
        ask: "Ask | None" = None,
        *,
        allow_outside: bool = False,
        as_caller: bool = False,
    ) -> None:
        """Take the folder to find the workspace from, where progress is told, and for builds.

        `ask` asks a person at the terminal. `allow_outside` lets the workspace name files outside
        of its repository. `as_caller` calls AWS without the manager role.
        """
        self.start = start
        self._allow_outside = allow_outside
        self._as_caller = as_caller
        self.report = report
        self._build_options = build_options
        self._ask = ask
        self._made: dict[object, object] = {}
        self._lock = threading.RLock()
        self.interruption = Interruption()

    def prepare(self, stages: Collection[str]) -> None:
        """Have ready what these stages take, in the time in which the command before works.

        Whatever is wrong with it is told when it is asked for.
        """
        for stage in stages:
            for module in TAKEN.get(stage, ()):
                import_module(module)
            with suppress(CjobError):
                for service in ASKED.get(stage, ()):
                    self.account.client(service)

    @property
    def workspace(self) -> "Workspace":
        """The workspace that the start folder lies in."""
        from cjob.workspace import find  # noqa: PLC0415 - see the module's first paragraph

        allow = self._allow_outside
        return self._once("workspace", lambda: find.find(self.start, allow_outside=allow))

    @property
    def account(self) -> "Account":
        """AWS as the caller sees it."""
        from cjob.aws.session import Account  # noqa: PLC0415

        return self._once(
            "account", lambda: Account(self._ask, self.report, as_caller=self._as_caller)
        )

    @property
    def directory(self) -> "AwsDirectory":
        """Where applications and environments are looked up."""
        from cjob.aws.directory import AwsDirectory  # noqa: PLC0415

        return self._once("directory", lambda: AwsDirectory(self.account))

    @property
    def application(self) -> "AwsApplication":
        """What applications have in all their regions."""
        from cjob.aws.application import AwsApplication  # noqa: PLC0415

        return self._once(
            "application",
            lambda: AwsApplication(self.account, self.interruption.sleep, self.report),
        )

    @property
    def stacks(self) -> "AwsStacks":
        """CloudFormation."""
        from cjob.aws.stacks import AwsStacks  # noqa: PLC0415

        return self._once(
            "stacks", lambda: AwsStacks(self.account, self.interruption.sleep, self.report)
        )

    def bucket(self, target: "Target") -> "AwsBucket":
        """Return the artifact bucket of an environment."""
        from cjob.aws.storage import AwsBucket  # noqa: PLC0415

        return AwsBucket(self.account, target)

    def registry(self, target: "Target") -> "AwsRegistry":
        """Return the registry of an environment's images."""
        from cjob.aws.storage import AwsRegistry  # noqa: PLC0415

        made = ("registry", target.region)
        return self._once(made, lambda: AwsRegistry(self.account, target))

    @property
    def build_options(self) -> "BuildOptions":
        """What the person asks of all builds."""
        from cjob.engines.engine import BuildOptions  # noqa: PLC0415

        return self._build_options or BuildOptions()

    def engine(self) -> "DockerEngine":
        """Return the container engine, connected to."""
        from cjob.engines.docker_api import connect  # noqa: PLC0415

        return self._once("engine", connect)

    def builder(self, kind: "BuilderName") -> "Builder":
        """Give the engine that builds, found and ready; buildx loads into the container engine."""
        from cjob.concurrency.slots import Slots  # noqa: PLC0415
        from cjob.engines.build_slots import MAX_BUILDS, LimitedBuilder  # noqa: PLC0415

        slots = self._once("build slots", lambda: Slots(MAX_BUILDS))

        def find() -> "Builder":
            if kind == "docker":
                return LimitedBuilder(self.engine(), slots)
            from cjob.engines import buildx  # noqa: PLC0415

            absent = self._once("no buildx", self._missing_buildx)
            if absent:
                raise absent
            return LimitedBuilder(
                buildx.Buildx(self.engine(), self.build_options, os.environ), slots
            )

        return self._once(kind, find)

    def _missing_buildx(self) -> "NoBuildxError | None":
        """Look once a run whether buildx can build; several jobs may do without it."""
        from cjob.engines import buildx  # noqa: PLC0415
        from cjob.engines.engine import NoBuildxError  # noqa: PLC0415

        try:
            buildx.check(self.build_options, os.environ)
            buildx.check_store(self.engine(), self.build_options)
        except NoBuildxError as error:
            return error
        return None

    def _once(self, name: object, make: Callable[[], T]) -> T:
        with self._lock:
            if name not in self._made:
                self._made[name] = make()
            return self._made[name]  # type: ignore[return-value]
