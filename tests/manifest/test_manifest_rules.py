"""What a manifest must be like: each rule with a manifest that breaks it, and the place."""

import pytest
from manifest_samples import HEAD, IMAGE, MINIMAL, ON, job_with, load, problems

_LONELY = HEAD + ON
_TIMED = HEAD + IMAGE
_SIDE = "sidecars:\n  n:\n    image: nginx\n"


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        (IMAGE + ON + "name: report\n", "1:1", "no 'type'"),
        ("name: report\ntype: scheduled job\n" + IMAGE + ON, "2:7", "'scheduled job'"),
        ("name: report\ntype: Backend Service\n" + IMAGE, "2:7", "Backend Service"),
        ("type: Scheduled Job\n" + IMAGE + ON, "1:1", "'name' is missing"),
        ("name:\ntype: Scheduled Job\n" + IMAGE + ON, "1:6", "'name' is missing"),
        ("name: other\ntype: Scheduled Job\n" + IMAGE + ON, "1:7", "'other'"),
        ("name: ${COPILOT_ENVIRONMENT_NAME}\ntype: Scheduled Job\n" + IMAGE + ON, "1:7", "folder"),
        (_LONELY + "image: {}\n", "5:8", "'build' or 'location'"),
        (_LONELY, "1:1", "'build' or 'location'"),
        (_LONELY + "image: {build: ''}\n", "5:8", "'build' or 'location'"),
        (_LONELY + "image: {build: x, location: y}\n", "5:29", "exclude each other"),
        (_LONELY + "image: {build: {context: ''}, location: y}\n", "5:41", "exclude each other"),
        (_LONELY + "image: {build: {}}\n", "5:16", "an empty mapping"),
        (_LONELY + "image: {build: [a]}\n", "5:16", "not a list"),
        (_LONELY + "image: {build: {args: [A=1]}}\n", "5:23", "must be a mapping"),
        (_LONELY + "image: [a]\n", "5:8", "must be a mapping"),
        (_TIMED + "on: {}\n", "5:5", "'on.schedule' is missing"),
        (_TIMED, "1:1", "'on.schedule' is missing"),
        (_TIMED + "on: {schedule: [a]}\n", "5:16", "must be a string"),
        (_TIMED + "on: {schedule: '0 9 1 * 1'}\n", "5:16", "both a day of the month"),
        (_TIMED + "on: {schedule: ''}\n", "5:16", "empty"),
    ],
)
def test_the_required_fields_are_checked(text: str, place: str, words: str) -> None:
    """Type, name, image and schedule; one problem each, with its place."""
    found = problems(text)
    assert [problem.place for problem in found] == [f"m.yml:{place}"]
    assert words in found[0].message
    assert found[0].hint


@pytest.mark.parametrize(
    ("more", "place", "words"),
    [
        # Wrong kinds of values.
        ("cpu: 1\ncpu: 2\n", "8:1", "lines 7 and 8"),
        ("cpu: abc\n", "7:6", "'abc'"),
        ("cpu: '512'\n", "7:6", "whole number"),
        ("cpu: yes\n", "7:6", "'yes'"),
        ("memory: [512]\n", "7:9", "not a list"),
        ("storage: {readonly_fs: 'true'}\n", "7:24", "is not a boolean"),
        ("variables: text\n", "7:12", "is not a mapping"),
        ("network: [a]\n", "7:10", "must be a mapping"),
        ("platform: {}\n", "7:11", "an empty mapping"),
        ("count: {}\n", "7:8", "whole number"),
        ("exec: {}\n", "7:7", "an empty mapping"),
        ("network: {vpc: {placement: {}}}\n", "7:28", "an empty mapping"),
        ("network: {vpc: {placement: {subnets: []}}}\n", "7:28", "a mapping with 'subnets'"),
        ("network: {vpc: {placement: {subnets: s-1}}}\n", "7:38", "a list of subnet ids"),
        ("network: {vpc: {placement: {subnets: {from_tags: {}}}}}\n", "7:38", "from_tags"),
        ("network: {vpc: {security_groups: sg-1}}\n", "7:34", "must be a list"),
        ("network: {vpc: {security_groups: {groups: []}}}\n", "7:34", "'groups'"),
        ("network: {connect: {}}\n", "7:20", "an empty mapping"),
        ("publish: {topics: [{name: a, fifo: {}}]}\n", "7:36", "an empty mapping"),
        ("entrypoint: {a: b}\n", "7:13", "a list of strings"),
        ("command: {a: b}\n", "7:10", "a list of strings"),
        ("variables: {A: [a]}\n", "7:16", "variables.A: must be"),
        ("variables: {A: {x: y}}\n", "7:16", "a mapping with 'x'"),
        ("variables: {A: {from_cfn: ~}}\n", "7:16", "'from_cfn'"),
        ("secrets: {A: {x: y}}\n", "7:14", "secretsmanager or from_cfn"),
        ("secrets: {A: [x]}\n", "7:14", "not a list"),
        ("taskdef_overrides: {path: Cpu}\n", "7:20", "must be a list"),
        # Sidecars.
        ("sidecars: {n: {}}\n", "7:15", "'image' is missing"),
        ("sidecars: {n: ~}\n", "7:15", "has no fields"),
        ("sidecars: {n: {image: {}}}\n", "7:23", "an empty mapping"),
        ("sidecars: {n: {image: [a]}}\n", "7:23", "not a list"),
        ("sidecars: {n: {image: {build: ''}}}\n", "7:23", "are both missing"),
        ("sidecars: {n: {image: {build: x, location: y}}}\n", "7:23", "exclude each other"),
        ("sidecars: {n: {image: {location: [a]}}}\n", "7:34", "must be a string"),
        (_SIDE + "    mount_points: [{path: /x}]\n", "10:20", "source_volume"),
        (_SIDE + "    mount_points: [{source_volume: v}]\n", "10:20", "'path'"),
        (_SIDE + "    port: 80/tcp/x\n", "10:11", "more than one '/'"),
        (_SIDE + "    port: 80/http\n", "10:11", "tcp or udp"),
        (_SIDE + "    port: 80/\n", "10:11", "tcp or udp"),
        (_SIDE + "    port: abc\n", "10:11", "0 to 65535"),
        (_SIDE + "    port: ''\n", "10:11", "0 to 65535"),
        (_SIDE + "    port: 0x50\n", "10:11", "0 to 65535"),
        (_SIDE + "    port: 70000\n", "10:11", "0 to 65535"),
        (_SIDE + "    port: 80\n  o: {image: a, port: 80/udp}\n", "11:23", "the same port 80"),
        (_SIDE + "    env_file: x.txt\n", "10:15", "'x.txt'"),
        (_SIDE + '    command: "a \'b"\n', "10:14", "single quote"),
        # Platform, size, storage.
        ("platform: linux\n", "7:11", "'linux'"),
        ("platform: windows/arm64\n", "7:11", "'windows/arm64'"),
        ("platform: {osfamily: linux}\n", "7:11", "'architecture' is missing"),
        ("platform: {osfamily: mac, architecture: arm64}\n", "7:11", "'mac' on 'arm64'"),
        ("platform: {osfamily: windows, architecture: arm64}\n", "7:11", "'arm64'"),
        ("count: {spot: 1}\n", "7:8", "must be a number"),
        ("count: {range: 1-10}\n", "7:8", "must be a number"),
        ("storage: {ephemeral: 19}\n", "7:22", ": 19 is not a size"),
        ("storage: {ephemeral: 201}\n", "7:22", ": 201 is not a size"),
        ("storage: {volumes: {v: {}}}\n", "7:24", "'path' is missing"),
        ("storage: {volumes: {v: {path: ''}}}\n", "7:31", "'path' is missing"),
        ("storage: {volumes: {v: ~}}\n", "7:24", "has no fields"),
        ("storage: {volumes: {v: {path: '/x y'}}}\n", "7:31", "characters"),
        ("env_file: ''\n", "7:11", "does not end in .env"),
        ("env_file: a.ENV\n", "7:11", "does not end in .env"),
        ("logging: {env_file: a.txt}\n", "7:21", "does not end in .env"),
        ("variables: {A: {from_cfn: ''}}\n", "7:16", "is empty"),
        ("network: {vpc: {placement: Private}}\n", "7:28", "'Private'"),
        ("network: {vpc: {placement: ''}}\n", "7:28", "''"),
        ("publish: {topics: [{}]}\n", "7:20", "[0]: 'name' is missing"),
        ("publish: {topics: [{name: ''}]}\n", "7:20", "[0]: 'name' is missing"),
        ("publish: {topics: [{name: a.b}]}\n", "7:27", "'a.b'"),
        # What Copilot says only when it renders.
        ("timeout: 90\n", "7:10", "'90' is not a duration"),
        ("timeout: 0\n", "7:10", "less than a second"),
        ("timeout: 1500ms\n", "7:10", "whole number of seconds"),
        ("retries: -1\n", "7:10", "-1 is negative"),
        ('command: "a \'b"\n', "7:10", "single quote"),
        ("entrypoint: 'a \\'\n", "7:13", "backslash"),
        ('command: |\n  ["a", "b"]\n', "7:10", "looks like a list"),
        ("taskdef_overrides: [{path: a b}]\n", "7:28", "'a b'"),
        ("taskdef_overrides: [{path: Cpu.}]\n", "7:28", "is not a valid path"),
        ("taskdef_overrides: [{path: 'Volumes[x]'}]\n", "7:28", "is not a valid path"),
        ("taskdef_overrides: [{path: A..B}]\n", "7:28", "is not a valid path at ''"),
        ("taskdef_overrides: [{path: a b}]\n", "7:28", "is not a valid path at 'a b'"),
        ("taskdef_overrides: [{path: 'A[1][2]'}]\n", "7:28", "is not a valid path"),
        ("taskdef_overrides: [{path: 'A[-1]'}]\n", "7:28", "is not a valid path"),
        ("taskdef_overrides: [{value: 1}]\n", "7:21", "'path' is missing"),
        ("taskdef_overrides: [{path: Family}]\n", "7:28", "'Family'"),
        ("taskdef_overrides: [{path: 'ContainerDefinitions[12].Name'}]\n", "7:28", "overridden"),
        # Who waits for whom.
        (_SIDE + "    depends_on: {report: foo}\n", "10:26", "'foo'"),
        (_SIDE + "    depends_on: {report: success}\n", "10:26", "essential"),
        (_SIDE + "    depends_on: {x: start}\n", "10:21", "no container 'x'"),
        (_SIDE + "    depends_on: {firelens_log_router: start}\n", "10:39", "no container"),
        (_SIDE + "    depends_on: {n: start}\n", "10:21", "waits for itself"),
        ("environments: {test: ~}\n", "7:22", "has no fields"),
        ("environments: {prod: {cpu: abc}}\n", "7:28", "environments.prod.cpu: 'abc' is not"),
        ("environments: {prod: {image: {build: x, location: y}}}\n", "7:51", "exclude"),
    ],
)
def test_a_broken_rule_is_one_problem_with_its_place(more: str, place: str, words: str) -> None:
    """The place is that of the value, the message quotes it, and there is a hint."""
    found = problems(MINIMAL + more)
    assert [problem.place for problem in found] == [f"m.yml:{place}"], [str(p) for p in found]
    assert words in found[0].message
    assert found[0].hint


@pytest.mark.parametrize(
    ("efs", "words"),
    [
        ("abc", "true, false or a mapping"),
        ("{}", "an empty mapping"),
        ("{uid: 1}", "no 'gid'"),
        ("{gid: 1}", "no 'uid'"),
        ("{uid: 0, gid: 0}", "is 0"),
        ("{uid: -1, gid: 1}", "is 0"),
        ("{uid: 1, gid: 1, id: fs}", "exclude"),
        ("{id: {x: y}}", "from_cfn"),
        ("{root_dir: 'a b'}", "characters that are not allowed"),
        ("{id: f, root_dir: /x, auth: {access_point_id: a}}", "'/x'"),
        ("{id: f, auth: {access_point_id: a, iam: false}}", "is false"),
    ],
)
def test_a_file_system_is_one_kind_and_complete(efs: str, words: str) -> None:
    """Own and managed file systems exclude each other; each has its own rules."""
    found = problems(MINIMAL + f"storage: {{volumes: {{v: {{path: /a, efs: {efs}}}}}}}\n")
    assert len(found) == 1
    assert words in found[0].message


def test_only_one_volume_is_managed() -> None:
    """The second one is pointed at."""
    managed = "    a: {path: /a, efs: true}\n    b: {path: /b, efs: {uid: 1, gid: 1}}\n"
    more = "storage:\n  volumes:\n" + managed
    assert [problem.place for problem in problems(MINIMAL + more)] == ["m.yml:10:24"]


@pytest.mark.parametrize(
    ("storage", "count"),
    [
        ("{readonly_fs: true}", 1),
        ("{volumes: {v: {path: /a, efs: true}}}", 1),
        ("{volumes: {v: {path: /a, efs: {id: fs-1}}}}", 1),
        ("{readonly_fs: false, volumes: {v: {path: /a}, w: {path: /b, efs: false}}}", 0),
    ],
)
def test_windows_has_no_read_only_root_and_no_efs(storage: str, count: int) -> None:
    """Scratch volumes and disabled EFS are allowed."""
    found = problems(MINIMAL + f"platform: windows/amd64\nstorage: {storage}\n")
    assert len(found) == count


def test_a_cycle_of_containers_is_reported() -> None:
    """All members are named, in order."""
    first = "  a: {image: x, depends_on: {b: start}}\n"
    second = "  b: {image: x, depends_on: {a: start}}\n"
    sidecars = "sidecars:\n" + first + second
    (found,) = problems(MINIMAL + sidecars)
    assert found.message == "containers wait for each other in a cycle: a, b"


@pytest.mark.parametrize(
    "more",
    [
        "image: ~\n",
        "cpu: 512.7\n",
        "taskdef_overrides: [{path: 'ContainerDefinitions[-].Name'}]\n",
        "logging: {destination: {Name: x}}\n"
        + _SIDE
        + "    depends_on: {firelens_log_router: success}\n",
        _SIDE + "    essential: false\n  o: {image: a, depends_on: {n: Complete}}\n",
        _SIDE + "    port: 0\n",
        "storage: {volumes: {v: {path: a/b.c, efs: {root_dir: ''}}}}\n",
        "storage: {volumes: {v: {path: /a, efs: {id: f, auth: {access_point_id: a}}}}}\n",
        "network: {vpc: {security_groups: []}}\n",
        "environments: {prod: ~}\n",
        "environments: {prod: {count: {spot: 1}}}\n",
        "frobnicate: {a: 1, a: 2}\n",
    ],
)
def test_what_copilot_accepts_is_accepted(more: str) -> None:
    """Odd, but in use: none of these is an error."""
    text = MINIMAL.replace(IMAGE, "") + IMAGE if more == "image: ~\n" else MINIMAL + more
    assert problems(text) == ()


def test_all_problems_are_reported_together_in_the_order_of_the_file() -> None:
    """Type errors and broken rules alike."""
    more = 'retries: -1\ncpu: abc\nenvironments:\n  prod:\n    memory: x\ncommand: "\'"\n'
    found = problems(MINIMAL + more)
    assert [p.place for p in found] == ["m.yml:7:10", "m.yml:8:6", "m.yml:11:13", "m.yml:12:10"]


@pytest.mark.parametrize(
    ("more", "place", "words"),
    [
        ("command: 'python -c [a, b'\n", "7:10", "command: '[a,' begins like a list"),
        ("command: [x, '\"a b']\n", "7:14", "but does not end like one"),
        ("secrets:\n  A: '{x'\n", "8:6", "secrets.A: "),
        ("secrets:\n  '[a': x\n", "8:9", "secrets: "),
        (_SIDE + "    secrets: {A: '{x'}\n", "10:18", "sidecars.n.secrets.A: "),
        (_SIDE + "  '[m': {image: nginx}\n", "10:9", "sidecars: "),
        ("logging: {configFilePath: '[a'}\n", "7:27", "logging.configFilePath: "),
        (
            "network: {vpc: {security_groups: [{from_cfn: '[a'}]}}\n",
            "7:35",
            "network.vpc.security_groups[0]",
        ),
        ("storage: {volumes: {v: {path: /a, efs: {id: '[a'}}}}\n", "7:45", "volumes.v.efs.id"),
    ],
)
def test_strings_that_were_cut_at_a_space_are_rejected(more: str, place: str, words: str) -> None:
    """They are from JSON or a quoted string, and would be put into the template as they are."""
    (found,) = problems(MINIMAL + more)
    assert found.place == f"m.yml:{place}"
    assert words in found.message


@pytest.mark.parametrize("text", ["[", "'a'", "[a]", "{}", "!Ref [", "echo '[a,'"])
def test_complete_strings_are_accepted(text: str) -> None:
    """A complete YAML value, or a single character, is accepted."""
    job_with("secrets:\n  A: |-\n    " + text + "\n")


def test_names_that_become_the_same_logical_id_are_rejected() -> None:
    """A topic would be lost, and a sidecar would get the env file of another."""
    topics = "publish:\n  topics:\n  - name: a-b\n  - name: ab\n  - {name: ab, fifo: true}\n"
    (found,) = problems(MINIMAL + topics)
    assert found.place == "m.yml:10:11"
    assert "'a-b' and 'ab' would share one resource, 'abSNSTopic'" in found.message

    one, other = "  a-b: {image: x, env_file: a.env}\n", "  ab: {image: x, env_file: b.env}\n"
    (found,) = problems(MINIMAL + "sidecars:\n" + one + other)
    assert found.place == "m.yml:9:28"
    assert "'a-b' and 'ab' would share parameter 'EnvFileARNForab'" in found.message
    assert problems(MINIMAL + "sidecars:\n" + one + "  ab: {image: x}\n") == ()


def test_a_topic_listed_twice_is_one() -> None:
    """The repetition is harmless."""
    assert problems(MINIMAL + "publish: {topics: [{name: a}, {name: a}]}\n") == ()


def test_an_error_is_reported_once() -> None:
    """A schedule of a wrong type is not also missing, nor is an image's build or location."""
    text = HEAD + "image: {location: [a]}\non: [a]\n"
    assert [p.place for p in problems(text)] == ["m.yml:3:19", "m.yml:4:5"]


def test_empty_files_and_other_documents_are_rejected() -> None:
    """There is one message each."""
    assert [p.message for p in problems("# nothing\n")] == ["the manifest is empty"]
    assert [p.place for p in problems("- name: x\n")] == ["m.yml:1:1"]
    assert [p.place for p in problems("name: [\n")] == ["m.yml:2:1"]


@pytest.mark.parametrize(
    ("more", "warning"),
    [
        ("exec: true\n", "m.yml:7:1: exec: has no effect on a job"),
        ("http: {path: /}\n", "m.yml:7:1: http: has no effect on a job"),
        ("count: 3\n", "m.yml:7:1: count: has no effect on a job"),
        ("network: {connect: true}\n", "m.yml:7:11: network.connect: has no effect"),
        (
            "network: {vpc: {security_groups: {deny_default: true}}}\n",
            "m.yml:7:35: network.vpc.security_groups.deny_default: has no effect",
        ),
        ("environments: {test: {name: x}}\n", "environments.test.name: has no effect"),
        (
            "memry: 512\n",
            "m.yml:7:1: memry: unknown field is ignored; did you mean 'memory'?",
        ),
        ("CPU: 512\n", "did you mean 'cpu'?"),
        ("schedul: x\n", "did you mean 'on.schedule'?"),
        ("environment_variables: {A: b}\n", "did you mean 'variables'?"),
        ("environment: {A: b}\n", "did you mean 'variables'?"),
        ("env_vars: {A: b}\n", "did you mean 'variables'?"),
        ("storage: {volumes: {v: {path: /a, id: fs-1}}}\n", "did you mean 'efs.id'?"),
        (
            "storage: {volume: {}}\n",
            "storage.volume: unknown field is ignored; did you mean 'volumes'?",
        ),
        ("command: [~]\n", "command[0]: empty item is ignored"),
        ("command: [a, {b: c}]\n", "this part is ignored"),
        ("secrets: {A: {secretsmanager: [x]}}\n", "this part is ignored"),
        (
            "publish: {topics: [{name: a, fifo: {content_based_deduplication: abc}}]}\n",
            "this part is ignored",
        ),
    ],
)
def test_ignored_fields_have_a_warning(more: str, warning: str) -> None:
    """Ignored keys and parts are warnings with a place, not errors."""
    warnings = load(MINIMAL + more).warnings
    assert len(warnings) == 1
    assert warning in warnings[0]
    assert warnings[0].startswith("m.yml:7:")


@pytest.mark.parametrize(
    ("key", "home"),
    [
        ("context", "image.build.context"),
        ("args", "image.build.args"),
        ("platform", "platform"),
        ("command", "command"),
    ],
)
def test_misplaced_keys_of_an_image_have_a_suggestion(key: str, home: str) -> None:
    """They are ignored in `image`."""
    (warning,) = load(HEAD + ON + f"image:\n  location: alpine\n  {key}: x\n").warnings
    assert warning.startswith("m.yml:7:3:")
    assert f"did you mean {home!r}?" in warning


@pytest.mark.parametrize(
    ("more", "place", "message"),
    [
        ("variables: {1PASSWORD_KEY: a}\n", "7:13", "named '1PASSWORD_KEY'"),
        ("secrets:\n  my-key: a\n", "8:3", "named 'my-key'"),
        ("sidecars: {s: {image: a, variables: {a.b: c}}}\n", "7:38", "named 'a.b'"),
        ("sidecars: {s: {image: a, depends_on: {report: healthy}}}\n", "7:47", "no health check"),
        (
            "sidecars: {s: {image: a}, t: {image: a, depends_on: {s: HEALTHY}}}\n",
            "7:57",
            "'s' has no health check",
        ),
        ("environments: {tset: {cpu: 1}}\n", "7:16", "'tset' does not apply to environment 'test'"),
        ("environments:\n  tests: {cpu: 1}\n", "8:3", "'tests' does not apply"),
        ("environments:\n  Test: {cpu: 1}\n", "8:3", "'Test' does not apply"),
        ("---\nname: other\n", "7:1", "only the first YAML document is read"),
        ("...\n---\n[\n", "8:1", "only the first YAML document is read"),
    ],
)
def test_probable_mistakes_have_a_warning(more: str, place: str, message: str) -> None:
    """It renders and deploys; the place is that of the key."""
    (found,) = load(MINIMAL + more).findings
    assert found.place == f"m.yml:{place}"
    assert message in found.message
    assert not found.refused


@pytest.mark.parametrize(
    "more",
    [
        "sidecars: {s: {image: a, depends_on: {report: start}}}",
        "environments: {prod: {cpu: 1}, staging: {cpu: 2}}",
        "environments: {test: {cpu: 256}, tset: {cpu: 1}}",
        "environments: {test2: {cpu: 1}}",
        "variables: {_a1: x, lower: y}",
        "variables: {A: '---'}\n...\n",
    ],
)
def test_what_is_probably_meant_has_no_warning(more: str) -> None:
    """Needless warnings get ignored."""
    assert load(MINIMAL + more + "\n").findings == ()


def test_a_container_with_a_health_check_can_be_waited_for() -> None:
    """Any of its fields enables the check."""
    waiting = "  t: {image: a, depends_on: {s: healthy}}\n"
    more = "sidecars:\n  s: {image: a, healthcheck: {retries: 1}}\n" + waiting
    assert load(MINIMAL + more).findings == ()


def test_sections_for_anchors_have_no_warning() -> None:
    """Keys that start with `x-` are meant to be ignored."""
    assert load(MINIMAL + "x-common: &c {A: b}\nvariables:\n  <<: *c\n").warnings == ()
