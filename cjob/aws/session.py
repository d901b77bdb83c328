"""One AWS session for a run: credentials, region, and clients, each of which is made once.

Calls are made as the caller or as the environment's manager role, and only if `rights` declares
them for that identity. The role's credentials are fetched for the first call that needs them, and
again before they expire.
"""

import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, overload

import botocore.session
from botocore.client import BaseClient
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import NoCredentialsError
from botocore.model import OperationModel

from cjob import __version__
from cjob.aws import errors
from cjob.aws.credentials import Ask, CallerProvider, NamedCredentials
from cjob.aws.errors import translating_errors
from cjob.aws.responses import CheckedParserFactory
from cjob.aws.rights import CALLER, MANAGER, check_declared
from cjob.aws.slow_calls import SlowCallMonitor
from cjob.concurrency.pool import Checkpoint, run_all
from cjob.reporting.progress import Progress, Reporter

if TYPE_CHECKING:  # stubs, which are installed for development only
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_sts import STSClient

Call = Callable[[], Any]

PARALLEL_CALLS = 16
ATTEMPTS = 8
OUTAGE_S = 90
"""How long a call as a role, which comes after others succeeded, is repeated in an outage."""

OUTAGE_PAUSE_S = 2.0


def _ignore(_: Progress) -> None:
    return


class Account:
    """Makes clients of AWS with the caller's credentials, each once; shared by threads."""

    def __init__(
        self, ask: Ask | None = None, report: Reporter = _ignore, *, as_caller: bool = False
    ) -> None:
        """Take region and credentials from where every AWS tool does; AWS_REGION wins.

        `ask` asks for an MFA code; without it a profile that needs one is an error. `report`
        takes a record if AWS does not answer. `as_caller` makes the calls of roles with the
        caller's own credentials.
        """
        self._slow_calls = SlowCallMonitor(report)
        self._core = _new_session()
        self._as_caller = as_caller
        self._core.register_component("credential_provider", CallerProvider(self._core, ask))
        with translating_errors("read the AWS settings"):
            # Read here, so that its error is about the settings.
            self._core.get_config_variable("max_attempts")
            region = os.environ.get("AWS_REGION") or self._core.get_config_variable("region")
        if not region:
            raise errors.no_region()
        self.region: str = region
        self._core.set_config_variable("region", region)
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str, str, int], Any] = {}
        self._sessions: dict[str, botocore.session.Session] = {}
        self._config = Config(
            connect_timeout=10,
            read_timeout=30,
            max_pool_connections=PARALLEL_CALLS,
            user_agent_extra=f"cjob/{__version__}",
        )

    @overload
    def client(
        self,
        service: Literal["cloudformation"],
        region: str = "",
        role: str = "",
        *,
        attempts: int = ATTEMPTS,
    ) -> "CloudFormationClient": ...
    @overload
    def client(self, service: Literal["ec2"], region: str = "", role: str = "") -> "EC2Client": ...
    @overload
    def client(
        self, service: Literal["ecs"], region: str = "", role: str = "", *, attempts: int = ATTEMPTS
    ) -> "ECSClient": ...
    @overload
    def client(
        self,
        service: Literal["logs"],
        region: str = "",
        role: str = "",
        *,
        attempts: int = ATTEMPTS,
    ) -> "CloudWatchLogsClient": ...
    @overload
    def client(self, service: Literal["ecr"], region: str = "", role: str = "") -> "ECRClient": ...
    @overload
    def client(
        self, service: Literal["stepfunctions"], region: str = "", role: str = ""
    ) -> "SFNClient": ...
    @overload
    def client(self, service: Literal["s3"], region: str = "", role: str = "") -> "S3Client": ...
    @overload
    def client(self, service: Literal["ssm"], region: str = "", role: str = "") -> "SSMClient": ...
    @overload
    def client(self, service: Literal["sts"], region: str = "", role: str = "") -> "STSClient": ...
    @overload
    def client(
        self,
        service: Literal["iam", "events", "resourcegroupstaggingapi"],
        region: str = "",
        role: str = "",
    ) -> Any: ...  # noqa: ANN401 - their types are not installed
    def client(
        self, service: Any, region: str = "", role: str = "", *, attempts: int = ATTEMPTS
    ) -> Any:
        """Return the client of a service in a region (by default the home region).

        `role` is the ARN of the role that makes the calls; without it the caller makes them.
        """
        key = (service, region or self.region, role, attempts)
        with self._lock:
            if key not in self._clients:
                session = self._session("" if self._as_caller else role)
                config = Config(retries={"mode": "standard", "total_max_attempts": attempts})
                with translating_errors("read the AWS settings"):
                    client = session.create_client(
                        service, region_name=key[1], config=self._config.merge(config)
                    )
                self._clients[key] = _only_declared(client, MANAGER if role else CALLER)
                if self._as_caller:
                    self._clients[key].meta.events.register("after-call", _mark_as_caller)
                self._slow_calls.watch(client)
                if role and attempts == ATTEMPTS:
                    self._clients[key].meta.events.register("needs-retry", _retry_during_outage)
            return self._clients[key]

    def _session(self, role: str) -> botocore.session.Session:
        if role not in self._sessions:
            with translating_errors("read the AWS settings"):
                self._sessions[role] = self._assumed(role) if role else self._core
        return self._sessions[role]

    def _assuming_client(self, *args: Any, **more: Any) -> BaseClient:  # noqa: ANN401 - botocore's
        client: BaseClient = _only_declared(self._core.create_client(*args, **more), CALLER)
        self._slow_calls.watch(client)
        return client

    def _assumed(self, role: str) -> botocore.session.Session:
        """Return a session whose credentials are those of `role`, fetched when first needed."""
        core = _new_session()
        # The descriptions of services are large files, which are read once.
        core.register_component("data_loader", self._core.get_component("data_loader"))
        own = self._core.get_credentials()
        if own is None:
            raise NoCredentialsError
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=self._assuming_client,
            source_credentials=own,
            role_arn=role,
            extra_args={"RoleSessionName": f"cjob-{os.getpid()}"},
        )
        credentials = DeferredRefreshableCredentials(
            method="assume-role", refresh_using=fetcher.fetch_credentials
        )
        named = NamedCredentials(credentials, f"role {role!r}", is_role=True)
        core.register_component("credential_provider", _FixedProvider(named))
        return core


def _new_session() -> botocore.session.Session:
    """Return a session that refuses responses of other servers than AWS's."""
    session = botocore.session.Session()
    session.register_component("response_parser_factory", CheckedParserFactory())
    return session


def _only_declared(client: BaseClient, identity: str) -> BaseClient:
    """Let a client make only the calls that are declared for its identity."""

    def check(model: OperationModel, **_: object) -> None:
        check_declared(identity, model.service_model.service_name, model.name)

    client.meta.events.register("provide-client-params", check)
    return client


def _mark_as_caller(parsed: "dict[str, Any]", **_: object) -> None:
    parsed[errors.AS_CALLER] = True


def _retry_during_outage(
    request_dict: "dict[str, Any]", caught_exception: Exception | None = None, **_: object
) -> float | None:
    """Return the pause before the next try of a call whose retries by botocore all failed."""
    if not isinstance(caught_exception, errors.CONNECTION_ERRORS):
        return None
    began = request_dict["context"].setdefault("cjob_unheard_since", time.monotonic())
    return OUTAGE_PAUSE_S if time.monotonic() - began < OUTAGE_S else None


class _FixedProvider:
    """A `credential_provider` that returns the given credentials."""

    def __init__(self, credentials: NamedCredentials) -> None:
        self._credentials = credentials

    def load_credentials(self) -> NamedCredentials:
        return self._credentials


def gather(*calls: Call) -> list[Any]:
    """Make independent calls at once; return their results in order.

    The first error is raised immediately, and Ctrl-C does not wait for answers.
    """
    return run_all([_ignoring_checkpoint(call) for call in calls], PARALLEL_CALLS)


def _ignoring_checkpoint(call: Call) -> Callable[[Checkpoint], Any]:
    return lambda _: call()
