"""The caller's credentials, found where every AWS tool finds them.

botocore's chain of sources is used as it is, except for three things. Whatever a source raises
becomes a ServiceError that names the source. An MFA code is asked for at the terminal, never on
stdin, which may carry a document. And the answer of AssumeRole is kept in the AWS CLI's cache, so
that one code serves a whole pipe, and either tool uses what the other one got.
"""

import fcntl
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import TYPE_CHECKING, Any

from botocore.credentials import RefreshableCredentials, create_credential_resolver
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    PartialCredentialsError,
    ProfileNotFound,
)
from botocore.utils import JSONFileCache

from cjob.aws import errors
from cjob.aws.errors import translating_errors
from cjob.reporting.errors import CjobError, ServiceError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import botocore.session
    from botocore.credentials import Credentials, ReadOnlyCredentials

Ask = Callable[[str], str | None]
"""Asks a person at the terminal; returns None if there is nobody to ask."""

CLI_CACHE = "~/.aws/cli/cache"

# The variables that configure each of botocore's sources; sources without any are in a profile.
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
PARTS = ("access key ID", "secret access key", "session token")

_KEY = re.compile(r"[\x21-\x7e]+")
_CODE = re.compile(r"\d{6}")


class CallerProvider:
    """The `credential_provider` of a botocore session: the first source that has credentials."""

    def __init__(self, session: "botocore.session.Session", ask: Ask | None) -> None:
        """Take the session whose settings name the sources, and who asks for MFA codes."""
        self._session = session
        self._ask = ask

    def load_credentials(self) -> "NamedCredentials | None":
        """Return the caller's credentials, or None if no source has any."""
        with translating_errors("read the AWS settings"):
            profile = str(self._session.get_config_variable("profile") or "default")
            chain: Any = create_credential_resolver(self._session)
        cache = _Cache()
        for provider in chain.providers:
            if provider.METHOD == "assume-role":
                provider.cache = cache
                provider._prompter = partial(_mfa_code, self._ask, profile)  # noqa: SLF001 - as below
            elif provider.METHOD == "custom-process":
                # botocore takes neither from outside, and both would read a document from stdin.
                provider._popen = partial(Popen, stdin=DEVNULL)  # noqa: SLF001
            source = _source(provider.METHOD, profile)
            with _naming_source(source):
                found = provider.load()
            if found is not None:
                return NamedCredentials(
                    found, source, cache if provider.METHOD == "assume-role" else None
                )
        return None


class NamedCredentials:
    """Credentials whose failures name where they come from."""

    def __init__(
        self,
        found: "Credentials",
        source: str,
        cache: "_Cache | None" = None,
        *,
        is_role: bool = False,
    ) -> None:
        """Take botocore's credentials; errors of AWS about a role are left to its callers."""
        self._found = found
        self._source = source
        self._cache = cache
        self._is_role = is_role
        self._lock = threading.Lock()
        self._failed: CjobError | None = None

    def get_frozen_credentials(self) -> "ReadOnlyCredentials":
        """Return the keys to sign with, refreshed if need be; fail once and for all threads."""
        with self._lock:
            if self._failed is not None:
                raise self._failed
            try:
                return self._keys()
            except CjobError as error:
                self._failed = error
                raise

    def _keys(self) -> "ReadOnlyCredentials":
        found = self._found
        alone: AbstractContextManager[None] = nullcontext()
        if self._cache and isinstance(found, RefreshableCredentials) and found.refresh_needed():
            alone = self._cache.locked()  # another process may be asking for the same code
        with _naming_source(self._source, is_role=self._is_role), alone:
            keys = found.get_frozen_credentials()
        for part, value in zip(PARTS, keys, strict=False):
            if value and not _KEY.fullmatch(value):
                raise _unusable(
                    self._source,
                    f"the {part} contains a space, a line break or a character that no key has",
                    "copy it again, without what is before and after it",
                )
        return keys

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever else botocore asks for
        """Return an attribute of botocore's credentials."""
        with _naming_source(self._source, is_role=self._is_role):
            return getattr(self._found, name)


class _Cache(JSONFileCache):
    """The AWS CLI's cache; a folder that cannot be written is as good as none."""

    def __init__(self) -> None:
        """Find it in the person's home."""
        self._folder = Path(os.path.expanduser(CLI_CACHE))  # noqa: PTH111 - without a home, no error
        super().__init__(str(self._folder))

    def __setitem__(self, cache_key: str, value: Any) -> None:  # noqa: ANN401 - JSON
        with suppress(OSError):
            super().__setitem__(cache_key, value)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let one process at a time get what is missing; the next one finds it in the cache."""
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
    """Return the code that the person types; raise ServiceError if there is nobody to ask."""
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
    """Return how a person knows a source: the variable that is set, or the profile."""
    for name in VARIABLES.get(method, ()):
        if os.environ.get(name):
            return name
    return "the instance's metadata" if method == "iam-role" else f"profile {profile!r}"


@contextmanager
def _naming_source(source: str, *, is_role: bool = False) -> Iterator[None]:
    """Turn whatever a source raises into a ServiceError that names it.

    What may pass is raised as it is, for those who try again; so is what AWS says about a role.
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
        case RuntimeError():  # botocore's word for credentials that are too old when they arrive
            problem = "they have expired"
            hint = f"renew {source}, or check this machine's clock"
        case KeyError():
            problem = f"the answer has no {error}"
        case AttributeError() | TypeError():
            problem = "the answer is not a JSON object as AWS tools expect it"
        case _:
            problem = errors.clean(str(error))
    return _unusable(source, problem, hint)


def _unusable(source: str, problem: str, hint: str) -> ServiceError:
    return ServiceError(f"no usable AWS credentials from {source}: {problem}", hint=hint)
