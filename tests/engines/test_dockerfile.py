"""What is read from a Dockerfile: its stages, and what only BuildKit supports."""

import pytest

from cjob.engines.dockerfile import Need, read


def needed(*lines: str) -> Need | None:
    """Read a Dockerfile given by its lines."""
    return read("\n".join(lines)).need


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("RUN --mount=type=secret,id=x cat /run/secrets/x", "RUN --mount"),
        ("run --network=none true", "RUN --network"),
        ("ONBUILD RUN --mount=type=ssh true", "RUN --mount"),
        ("COPY --from=a --link x /", "COPY --link"),
        ("COPY --chown=1 --chmod=755 x /", "COPY --chmod"),
        ("ADD --checksum=sha256:1 http://x /", "ADD --checksum"),
        ("RUN <<EOF", "RUN with a here-document"),
        ("RUN cat <<-'END' > /x", "RUN with a here-document"),
        ("COPY <<a.txt /a", "COPY with a here-document"),
        ("FROM --platform=$BUILDPLATFORM golang", "FROM --platform=$BUILDPLATFORM"),
        ("ARG TARGETARCH", "ARG TARGETARCH"),
        ("ARG a=b BUILDOS", "ARG BUILDOS"),
    ],
)
def test_what_only_buildkit_can_is_found_with_its_line(line: str, what: str) -> None:
    """It comes after a stage and a comment."""
    assert needed("FROM a AS a", "# RUN --mount", line) == Need(3, what)


@pytest.mark.parametrize(
    "line",
    [
        "RUN echo --mount",
        "RUN x=$((1<<2)); cat <<< word; cat a << b",
        "COPY --from=a --chown=1:1 x /",
        "FROM --platform=linux/arm64 a",
        "ARG TARGETARCH=amd64",
        "ARG TARGETS",
        'HEALTHCHECK --interval=5s CMD ["a"]',
        'LABEL a="<<EOF"',
        "# RUN --mount=type=ssh",
        "",
    ],
)
def test_what_the_classic_builder_can_needs_no_other(line: str) -> None:
    """It looks like something that only BuildKit supports, but has another meaning there."""
    assert needed("FROM a", line) is None


def test_lines_that_go_on_are_one_instruction() -> None:
    """It counts from its first line; comments and blank lines between do not end it."""
    assert needed("FROM a", "RUN a \\", "  # why", "", "  && b \\", "  c") is None
    assert needed("FROM a", "RUN \\", "# why", "  --mount=type=ssh true") == Need(2, "RUN --mount")
    escaped = ("# escape=`", "FROM a", "RUN `", "  --mount=type=ssh C:\\", "FROM b AS c")
    assert needed(*escaped) == Need(3, "RUN --mount")
    assert read("\n".join(escaped)).stages == ("", "c")


def test_a_here_document_s_lines_are_no_instructions() -> None:
    """Up to its last line, which may be indented with tabs after a dash."""
    lines = ("FROM a", "RUN <<A cat <<-B", "FROM x AS y", "A", "FROM x AS z", "\tB", "FROM b AS c")
    assert read("\n".join(lines)).stages == ("", "c")


def test_the_syntax_alone_is_a_need_that_can_be_passed_over() -> None:
    """Whatever else is needed goes before it."""
    assert needed("# syntax=docker/dockerfile:1", "FROM a") == Need(1, "# syntax", ignored=True)
    both = ("#syntax = docker/dockerfile:1", "FROM a", "RUN --mount=type=ssh true")
    assert needed(*both) == Need(3, "RUN --mount")
    assert needed("", "# syntax=docker/dockerfile:1", "FROM a") is None


def test_a_stage_is_found_by_name_and_number() -> None:
    """Names have no case."""
    content = read("\ufeffFROM --platform=linux/amd64 a As First\r\nFROM first\r\n")
    assert content.stages == ("first", "")
    assert [content.has_stage(one) for one in ("FIRST", "0", "1")] == [True] * 3
    assert [content.has_stage(one) for one in ("2", "second", "-1")] == [False] * 3


def test_a_frontend_of_others_may_have_stages_of_its_own() -> None:
    """What it makes of the text isn't known here."""
    assert read("# syntax=example.com/other:1\nanything\n").has_stage("any")
    assert not read("# syntax=docker/dockerfile:1.7\nFROM a\n").has_stage("any")


STAGES = """\
FROM a AS test
FROM b AS Base
COPY --from=c /x /x
FROM base
COPY --from=3 x /
FROM d
FROM e AS last
"""


@pytest.mark.parametrize(
    ("text", "target", "unneeded"),
    [
        (STAGES, "", ["test", "base", "2", "3"]),
        (STAGES, "2", ["test"]),
        (STAGES, "BASE", ["test"]),
        (STAGES, "test", []),
        (STAGES, "absent", ["test", "base", "2", "3"]),
        ("FROM a AS x\nFROM b AS y\nCOPY --chown=1 --from=X / /\n", "", []),
        ("FROM a AS x\nFROM b\nCOPY --from=0 / /\n", "", []),
        ("ARG base\nFROM a AS x\nFROM $base\n", "", []),
        ("FROM a AS x\nFROM b\nRUN --mount=from=x,target=/x true\n", "", ["x"]),
        ("", "", []),
    ],
)
def test_stages_that_the_target_does_not_need_are_found(
    text: str, target: str, unneeded: list[str]
) -> None:
    """By the bases and the copies of those that it needs."""
    assert read(text).unneeded(target) == unneeded
