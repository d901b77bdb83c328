"""What the fields of a manifest become in the job."""

import pytest
from manifest_samples import HEAD, MINIMAL, ON, job_with, load

from cjob.manifest.sections.build import ImageBuild
from cjob.manifest.sections.container import HealthCheck
from cjob.manifest.sections.logging import ROUTER_IMAGE
from cjob.manifest.sections.network import SubnetsByTag
from cjob.manifest.sections.publish import Topic
from cjob.manifest.sections.sidecars import MountPoint, Port
from cjob.manifest.sections.storage import FileSystem, ManagedFileSystem, Volume
from cjob.manifest.sections.task import Platform
from cjob.manifest.values import Import, SecretsManagerSecret


def test_the_smallest_manifest_has_all_defaults() -> None:
    """256 CPU units, 512 MiB, one task in public subnets, 30 days of logs."""
    job = load(MINIMAL).job
    assert (job.name, job.trigger.schedule, job.main.location) == (
        "report",
        "cron(0 0 * * ? *)",
        "alpine",
    )
    assert (job.task.cpu, job.task.memory, job.task.count, job.logging.retention) == (
        256,
        512,
        1,
        30,
    )
    assert (job.trigger.retries, job.trigger.timeout, job.network.placement) == (0, None, "public")
    assert (job.logging.router, job.main.health_check, job.main.command) == (None, None, None)
    assert job.task.platform == Platform(image="")


def test_a_null_removes_the_default_of_sizes_only() -> None:
    """CPU and memory become 0; counts, placements and log retention keep their defaults."""
    job = job_with(
        "cpu:\nmemory: ~\ncount:\nlogging:\n  retention:\nnetwork:\n  vpc:\n    placement:\n"
    )
    assert (job.task.cpu, job.task.memory, job.task.count, job.logging.retention) == (0, 0, 1, 30)
    assert job.network.placement == "public"


@pytest.mark.parametrize(
    ("build", "dockerfile", "context"),
    [
        ("d/Df", "d/Df", "d"),
        ("Dockerfile", "Dockerfile", "."),
        ("{dockerfile: d/Df}", "d/Df", "d"),
        ("{context: c}", "c/Dockerfile", "c"),
        ("{context: c, dockerfile: d/Df}", "d/Df", "c"),
        ("{target: t}", "Dockerfile", "."),
        ("{dockerfile: ''}", "Dockerfile", "."),
        ("/abs/Df", "abs/Df", "abs"),
        ("../Df", "../Df", ".."),
        ("./a/../b/./Df", "b/Df", "b"),
    ],
)
def test_the_paths_of_a_build(build: str, dockerfile: str, context: str) -> None:
    """A Dockerfile beside a context is not relative to it; all is below the workspace."""
    made = load(HEAD + ON + f"image: {{build: {build}}}\n").job.main.build
    assert made is not None
    assert (made.dockerfile, made.context) == (dockerfile, context)


def test_the_arguments_of_a_build() -> None:
    """Arguments are sorted, numbers in them are strings, a null is an empty string."""
    text = "image: {build: {args: {B: 1, A: ~}, target: t, cache_from: [x, y]}}\n"
    assert load(HEAD + ON + text).job.main.build == ImageBuild(
        context=".",
        dockerfile="Dockerfile",
        target="t",
        args={"A": "", "B": "1"},
        cache_from=("x", "y"),
    )


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("linux/amd64", Platform(image="linux/amd64")),
        ("Linux/ARM64", Platform(architecture="ARM64", image="linux/arm64")),
        ("{osfamily: linux, architecture: arm}", Platform(architecture="ARM64", image="linux/arm")),
        ("windows/x86_64", Platform(family="WINDOWS_SERVER_2019_CORE", image="windows/x86_64")),
        (
            "{osfamily: windows_server_2022_full, architecture: amd64}",
            Platform(family="WINDOWS_SERVER_2022_FULL", image="windows/amd64"),
        ),
    ],
)
def test_platforms_as_ecs_and_the_builder_name_them(platform: str, expected: Platform) -> None:
    """The builder knows all Windows families as windows."""
    assert job_with(f"platform: {platform}\n").task.platform == expected


def test_containers_keep_strings_as_they_are_written() -> None:
    """Variables are source text sorted by name; a null is an empty string."""
    job = job_with("variables: {b: yes, A: 1.50, C: ~, D: {from_cfn: e}}\nenv_file: a.env\n")
    assert list(job.main.variables.items()) == [
        ("A", "1.50"),
        ("C", ""),
        ("D", Import(export="e")),
        ("b", "yes"),
    ]
    assert job.main.env_file == "a.env"


def test_secrets_have_three_forms() -> None:
    """If both names are given, Secrets Manager's wins."""
    more = """secrets:
  A: /p
  B: {secretsmanager: s}
  C: {from_cfn: e}
  D: {secretsmanager: s, from_cfn: e}
"""
    assert job_with(more).main.secrets == {
        "A": "/p",
        "B": SecretsManagerSecret(name="s"),
        "C": Import(export="e"),
        "D": SecretsManagerSecret(name="s"),
    }


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("a 'b c'", ("a", "b c")),
        ("[a, 'b c', 1]", ("a", "b c", "1")),
        ("[]", None),
        ("''", None),
        ("~", None),
    ],
)
def test_commands_are_words_or_nothing(command: str, words: tuple[str, ...] | None) -> None:
    """An empty command leaves that of the image."""
    job = job_with(f"command: {command}\nentrypoint: {command}\n")
    assert (job.main.command, job.main.entrypoint) == (words, words)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("{}", None),
        ("{unknown: 1}", None),
        ("{retries: 0}", (10, 0, 5, 0)),
        ("{interval: 1500ms, timeout: 1m, start_period: 500ms}", (1, 2, 60, 0)),
    ],
)
def test_a_health_check_has_defaults(
    fields: str, expected: tuple[int, int, int, int] | None
) -> None:
    """Any known key switches it on; times are cut to seconds."""
    text = HEAD + ON + f"image: {{location: a, healthcheck: {fields}}}\n"
    check = load(text).job.main.health_check
    default = ("CMD-SHELL", "curl -f http://localhost/ || exit 1")
    made = expected and HealthCheck(
        command=default,
        interval=expected[0],
        retries=expected[1],
        timeout=expected[2],
        start_period=expected[3],
    )
    assert made == check


def test_an_empty_health_check_command_counts() -> None:
    """An empty list is a command of no words, not the default one."""
    check = load(
        HEAD + ON + "image: {location: a, healthcheck: {command: []}}\n"
    ).job.main.health_check
    assert check is not None
    assert check.command == ()


def test_sidecars_are_sorted_and_complete() -> None:
    """Ports have a protocol, mount points are read-only by default."""
    more = """sidecars:
  b: {image: {location: x}, port: 53/UDP, essential: false, depends_on: {report: Start}}
  a:
    image: {build: s/Dockerfile}
    port: 08080
    credentialsParameter: arn
    mount_points:
      - {source_volume: v, path: /a}
      - {source_volume: w, path: /b, read_only: false}
"""
    first, second = job_with(more).sidecars
    assert (first.name, first.location, first.port) == ("a", None, Port(number=8080))
    assert first.build == ImageBuild(context="s", dockerfile="s/Dockerfile")
    assert first.credentials == "arn"
    assert first.mount_points == (
        MountPoint(source_volume="v", path="/a"),
        MountPoint(source_volume="w", path="/b", read_only=False),
    )
    assert (second.location, second.essential, second.depends_on) == (
        "x",
        False,
        {"report": "START"},
    )
    assert second.port == Port(number=53, protocol="udp")


def test_volumes_are_scratch_own_or_managed() -> None:
    """The owner of managed files comes from the job's name; IAM is off by default."""
    more = """storage:
  ephemeral: 20
  readonly_fs: false
  volumes:
    d: {path: /d, efs: {id: {from_cfn: e}, root_dir: '', auth: {iam: true}}}
    c: {path: /c, read_only: false, efs: {id: fs-1, auth: {access_point_id: ap}}}
    b: {path: /b, efs: true}
    a: {path: /a, efs: false}
"""
    job = job_with(more)
    assert (job.storage.ephemeral, job.storage.read_only_root) == (None, False)
    assert job.storage.volumes == (
        Volume(name="a", path="/a"),
        Volume(name="b", path="/b", efs=ManagedFileSystem(uid=3291445124, gid=3291445124)),
        Volume(
            name="c", path="/c", read_only=False, efs=FileSystem(id="fs-1", access_point_id="ap")
        ),
        Volume(name="d", path="/d", efs=FileSystem(id=Import(export="e"), iam=True)),
    )


def test_owners_of_the_manifest_are_used() -> None:
    """User and group ids make a volume managed."""
    (volume,) = job_with(
        "storage: {volumes: {v: {path: /v, efs: {uid: 7, gid: 0}}}}\n"
    ).storage.volumes
    assert volume.efs == ManagedFileSystem(uid=7, gid=0)


def test_retention_alone_adds_no_router() -> None:
    """Any other key does, even one that is empty or false."""
    assert job_with("logging: {retention: 7}\n").logging.router is None
    assert job_with("logging: {retention: 7}\n").logging.retention == 7
    assert job_with("logging: {destination: {}}\n").logging.router is not None
    routed = job_with("logging: {enableMetadata: false}\n").logging
    assert routed.router is not None
    assert (routed.metadata, routed.router.location) == (False, ROUTER_IMAGE)


@pytest.mark.parametrize(
    ("placement", "expected"),
    [
        ("private", "private"),
        ("{subnets: [s-1, s-2]}", ("s-1", "s-2")),
        (
            "{subnets: {from_tags: {b: x, a: [y, z], c: ~}}}",
            SubnetsByTag(tags={"a": ("y", "z"), "b": ("x",), "c": ()}),
        ),
    ],
)
def test_placements(placement: str, expected: object) -> None:
    """Words, ids, or tags with their values."""
    assert job_with(f"network: {{vpc: {{placement: {placement}}}}}\n").network.placement == expected


@pytest.mark.parametrize("groups", ["[sg-1, {from_cfn: e}]", "{groups: [sg-1, {from_cfn: e}]}"])
def test_security_groups_in_both_forms(groups: str) -> None:
    """A list, or a list below `groups`."""
    job = job_with(f"network: {{vpc: {{security_groups: {groups}}}}}\n")
    assert job.network.security_groups == ("sg-1", Import(export="e"))


def test_topics_keep_their_order() -> None:
    """Deduplication makes a topic FIFO, even if it is false."""
    more = """publish:
  topics:
    - name: b
    - {name: a, fifo: true}
    - {name: c, fifo: {content_based_deduplication: false}}
"""
    assert job_with(more).topics == (
        Topic(name="b"),
        Topic(name="a", fifo=True),
        Topic(name="c", fifo=True, deduplication=False),
    )


def test_overrides_keep_their_values_as_nodes() -> None:
    """Tags stay; a missing value is null."""
    first, second = job_with(
        "taskdef_overrides: [{path: A.B, value: !Ref X}, {path: 'C[-]'}]\n"
    ).overrides
    assert (first.path, getattr(first.value, "tag", None)) == ("A.B", "!Ref")
    assert (second.path, getattr(second.value, "tag", None)) == ("C[-]", "tag:yaml.org,2002:null")


def test_times_and_retries() -> None:
    """A timeout is in seconds; none and an empty one are the same."""
    job = job_with("timeout: 1h30m\nretries: 3\n")
    assert (job.trigger.timeout, job.trigger.retries) == (5400, 3)
    assert job_with("timeout: ''\n").trigger.timeout is None


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("command: [a, {b: c}]", ("a",)),
        ("command: [[a]]", None),
        ("command: [~, a]", ("a",)),
    ],
)
def test_items_that_are_not_strings_are_left_out(
    more: str, expected: tuple[str, ...] | None
) -> None:
    """If a list is given, it is the form that is used."""
    assert job_with(more + "\n").main.command == expected


def test_the_rest_of_a_form_is_kept() -> None:
    """Unreadable parts of a build or file system leave the others."""
    text = HEAD + ON + "image: {build: {context: c, args: [A=1]}}\n"
    made = load(text + "storage: {volumes: {v: {path: /v, efs: {id: f, auth: abc}}}}\n").job
    assert made.main.build == ImageBuild(context="c", dockerfile="c/Dockerfile")
    assert made.storage.volumes[0].efs == FileSystem(id="f")
