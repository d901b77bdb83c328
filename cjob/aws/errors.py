"""Translates botocore's errors into errors with a hint; `denials` has those of IAM."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

import botocore.exceptions as botocore_errors

from cjob.aws import denials, rights, settings
from cjob.aws.slow_calls import CallCancelledError
from cjob.reporting.errors import MORE_FILES, CjobError, InputError, Interrupted, ServiceError
from cjob.reporting.printable import without_sequences

DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Forbidden", "403"}
BAD_CREDENTIALS = {
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "AuthFailure",
    "InvalidAccessKeyId",
}
# A signature is valid for minutes, and is made with the secret key.
BAD_SIGNATURE = {
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "RequestTimeTooSkewed",
    "RequestInTheFuture",
}
NO_CREDENTIALS = (
    botocore_errors.NoCredentialsError,
    botocore_errors.PartialCredentialsError,
    botocore_errors.CredentialRetrievalError,
)
SIGN_IN_ERRORS = (
    botocore_errors.SSOError,
    botocore_errors.TokenRetrievalError,
    botocore_errors.NoAuthTokenError,
    # Raised by `aws login`, which older versions of botocore don't have.
    *filter(None, [getattr(botocore_errors, "LoginTokenLoadError", None)]),
)
CONNECTION_ERRORS = (botocore_errors.HTTPClientError, botocore_errors.ConnectionError)
THROTTLED = {
    "Throttling",
    "ThrottlingException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
}
SERVER_ERROR = 500
AS_CALLER = "cjobAsCaller"
"""Marks the response to a role's call that was made with the caller's own credentials."""
SIGN_IN_HINT = "sign in again: aws sso login, or aws login, then run the same command"
TRY_WITHOUT = "to try cjob without an account: cjob sandbox start"
CREDENTIALS_HINT = (
    "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run "
    f"'aws configure'; {TRY_WITHOUT}"
)


def code(error: botocore_errors.ClientError) -> str:
    """Return the service's code of an error, such as `ValidationError`."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_denied(error: BaseException) -> bool:
    """Return whether an error, or the one that it was made of, is an answer that denies a call."""
    cause = error if isinstance(error, botocore_errors.ClientError) else error.__cause__
    return isinstance(cause, botocore_errors.ClientError) and code(cause) in DENIED


def is_throttled(error: Exception) -> bool:
    """Check whether the service throttled the call."""
    return isinstance(error, botocore_errors.ClientError) and code(error) in THROTTLED


def is_transient(error: Exception) -> bool:
    """Check whether the same call may succeed at the next try."""
    if not isinstance(error, botocore_errors.ClientError):
        return True
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return is_throttled(error) or status >= SERVER_ERROR


def message_of(error: botocore_errors.ClientError) -> str:
    """Return the service's message, without control characters."""
    text = str(error.response.get("Error", {}).get("Message", "")) or str(error)
    return clean(text)


def clean(text: str) -> str:
    """Return a service's text on one line, without control characters."""
    return without_sequences(" ".join(text.split()))


@contextmanager
def translating_errors(purpose: str, role: str = "", on: str = "") -> Iterator[None]:
    """Turn what botocore raises inside into a ServiceError or InputError that names `purpose`.

    Raise Interrupted for a call that was cancelled. `role` is the role that makes the calls, if
    any, and `on` their resource, for errors in which AWS does not name it.
    """
    try:
        yield
    except CallCancelledError as error:
        raise Interrupted(f"interrupted while trying to {purpose}") from error
    except (botocore_errors.BotoCoreError, botocore_errors.ClientError) as error:
        raise explain(error, purpose, role, on) from error
    except ValueError as error:  # botocore has no class of its own for a wrong setting
        raise InputError(
            f"cannot {purpose}: {clean(str(error))}",
            hint=settings.hint_for_value(str(error), os.environ),
        ) from error


def explain(error: Exception, purpose: str, role: str = "", on: str = "") -> CjobError:
    """Return the error to show: what was being done, what AWS answered, what to do."""
    if isinstance(error, botocore_errors.ClientError):
        return _service_refused(error, purpose, role, on)
    if isinstance(error, botocore_errors.NoRegionError):
        return no_region()
    if isinstance(error, NO_CREDENTIALS + SIGN_IN_ERRORS):
        hint = SIGN_IN_HINT if isinstance(error, SIGN_IN_ERRORS) else CREDENTIALS_HINT
        return ServiceError(f"cannot {purpose}: no usable AWS credentials ({error})", hint=hint)
    if isinstance(error, botocore_errors.ProfileNotFound):
        return InputError(
            f"cannot {purpose}: {error}",
            hint="set AWS_PROFILE to a profile of ~/.aws/config, or unset it",
        )
    if isinstance(error, CONNECTION_ERRORS):
        return _connection_failed(error, purpose)
    return ServiceError(
        f"cannot {purpose}: {error}", hint="check the AWS settings: aws configure list"
    )


def _connection_failed(error: Exception, purpose: str) -> CjobError:
    if _is_out_of_files(error):
        return InputError(f"cannot {purpose}: too many open files", hint=MORE_FILES)
    return ServiceError(
        f"cannot {purpose}: AWS did not answer ({clean(str(error))})",
        hint=settings.hint_for_connection(os.environ),
    )


def _is_out_of_files(error: BaseException) -> bool:
    """Check whether a connection failed since no more files can be opened, which botocore hides."""
    seen: list[object] = [error]
    for one in seen:
        if isinstance(one, OSError) and one.errno in (errno.EMFILE, errno.ENFILE):
            return True
        inner = (getattr(one, "kwargs", {}).get("error"), getattr(one, "__cause__", None))
        seen += [each for each in inner if each is not None and each not in seen]
    return False


def _service_refused(
    error: botocore_errors.ClientError, purpose: str, role: str, on: str
) -> ServiceError:
    kind, action = code(error), error.operation_name
    if AS_CALLER in error.response:
        role = ""
    if kind in DENIED:
        return denials.explain(message_of(error), action, purpose, role, on)
    if kind in BAD_SIGNATURE:
        hint = "check the clock of this machine (date -u), and AWS_SECRET_ACCESS_KEY"
    elif kind in BAD_CREDENTIALS:
        hint = "the credentials are expired or wrong: sign in again, then run the same command"
    elif "S3 error: Access Denied" in message_of(error):
        needed = [one for one in rights.actions_of(action) if one.startswith(("s3:", "kms:"))]
        hint = f"CloudFormation reads it as {role or 'the caller'}: allow {' and '.join(needed)}"
    elif is_transient(error):
        hint = f"AWS answered {kind} to {action}, which is temporary: run the same command again"
    else:
        hint = f"AWS answered {kind} to {action}: check the names, the account and the region"
    return ServiceError(f"cannot {purpose}: {message_of(error)}", hint=hint)


def no_region() -> InputError:
    """Return the error for a missing region."""
    return InputError(
        "no AWS region is set",
        hint=f"set AWS_REGION to the application's region, or 'aws configure set region …'; "
        f"{TRY_WITHOUT}",
    )
