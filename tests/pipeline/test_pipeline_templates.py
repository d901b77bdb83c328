"""Live templates, as AWS answers them: each is compared, or differs with its reason and place."""

import json
from collections.abc import Mapping
from xml.sax.saxutils import escape

from calls_proxy import Proxy
from pipelines import Place, name, on, through

ANSWER = (
    '<GetTemplateResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">'
    "<GetTemplateResult><TemplateBody>{}</TemplateBody></GetTemplateResult></GetTemplateResponse>"
)

COMPARED: Mapping[str, tuple[str, str]] = {
    "JSON": ('{"Resources": {"Odd": {"Type": "A::B::C"}}}', "- Odd: {"),
    "JSON with characters of all planes": (
        '{"Odd": "\\ud83d\\ude00 \\u0000", "Outputs": {"a": 1e3}}',
        '- Odd: "\\U0001F600 \\0"',
    ),
    "JSON that says nothing": ("null", "+ Resources:"),
    "an empty text": ("", "+ Resources:"),
    "comments alone": ("# nothing\n", "+ Resources:"),
    "unknown tags": (
        "%TAG !t! tag:example.org,2020:\n---\nOdd: !t!x [!!python/object:os.system a, !Mine {}]\n",
        "- Odd:",
    ),
    "macros": (
        "Transform: [AWS::Serverless]\nResources: {Fn::Transform: {Name: AWS::Include}}\n",
        "- Transform:",
    ),
    "anchors and merge keys": (
        "Mappings: &m {A: {B: {C: d}}}\nConditions: {<<: *m}\nOdd: &o [*o]\n",
        "- Mappings: &m",
    ),
    "a byte order mark": ("\ufeffOdd: 1\n", "- Odd: 1"),
    "line breaks of Windows": ("Odd: 1\r\nOdder: |\r\n  a\r\n  b\r\n", "- Odd: 1"),
    "two documents": ("Odd: 1\n---\n[", "- Odd: 1"),
    "1.2 MB": (
        "Resources:\n" + "".join(f"  Odd{i:04}: {{Type: {'x' * 500}}}\n" for i in range(2_300)),
        "- Odd0000:",
    ),
}

UNREADABLE: Mapping[str, tuple[str, str]] = {
    "a key twice": ("Odd: 1\nOdd: 2\n", ":2:1: 'Odd' occurs twice"),
    "a list": ("- Odd\n", ":1:1: a template must be a mapping, not a sequence"),
    "a text": ("Odd", ":1:1: a template must be a mapping, not a scalar"),
    "a number in JSON": ("12", ":1:1: a template must be a mapping, not a scalar"),
    "an open bracket": ("Odd: [\n", ":2:1: not valid YAML"),
    "an alias of nothing": ("Odd: *a\n", ":1:6: "),
    "a merge of a text": ("<<: x\n", ":1:5: '<<' can only merge"),
    "half of a character in JSON": ('{"Odd": "\\ud800"}', ": not valid YAML"),
    "more depth than a template has": ("Odd: " + "[" * 300 + "]" * 300, "levels deep"),
    "as much depth in JSON": ('{"Odd":' + "[" * 300 + "]" * 300 + "}", "levels deep"),
}


def answer(template: str) -> tuple[int, str]:
    """Return what AWS says when it is asked for this template."""
    return 200, ANSWER.format(escape(template, {"\r": "&#13;"}))


def test_live_templates_of_other_tools_are_compared(place: Place, proxy: Proxy) -> None:
    """In whatever form they are written: status 1, and the difference alone on stdout."""
    place.job("foreign")
    place.done("deploy", *on("foreign"))
    asking = through(place, proxy)
    for case, (template, line) in COMPARED.items():
        proxy.instead["GetTemplate"] = answer(template)
        done = asking.run("package", *on("foreign"), "--diff")
        assert (done.returncode, "Traceback" in done.stderr) == (1, False), (case, done.stderr)
        assert line in done.stdout, case


def test_live_templates_that_cannot_be_read_differ(place: Place, proxy: Proxy) -> None:
    """Status 1, with the reason and the place; they do not keep anybody from deploying."""
    place.job("spoilt")
    place.done("deploy", *on("spoilt"))
    asking = through(place, proxy)
    for case, (template, reason) in UNREADABLE.items():
        proxy.instead["GetTemplate"] = answer(template)
        done = asking.run("package", *on("spoilt"), "--diff")
        assert (done.returncode, "Traceback" in done.stderr) == (1, False), (case, done.stderr)
        assert f"cannot be shown: the deployed template of {name('spoilt')}" in done.stdout, case
        assert reason in done.stdout, (case, done.stdout)
    proxy.instead["GetTemplate"] = answer("Name: ? f?r dich: a\n")
    deployed = asking.run("deploy", *on("spoilt"))
    assert deployed.returncode == 0
    assert "not YAML: whether data would be lost was not checked" in deployed.stderr


def test_words_reach_ecs_as_they_are_written(place: Place) -> None:
    """Whatever YAML 1.1 takes them for; and what is not ASCII is no difference for ever."""
    words = ["set-flag", "on", "--mode", "0755", "--at", "12:30", "1.10", "null"]
    greeting = "Gr\u00fc\u00dfe \U0001f600"
    variables = f"{{ON: 'NO', GREETING: {greeting}}}"
    more = f"command: {json.dumps(words)}\nvariables: {variables}\n"
    place.job("words", more)
    place.done("deploy", *on("words"))
    ecs = place.sandbox.session().client("ecs", endpoint_url=place.sandbox.endpoint)
    found = ecs.describe_task_definition(taskDefinition=name("words"))["taskDefinition"]
    container = found["containerDefinitions"][0]
    assert container["command"] == words
    seen = {one["name"]: one["value"] for one in container["environment"]}
    assert (seen["ON"], seen["GREETING"]) == ("NO", "Gr\u00fc\u00dfe \U0001f600")
    compared = place.run("package", "--diff", *on("words"))
    assert (compared.returncode, compared.stdout) == (0, "No changes.\n")
    place.job("words", more.replace("NO", "YES"))
    assert place.run("package", "--diff", *on("words")).returncode == 1
