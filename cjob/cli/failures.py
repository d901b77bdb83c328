"""What ends a command: an error as a message on stderr, a bug as a report in a file."""

import errno
import itertools
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence

from cjob import __version__
from cjob.cli.output.console import Console
from cjob.reporting import errors
from cjob.reporting.errors import CjobError, InputError

# The machine's limits are not bugs in cjob.
LIMITS = {
    errno.ENAMETOOLONG: "use a shorter name: most file systems take 255 bytes",
    errno.EMFILE: errors.MORE_FILES,
    errno.ENFILE: "too many files are open on this machine; close some programs",
    errno.ENOSPC: "free some space on the disk",
    errno.EDQUOT: "free some space on the disk",
    errno.EROFS: "work in a folder that can be written to",
    errno.ENOMEM: "free some memory, or work on fewer jobs at once: --parallel 1",
    errno.EAGAIN: "let more processes and threads run at once: ulimit -u",
}

DEPENDENCIES = ("boto3", "botocore", "cfn_flip", "dictdiffer", "docker", "rich", "shtab", "yaml")


def report(error: BaseException, arguments: Sequence[str]) -> int:
    """Print an error in the form that the arguments ask for, and return the exit status."""
    known = as_cjob_error(error)
    log_format = _value(arguments, "--log-format")
    folder = _value(arguments, "-C", "--directory")
    Console(log_format, folder or ".").error(known)
    return known.status


def as_cjob_error(error: BaseException) -> CjobError:
    """Return any exception as an error that a person can act on."""
    if isinstance(error, CjobError):
        return error
    if isinstance(error, KeyboardInterrupt) or _was_interrupted(error):
        return errors.Interrupted("interrupted")
    if isinstance(error, PermissionError) and error.filename:
        return InputError(
            f"no access to {str(error.filename)!r}: {error.strerror}",
            hint="check its permissions, and those of the folders above it",
        )
    if isinstance(error, OSError) and error.errno in LIMITS:
        subject = f"{str(error.filename)[:80]!r}: " if error.filename else ""
        reason = (error.strerror or "").lower()
        return InputError(f"{subject}{reason}", hint=LIMITS[error.errno])
    missing = error.name or "" if isinstance(error, ModuleNotFoundError) else ""
    if missing.partition(".")[0] in DEPENDENCIES:
        hint = "in a checkout: python3 -m venv .venv && .venv/bin/pip install -e ."
        return InputError(f"the package {missing!r} is not installed", hint=hint)
    return _bug(error)


def _was_interrupted(error: BaseException) -> bool:
    """Return whether a second Ctrl-C broke a lock while the first was being handled."""
    return isinstance(error, RuntimeError) and isinstance(error.__context__, KeyboardInterrupt)


def _bug(error: BaseException) -> CjobError:
    try:
        hint = f"send the report in {_write_report(error)} with the command that you ran"
    except OSError:
        hint = "no report could be written; set TMPDIR to a folder with space, and run it again"
    return CjobError(f"this is a bug in cjob: {type(error).__name__}: {error}", hint=hint)


def _write_report(error: BaseException) -> str:
    """Write the traceback to a file that only its owner can read; return the file's path."""
    handle, path = tempfile.mkstemp(prefix="cjob-report-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
        file.write(f"cjob {__version__}, Python {sys.version}\n\n")
        file.write("".join(traceback.format_exception(error)))
    return path


def _value(arguments: Sequence[str], *names: str) -> str:
    """Return the value of an option, even if the arguments cannot be parsed."""
    for argument, value in itertools.pairwise([*arguments, ""]):
        name, sign, joined = argument.partition("=")
        if name in names:
            return joined if sign else value
    return ""
