"""What a section of `environments` changes."""

import pytest
from manifest_samples import HEAD, MINIMAL, ON, load, problems

from cjob.manifest.job import Job
from cjob.manifest.sections.build import ImageBuild
from cjob.manifest.sections.network import SubnetsByTag
from cjob.manifest.sections.storage import FileSystem, ManagedFileSystem
from cjob.manifest.sections.task import Platform
from cjob.manifest.values import Import
from cjob.manifest.values import SecretsManagerSecret as Named


def _job(base: str, override: str, head: str = MINIMAL) -> Job:
    return load(f"{head}{base}\nenvironments:\n  test: {{{override}}}\n  prod: {{cpu: 1}}\n").job


@pytest.mark.parametrize(
    ("base", "override", "expected"),
    [
        ("cpu: 1024", "cpu: 0", 0),
        ("cpu: 1024", "cpu: ~", 1024),
        ("cpu: 1024", "memory: 1", 1024),
        ("", "cpu: ~", 256),
        ("cpu:", "cpu: 5", 5),
        ("cpu:", "memory: 5", 0),
    ],
)
def test_a_number_is_replaced_if_one_is_given(base: str, override: str, expected: int) -> None:
    """Zero counts as given; null keeps the base's number."""
    assert _job(base, override).task.cpu == expected


@pytest.mark.parametrize(
    ("base", "override", "expected"),
    [
        ("[a, b]", "[c]", ("c",)),
        ("[a, b]", "[]", None),
        ("[a, b]", "x y", ("x", "y")),
        ("[a, b]", "''", None),
        ("[a, b]", "~", ("a", "b")),
        ("x y", "[c]", ("c",)),
        ("x y", "[]", None),
        ("x y", "z", ("z",)),
    ],
)
def test_commands_are_replaced_as_a_whole(
    base: str, override: str, expected: tuple[str, ...] | None
) -> None:
    """Another form takes the place of the first one."""
    assert _job(f"command: {base}", f"command: {override}").main.command == expected


def test_maps_of_strings_are_merged_by_key() -> None:
    """Nothing can be deleted; an empty value is an empty string."""
    job = _job(
        "",
        "image: {labels: {b: ~, c: new}}",
        HEAD + ON + "image: {location: x, labels: {a: 1, b: 2}}\n",
    )
    assert job.main.labels == {"a": "1", "b": "", "c": "new"}


def test_variables_and_secrets_are_replaced_one_by_one_as_a_whole() -> None:
    """A secret's other form takes its place, in either direction."""
    base = (
        "variables: {A: a, B: b, C: c}\nsecrets: {A: a, B: {secretsmanager: s}, C: {from_cfn: e}}"
    )
    job = _job(
        base,
        "variables: {A: {from_cfn: x}, B: ~}, secrets: {A: {secretsmanager: n}, B: {from_cfn: m}}",
    )
    assert job.main.variables == {"A": Import(export="x"), "B": "", "C": "c"}
    assert job.main.secrets == {
        "A": Named(name="n"),
        "B": Import(export="m"),
        "C": Import(export="e"),
    }


@pytest.mark.parametrize(
    ("base", "override", "build", "location"),
    [
        ("build: Df", "location: x", None, "x"),
        ("build: Df", "location: ''", None, ""),
        ("location: x", "build: Df", ImageBuild(context=".", dockerfile="Df"), None),
        ("location: x", "build: ''", None, "x"),
        (
            "build: a/Df",
            "build: {context: c}",
            ImageBuild(context="c", dockerfile="c/Dockerfile"),
            None,
        ),
        ("build: {context: c}", "build: a/Df", ImageBuild(context="a", dockerfile="a/Df"), None),
        (
            "build: {context: c, dockerfile: Df, args: {A: 1}}",
            "build: {context: d, args: {B: 2}}",
            ImageBuild(context="d", dockerfile="Df", args={"A": "1", "B": "2"}),
            None,
        ),
        ("labels: {}", "location: x", None, "x"),
    ],
)
def test_an_image_is_built_or_located(
    base: str, override: str, build: ImageBuild | None, location: str | None
) -> None:
    """The form that the environment chooses clears the other one."""
    main = _job(f"image: {{{base}}}", f"image: {{{override}}}", HEAD + ON).main
    assert (main.build, main.location) == (build, location)


@pytest.mark.parametrize(
    ("base", "override", "expected"),
    [
        (
            "{osfamily: windows, architecture: x86_64}",
            "linux/arm64",
            Platform(architecture="ARM64", image="linux/arm64"),
        ),
        ("linux/arm64", "{osfamily: linux, architecture: amd64}", Platform(image="linux/amd64")),
        (
            "{osfamily: windows, architecture: x86_64}",
            "{osfamily: linux}",
            Platform(image="linux/x86_64"),
        ),
    ],
)
def test_platforms_replace_or_merge(base: str, override: str, expected: Platform) -> None:
    """A section over a section is merged by field."""
    assert _job(f"platform: {base}", f"platform: {override}").task.platform == expected


@pytest.mark.parametrize(
    ("base", "override", "expected"),
    [
        ("private", "{subnets: [s]}", ("s",)),
        ("{subnets: [s]}", "private", "private"),
        ("{subnets: [s]}", "{subnets: {from_tags: {a: b}}}", SubnetsByTag(tags={"a": ("b",)})),
        ("{subnets: {from_tags: {a: b}}}", "{subnets: [s]}", ("s",)),
        (
            "{subnets: {from_tags: {a: [b, c], d: e}}}",
            "{subnets: {from_tags: {a: x}}}",
            SubnetsByTag(tags={"a": ("x",), "d": ("e",)}),
        ),
    ],
)
def test_placements_replace_or_merge(base: str, override: str, expected: object) -> None:
    """Tags are merged by name, other values are replaced."""
    job = _job(
        f"network: {{vpc: {{placement: {base}}}}}", f"network: {{vpc: {{placement: {override}}}}}"
    )
    assert job.network.placement == expected


@pytest.mark.parametrize(
    ("base", "override", "expected"),
    [
        ("[a]", "[b]", ("b",)),
        ("[a]", "[]", ()),
        ("[a]", "{deny_default: true}", ()),
        ("[a]", "{groups: [b]}", ("b",)),
        ("{groups: [a]}", "[b]", ("b",)),
        ("{groups: [a]}", "{deny_default: true}", ("a",)),
    ],
)
def test_security_groups_are_replaced(base: str, override: str, expected: tuple[str, ...]) -> None:
    """A section with anything in it clears a list."""
    job = _job(
        f"network: {{vpc: {{security_groups: {base}}}}}",
        f"network: {{vpc: {{security_groups: {override}}}}}",
    )
    assert job.network.security_groups == expected


@pytest.mark.parametrize(
    ("base", "override", "expected"),
    [
        ("{id: f}", "false", None),
        ("true", "{id: f}", FileSystem(id="f")),
        ("{id: f, root_dir: /r}", "{uid: 1, gid: 2}", ManagedFileSystem(uid=1, gid=2)),
        ("{uid: 1, gid: 2}", "{id: f}", FileSystem(id="f")),
        ("{id: f}", "{auth: {iam: true}}", FileSystem(id="f", iam=True)),
        ("{id: {from_cfn: e}}", "{id: f}", FileSystem(id="f")),
        ("{id: f}", "{id: {from_cfn: e}}", FileSystem(id="f")),
    ],
)
def test_file_systems_replace_or_merge(base: str, override: str, expected: object) -> None:
    """Own and managed ones replace each other; an import cannot replace an id that is a string."""
    job = _job(
        f"storage: {{volumes: {{v: {{path: /v, efs: {base}}}}}}}",
        f"storage: {{volumes: {{v: {{efs: {override}}}, w: {{path: /w}}}}}}",
    )
    assert [volume.efs for volume in job.storage.volumes] == [expected, None]
    assert [volume.path for volume in job.storage.volumes] == ["/v", "/w"]


def test_an_override_that_is_ignored_has_a_warning() -> None:
    """An import over an id that is a string changes nothing."""
    text = (
        MINIMAL + "storage: {volumes: {v: {path: /v, efs: {id: f}}}}\n"
        "environments: {test: {storage: {volumes: {v: {efs: {id: {from_cfn: e}}}}}}}\n"
    )
    assert "is ignored" in load(text).warnings[0]


def test_sidecars_are_merged_by_name() -> None:
    """Existing ones are merged by field, an empty one changes nothing, others are added."""
    base = "sidecars: {a: {image: x, port: 80}, b: {image: {build: Df}}}"
    job = _job(base, "sidecars: {a: {port: 81}, b: ~, c: {image: z}}")
    assert [(s.name, s.location, s.port and s.port.number) for s in job.sidecars] == [
        ("a", "x", 81),
        ("b", None, None),
        ("c", "z", None),
    ]
    assert _job(base, "sidecars: {b: {image: y}}").sidecars[1].location == "y"


def test_a_new_sidecar_without_fields_is_rejected() -> None:
    """There is nothing to merge it into."""
    text = MINIMAL + "environments: {test: {sidecars: {a: ~}}}\n"
    assert [p.place for p in problems(text)] == ["m.yml:7:37"]


@pytest.mark.parametrize("key", ["topics", "taskdef_overrides"])
def test_lists_are_replaced_as_a_whole(key: str) -> None:
    """No item of the base's list stays."""
    if key == "topics":
        job = _job("publish: {topics: [{name: a}]}", "publish: {topics: [{name: b}]}")
        assert [topic.name for topic in job.topics] == ["b"]
    else:
        job = _job("taskdef_overrides: [{path: A}]", "taskdef_overrides: [{path: B}]")
        assert [rule.path for rule in job.overrides] == ["B"]


def test_an_empty_health_check_command_over_none_changes_nothing() -> None:
    """The default command stays."""
    job = _job("", "image: {healthcheck: {command: [], retries: 1}}")
    assert job.main.health_check is not None
    assert job.main.health_check.command[0] == "CMD-SHELL"


def test_the_merged_manifest_must_be_valid() -> None:
    """An environment may complete a base that is not valid alone, and break one that is."""
    assert (
        load(HEAD + ON + "environments: {test: {image: {location: x}}}\n").job.main.location == "x"
    )
    broken = problems(MINIMAL + "environments: {test: {timeout: 1}}\n")
    assert [p.place for p in broken] == ["m.yml:7:32"]
    assert problems(MINIMAL + "environments: {prod: {timeout: 1}}\n") == ()


def test_an_environment_that_is_not_listed_changes_nothing() -> None:
    """Names are compared as they are written."""
    assert load(MINIMAL + "environments: {Test: {cpu: 1}}\n").job == load(MINIMAL).job
