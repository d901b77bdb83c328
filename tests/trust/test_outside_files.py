"""No file outside of the repository is read or written for what a workspace holds.

A pull request can name any path and hold symbolic links to anywhere.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import hostile_checkouts
import job_folders
import pytest

from cjob.cli import main as cli
from cjob.document.models import Build, Job, Overrides, Release, Source, Stack
from cjob.engines.engine import BuildOptions
from cjob.reporting.errors import InputError
from cjob.stages.build import build_images
from cjob.stages.images.plans import caches_outside, plans
from cjob.stages.load import load_job
from cjob.stages.override import run_cdk_app
from cjob.workspace import assets
from cjob.workspace.find import Files, Workspace, find

SPECIAL = "is not a file of the repository"
SECRET = "TOKEN=canary-4711\n"

Change = Callable[[Path], None]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Return a workspace in the folder `jobs` of a checkout that has a secret beside it."""
    (tmp_path / "repo/.git").mkdir(parents=True)
    (tmp_path / "secret").mkdir()
    for name in ("a.env", "index.py", "manifest.yml", "Dockerfile"):
        (tmp_path / "secret" / name).write_text(SECRET)
    return job_folders.write(tmp_path / "repo/jobs")


def link(path: Path, target: str | Path) -> None:
    """Put a symbolic link where something may have been."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        path.rename(path.with_name(path.name + ".before"))
    path.symlink_to(target)


def edit(path: Path, old: str, new: str) -> None:
    """Change a file's text."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def problems(workspace: Workspace) -> list[str]:
    """Return what is refused about the job."""
    return [str(problem) for problem in job_folders.refusals(workspace)]


MANIFEST = "copilot/report/manifest.yml"
TABLE = "copilot/report/addons/table.yml"
ATTACKS: dict[str, Change] = {
    "env file by ..": lambda root: edit(
        root / MANIFEST, "env_file: report.env", "env_file: ../../secret/a.env"
    ),
    "env file by link": lambda root: link(root / "report.env", root / "../../secret/a.env"),
    "asset by ..": lambda root: edit(root / TABLE, "Code: worker", "Code: ../../secret"),
    "asset by link": lambda root: link(root / "worker", root / "../../secret"),
    "file in an asset": lambda root: link(root / "worker/b", root / "../../secret/a.env"),
    "folder in an asset": lambda root: link(root / "worker/b", root / "../../secret"),
    "manifest": lambda root: link(root / MANIFEST, root / "../../secret/manifest.yml"),
    "addon": lambda root: link(root / TABLE, root / "../../secret/manifest.yml"),
    "patches": lambda root: link(
        root / "copilot/report/overrides/cfn.patches.yml", root / "../../secret/a.env"
    ),
    "job folder": lambda root: link(root / "copilot/report", root / "../../secret"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_path_leads_out_of_the_repository(workspace: Workspace, attack: str) -> None:
    """Neither by `..` nor by a link; the message says where it leads, not what is there."""
    ATTACKS[attack](workspace.root)
    found = problems(workspace)
    assert [one for one in found if "outside of the repository" in one] != []
    assert "canary" not in "".join(found)


@pytest.mark.parametrize("target", ["/proc/self/environ", "/sys/kernel/notes", "/dev/null"])
@pytest.mark.parametrize("allowed", [False, True])
def test_files_of_the_kernel_are_never_read(
    workspace: Workspace,
    target: str,
    allowed: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Not even with consent: the process's environment holds credentials."""
    link(workspace.root / "report.env", target)
    place = Workspace(root=workspace.root, app="acme", allow_outside=allowed)
    (found,) = problems(place)
    assert found.startswith("copilot/report/manifest.yml:")
    assert f"'report.env' {SPECIAL}: it leads to {os.path.realpath(target)!r}" in found


def test_the_place_and_the_way_out_are_named(workspace: Workspace) -> None:
    """The line of the manifest or addon, and the option."""
    ATTACKS["env file by link"](workspace.root)
    ATTACKS["asset by link"](workspace.root)
    env_file, asset = job_folders.refusals(workspace)
    assert env_file.place.startswith("copilot/report/manifest.yml:")
    assert asset.place.startswith("copilot/report/addons/table.yml:")
    assert "--allow-outside" in env_file.hint
    assert "--allow-outside" in asset.hint


@pytest.mark.parametrize("attack", ["env file by ..", "env file by link", "asset by link"])
def test_a_person_can_consent(workspace: Workspace, attack: str) -> None:
    """With `--allow-outside`."""
    ATTACKS[attack](workspace.root)
    place = Workspace(root=workspace.root, app="acme", allow_outside=True)
    assert problems(place) == []


def test_other_folders_of_the_checkout_are_inside(workspace: Workspace) -> None:
    """As monorepos have them; without a checkout the workspace is all."""
    shared = workspace.root.parent / "shared"
    shared.mkdir()
    (shared / "a.env").write_text("A=b\n")
    edit(workspace.root / MANIFEST, "env_file: report.env", "env_file: ../shared/a.env")
    assert problems(workspace) == []
    (workspace.root.parent / ".git").rmdir()
    (found,) = problems(workspace)
    assert "outside of the repository" in found


def test_links_within_the_repository_are_followed(workspace: Workspace) -> None:
    """Absolute or not."""
    link(workspace.root / "worker/again.py", workspace.root / "worker/index.py")
    link(workspace.root / "worker/env", "../report.env")
    assert problems(workspace) == []


BUILDS: dict[str, Change] = {
    "context by ..": lambda _: None,
    "context by link": lambda root: link(root / "image", root / "../../secret"),
    "Dockerfile": lambda root: link(root / "image/Dockerfile", "/proc/self/environ"),
    ".dockerignore": lambda root: link(root / "image/.dockerignore", "/proc/self/environ"),
    "Dockerfile.dockerignore": lambda root: link(
        root / "image/Dockerfile.dockerignore", root / "../../secret/a.env"
    ),
}


@pytest.mark.parametrize("attack", BUILDS)
def test_builds_stay_inside(workspace: Workspace, attack: str) -> None:
    """The context, the Dockerfile, and what says which files are left out."""
    image = workspace.root / "image"
    image.mkdir()
    (image / "Dockerfile").write_text("FROM scratch\n")
    BUILDS[attack](workspace.root)
    context = "../../secret" if attack == "context by .." else "image"
    wanted = Build(context=context, dockerfile=f"{context}/Dockerfile")
    source = Source(manifest="", builds={"report": wanted})

    def no_engine(_: object) -> None:
        pytest.fail("an engine was asked for")

    with pytest.raises(InputError, match="of the repository"):
        build_images(
            Release(job=Job(app="acme", env="test", name="report"), source=source),
            no_engine,  # type: ignore[arg-type]
            Files(root=workspace.root),
            print,
            BuildOptions(),
        )


@pytest.mark.parametrize(
    "entry",
    [
        "type=local,src={}/secret",
        "SRC={}/secret,type=local",
        '"type=local","src={}/secret"',
        "type=local,src=image/../../../secret",
        "type=local,src=deep/../../../secret",
        "type=local,src=link",
        "type=local,src=/proc/self",
    ],
)
def test_the_cache_of_a_build_stays_inside(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, entry: str
) -> None:
    """However the folder is written; images, and folders of the repository, are let pass."""
    root = workspace.root
    (root / "image").mkdir()
    (root / "a/b/c/d").mkdir(parents=True)
    link(root / "deep", "a/b/c/d")
    link(root / "link", root / "../../secret")
    monkeypatch.chdir(root)
    [fault] = caches_outside([entry.format(root.parent.parent)], workspace)
    assert fault.key == "cache_from"
    assert "of the repository" in fault.message
    inside = ["acme/report:latest", "type=local,src=image", "type=registry,ref=acme/report"]
    assert caches_outside(inside, workspace) == []


def test_a_cache_that_cannot_be_parsed_is_refused(workspace: Workspace) -> None:
    """What buildx would make of it is not known."""
    [fault] = caches_outside(["type=local\nsrc=/etc"], workspace)
    assert "is not CSV" in fault.message


def test_a_cache_outside_is_refused_before_a_build(workspace: Workspace) -> None:
    """With its key in the manifest, unless the person consents."""
    (workspace.root / "Dockerfile").write_text("FROM scratch\n")
    wanted = Build(context=".", dockerfile="Dockerfile", cache_from=("type=local,src=/etc",))
    release = Release(job=job_folders.JOB, source=Source(manifest=""))
    builds = {"report": wanted}
    with pytest.raises(InputError, match="'/etc' is outside of the repository") as caught:
        plans(release, builds, workspace, BuildOptions())
    assert "--allow-outside" in caught.value.hint
    consented = Files(root=workspace.root, allow_outside=True)
    assert len(plans(release, builds, consented, BuildOptions())) == 1


def test_push_reads_nothing_outside_either(workspace: Workspace) -> None:
    """Whatever an edited document names."""
    with pytest.raises(InputError, match=SPECIAL):
        assets.read(workspace, "../../../../../../../../../../proc/self/environ", zipped=False)


def cdk_app(root: Path, artifact: str, output: str) -> None:
    """Write a CDK app, and what it will have synthesized."""
    folder = root / "copilot/report/overrides"
    (folder / "cfn.patches.yml").unlink()
    (folder / "cdk.json").write_text("{}")
    (folder / "made").mkdir()
    stack = '{"type": "aws:cloudformation:stack", "properties": {"templateFile": "%s"}}'
    (folder / "made/manifest.json").write_text('{"artifacts": {"A": %s}}' % (stack % artifact))
    (folder / "made/t.json").write_text('{"Resources": {}}')
    (folder / output).parent.mkdir(exist_ok=True)


def overridden(root: Path, tmp_path: Path) -> str:
    """Run the override stage; the program's part is to move what it made into place."""
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "npm").write_text("")
    (tools / "npm").chmod(0o755)
    folder = root / "copilot/report/overrides"

    def run(command: object, *_: object) -> tuple[int, tuple[str, ...]]:
        if "synth" in command:  # type: ignore[operator]
            (folder / "made").rename(folder / "cdk.out")
        return 0, ()

    release = Release(
        job=Job(app="acme", env="test", name="report"),
        source=Source(manifest="", overrides=Overrides(cdk="copilot/report/overrides")),
        stack=Stack(name="s", template="Resources: {}\n", parameters={}, tags={}),
    )
    done = run_cdk_app(
        release, Files(root=root), root, {"PATH": str(tools)}, names=(), run=run, report=print
    )
    assert done.stack is not None
    return done.stack.template


@pytest.mark.parametrize("file", ["../../../../../../secret/a.env", "/proc/self/environ"])
def test_the_template_of_a_cdk_app_is_inside(
    workspace: Workspace, tmp_path: Path, file: str
) -> None:
    """Whatever its assembly names."""
    cdk_app(workspace.root, file, "cdk.out")
    with pytest.raises(InputError, match="of the repository"):
        overridden(workspace.root, tmp_path)


@pytest.mark.parametrize("name", [".build", "cdk.out", ".build/lock", ".build/in.yml"])
def test_nothing_is_written_through_a_link_for_a_cdk_app(
    workspace: Workspace, tmp_path: Path, name: str
) -> None:
    """The folder of its input and its output may be planted."""
    cdk_app(workspace.root, "t.json", name)
    secret = tmp_path / "secret"
    (secret / "manifest.json").write_text(SECRET)
    target = secret if "/" not in name else secret / "a.env"
    (workspace.root / "copilot/report/overrides" / name).symlink_to(target)
    before = {file.name: file.read_text() for file in secret.iterdir()}
    with suppress(InputError):
        overridden(workspace.root, tmp_path)
    assert {file.name: file.read_text() for file in secret.iterdir()} == before


def test_the_option_is_for_each_command_that_reads_the_workspace(
    workspace: Workspace, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Status 2 without it, the manifest with it."""
    for name, value in job_folders.VARIABLES.items():
        monkeypatch.setenv(name, value)
    ATTACKS["env file by link"](workspace.root)
    words = ["manifest", "-n", "report", "-e", "test", "-C", str(workspace.root)]
    with pytest.raises(InputError, match="outside of the repository"):
        cli.dispatch(words)
    assert cli.dispatch([*words, "--allow-outside"]) == 0
    assert "env_file: report.env" in capfd.readouterr().out


def test_the_workspace_is_found_with_its_consent(workspace: Workspace) -> None:
    """The file that names the application is read by the same rule."""
    summary = workspace.root / "copilot/.workspace"
    target = workspace.root / "../../secret/app"
    target.write_text("application: stolen\n")
    link(summary, target)
    with pytest.raises(InputError, match="outside of the repository"):
        find(workspace.root)
    assert find(workspace.root, allow_outside=True).app == "stolen"


def test_loading_leaves_other_files_alone(workspace: Workspace) -> None:
    """A job without tricks loads as before."""
    hostile_checkouts.plant_bare_repository(workspace.root, "")
    assert load_job(job_folders.JOB, workspace, job_folders.VARIABLES, print).source is not None


def bomb(folder: Path) -> None:
    """Fill a folder with links that double the files at each of many levels."""
    for level in range(20):
        below = folder / f"l{level}"
        below.mkdir()
        for name in "ab":
            (below / name).symlink_to(f"../l{level + 1}")
    (folder / "l20").mkdir()
    (folder / "l20/f").write_text("x")


def large(folder: Path) -> None:
    """Put a file with a hole into a folder: it takes no room here."""
    with (folder / "hole").open("wb") as file:
        file.truncate(assets.MAX_SIZE + 1)


@pytest.mark.parametrize("attack", [bomb, large])
def test_a_folder_has_limits(workspace: Workspace, attack: Change) -> None:
    """Nothing is read before it is known how much there is."""
    attack(workspace.root / "worker")
    (found,) = problems(workspace)
    assert "the folder 'worker' has more than" in found
    assert found.startswith("copilot/report/addons/table.yml:")


def test_an_env_file_has_a_limit(workspace: Workspace) -> None:
    """Nobody has megabytes of variables."""
    with (workspace.root / "report.env").open("wb") as file:
        file.truncate(11 * 1024 * 1024)
    (found,) = problems(workspace)
    assert "the file has 11534336 bytes, more than" in found


@pytest.mark.parametrize("attack", ["Dockerfile", ".dockerignore", "context by link"])
def test_the_inputs_of_a_build_are_inside(tmp_path: Path, attack: str) -> None:
    """What only lists digests reads no more than a build."""
    root = hostile_checkouts.workspace(tmp_path / "repo/jobs")
    (tmp_path / "secret").mkdir()
    (root / "image").mkdir()
    (root / "Dockerfile").rename(root / "image/Dockerfile")
    edit(root / MANIFEST, "build: Dockerfile", "build: image/Dockerfile")
    (tmp_path / "repo/.git").mkdir()
    BUILDS[attack](root)
    with pytest.raises(InputError, match="of the repository"):
        cli.dispatch(["list", "inputs", "-n", "report", "-e", "test", "-C", str(root)])
