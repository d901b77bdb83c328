"""`cjob package`: what it prints, what it writes, and its statuses."""

import json
import subprocess

import cfn_flip
import pytest
from calls_proxy import Proxy
from pipelines import ENV, Place, document, on, through

ADDON = """\
Parameters: {App: {Type: String}, Env: {Type: String}, Name: {Type: String}}
Resources:
  Setting:
    Type: AWS::SSM::Parameter
    Properties: {Type: String, Value: a, Name: !Sub '/${App}/${Env}/${Name}/setting'}
"""


def test_the_template_comes_in_json_too(place: Place) -> None:
    """The same to CloudFormation, for tools that read no YAML; each job's on its own."""
    place.job("first")
    place.job("second")
    jobs = ("-n", "first", "-n", "second", "-e", ENV)
    text = place.done("render", *jobs, "-o", "template-json").stdout
    yaml_texts = place.done("render", *jobs, "-o", "template").stdout.split("---\n")
    decoder = json.JSONDecoder()
    for expected in yaml_texts:
        template, end = decoder.raw_decode(text)
        text = text[end:].lstrip()
        assert template == json.loads(cfn_flip.to_json(expected))
        assert template["Resources"]["Rule"]["Properties"]["State"] == "ENABLED"
        schedule = template["Resources"]["Rule"]["Properties"]["ScheduleExpression"]
        assert schedule == {"Ref": "Schedule"}
    assert text == ""


def test_the_template_is_all_that_is_printed(place: Place) -> None:
    """What people are told goes to stderr."""
    place.job("printed")
    done = place.done("package")
    assert done.stdout.startswith("# ") or done.stdout.startswith("AWSTemplateFormatVersion")
    assert "AWS::ECS::TaskDefinition" in done.stdout
    assert done.stderr.splitlines() == [
        "using job printed (the only one)",
        "using environment test (the only one)",
    ]


def test_files_are_written_instead(place: Place) -> None:
    """The template, its parameters and tags, and the addons; what was not sent is empty."""
    place.job("written", "env_file: a.env\n")
    place.write("a.env", "A=1\n")
    place.write("copilot/written/addons/setting.yml", ADDON)
    done = place.done("package", *on("written"), "--output-dir", "out/infrastructure")
    assert done.stdout == ""
    folder = place.root / "out/infrastructure"
    assert sorted(path.name for path in folder.iterdir()) == [
        "written-test.params.yml",
        "written-test.stack.yml",
        "written.addons.stack.yml",
    ]
    template = place.done("package", *on("written")).stdout
    assert (folder / "written-test.stack.yml").read_text() == template
    settings = json.loads((folder / "written-test.params.yml").read_text())
    parameters = settings["Parameters"]
    assert parameters["ContainerImage"] == "public.ecr.aws/docker/library/busybox"
    assert (parameters["EnvFileARN"], parameters["AddonsTemplateURL"]) == ("", "")
    assert settings["Tags"]["copilot-service"] == "written"


def test_addons_keep_local_paths_unless_assets_are_uploaded(place: Place) -> None:
    """So that `aws cloudformation package` can send what they name."""
    place.job("local")
    place.write("code/index.py", "def handler(event, context): pass\n")
    role = "arn:aws:iam::123456789012:role/any"
    function = f"{{Type: AWS::Lambda::Function, Properties: {{Code: ./code, Role: '{role}'}}}}"
    place.write("copilot/local/addons/one.yml", ADDON + f"  Local: {function}\n")
    written = place.root / "out/local.addons.stack.yml"
    place.done("package", *on("local"), "--output-dir", "out")
    assert "Code: ./code" in written.read_text()
    place.done("package", *on("local"), "--output-dir", "out", "--upload-assets")
    assert "S3Bucket: " in written.read_text()


def test_sent_files_have_their_locations_written(place: Place) -> None:
    """And they are there."""
    place.job("sent", "env_file: a.env\n")
    place.write("a.env", "A=1\n")
    place.write("copilot/sent/addons/setting.yml", ADDON)
    place.done("package", *on("sent"), "--output-dir", "out", "--upload-assets")
    settings = json.loads((place.root / "out/sent-test.params.yml").read_text())
    arn = settings["Parameters"]["EnvFileARN"]
    bucket, _, key = arn.removeprefix("arn:aws:s3:::").partition("/")
    assert place.objects.get_object(Bucket=bucket, Key=key)["Body"].read() == b"A=1\n"
    address = settings["Parameters"]["AddonsTemplateURL"]
    assert address.startswith(f"https://{bucket}.s3.us-west-2.amazonaws.com/manual/addons/sent/")
    assert place.objects.head_object(Bucket=bucket, Key=address.split("amazonaws.com/")[1])
    assert place.status("sent") == ""


def test_either_all_files_are_written_or_none(place: Place) -> None:
    """What was there before stays as it was."""
    place.job("whole")
    (place.root / "out/whole-test.params.yml").mkdir(parents=True)
    place.write("out/whole-test.stack.yml", "before")
    done = place.run("package", *on("whole"), "--output-dir", "out")
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot write to 'out'" in done.stderr
    assert (place.root / "out/whole-test.stack.yml").read_text() == "before"
    assert len(list((place.root / "out").iterdir())) == 2


@pytest.mark.parametrize("other", [["--output-dir", "out"], ["--upload-assets"]])
def test_the_difference_excludes_what_writes_or_sends(place: Place, other: list[str]) -> None:
    """Before anything is looked at."""
    place.job("exclusive")
    done = place.run("package", *on("exclusive"), "--diff", *other)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--diff cannot be combined with" in done.stderr
    assert not (place.root / "out").exists()


def test_the_difference_has_a_status_for_each_outcome(place: Place) -> None:
    """All new is a difference too, and so is what is told on stdout."""
    place.job("statuses")
    new = place.run("package", *on("statuses"), "--diff")
    assert new.returncode == 1
    assert all(line.startswith("+ ") for line in new.stdout.splitlines())
    place.done("deploy", *on("statuses"))
    same = place.run("package", *on("statuses"), "--diff")
    assert (same.returncode, same.stdout) == (0, "No changes.\n")
    place.job("statuses", "cpu: none\n")
    wrong = place.run("package", *on("statuses"), "--diff")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "copilot/statuses/manifest.yml:7:6" in wrong.stderr
    refused = place.run("package", *on("statuses"), "--diff", AWS_ENDPOINT_URL="http://127.0.0.1:1")
    assert (refused.returncode, refused.stdout) == (2, "")


DENIED = (400, '{"__type": "AccessDeniedException", "message": "not for you"}')
IMAGE = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": f"sha256:{'0' * 64}",
            "size": 2,
        },
        "layers": [],
    }
)
BUILT = "name: built\ntype: Scheduled Job\nimage: {build: Dockerfile}\non: {schedule: '@daily'}\n"
UNKNOWN = (
    "No other changes.\n# images\nthe image of built was not compared: "
    "it was not built (pass --build, or put cjob-build before cjob-diff)\n"
)


def git(place: Place, *arguments: str) -> None:
    """Run git in the workspace, as somebody."""
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    subprocess.run(["git", *who, *arguments], cwd=place.root, check=True, capture_output=True)


def test_an_image_is_compared_or_is_said_not_to_be(place: Place, proxy: Proxy) -> None:
    """Without a build it is known in a clean checkout whose commit's tag is the deployed image."""
    place.write("copilot/built/manifest.yml", BUILT)
    place.write("Dockerfile", "FROM scratch\n")
    for step in (("init", "-q"), ("add", "."), ("commit", "-qm", "one")):
        git(place, *step)
    begun = document(place.done("target", *on("built")))
    registry = place.sandbox.session().client("ecr", endpoint_url=place.sandbox.endpoint)
    commit = begun["source"]["revision"]["commit"]
    pushed = registry.put_image(repositoryName="demo/built", imageManifest=IMAGE, imageTag=commit)
    digest = pushed["image"]["imageId"]["imageDigest"]
    uri = f"{begun['target']['repositories']['built']}@{digest}"
    place.done("deploy", *on("built"), "--image", uri)

    same = place.run("package", *on("built"), "--diff")
    assert (same.returncode, same.stdout, same.stderr) == (0, "No changes.\n", "")
    assert place.done("diff", *on("built"), "-o", "text").stdout == "No changes.\n"
    rendered = place.done("render", *on("built")).stdout
    assert place.done("diff", "-o", "text", stdin=rendered).stdout == "No changes.\n"

    place.write("Dockerfile", "FROM scratch\nLABEL a=b\n")
    for command in (("package", "--diff"), ("diff", "-o", "text", "--exit-code")):
        other = place.run(*command, *on("built"))
        assert (other.returncode, other.stdout, other.stderr) == (0, UNKNOWN, "")
    page = place.done("diff", *on("built"), "-o", "markdown").stdout
    assert "the image of built was not compared" in page
    plan = place.done("diff", *on("built"))
    assert "note: the image of built was not compared" in plan.stderr
    assert "warning: built: this document cannot be applied: " in plan.stderr
    assert f"hint: cjob-build -n built -e {on('built')[-1]} | cjob-push | " in plan.stderr
    assert "the image of built was not compared" in place.done("show", stdin=plan.stdout).stdout

    git(place, "commit", "-qam", "two")
    assert place.run("package", *on("built"), "--diff").stdout == UNKNOWN, "no image of this commit"
    git(place, "reset", "-q", "--hard", "HEAD~1")
    proxy.instead = {"BatchGetImage": DENIED}
    denied = through(place, proxy).run("package", *on("built"), "--diff")
    assert (denied.returncode, denied.stdout) == (0, UNKNOWN)


def test_several_jobs_are_written_side_by_side(place: Place) -> None:
    """Each with files of its own."""
    place.job("left")
    place.job("right")
    done = place.done("package", "--all", "-e", "test", "--output-dir", "./out/")
    assert done.stderr.splitlines()[0] == "wrote ./out/left-test.stack.yml"
    assert sorted(path.name for path in (place.root / "out").iterdir()) == [
        "left-test.params.yml",
        "left-test.stack.yml",
        "right-test.params.yml",
        "right-test.stack.yml",
    ]
