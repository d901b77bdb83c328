"""What people and machines get of a difference, from real stacks with addons and secrets."""

import json
import re

import unredacted
from calls_proxy import Proxy
from pipelines import Place, document, name, on, through

from cjob import diff

ADDON = """\
Parameters: {{App: {{Type: String}}, Env: {{Type: String}}, Name: {{Type: String}}}}
Resources:
  Setting:
    Type: AWS::SSM::Parameter
    Properties:
      Type: String
      Value: {value}
      Name: !Sub '/${{App}}/${{Env}}/${{Name}}/setting'
"""
READS_OF_ADDONS = {"DescribeStackResource"}


def with_addons(place: Place, job: str, value: str) -> None:
    """Write a job with an addon and an env file."""
    place.job(job, f"env_file: {job}.env\n")
    place.write(f"{job}.env", "A=1\n")
    place.write(f"copilot/{job}/addons/setting.yml", ADDON.format(value=value))


def test_addons_are_compared_with_the_live_ones(place: Place, proxy: Proxy) -> None:
    """They are read only where they differ; a plan is bound to them, and tells programs too."""
    with_addons(place, "nested", "one")
    counted = through(place, proxy)
    counted.done("deploy", *on("nested"))
    same = counted.run("package", *on("nested"), "--diff")
    assert (same.returncode, same.stdout, same.stderr) == (0, "No changes.\n", "")
    assert READS_OF_ADDONS.isdisjoint(proxy.actions)

    with_addons(place, "nested", "two")
    shown = counted.run("package", *on("nested"), "--diff")
    assert shown.returncode == 1
    assert "DescribeStackResource" in proxy.actions
    assert shown.stdout.endswith(
        "# addons\n"
        "~ Resources:\n"
        "    ~ Setting:\n"
        "        ~ Properties:\n"
        "            ~ Value: one -> two\n"
    )
    assert shown.stderr == "nested: 2 changes: 2 addons\n"

    plan = place.pipe(["build", *on("nested")], ["push"], ["render"], ["diff"]).stdout
    paths = [change["path"] for change in json.loads(plan)["diff"]["changes"]]
    assert paths == ["parameters.AddonsTemplateURL", "addons.Resources.Setting.Properties.Value"]
    moved = json.loads(plan)
    moved["diff"]["against"]["addons"] = "sha256:0"
    refused = place.run("apply", stdin=json.dumps(moved))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "the live stack's addons changed" in refused.stderr
    assert document(place.run("apply", stdin=plan))["deployment"]["status"] == "UPDATE_COMPLETE"
    settings = place.sandbox.session().client("ssm", endpoint_url=place.sandbox.endpoint)
    now = settings.get_parameter(Name="/demo/test/nested/setting")["Parameter"]
    assert now["Value"] == "two"


def test_people_are_told_what_changes_and_when_it_runs(place: Place) -> None:
    """On stderr, in whatever form the difference goes to stdout."""
    place.job("timed")
    place.done("deploy", *on("timed"))
    place.job("timed", text=manifest("0 9 * * MON"))
    for form in ("text", "json", "markdown"):
        done = place.run("diff", *on("timed"), "-o", form, TZ="UTC")
        assert done.returncode == 0
        lines = done.stderr.splitlines()
        assert lines[0] == "timed: 1 change: 1 schedule"
        assert lines[1] == "schedule until now, cron(0 0 * * ? *):"
        assert lines[7] == "schedule from now on, cron(0 9 ? * MON *):"
        digests = [line for line in lines if line.startswith("timed: document sha256:")]
        assert len(digests) == (form == "json"), "stdout gets the document"
        assert len(lines) == (13 if form != "json" else 16), "with a warning: nothing was pushed"
        assert all(line.startswith("  Mon ") and "09:00 UTC" in line for line in lines[8:13])
    rendered = place.done("render", *on("timed")).stdout
    told = place.done("diff", stdin=rendered).stderr.splitlines()
    assert len(told) == 16
    assert all(line.startswith("timed: ") for line in told), "nobody typed the job's name"


def test_a_stack_that_was_deployed_from_json_is_compared(place: Place) -> None:
    """With characters that JSON writes in pairs, which YAML does not know."""
    place.job("jsoned")
    place.done("deploy", *on("jsoned"))
    given = str(place.stacks.get_template(StackName=name("jsoned"))["TemplateBody"])
    sections = diff.changes(unredacted.compare("", given))
    template = {change.path: change.new for change in sections}
    place.stacks.update_stack(
        StackName=name("jsoned"),
        TemplateBody=json.dumps({**template, "Description": "\N{GRINNING FACE}"}),
        Parameters=place.stack("jsoned")["Parameters"],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    done = place.run("package", *on("jsoned"), "--diff")
    assert done.returncode == 0, done.stderr
    assert '~ Description: "\\U0001F600" -> ' in done.stdout


def manifest(schedule: str) -> str:
    """Return a manifest with another schedule."""
    return (
        "name: {name}\n"
        "type: Scheduled Job\n"
        "image: {{location: public.ecr.aws/docker/library/busybox}}\n"
        f"on: {{{{schedule: '{schedule}'}}}}\n"
    )


def test_a_page_has_all_jobs(place: Place) -> None:
    """Each with its summary; those without a change in a line."""
    place.job("paged")
    place.job("still")
    place.done("deploy", "--all", "-e", "test")
    place.job("paged", "variables: {DB_PASSWORD: s3cret}\n")
    done = place.run("diff", "--all", "-e", "test", "-o", "markdown", "--exit-code")
    assert done.returncode == 1
    first, second = done.stdout.split("</details>\n")
    assert first.startswith("**paged (test)**: 1 change: 1 environment variable (DB_PASSWORD)\n")
    assert "+                       - Name: DB_PASSWORD\n" in first
    assert "s3cret" not in done.stdout
    digest = r"document sha256:[0-9a-f]{64}"
    page = rf"\n\*\*still \(test\)\*\*: no changes\n\n```text\n{digest}\n```\n"
    assert re.fullmatch(page, second)

    for command in ("diff", "package"):
        form = ("-o", "text") if command == "diff" else ("--diff",)
        told = place.run(command, "-n", "paged", "-n", "still", "-e", "test", *form).stdout
        assert told.startswith("# paged (test)\n~ Resources:\n")
        assert told.endswith("# still (test)\nNo changes.\n")


def test_what_cloudformation_takes_for_no_change_waits_for_the_next_one(place: Place) -> None:
    """It is shown, but neither does it count nor is a change set made for it again and again."""
    place.job("cosmetic")
    place.done("deploy", *on("cosmetic"))
    before = place.all_change_sets("cosmetic")
    patch = "- {op: replace, path: /Description, value: another one}\n"
    place.write("copilot/cosmetic/overrides/cfn.patches.yml", patch)
    for command in (("diff", "--exit-code", "-o", "text"), ("package", "--diff")):
        shown = place.done(*command, *on("cosmetic")).stdout
        assert "-> 'another one " in shown
        assert shown.endswith("it takes effect with the next change\n")
    done = place.done("deploy", *on("cosmetic"), "-o", "json")
    assert document(done)["deployment"]["changed"] is False
    assert "takes effect with the next change" in done.stderr
    assert place.all_change_sets("cosmetic") == before
    place.job("cosmetic", "variables: {A: b}\n")
    place.done("deploy", *on("cosmetic"))
    template = place.stacks.get_template(StackName=name("cosmetic"))["TemplateBody"]
    assert "Description: 'another one " in str(template)
