"""A manifest that was merged and written again is the same job as before."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cjob.document.records import replace
from cjob.manifest import durations, reading, serialize
from cjob.manifest.job import Job
from cjob.yamlio import writer
from cjob.yamlio.nodes import same

FILE = "m.yml"

# What a reader of YAML may take for something else than a text.
ODD = (
    "",
    "yes",
    "NO",
    "~",
    "null",
    "1.50",
    "0x1F",
    "012",
    "1:30",
    "2020-01-01",
    "#x",
    "a: b",
    "[x]",
)
OPENING = ("[", "{", '"', "'")
"""What begins like this must have an end, where Copilot put it in without quotes."""
TEXTS = st.sampled_from(ODD) | st.text(
    st.characters(codec="utf-8", exclude_categories=["C"]) | st.sampled_from("\n\t '\":#"),
    max_size=20,
).filter(lambda text: not text.startswith(OPENING))
NAMES = st.sampled_from(("Ref", "on", "A", "no", "1", "<<", "x y")) | TEXTS
WORDS = st.lists(TEXTS, max_size=3)
MAPS = st.dictionaries(NAMES, TEXTS, max_size=3)
TIMES = st.sampled_from(("10s", "1m30s", "1500ms", "0s", "1h"))
VARIABLES = st.dictionaries(NAMES, TEXTS | st.builds(lambda x: {"from_cfn": "x" + x}, TEXTS))
SECRETS = st.dictionaries(NAMES, TEXTS | st.builds(lambda x: {"secretsmanager": x}, TEXTS))


def _some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return a section with some of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


HEALTHCHECK = _some(command=WORDS, interval=TIMES, timeout=TIMES, start_period=TIMES)
SIDECAR = st.fixed_dictionaries(
    {"image": TEXTS.map(lambda text: "x" + text)},
    optional={"essential": st.just(value=True), "labels": MAPS, "variables": VARIABLES},
)
PLACEMENT = (
    st.sampled_from(("public", "private"))
    | st.just({"subnets": ["subnet-1"]})
    | st.builds(lambda tags: {"subnets": {"from_tags": {"Name": "a"} | tags}}, MAPS)
)
CHANGES = _some(
    cpu=st.integers(256, 512) | st.none(),
    command=WORDS,
    variables=VARIABLES,
    secrets=SECRETS,
    image=_some(labels=MAPS, healthcheck=HEALTHCHECK),
    sidecars=st.dictionaries(st.sampled_from(("a", "b")), SIDECAR, max_size=2),
    logging=_some(destination=MAPS, retention=st.just(7), enableMetadata=st.booleans()),
    network=st.builds(lambda where: {"vpc": {"placement": where}}, PLACEMENT),
    timeout=st.sampled_from(("1h", "90s")),
    retries=st.integers(0, 3),
    taskdef_overrides=st.lists(
        st.fixed_dictionaries({"path": st.just("Cpu"), "value": TEXTS | MAPS}), max_size=2
    ),
)

EVERYTHING = """\
name: report
type: Scheduled Job
platform: {osfamily: linux, architecture: arm64}
image: {build: {context: ., args: {A: b}, cache_from: [c]}, depends_on: {proxy: start}}
on: {schedule: "@every 1h30m"}
memory: ~
entrypoint: /bin/sh -c
env_file: a.env
unknown: 1
storage:
  ephemeral: 30
  volumes:
    mine: {path: /m, efs: {id: {from_cfn: x}, auth: {iam: true}}}
    managed: {path: /n, read_only: false, efs: true}
sidecars:
  proxy:
    image: {build: Dockerfile.proxy}
    port: 8080/udp
    mount_points: [{source_volume: mine, path: /x}]
network: {vpc: {security_groups: {groups: [sg-1, {from_cfn: y}]}}}
publish: {topics: [{name: a, fifo: {content_based_deduplication: true}}, {name: b}]}
taskdef_overrides:
  - {path: "ContainerDefinitions[0].Ulimits[-]", value: !If [A, !Ref B, {HardLimit: 1}]}
environments:
  test:
    storage: {volumes: {managed: {efs: {uid: 1, gid: 2}}, mine: {efs: {id: fs-1}}}}
    sidecars: {proxy: {image: "nginx:1"}}
  prod: {cpu: 1024}
"""


def _unparsed(text: str, env: str) -> str:
    return writer.text(serialize.manifest(reading.merged(text, env, file=FILE)))


def _assert_same(one: Job, other: Job) -> None:
    """Compare jobs; values of overrides are nodes, which know where they stood."""
    for before, after in zip(one.overrides, other.overrides, strict=True):
        assert before.path == after.path
        assert same(before.value, after.value)  # type: ignore[arg-type]
    assert replace(one, overrides=()) == replace(other, overrides=())


@settings(deadline=None)  # other tests run beside this one
@given(base=CHANGES, changes=CHANGES)
def test_a_written_manifest_reads_as_the_same_job(
    base: dict[str, Any], changes: dict[str, Any]
) -> None:
    """Whatever its texts look like, and whatever the environment changes."""
    base["image"] = base.get("image", {}) | {"location": "alpine"}
    head = {"name": "report", "type": "Scheduled Job", "on": {"schedule": "@daily"}}
    text = json.dumps({**head, **base, "environments": {"test": changes}}, ensure_ascii=False)
    written = _unparsed(text, "test")
    _assert_same(reading.read(text, "test", file=FILE), reading.read(written, "test", file=FILE))
    assert _unparsed(written, "test") == written


@pytest.mark.parametrize("env", ["test", "prod", "other"])
def test_every_form_of_a_field_is_kept(env: str) -> None:
    """Images, volumes, groups, topics, functions: merged, and then one manifest without others."""
    written = _unparsed(EVERYTHING, env)
    _assert_same(reading.read(EVERYTHING, env, file=FILE), reading.read(written, "-", file=FILE))
    assert "environments" not in written
    assert "unknown" not in written


@pytest.mark.parametrize(
    ("length", "written"),
    [
        ("0s", "0s"),
        ("10s", "10s"),
        ("90s", "90s"),
        ("60s", "1m"),
        ("2h", "2h"),
        ("1.5s", "1500ms"),
        ("-3m", "-3m"),
        ("1ns", "1ns"),
    ],
)
def test_a_duration_is_written_in_one_unit(length: str, written: str) -> None:
    """The largest one that needs no fraction; it is read as the same length."""
    nanoseconds = durations.parse(length)
    assert nanoseconds is not None
    assert durations.to_string(nanoseconds) == written
    assert durations.parse(written) == nanoseconds
