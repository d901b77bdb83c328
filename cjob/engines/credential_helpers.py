"""Runs docker's credential helpers with a time limit, which docker-py does not have.

Starts the programs that docker's configuration names. A push needs the one for its registry. A
build gets the credentials of all of them; as with the docker command, a helper that fails there is
reported and skipped.
"""

import subprocess
from typing import Any

from docker.credentials import Store
from docker.credentials.errors import CredentialsNotFound, StoreError, process_store_error

from cjob.engines.engine import Report
from cjob.reporting.printable import without_sequences

ANSWER_TIMEOUT_S = 60.0
"""How long a helper may take, which may ask a person to unlock a keychain."""


class BoundedStore(Store):
    """A credential helper with a time limit."""

    def __init__(self, program: str, answer_s: float) -> None:
        """Take the helper's name without its prefix, and its time limit in seconds."""
        super().__init__(program)
        self._answer_s = answer_s

    def _execute(self, subcmd: str, data_input: bytes | None) -> bytes:
        if self.exe is None:
            raise StoreError(f"{self.program} is not installed")
        try:
            return subprocess.run(  # noqa: S603 - the program that docker's configuration names
                [self.exe, subcmd],
                input=data_input or b"",
                stdout=subprocess.PIPE,
                check=True,
                timeout=self._answer_s,
            ).stdout
        except subprocess.TimeoutExpired:
            raise StoreError(
                f"{self.program} did not answer for {self._answer_s:g} seconds"
            ) from None
        except subprocess.CalledProcessError as error:
            raise process_store_error(error, self.program) from error
        except OSError as error:
            raise StoreError(f"cannot run {self.program}: {error.strerror}") from error


class OptionalStore(BoundedStore):
    """A credential helper that a build does not depend on."""

    def __init__(self, program: str, answer_s: float, report: Report) -> None:
        """Take also what reports a failure."""
        super().__init__(program, answer_s)
        self._report = report

    def get(self, server: str | bytes) -> Any:  # noqa: ANN401 - JSON
        """Return the credentials for a server."""
        try:
            return super().get(server)  # type: ignore[no-untyped-call]
        except CredentialsNotFound:
            raise
        except (StoreError, KeyError, ValueError) as error:
            self._report(
                f"warning: no credentials from {self.program}: {without_sequences(str(error))}"
            )
            raise CredentialsNotFound(str(error)) from error

    def list(self) -> Any:  # noqa: ANN401 - JSON
        """Return the servers for which the helper has credentials."""
        try:
            return super().list()  # type: ignore[no-untyped-call]
        except (StoreError, ValueError) as error:
            self._report(
                f"warning: no credentials from {self.program}: {without_sequences(str(error))}"
            )
            return {}


def make_optional(config: Any, answer_s: float, report: Report) -> None:  # noqa: ANN401 - untyped
    """Set a time limit for each helper of a client's configuration, and make it optional."""
    for name in {*config.cred_helpers.values(), config.creds_store}:
        if name:
            # docker-py creates missing stores itself, and has no parameter for them.
            config._stores[name] = OptionalStore(name, answer_s, report)  # noqa: SLF001
