"""The load stage: all that the workspace says of a job."""

import hashlib
import os
import subprocess
import tracemalloc
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from cjob.document.models import Asset, Build, Job, Release, Revision, Source
from cjob.env_controller import archive
from cjob.reporting.errors import InputError, InputErrors
from cjob.stages.load import load_job
from cjob.workspace import assets
from cjob.workspace.find import Files, Workspace

JOB = Job(app="acme", env="test", name="report")
MANIFEST = """\
name: report
type: Scheduled Job
image: {location: alpine}
on: {schedule: "@daily"}
"""
ADDON = """\
Parameters: {App: {Type: String}, Env: {Type: String}, Name: {Type: String}}
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties: {Code: src/handler.py}
  Definition:
    Type: AWS::StepFunctions::StateMachine
    Properties: {DefinitionS3Location: definition.json}
"""


def write(root: Path, path: str, text: str) -> None:
    """Write a file of a workspace."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def loaded(root: Path, manifest: str = MANIFEST, **environment: str) -> Release:
    """Load the job from a workspace with this manifest."""
    write(root, "copilot/report/manifest.yml", manifest)
    return load_job(JOB, Workspace(root=root, app="acme"), environment, lambda _: None)


def source(root: Path, manifest: str = MANIFEST) -> Source:
    """Return what loading adds."""
    added = loaded(root, manifest).source
    assert added is not None
    return added


def of_kind(kind: str, found: Source) -> list[Asset]:
    """Return the assets of a kind."""
    return [asset for asset in found.assets if asset.kind == kind]


def git(root: Path, *arguments: str) -> str:
    """Run git as somebody, without the settings of who runs the tests."""
    own = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", "-C", root, *own, *arguments],
        env={"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "HOME": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


# The manifest


def test_the_manifest_is_kept_as_it_reads_after_substitution(tmp_path: Path) -> None:
    """With the predefined names, and those of the environment."""
    text = MANIFEST + "variables: {WHERE: '${COPILOT_ENVIRONMENT_NAME}', WHO: '${WHO}'}\n"
    release = loaded(tmp_path, text, WHO="me")
    assert release.job == JOB
    assert release.source is not None
    assert "{WHERE: 'test', WHO: 'me'}" in release.source.manifest


def test_what_the_person_gave_is_kept(tmp_path: Path) -> None:
    """The tag, and the tags in order."""
    write(tmp_path, "copilot/report/manifest.yml", MANIFEST)
    place = Workspace(root=tmp_path, app="acme")
    release = load_job(JOB, place, {}, lambda _: None, tag="v1", tags={"b": "2", "a": "1"})
    assert release.source is not None
    assert (release.source.tag, list(release.source.tags)) == ("v1", ["a", "b"])


def test_a_job_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    """The nearest name is suggested."""
    write(tmp_path, "copilot/reports/manifest.yml", MANIFEST)
    with pytest.raises(InputError, match="has no job 'report'") as caught:
        load_job(JOB, Workspace(root=tmp_path, app="acme"), {}, lambda _: None)
    assert caught.value.hint == "did you mean 'reports'?"
    assert caught.value.place == "copilot/report/manifest.yml"


def test_all_problems_of_a_manifest_come_together(tmp_path: Path) -> None:
    """Each with its line."""
    with pytest.raises(InputErrors) as caught:
        loaded(tmp_path, MANIFEST + "cpu: many\nretries: -1\n")
    places = [problem.place for problem in caught.value.problems]
    assert places == ["copilot/report/manifest.yml:5:6", "copilot/report/manifest.yml:6:10"]


def test_warnings_are_reported(tmp_path: Path) -> None:
    """Nothing is refused for them."""
    lines: list[str] = []
    write(tmp_path, "copilot/report/manifest.yml", MANIFEST + "retrys: 3\n")
    load_job(
        JOB, Workspace(root=tmp_path, app="acme"), {}, lambda record: lines.append(record.text)
    )
    assert [line for line in lines if line.startswith("warning: ") and "retrys" in line]


def test_builds_list_the_containers_that_are_built_here(tmp_path: Path) -> None:
    """With paths relative to the workspace, for the task's platform."""
    text = """\
name: report
type: Scheduled Job
platform: linux/arm64
image: {build: {dockerfile: app/Dockerfile, args: {A: '1'}, cache_from: [old]}}
on: {schedule: "@daily"}
sidecars:
  built: {image: {build: tools/Dockerfile}}
  pulled: {image: nginx}
"""
    found = source(tmp_path, text)
    assert found.builds == {
        "report": Build(
            context="app",
            dockerfile="app/Dockerfile",
            args={"A": "1"},
            cache_from=("old",),
            platform="linux/arm64",
        ),
        "built": Build(context="tools", dockerfile="tools/Dockerfile", platform="linux/arm64"),
    }


# Files


def test_an_env_file_is_listed_once_with_all_who_use_it(tmp_path: Path) -> None:
    """Its key has its name and its digest."""
    write(tmp_path, "conf/a.env", "A=1\n")
    write(tmp_path, "b.env", "B=1\n")
    text = MANIFEST + (
        "env_file: conf/a.env\n"
        "sidecars:\n"
        "  one: {image: nginx, env_file: conf/a.env}\n"
        "  two: {image: nginx, env_file: b.env}\n"
    )
    digest = hashlib.sha256(b"A=1\n").hexdigest()
    one, other = sorted(of_kind("envFile", source(tmp_path, text)), key=lambda a: -len(a.path))
    assert one == Asset(
        kind="envFile",
        sha256=digest,
        key=f"manual/env-files/a.env/{digest}.env",
        path="conf/a.env",
        containers=("report", "one"),
    )
    assert (other.path, other.containers) == ("b.env", ("two",))


def test_env_files_that_are_not_there_are_told_with_the_rest(tmp_path: Path) -> None:
    """Each with the line that names it, also in the section of the environment."""
    text = MANIFEST + (
        "env_file: base.env\n"
        "environments:\n"
        "  test: {env_file: a.env}\n"
        "retries: -1\n"
        "sidecars: {web: {image: nginx, env_file: b.env}}\n"
        "logging: {env_file: logs.txt}\n"
    )
    with pytest.raises(InputErrors) as caught:
        loaded(tmp_path, text)
    assert [str(problem).removeprefix("copilot/report/") for problem in caught.value.problems] == [
        "manifest.yml:7:20: there is no file 'a.env'",
        "manifest.yml:8:10: retries: -1 is negative",
        "manifest.yml:9:42: there is no file 'b.env'",
        "manifest.yml:10:21: env_file: 'logs.txt' does not end in .env",
    ]


def test_the_controllers_code_is_always_listed(tmp_path: Path) -> None:
    """It has no path, since it comes with the package."""
    (asset,) = of_kind("controller", source(tmp_path))
    assert (asset.sha256, asset.path) == (archive.digest(), "")
    assert asset.key.endswith(f"/envcontrollerfunction/{archive.digest()}.zip")


def test_addons_are_read_with_the_files_that_they_name(tmp_path: Path) -> None:
    """Code goes as an archive whatever it is, other files as they are."""
    write(tmp_path, "copilot/report/addons/functions.yml", ADDON)
    write(tmp_path, "copilot/report/addons/notes.txt", "no template")
    write(tmp_path, "src/handler.py", "def handler(): ...\n")
    write(tmp_path, "definition.json", "{}")
    found = source(tmp_path)
    assert found.addons == {"functions.yml": ADDON}
    definition, code = sorted(of_kind("addonAsset", found), key=lambda asset: asset.path)
    assert (definition.path, definition.zipped) == ("definition.json", False)
    assert definition.sha256 == hashlib.sha256(b"{}").hexdigest()
    assert definition.key == f"manual/addons/report/assets/{definition.sha256}"
    assert (code.path, code.zipped) == ("src/handler.py", True)


def test_files_that_an_addon_names_must_be_there(tmp_path: Path) -> None:
    """All that are not are told, each with the line that names it."""
    write(tmp_path, "copilot/report/addons/a.yml", ADDON.replace("Code: src/handler.py", ""))
    write(tmp_path, "copilot/report/addons/functions.yml", ADDON.replace("Function:", "Other:"))
    with pytest.raises(InputErrors) as caught:
        loaded(tmp_path)
    assert [str(problem).removeprefix("copilot/report/") for problem in caught.value.problems] == [
        "addons/a.yml:8:40: there is no file 'definition.json'",
        "addons/functions.yml:5:24: there is no file 'src/handler.py'",
    ]


def test_a_folder_without_templates_holds_no_addons(tmp_path: Path) -> None:
    """Its parameters alone make none."""
    write(tmp_path, "copilot/report/addons/addons.parameters.yml", "Parameters: {A: b}\n")
    assert source(tmp_path).addons == {}


def test_an_archive_depends_on_names_contents_and_modes_alone(tmp_path: Path) -> None:
    """The same files of another day have the same digest, and the same bytes."""
    for folder in ("one", "two", "other"):
        write(tmp_path, f"{folder}/b/c.txt", "c")
        write(tmp_path, f"{folder}/a.txt", "a")
    os.utime(tmp_path / "two/a.txt", (0, 0))
    (tmp_path / "other/a.txt").chmod(0o755)
    found = []
    for folder in ("one", "two", "other"):
        digest, file = assets.read(Files(root=tmp_path), folder, zipped=False)
        with file:
            found.append((digest, file.read()))
    one, two, other = found
    assert one == two
    assert one[0] != other[0]
    assert zipfile.ZipFile(BytesIO(one[1])).namelist() == ["a.txt", "b/c.txt"]


def test_what_is_sent_of_a_large_folder_is_not_in_memory(tmp_path: Path) -> None:
    """Neither a file of it, nor the archive, whose digest stays the same."""
    (tmp_path / "src").mkdir()
    with (tmp_path / "src/hole").open("wb") as hole:
        hole.truncate(200 * 1024 * 1024)
    (tmp_path / "src/noise").write_bytes(os.urandom(20 * 1024 * 1024))
    files = Files(root=tmp_path)
    tracemalloc.start()
    try:
        digest, archive = assets.read(files, "src", zipped=True)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    with archive:
        assert peak < 16 * 1024 * 1024 < archive.seek(0, os.SEEK_END)
    assert digest == assets.digest(files, "src", zipped=True)


def test_an_empty_folder_is_no_archive(tmp_path: Path) -> None:
    """A function without code would only fail later."""
    (tmp_path / "src").mkdir()
    with pytest.raises(InputError, match="the folder 'src' is empty"):
        assets.read(Files(root=tmp_path), "src", zipped=True)


# Overrides


def test_patches_are_read_and_checked(tmp_path: Path) -> None:
    """What can't be a patch is refused here, with its line."""
    path = "copilot/report/overrides/cfn.patches.yml"
    write(tmp_path, path, "- op: remove\n  path: /Resources/Rule\n")
    assert source(tmp_path).overrides.patches.startswith("- op: remove")
    write(tmp_path, path, "- op: move\n  path: /Resources/Rule\n")
    with pytest.raises(InputError) as caught:
        loaded(tmp_path)
    assert caught.value.place.startswith(path + ":1")


def test_what_overrides_could_change_nowhere_is_found(tmp_path: Path) -> None:
    """All of it at once, also in the section of the environment, each with its place."""
    path = "copilot/report/overrides/cfn.patches.yml"
    write(tmp_path, path, "- {op: remove, path: /Resources/Rul}\n- {op: remove, path: /X}\n")
    text = MANIFEST + (
        "environments:\n"
        "  test:\n"
        "    taskdef_overrides:\n"
        "    - {path: 'Volumes[0].Name', value: x}\n"
        "    - {path: 'ContainerDefinitions[1].Cpu', value: 1}\n"
    )
    with pytest.raises(InputErrors) as caught:
        loaded(tmp_path, text)
    assert [problem.place for problem in caught.value.problems] == [
        "copilot/report/manifest.yml:8:14",
        "copilot/report/manifest.yml:9:14",
        path + ":1:3",
        path + ":2:3",
    ]


def test_what_some_targets_bring_is_not_missed(tmp_path: Path) -> None:
    """Whether roles are bounded, and how many subnets there are, is known later."""
    path = "copilot/report/overrides/cfn.patches.yml"
    subnets = "/Resources/StateMachine/Properties/DefinitionSubstitutions/Subnets/1"
    write(
        tmp_path,
        path,
        "- {op: remove, path: /Resources/TaskRole/Properties/PermissionsBoundary}\n"
        f"- {{op: remove, path: {subnets}/3}}\n",
    )
    tags = "network: {vpc: {placement: {subnets: {from_tags: {a: b}}}}}\n"
    assert source(tmp_path, MANIFEST + tags).overrides.patches


def test_manifest_addons_and_overrides_are_told_together(tmp_path: Path) -> None:
    """Nobody has to put one right to hear of the next."""
    write(tmp_path, "copilot/report/addons/table.yml", "Parameters: {App: {Type: String}}\n")
    write(tmp_path, "copilot/report/overrides/cfn.patches.yml", "- {op: move, path: /A}\n")
    with pytest.raises(InputErrors) as caught:
        loaded(tmp_path, MANIFEST + "cpu: many\nretrys: 1\n")
    assert [problem.place.removeprefix("copilot/report/") for problem in caught.value.problems] == [
        "manifest.yml:5:6",
        "addons",
        "overrides/cfn.patches.yml:1:3",
    ]
    assert "retrys" in caught.value.warnings[0]


def test_a_cdk_folder_is_named(tmp_path: Path) -> None:
    """It is run by another stage."""
    write(tmp_path, "copilot/report/overrides/cdk.json", "{}")
    assert source(tmp_path).overrides.cdk == "copilot/report/overrides"


def test_patches_win_over_cdk(tmp_path: Path) -> None:
    """An empty file of patches has none."""
    write(tmp_path, "copilot/report/overrides/cdk.json", "{}")
    write(tmp_path, "copilot/report/overrides/cfn.patches.yml", "")
    overrides = source(tmp_path).overrides
    assert (overrides.cdk, overrides.patches) == ("", "[]\n")


def test_an_overrides_folder_with_neither_is_refused(tmp_path: Path) -> None:
    """Nobody makes one for nothing."""
    (tmp_path / "copilot/report/overrides").mkdir(parents=True)
    with pytest.raises(InputError, match=r"neither 'cfn.patches.yml' nor 'cdk.json'") as caught:
        loaded(tmp_path)
    assert caught.value.place == "copilot/report/overrides"


# The commit


def test_the_revision_is_the_commit_and_whether_the_tree_differs(tmp_path: Path) -> None:
    """A file that git doesn't know makes it differ, as it may be in the image."""
    write(tmp_path, "copilot/report/manifest.yml", MANIFEST)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "one")
    commit = git(tmp_path, "rev-parse", "--short", "HEAD")
    assert source(tmp_path).revision == Revision(commit=commit, dirty=False)
    write(tmp_path, "new.txt", "new")
    assert source(tmp_path).revision == Revision(commit=commit, dirty=True)


def test_the_file_that_a_pipe_is_to_write_makes_no_tree_differ(tmp_path: Path) -> None:
    """The shell makes it before the first command looks; a folder of files is none."""
    root = tmp_path / "jobs"
    write(root, "copilot/report/manifest.yml", MANIFEST)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "one")
    for empty in ("plan.json", "jobs/a plan, überaus.json"):
        write(tmp_path, empty, "")
    revision = source(root).revision
    assert revision is not None
    assert not revision.dirty
    write(root, "build/report.json", "")
    revision = source(root).revision
    assert revision is not None
    assert revision.dirty


def test_without_a_commit_there_is_no_revision(tmp_path: Path) -> None:
    """Neither outside of git, nor before the first commit."""
    assert source(tmp_path).revision is None
    git(tmp_path, "init", "-q")
    assert source(tmp_path).revision is None


def test_a_tree_that_git_cannot_judge_counts_as_changed(tmp_path: Path) -> None:
    """No tag says that an image is of a commit where nobody knows; the person is told."""
    text = MANIFEST.replace("{location: alpine}", "{build: Dockerfile}")
    write(tmp_path, "copilot/report/manifest.yml", text)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "one")
    commit = git(tmp_path, "rev-parse", "--short", "HEAD")
    (tmp_path / ".git/index").write_bytes(b"no index")
    lines: list[str] = []
    release = load_job(
        JOB, Workspace(root=tmp_path, app="acme"), {}, lambda record: lines.append(record.text)
    )
    assert release.source is not None
    assert release.source.revision == Revision(commit=commit, dirty=True)
    (warning,) = lines
    assert warning.startswith("warning: git can't compare the files with the commit")


def test_a_commit_that_git_does_not_tell_is_said_where_it_matters(tmp_path: Path) -> None:
    """An image would get no tag of it; a job that builds none needs none."""
    (tmp_path / ".git").write_text("gitdir: nowhere\n")
    text = MANIFEST.replace("{location: alpine}", "{build: Dockerfile}")

    def told(manifest: str) -> list[str]:
        lines: list[str] = []
        workspace = Workspace(root=tmp_path, app="acme")
        write(tmp_path, "copilot/report/manifest.yml", manifest)
        release = load_job(JOB, workspace, {}, lambda record: lines.append(record.text))
        assert release.source is not None
        assert release.source.revision is None
        return lines

    assert told(MANIFEST) == []
    (warning,) = told(text)
    assert warning.startswith("warning: git can't read the commit, so no image is tagged")


def test_files_beside_the_manifest_are_warned_about(tmp_path: Path) -> None:
    """With their places: env files, addons and patches."""
    write(tmp_path, "a.env", "export A=1\n")
    write(tmp_path, "copilot/report/addons/table.yml", ADDON + "  Topic: ${TAG}\n")
    write(tmp_path, "src/handler.py", "")
    write(tmp_path, "definition.json", "{}")
    patch = "- {op: add, path: /Resources/X, value: {A: '${TAG}'}}\n"
    write(tmp_path, "copilot/report/overrides/cfn.patches.yml", patch)
    write(tmp_path, "copilot/report/manifest.yml", MANIFEST + "env_file: a.env\n")
    told: list[str] = []
    workspace = Workspace(root=tmp_path, app="acme")
    load_job(JOB, workspace, {}, lambda record: told.append(record.text))
    warnings = [line.split(": ")[1] for line in told if line.startswith("warning: ")]
    assert warnings == [
        "a.env:1:1",
        "copilot/report/addons/table.yml:9:10",
        "copilot/report/overrides/cfn.patches.yml:1:44",
    ]
