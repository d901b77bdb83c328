"""Questions on the terminal, asked until there is an answer that can be used.

Reading an answer (`matching`, `agreement`) is pure; only `console.ask` touches the terminal.
"""

from collections.abc import Callable, Sequence

from cjob.cli.output import console
from cjob.reporting.errors import InputError

Ask = Callable[[str], str]

ALL = "all"
NO_ANSWER = "no {what} was chosen"


def choose(
    candidates: Sequence[str],
    what: str,
    flag: str,
    *,
    several: bool = False,
    ask: Ask | None = None,
) -> list[str]:
    """Return what the person picks from a numbered list: one name, or several of them.

    A wrong answer is explained and asked for again. Raises InputError when the terminal is closed.
    """
    ask = ask or console.ask
    width = len(str(len(candidates)))
    rows = (f"  {number:>{width}}  {name}\n" for number, name in enumerate(candidates, 1))
    form = f" (number or name; several as 1,2; or {ALL})" if several else " (number or name)"
    question = f"Which {what}{'s' if several else ''}?{form} "
    shown = "".join(rows) + question
    while answer := ask(shown):
        try:
            return matching(answer, candidates, several=several)
        except InputError as error:
            shown = f"{error}\n{question}"
    raise InputError(NO_ANSWER.format(what=what), hint=f"name the {what} with {flag}")


def matching(answer: str, candidates: Sequence[str], *, several: bool = False) -> list[str]:
    """Return the candidates that an answer names, in its order; InputError if it names none.

    An answer is a name, a number, the beginning of one name, or (with `several`) a list of these
    or `all`. A whole name wins over everything else that it could mean.
    """
    words = answer.replace(",", " ").split()
    if not words:
        raise InputError("the answer is empty")
    if len(words) > 1 and not several:
        raise InputError(f"{answer.strip()!r} is more than one: choose one")
    if several and ALL in words and ALL not in candidates:
        return list(candidates)
    return list(dict.fromkeys(_one(word, candidates) for word in words))


def _one(word: str, candidates: Sequence[str]) -> str:
    if word in candidates:
        return word
    if word.isdecimal() and 1 <= int(word) <= len(candidates):
        return candidates[int(word) - 1]
    begun = [name for name in candidates if name.startswith(word)]
    if len(begun) > 1:
        raise InputError(f"{word!r} is ambiguous: {', '.join(begun)}")
    if not begun:
        raise InputError(f"{word!r} is not one of the choices")
    return begun[0]


def confirm(question: str, ask: Ask | None = None) -> bool:
    """Return whether the person agrees; Enter, and a terminal that is closed, mean no."""
    ask = ask or console.ask
    shown = question
    while answer := ask(shown):
        word = answer.strip().lower()
        if word in ("y", "yes"):
            return True
        if word in ("", "n", "no"):
            return False
        shown = f"{word!r} is not an answer: y or n? "
    return False
