"""Texts that nobody would write by hand: each would cost a careless reader its time or memory.

`MANIFESTS` holds manifests, `FOLDERS` the other files of a job; those in `BORNE` are only long.
"""

from collections.abc import Mapping

MANIFEST = """\
name: report
type: Scheduled Job
image: {location: alpine}
on: {schedule: '@daily'}
"""

MANY = 60_000


def lines(pattern: str, count: int) -> str:
    """Repeat a line with its number put in."""
    return "".join(pattern.format(i) for i in range(count))


def chained_depth(levels: int, links: int) -> str:
    """Nest lists ever deeper by aliases, each link a legal depth by itself."""
    inner = "x"
    text = []
    for link in range(links):
        text.append(f"x-{link}: &a{link} {'[' * levels}{inner}{']' * levels}\n")
        inner = f"*a{link}"
    return "".join(text) + f"taskdef_overrides: [{{path: Cpu, value: {inner}}}]\n"


ALIAS_BOMB = (
    "x-0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    + lines("", 0)
    + "".join(f"x-{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12))
)

DEEP_PATH = ".".join(["A"] * 20_000)

MANIFESTS: Mapping[str, str] = {
    "an alias bomb": MANIFEST + ALIAS_BOMB,
    "an alias bomb in variables": MANIFEST + ALIAS_BOMB + "variables: {A: *a11}\n",
    "a merge bomb": MANIFEST
    + "x-0: &a0 {k: v}\n"
    + "".join(f"x-{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}\n" for i in range(1, 12))
    + "variables: *a11\n",
    "an anchor in itself": MANIFEST + "variables: &a {A: *a}\n",
    "1,000 lists in one another": MANIFEST + "command: " + "[" * 1000 + "]" * 1000 + "\n",
    "1,000 maps in one another": MANIFEST + "variables: " + "{A: " * 1000 + "x" + "}" * 1000 + "\n",
    "1,000 indented maps": MANIFEST + "".join(" " * i + "a:\n" for i in range(1000)),
    "200,000 open brackets": MANIFEST + "command: " + "[" * 200_000,
    "2,000 levels made of aliases": MANIFEST + chained_depth(150, 14),
    "a path of 20,000 keys": MANIFEST + f"taskdef_overrides: [{{path: {DEEP_PATH}, value: x}}]\n",
    "20,000 overrides": MANIFEST
    + "taskdef_overrides:\n"
    + lines("- {{path: A{}, value: x}}\n", 19_000),
    "60,000 unknown keys": MANIFEST + lines("k{}: 1\n", MANY),
    "40,000 unknown keys in an environment": MANIFEST
    + "environments: {test: {variables: {A: b}}}\nnetwork:\n"
    + lines("  k{}: 1\n", 40_000),
    "40,000 variables": MANIFEST + "variables:\n" + lines("  K{}: v\n", 40_000),
    "20,000 wrong variables": MANIFEST + "variables:\n" + lines("  K{}: [v]\n", 20_000),
    "40,000 undefined names": MANIFEST + "variables:\n" + lines("  K{0}: ${{U{0}}}\n", 40_000),
    "undefined names in one text": MANIFEST + "command: '" + lines("${{U{}}}", 90_000) + "'\n",
    "one name 200,000 times in one text": MANIFEST + "command: '" + "${A}" * 200_000 + "'\n",
    "a list that is put in 50,000 times": MANIFEST
    + "variables:\n"
    + lines("  K{}: ${{LIST}}\n", 40_000),
    "a name that doubles itself": MANIFEST + "command: '" + "${TWICE}" * 60 + "'\n",
    "a JSON list of 150,000 texts": MANIFEST + "command: '[" + '"a",' * 150_000 + '"a"]\'\n',
    "40,000 times one key": MANIFEST + "variables:\n" + "  K: v\n" * 40_000,
    "10,000 sidecars": MANIFEST + "sidecars:\n" + lines("  s{}: {{image: a, port: 1}}\n", 12_000),
    "10,000 sidecars that wait for one another": MANIFEST
    + "sidecars:\n"
    + "".join(f"  s{i}: {{image: a, depends_on: {{s{i + 1}: start}}}}\n" for i in range(12_000))
    + "  s12000: {image: a}\n",
    "one text of 900,000 blanks": MANIFEST + "command: '" + " " * 900_000 + "'\n",
    "one text of 900,000 quotes": MANIFEST + "command: '" + '\\"' * 450_000 + "'\n",
    "a schedule of 900,000 digits": MANIFEST.replace("@daily", "@every " + "1" * 900_000 + "h"),
    "a schedule of 300,000 fields": MANIFEST.replace("@daily", "1,2 " * 200_000),
    "a number of 900,000 digits": MANIFEST + "cpu: " + "9" * 900_000 + "\n",
    "a fraction of 900,000 digits": MANIFEST + "cpu: 1." + "9" * 900_000 + "\n",
    "a key of 900,000 letters": MANIFEST + "? " + "k" * 900_000 + "\n: 1\n",
    "900,000 line breaks": MANIFEST + "\n" * 900_000,
    "300,000 documents": MANIFEST + "---\n" * 240_000,
    "10 MB": MANIFEST + "#" * 10_000_000,
}

ADDON = """\
Parameters:
  App: {Type: String}
  Env: {Type: String}
  Name: {Type: String}
"""
NO_OTHERS: Mapping[str, str] = {
    "table": ADDON,
    "topic": "",
    "parameters": "Parameters: {}\n",
    "patches": "",
}


def nested(levels: int) -> str:
    """Nest maps in one another."""
    return "{a: " * levels + "x" + "}" * levels


FOLDERS: Mapping[str, Mapping[str, str]] = {
    "thousands of resources in two templates": {
        **NO_OTHERS,
        "table": ADDON + "Resources:\n" + lines("  R{}: {{Type: T}}\n", 15_000),
        "topic": ADDON + "Resources:\n" + lines("  Q{}: {{Type: T}}\n", 15_000),
    },
    "thousands of outputs": {
        **NO_OTHERS,
        "table": ADDON
        + "Resources:\n"
        + lines("  R{}: x\n", 12_000)
        + "Outputs:\n"
        + lines("  O{0}: {{Value: !Ref R{0}}}\n", 12_000),
    },
    "thousands of transforms": {
        **NO_OTHERS,
        "table": ADDON + "Transform: [" + lines("a{},", 40_000) + "]\n",
        "topic": ADDON + "Transform: [" + lines("b{},", 40_000) + "]\n",
    },
    "thousands of parameters": {
        **NO_OTHERS,
        "table": ADDON + lines("  P{}: {{Type: S}}\n", 12_000),
        "parameters": "Parameters:\n" + lines("  P{}: 1\n", 12_000),
    },
    "as deep as can be, twice": {
        **NO_OTHERS,
        "table": ADDON + f"Resources:\n  A: {nested(197)}\n",
        "topic": ADDON + f"Resources:\n  A: {nested(197)}\n",
    },
    "an addon too deep": {**NO_OTHERS, "table": ADDON + f"Resources: {nested(300)}\n"},
    "an alias bomb in an addon": {**NO_OTHERS, "table": ADDON + ALIAS_BOMB},
    "an alias bomb in patches": {**NO_OTHERS, "patches": ALIAS_BOMB},
    "an alias bomb in parameters": {**NO_OTHERS, "table": ADDON, "parameters": ALIAS_BOMB},
    "14,000 patches": {
        **NO_OTHERS,
        "patches": lines("- {{op: add, path: /A{}, value: x}}\n", 14_000),
    },
    "5,000 patches": {
        **NO_OTHERS,
        "patches": lines("- {{op: add, path: /A{}, value: x}}\n", 5_000),
    },
    "patches deeper and deeper": {
        **NO_OTHERS,
        "patches": "".join(
            f"- {{op: add, path: {'/a' * (190 * i + 1)}, value: {nested(190)}}}\n"
            for i in range(10)
        ),
    },
    "an index of 5,000 digits": {
        **NO_OTHERS,
        "patches": "- {op: remove, path: /Outputs}\n"
        f"- {{op: remove, path: /Resources/TaskRole/Properties/Policies/{'9' * 5000}}}\n",
    },
}

# Nothing is wrong with these, or nothing is done with what is.
BORNE = (
    "40,000 unknown keys in an environment",
    "40,000 variables",
    "one text of 900,000 blanks",
    "one text of 900,000 quotes",
    "a fraction of 900,000 digits",
    "a key of 900,000 letters",
    "900,000 line breaks",
    "300,000 documents",
    "thousands of resources in two templates",
    "thousands of outputs",
    "thousands of transforms",
    "thousands of parameters",
    "as deep as can be, twice",
    "5,000 patches",
)
