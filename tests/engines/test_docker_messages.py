"""The messages that a Docker daemon sends."""

import pytest

from cjob.engines.messages import TAIL, Message, StreamResult, follow_build, follow_push
from cjob.reporting.printable import without_sequences

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("as it is\tand über", "as it is\tand über"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;a title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bMup\x1b", "up"),
        ("bell\x07 back\x08 c1\x9b2J", "bell\\x07 back\\x08 c1"),
    ],
)
def test_nothing_that_steers_a_terminal_is_left(text: str, shown: str) -> None:
    """Build logs are other people's text."""
    assert without_sequences(text) == shown


def test_pieces_become_lines() -> None:
    """A step's output comes as it was written, in pieces; the last may have no end."""
    lines: list[str] = []
    pieces = ["Step 1/2 : FROM scr", "atch\n ---> \n", "\n", "10%\r20%\r", "30%\r\n", "end"]
    follow_build(({"stream": piece} for piece in pieces), lines.append)
    assert lines == ["Step 1/2 : FROM scratch", " --->", "30%", "end"]


def test_the_last_stage_gives_the_image() -> None:
    """Each stage of a build reports its own id."""
    messages: list[Message] = [
        {"aux": {"ID": "sha256:1"}},
        {"stream": "x\n"},
        {"aux": {"ID": "sha256:2"}},
    ]
    assert follow_build(messages, lambda _: None).image == "sha256:2"


def test_a_failed_build_keeps_its_last_lines() -> None:
    """As many as an error can hold."""
    steps = [{"stream": f"line {number}\n"} for number in range(TAIL + 5)]
    failed = {"errorDetail": {"code": 1, "message": "it\nbroke"}, "error": "it\nbroke"}
    ending = follow_build([*steps, failed], lambda _: None)
    assert ending.error == "it broke"
    assert ending.tail == tuple(f"line {number}" for number in range(5, TAIL + 5))


def test_a_pushed_tag_has_the_digest_of_its_message() -> None:
    """Docker's last message carries it."""
    messages: list[Message] = [
        {"status": "The push refers to repository [r]"},
        {"status": "Preparing", "progressDetail": {}, "id": "1"},
        {"status": "Pushing", "progressDetail": {"current": 1}, "progress": "[>", "id": "1"},
        {"status": "Pushed", "progressDetail": {}, "id": "1"},
        {"status": f"v1: digest: {DIGEST} size: 1154"},
        {"progressDetail": {}, "aux": {"Tag": "v1", "Digest": DIGEST, "Size": 1154}},
    ]
    lines: list[str] = []
    assert follow_push(messages, lines.append) == StreamResult(digest=DIGEST)
    assert lines == [
        "The push refers to repository [r]",
        "1: Pushed",
        f"v1: digest: {DIGEST} size: 1154",
    ]


def test_a_long_push_says_how_far_it_is() -> None:
    """Of all layers that have begun, a line for some megabytes; of small ones nothing."""

    def pushing(layer: str, current: int, total: int) -> Message:
        detail = {"current": current * 1_000_000, "total": total * 1_000_000}
        return {"status": "Pushing", "progressDetail": detail, "id": layer}

    steps = [pushing("1", n, 30) for n in range(31)] + [pushing("2", n, 12) for n in range(16)]
    lines: list[str] = []
    follow_push([*steps, {"status": "Pushed", "id": "2"}], lines.append)
    assert lines == [
        "sent 10 of 30 MB",
        "sent 20 of 30 MB",
        "sent 30 of 30 MB",
        "sent 40 of 42 MB",
        "2: Pushed",
    ]


def test_podman_says_the_digest_in_its_text_alone() -> None:
    """It sends no separate message for the digest."""
    messages = [{"status": f"v2: digest: {DIGEST} size: 420"}]
    assert follow_push(messages, lambda _: None).digest == DIGEST


def test_retries_are_shown() -> None:
    """A person who waits should see for what."""
    lines: list[str] = []
    follow_push(
        [{"status": "Retrying in 5 seconds", "progressDetail": {}, "id": "1"}], lines.append
    )
    assert lines == ["1: Retrying in 5 seconds"]


def test_a_refused_push_ends_with_the_error() -> None:
    """It is in the last message, and docker-py raises no error."""
    refused = {"errorDetail": {"message": "denied"}, "error": "denied"}
    assert follow_push([{"status": "x"}, refused], lambda _: None) == StreamResult(error="denied")
