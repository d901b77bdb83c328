"""Commands of Copilot, and the commands of cjob that do the same."""

from collections.abc import Mapping, Sequence

from cjob.reporting.errors import InputError
from cjob.reporting.suggestions import nearest

# Two words of Copilot's, and the command that they are here, with options of the same names.
SAME: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("job", "deploy"): ("deploy",),
    ("job", "package"): ("package",),
    ("job", "run"): ("run",),
    ("job", "logs"): ("logs",),
    ("job", "ls"): ("list", "jobs"),
    ("job", "status"): ("status",),
}

# Two words of Copilot's, and what comes nearest.
NEAREST: Mapping[tuple[str, ...], str] = {
    ("env", "ls"): "cjob list envs",
    ("job", "delete"): "aws cloudformation delete-stack --stack-name APP-ENV-JOB",
}

# The first words of Copilot's other commands.
OTHERS = ("app", "env", "init", "job", "pipeline", "secret", "storage", "svc", "task")


def translate(arguments: Sequence[str]) -> list[str] | None:
    """Return the arguments as cjob takes them; None if they are not a command of Copilot.

    Raise InputError, with the nearest command, for a command that cjob does not have.
    """
    words = tuple(arguments[:2])
    if words in SAME:
        return [*SAME[words], *arguments[2:]]
    if words[0] not in OTHERS:
        return None
    if words == ("job",) or words[1:] in (("--help",), ("-h",)):
        raise InputError(
            f"{' '.join(words)!r} is a command group of Copilot",
            hint="use cjob deploy and cjob package; see cjob --help",
        )
    raise InputError(
        f"cjob has no command {' '.join(words)!r}: it packages and deploys scheduled jobs",
        hint=NEAREST.get(words) or _suggest(words),
    )


def _suggest(words: Sequence[str]) -> str:
    known = [" ".join(pair) for pair in (*SAME, *NEAREST)]
    near = nearest(" ".join(words), known, cutoff=0.8)
    return f"did you mean 'cjob {near}'?" if near else "see cjob --help"
