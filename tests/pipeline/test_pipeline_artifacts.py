"""The files that a stack needs, in the sandbox's bucket: each is found where the stack says."""

from typing import TYPE_CHECKING

import pytest
from calls_proxy import UNTOUCHED, Asked, Call, Meddling, Proxy
from pipelines import Place, document, on, through

if TYPE_CHECKING:
    from collections.abc import Sequence

ODD_NAMES = (
    "with a space.env",
    "a+b=c&d.env",
    "100%.env",
    "already%20coded.env",
    "Größe-日本.env",
    "what?#hash.env",
    'it\'s;"quoted".env',
)


@pytest.fixture
def watched(place: Place, proxy: Proxy) -> Place:
    """Return a workspace whose commands ask AWS through the proxy."""
    return through(place, proxy)


def with_env_files(place: Place, job: str, names: "Sequence[str]") -> None:
    """Write a job with a sidecar for each env file, whose content tells its name."""
    lines = ["sidecars:"]
    for number, name in enumerate(names):
        quoted = "'" + name.replace("'", "''") + "'"
        lines.append(f"  s{number}: {{image: nginx, essential: false, env_file: {quoted}}}")
        place.write(name, f"{job.upper()}={name}\n")
    place.job(job, "\n".join([*lines, ""]))


def content(place: Place, arn: str) -> str:
    """Read what an ARN names."""
    bucket, _, key = arn.removeprefix("arn:aws:s3:::").partition("/")
    return place.objects.get_object(Bucket=bucket, Key=key)["Body"].read().decode()


def overlapping(calls: "Sequence[Call]") -> int:
    """Count how many calls were under way at once, at most."""
    return max(sum(c.began <= one.began < c.ended for c in calls) for one in calls)


def test_env_files_of_odd_names_are_found_by_their_arns(place: Place) -> None:
    """The ARN names the object that was sent, whatever signs its name has."""
    with_env_files(place, "odd", ODD_NAMES)
    pushed = place.done("push", *on("odd"))
    rendered = document(place.run("render", stdin=pushed.stdout))
    arns = [rendered["stack"]["parameters"][f"EnvFileARNFors{n}"] for n in range(len(ODD_NAMES))]
    assert [content(place, arn) for arn in arns] == [f"ODD={name}\n" for name in ODD_NAMES]


def test_files_are_sent_at_once_and_only_once(watched: Place, proxy: Proxy) -> None:
    """Eight at a time; the second run only looks."""
    with_env_files(watched, "many", [f"{number}.env" for number in range(8)])
    proxy.delay = 0.2
    watched.done("push", *on("many"))
    sent = [call for call in proxy.calls if call.action == "PutObject"]
    assert len(sent) >= 8
    assert overlapping(sent) > 3
    proxy.delay = 0
    proxy.calls.clear()
    watched.done("push", *on("many"))
    assert "HeadObject" in proxy.actions
    assert "PutObject" not in proxy.actions


def test_what_nobody_tells_of_is_sent(watched: Place, proxy: Proxy) -> None:
    """Who may not list a bucket is told the same of what is absent and of what is forbidden."""

    def forbid(asked: Asked) -> Meddling:
        hidden = asked.action == "HeadObject"
        return Meddling(answer=(403, ""), passed=False) if hidden else UNTOUCHED

    proxy.meddle = forbid
    watched.write("hidden.env", "HIDDEN=1\n")
    watched.job("hidden", "env_file: hidden.env\n")
    pushed = watched.done("push", *on("hidden")).stdout
    rendered = document(watched.run("render", stdin=pushed))
    assert content(watched, rendered["stack"]["parameters"]["EnvFileARN"]) == "HIDDEN=1\n"
