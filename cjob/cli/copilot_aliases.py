"""What people type who come from Copilot, and what does the same here.

Takes arguments whose first word is no command of cjob, gives those that are meant, or raises with
a hint. Touches nothing.
"""

import difflib
from collections.abc import Mapping, Sequence

from cjob.reporting.errors import InputError

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

# The first words of all else that Copilot does.
ELSEWHERE = ("app", "env", "init", "job", "pipeline", "secret", "storage", "svc", "task")


def meant(arguments: Sequence[str]) -> list[str] | None:
    """Return the arguments as cjob takes them; None where they are no habit from Copilot.

    Raises InputError, with what comes nearest, for what cjob does not do.
    """
    words = tuple(arguments[:2])
    if words in SAME:
        return [*SAME[words], *arguments[2:]]
    if words[0] not in ELSEWHERE:
        return None
    if words == ("job",) or words[1:] in (("--help",), ("-h",)):
        raise InputError(
            f"{' '.join(words)!r} is how Copilot groups its commands",
            hint="here it is cjob deploy and cjob package; see cjob --help",
        )
    raise InputError(
        f"cjob has no {' '.join(words)!r}: it packages and deploys scheduled jobs",
        hint=NEAREST.get(words) or _near(words),
    )


def _near(words: tuple[str, ...]) -> str:
    """Return the two words that may have been meant."""
    known = [" ".join(pair) for pair in (*SAME, *NEAREST)]
    near = difflib.get_close_matches(" ".join(words), known, 1, cutoff=0.8)
    return f"did you mean 'cjob {near[0]}'?" if near else "see cjob --help"
