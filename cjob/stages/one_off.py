"""What a one-off run changes of the deployed task: its command, variables, CPU and memory.

Pure. Everything that ECS would refuse of it, and that can be known here, is refused here.
"""

import json
import re
from collections.abc import Mapping, Sequence

from cjob.document.records import EMPTY, dataclass
from cjob.manifest import fargate
from cjob.manifest.shellwords import ShellWordsError, split
from cjob.reporting.errors import InputError
from cjob.reporting.redaction import looks_secret

LIMIT = 8192
"""So many characters of JSON does ECS take as overrides."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


@dataclass(frozen=True, kw_only=True)
class OneOff:
    """What is different in a one-off run; `cpu` is in CPU units, `memory` in MiB."""

    command: tuple[str, ...] = ()
    variables: Mapping[str, str] = EMPTY
    cpu: int | None = None
    memory: int | None = None

    def overrides(self, container: str) -> dict[str, object]:
        """Return the overrides of ECS's RunTask, with those of the main container.

        Raise InputError if they are longer than ECS takes.
        """
        of_container: dict[str, object] = {"name": container}
        if self.command:
            of_container["command"] = list(self.command)
        if self.variables:
            pairs = self.variables.items()
            of_container["environment"] = [{"name": key, "value": value} for key, value in pairs]
        found: dict[str, object] = {"containerOverrides": [of_container]}
        for key, value in (("cpu", self.cpu), ("memory", self.memory)):
            if value is not None:
                found[key] = str(value)
        length = len(json.dumps(found, ensure_ascii=False))
        if length > LIMIT:
            raise InputError(
                f"the command and variables have {length} characters as JSON; ECS takes {LIMIT}",
                hint="put them into a file that the container reads, or deploy them with the job",
            )
        return found


def parse(
    command: str | None, variables: Sequence[str], cpu: int | None, memory: int | None
) -> OneOff | None:
    """Return what the options ask for; None if they ask for nothing. Raise InputError."""
    if command is None and not variables and cpu is None and memory is None:
        return None
    if cpu is not None and memory is not None:
        finding = fargate.problem(fargate.Size(cpu, memory), windows=False)
        if finding is not None:
            raise InputError(finding.message, hint=finding.hint)
    return OneOff(
        command=() if command is None else _words(command),
        variables=dict(_variable(text) for text in variables),
        cpu=cpu,
        memory=memory,
    )


def _words(command: str) -> tuple[str, ...]:
    try:
        words = split(command)
    except ShellWordsError as error:
        raise InputError(
            f"--command {command!r}: {error}", hint="quote it again for your shell"
        ) from None
    if not words:
        raise InputError("--command is empty", hint="as in --command 'python migrate.py'")
    return words


def _variable(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign or not _NAME.fullmatch(key):
        shown = key if sign else text
        raise InputError(
            f"--var {shown!r} is not a variable with a value", hint="as in --var LOG_LEVEL=debug"
        )
    if looks_secret(key):
        raise InputError(
            f"--var {key}: its name looks like that of a secret, which ECS would show",
            hint=f"deploy it with the job: secrets: {key}: in the manifest",
        )
    return key, value
