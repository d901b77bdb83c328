"""No input makes cjob slow beyond its size: patterns and readers, at n and at 4 n."""

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import compiled_patterns
import growth
import pytest
import release_documents
import unredacted
from compiled_patterns import Found

from cjob.diff.compare import compare
from cjob.diff.redact import redact
from cjob.document import codec
from cjob.engines import dockerfile
from cjob.manifest import reading
from cjob.reporting.errors import CjobError
from cjob.reporting.redaction import looks_secret, mask_passwords
from cjob.template import cdk, patches
from cjob.template.addons import reading as addons
from cjob.workspace.find import Workspace
from cjob.yamlio import reader

PATTERN_N = 1000
HANG_S = 60

# These are handed on to functions that match at once, or see only what another one let pass.
MATCHED_AT_ONCE = {
    "cjob.checks.task._VCPUS",
    "cjob.cli.commands.iam.REPOSITORY",
    "cjob.checks.task._GIGABYTES",
    "cjob.diff.categories._BY_PARAMETER",
    "cjob.manifest.durations._PART",
}


class HangError(Exception):
    """A pattern did not come to an end."""


@contextmanager
def interrupted() -> Iterator[None]:
    """Raise HangError if what is inside does not end; patterns look for signals."""

    def hang(*_: object) -> None:
        raise HangError

    before = signal.signal(signal.SIGALRM, hang)
    signal.alarm(HANG_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def used(found: Found, text: str) -> Callable[[], object]:
    """Return what uses a pattern on a text as cjob does."""
    if found.searched and found.where not in MATCHED_AT_ONCE:
        return lambda: found.pattern.sub("", text)
    return lambda: (found.pattern.match(text), found.pattern.fullmatch(text))


def work(found: Found, begin: str, pump: str, end: str, n: int) -> Callable[[], object]:
    """Return what uses a pattern on a text of n characters."""
    return used(found, begin + pump * (n // len(pump)) + end)


@pytest.mark.parametrize(
    "found", compiled_patterns.all_patterns(), ids=lambda found: f"{found.where}-{found.searched}"
)
def test_a_pattern_takes_time_in_proportion_to_the_text(found: Found) -> None:
    """Whatever piece of it is repeated, and wherever the text then fails to match."""
    with interrupted():
        for begin, pump, end in compiled_patterns.hard_texts(found.pattern):
            grown = growth.ratio(partial(work, found, begin, pump, end), PATTERN_N)
            assert grown <= growth.LIMIT, (begin, pump, end)


def document(n: int) -> dict[str, object]:
    """Return a document with many keys of nobody."""
    return {**release_documents.begun(), "later": {f"k{i}": i for i in range(n)}}


def twice(n: int) -> str:
    """Return an object whose last key is there twice."""
    return "{" + ",".join(f'"k{i}":1' for i in range(n)) + f',"k{n - 1}":1}}'


JOB = 'name: a\ntype: Scheduled Job\nimage: {location: b}\non: {schedule: "@daily"}\n'
TEMPLATE = "Resources:\n"


def template(n: int, value: str = "x") -> str:
    """Return a template with many resources, each of which has a value."""
    resource = "  R{}:\n    Type: AWS::SNS::Topic\n    Properties: {{TopicName: '{}{}'}}\n"
    return TEMPLATE + "".join(resource.format(i, value, i) for i in range(n))


def listed(n: int, value: str) -> str:
    """Return a template with a list of many items."""
    items = "".join(f"        - {{Key: '{value}{i}', Value: '{i}'}}\n" for i in range(n))
    return f"{TEMPLATE}  R:\n    Type: A::B::C\n    Properties:\n      Tags:\n{items}"


def addon(n: int) -> str:
    """Return an addon template with many resources and outputs."""
    names = "Parameters: {App: {Type: String}, Env: {Type: String}, Name: {Type: String}}\n"
    outputs = "".join(f"  O{i}: {{Value: !Ref R{i}}}\n" for i in range(n))
    return names + template(n) + "Outputs:\n" + outputs


def manifest(text: str) -> object:
    """Read a manifest that may be refused."""
    return reading.load(JOB + text, "test", {}, {}, file="m.yml", name="a")


def job(text: str) -> object:
    """Read a whole manifest."""
    return reading.load(text, "test", {}, {}, file="m.yml", name="a")


def environments(text: str) -> object:
    """Read the environments of a manifest."""
    return reading.environment_names(JOB + "environments:\n" + text, file="m.yml")


def compared(texts: tuple[str, str]) -> object:
    """Compare two templates, as far as their text."""
    return unredacted.text(*texts)


def hidden(text: str) -> object:
    """Compare a template with another one, and hide its secrets."""
    return redact(compare("Metadata: {Manifest: b}\n", text))


def merged(files: dict[str, str]) -> object:
    """Read a folder of addons."""
    return addons.read(files)


def patched(text: str) -> object:
    """Read patches and apply them."""
    root = reader.compose(template(1), "t")
    assert root is not None
    return patches.patch(root, patches.check_patches(text, "p"))


def cleaned(text: str) -> object:
    """Read what a CDK app synthesized."""
    return cdk.cleaned(text, "t")


def lines(form: str) -> Callable[[int], str]:
    """Return what makes many lines, each with its number."""
    return lambda n: "".join(form.format(i) for i in range(n))


def repeated(piece: str, begin: str = "", end: str = "") -> Callable[[int], str]:
    """Return what makes a text of one piece, many times."""
    return lambda n: begin + piece * n + end


SCHEDULE = ("name: a\ntype: Scheduled Job\nimage: {location: b}\non: {schedule: '", "'}\n")

# A size, what makes an input of a size, and what reads it.
Reader = tuple[int, Callable[[int], Any], Callable[[Any], object]]

READERS: dict[str, Reader] = {
    "keys of a document": (4000, lambda n: json.dumps(document(n)), codec.parse),
    "a key twice": (4000, twice, codec.parse),
    "documents": (300, repeated(json.dumps(release_documents.begun()) + "\n"), codec.parse),
    "no document": (20000, repeated(" ", end="x"), codec.parse),
    "lists in a document": (4000, repeated("["), codec.parse),
    "variables": (400, lambda n: "variables:\n" + lines("  V{}: a\n")(n), manifest),
    "unknown keys": (400, lines("k{}: a\n"), manifest),
    "a key twice in a manifest": (400, repeated("cpu: 256\n"), manifest),
    "a long word": (20000, repeated("a", "command: "), manifest),
    "blanks": (20000, repeated(" ", "command: a", "b"), manifest),
    "comments": (4000, repeated("# a\n"), manifest),
    "substitutions": (1000, repeated("${A} ", "command: "), manifest),
    "tags and comments": (4000, repeated("#x\n  ", "command: !x ", "a"), manifest),
    "brackets": (4000, repeated("[", "command: "), manifest),
    "quotes": (20000, repeated("''", "command: '", "'"), manifest),
    "shell words": (20000, repeated("a\\ ", "command: "), manifest),
    "shell quotes": (20000, repeated('"a" ', "command: "), manifest),
    "environments": (400, lines("  e{}: {{cpu: 512}}\n"), environments),
    "a schedule": (4000, repeated("0 ", *SCHEDULE), job),
    "a schedule's list": (4000, repeated("1,", SCHEDULE[0], "1 * * * *" + SCHEDULE[1]), job),
    "a duration": (4000, repeated("1h", SCHEDULE[0] + "@every ", SCHEDULE[1]), job),
    "a Dockerfile": (4000, repeated("RUN a \\\n"), dockerfile.read),
    "a here-document": (4000, repeated("RUN <<A\n"), dockerfile.read),
    "words of a Dockerfile": (4000, repeated("<<", "RUN "), dockerfile.read),
    "a syntax line": (20000, repeated(" ", "# syntax=a", "b\n"), dockerfile.read),
    "equal templates": (200, lambda n: (template(n), template(n)), compared),
    "another template": (200, lambda n: (template(n), template(n, "y")), compared),
    "a list of others": (60, lambda n: (listed(n, "x"), listed(n, "y")), compared),
    "a list that grew": (60, lambda n: (listed(n // 2, "x"), listed(n, "x")), compared),
    "a long value": (20000, lambda n: (f"{TEMPLATE}  A: {'a' * n}", TEMPLATE), compared),
    "a secret long word": (20000, repeated("a", "Metadata:\n  Manifest: ", "\n"), hidden),
    "addons": (200, lambda n: {"a.yml": addon(n)}, merged),
    "addon files": (
        20,
        lambda n: {f"{i}.yml": addon(1).replace("R0", f"R{i}") for i in range(n)},
        merged,
    ),
    "patches": (60, lines("- {{op: add, path: /Resources/N{}, value: {{Type: A}}}}\n"), patched),
    "a CDK template": (
        200,
        lambda n: json.dumps({"Resources": {f"R{i}": {"Type": "A"} for i in range(n)}}),
        cleaned,
    ),
    "addresses": (20000, repeated("://a:", end="b@c"), mask_passwords),
    "an address": (20000, repeated("b", "://a:"), mask_passwords),
    "names": (20000, repeated("aB"), looks_secret),
}


@pytest.mark.parametrize("name", READERS)
def test_a_reader_takes_time_in_proportion_to_its_input(name: str) -> None:
    """Refusals included: they come from what was read."""
    n, make, read = READERS[name]

    def sized(size: int) -> Callable[[], object]:
        made = make(size)

        def reading_it() -> None:
            with suppress(CjobError):
                read(made)

        return reading_it

    with interrupted():
        assert growth.ratio(sized, n) <= growth.LIMIT


@pytest.mark.parametrize("line", ["type:", "type: Scheduled Job", "type", "application:"])
def test_looking_for_jobs_takes_time_in_proportion_to_manifests(tmp_path: Path, line: str) -> None:
    """Blanks may stand anywhere in the line that is looked for."""
    folder = tmp_path / "copilot/report"
    folder.mkdir(parents=True)

    def sized(n: int) -> Callable[[], object]:
        (folder / "manifest.yml").write_text(line + " " * n + "x" + "\n" * n)
        return Workspace(root=tmp_path, app="acme").jobs

    assert growth.ratio(sized, 20000) <= growth.LIMIT
