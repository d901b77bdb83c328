"""The caller's credentials, found where every AWS tool finds them.

botocore's chain of sources is used with four changes. Whatever a source raises becomes a
ServiceError that names the source. An MFA code is asked for at the terminal, never on stdin, which
may carry a document. A `credential_process` must end in time. And the answer of AssumeRole is kept
in the AWS CLI's cache, so that one code is enough for a whole pipe, and for both tools.
"""

import fcntl
import os
import re
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Any

import botocore.session
from botocore.credentials import (
    Credentials,
    ProcessProvider,
    ProfileProviderBuilder,
    ReadOnlyCredentials,
    RefreshableCredentials,
    create_credential_resolver,
)
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    PartialCredentialsError,
    ProfileNotFound,
)
from botocore.utils import JSONFileCache

from cjob.aws import errors
from cjob.aws.errors import translating_errors
from cjob.reporting.errors import CjobError, ServiceError

Ask = Callable[[str], str | None]
"""Asks a person at the terminal; returns None without a terminal."""

CLI_CACHE = "~/.aws/cli/cache"

# The variables that configure botocore's sources; the other sources are configured in a profile.
VARIABLES = {
    "env": ("AWS_ACCESS_KEY_ID",),
    "assume-role-with-web-identity": ("AWS_WEB_IDENTITY_TOKEN_FILE",),
    "ec2-credentials-file": ("AWS_CREDENTIAL_FILE",),
    "boto-config": ("BOTO_CONFIG",),
    "container-role": (
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ),
}
PROCESS_TIMEOUT_S = 60.0
"""How long a `credential_process` may take, which may ask a person to touch a key."""

PARTS = ("access key ID", "secret access key", "session token")

_KEY = re.compile(r"[\x21-\x7e]+")
_CODE = re.compile(r"\d{6}")


class CallerProvider:
    """A `credential_provider` for a botocore session: takes the first source with credentials."""

    def __init__(
        self,
        session: botocore.session.Session,
        ask: Ask | None,
        process_timeout_s: float = PROCESS_TIMEOUT_S,
    ) -> None:
        """Take the session whose settings name the sources, and what asks for MFA codes."""
        self._session = session
        self._ask = ask
        self._popen = partial(_BoundedProcess, process_timeout_s)

    def load_credentials(self) -> "NamedCredentials | None":
        """Return the caller's credentials, or None if no source has any."""
        with translating_errors("read the AWS settings"):
            profile = str(self._session.get_config_variable("profile") or "default")
            chain: Any = create_credential_resolver(self._session)
        cache = _Cache()
        _replace_popen(chain.providers, self._popen)
        for provider in chain.providers:
            if provider.METHOD == "assume-role":
                provider.cache = cache
                # botocore takes neither from outside, and its own prompter reads from stdin.
                provider._prompter = partial(_mfa_code, self._ask, profile)  # noqa: SLF001
                provider._profile_provider_builder = _SourceProfiles(self._session, self._popen)  # noqa: SLF001
            source = _source(provider.METHOD, profile)
            with _naming_source(source):
                found = provider.load()
            if found is not None:
                return NamedCredentials(
                    found, source, cache if provider.METHOD == "assume-role" else None
                )
        return None


class _BoundedProcess:
    """A `credential_process`: it reads nothing from stdin, and is killed if it takes too long."""

    def __init__(self, timeout_s: float, command: Sequence[str], **_: object) -> None:
        self._timeout_s = timeout_s
        self._command = command
        self.returncode = 0

    def communicate(self) -> tuple[bytes, bytes]:
        """Run the program and return what it writes to stdout and stderr."""
        try:
            done = subprocess.run(  # noqa: S603 - the command of the person's AWS configuration
                self._command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=self._timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise CredentialRetrievalError(
                provider=ProcessProvider.METHOD,
                error_msg=f"credential_process did not end within {self._timeout_s:g} seconds",
            ) from None
        self.returncode = done.returncode
        return done.stdout, done.stderr


class _SourceProfiles(ProfileProviderBuilder):
    """The sources of a role's `source_profile`, with a bounded `credential_process`."""

    def __init__(
        self, session: botocore.session.Session, popen: Callable[..., _BoundedProcess]
    ) -> None:
        super().__init__(session, cache={})
        self._popen = popen

    def providers(self, profile_name: str, disable_env_vars: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002 - botocore's
        found = super().providers(profile_name, disable_env_vars)
        _replace_popen(found, self._popen)
        return found


def _replace_popen(providers: Any, popen: Callable[..., _BoundedProcess]) -> None:  # noqa: ANN401 - botocore's
    """Let each `credential_process` be started by `popen`, which botocore takes only when made."""
    for provider in providers:
        if provider.METHOD == ProcessProvider.METHOD:
            provider._popen = popen  # noqa: SLF001 - see above


class NamedCredentials:
    """Credentials whose errors name their source."""

    def __init__(
        self,
        found: Credentials,
        source: str,
        cache: "_Cache | None" = None,
        *,
        is_role: bool = False,
    ) -> None:
        """Take botocore's credentials; AWS's errors about a role are left to the callers."""
        self._found = found
        self._source = source
        self._cache = cache
        self._is_role = is_role
        self._lock = threading.Lock()
        self._failed: CjobError | None = None

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return the keys, refreshed if necessary; all threads get the same error."""
        with self._lock:
            if self._failed is not None:
                raise self._failed
            try:
                return self._keys()
            except CjobError as error:
                self._failed = error
                raise

    def _keys(self) -> ReadOnlyCredentials:
        found = self._found
        alone: AbstractContextManager[None] = nullcontext()
        if self._cache and isinstance(found, RefreshableCredentials) and found.refresh_needed():
            alone = self._cache.locked()  # another process may ask for the same code
        with _naming_source(self._source, is_role=self._is_role), alone:
            keys = found.get_frozen_credentials()
        for part, value in zip(PARTS, keys, strict=False):
            if value and not _KEY.fullmatch(value):
                raise _unusable(
                    self._source,
                    f"the {part} contains a space, a line break or another invalid character",
                    "copy it again, without anything before or after it",
                )
        return keys

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever else botocore asks for
        """Return an attribute of botocore's credentials."""
        with _naming_source(self._source, is_role=self._is_role):
            return getattr(self._found, name)


class _Cache(JSONFileCache):
    """The AWS CLI's cache; without effect if its folder cannot be written."""

    def __init__(self) -> None:
        """Find the folder in the user's home."""
        self._folder = Path(os.path.expanduser(CLI_CACHE))  # noqa: PTH111 - without a home, no error
        super().__init__(str(self._folder))

    def __setitem__(self, cache_key: str, value: Any) -> None:  # noqa: ANN401 - JSON
        with suppress(OSError):
            super().__setitem__(cache_key, value)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let one process at a time fetch credentials; the next one finds them in the cache."""
        handle = -1
        try:
            with suppress(OSError):
                self._folder.mkdir(parents=True, exist_ok=True)
                handle = os.open(self._folder, os.O_RDONLY)
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            if handle >= 0:
                os.close(handle)


def _mfa_code(ask: Ask | None, profile: str, question: str) -> str:
    """Return the code that the user types; raise ServiceError without a terminal."""
    answer = ask(question) if ask is not None else None
    if answer is None:
        raise ServiceError(
            f"profile {profile!r} needs an MFA code, and there is no terminal to ask for it",
            hint=f"sign in first: aws sts get-caller-identity --profile {profile}",
        )
    if not _CODE.fullmatch(answer.strip()):
        raise _unusable(
            f"profile {profile!r}", "an MFA code has six digits", "run the same command again"
        )
    return answer.strip()


def _source(method: str, profile: str) -> str:
    """Return the name of a source: the variable that is set, or the profile."""
    for name in VARIABLES.get(method, ()):
        if os.environ.get(name):
            return name
    return "the instance's metadata" if method == "iam-role" else f"profile {profile!r}"


@contextmanager
def _naming_source(source: str, *, is_role: bool = False) -> Iterator[None]:
    """Turn whatever a source raises into a ServiceError that names it.

    Transient errors are raised unchanged, since callers retry; so are AWS's errors about a role.
    """
    try:
        yield
    except (CjobError, ProfileNotFound, *errors.CONNECTION_ERRORS):
        raise
    except (BotoCoreError, ClientError) as error:
        if is_role or (isinstance(error, ClientError) and errors.is_transient(error)):
            raise
        raise _explained(source, error) from error
    except Exception as error:
        raise _explained(source, error) from error


def _explained(source: str, error: Exception) -> ServiceError:
    hint = f"check {source}, then try: aws sts get-caller-identity"
    if isinstance(error, errors.SIGN_IN_ERRORS):
        hint = errors.SIGN_IN_HINT
    elif isinstance(error, PartialCredentialsError):
        hint = errors.CREDENTIALS_HINT
    match error:
        case OSError(filename=str(file), strerror=str(reason)):
            problem = f"{file!r}: {reason}"
        case ClientError():
            problem = f"AWS answered {errors.code(error)} to {error.operation_name}: "
            problem += errors.message_of(error)
        case RuntimeError():  # botocore raises it for credentials that have expired on arrival
            problem = "they have expired"
            hint = f"renew {source}, or check this machine's clock"
        case KeyError():
            problem = f"the response has no {error}"
        case AttributeError() | TypeError():
            problem = "the response is not a JSON object as AWS tools expect it"
        case _:
            problem = errors.clean(str(error))
    return _unusable(source, problem, hint)


def _unusable(source: str, problem: str, hint: str) -> ServiceError:
    return ServiceError(f"no usable AWS credentials from {source}: {problem}", hint=hint)
