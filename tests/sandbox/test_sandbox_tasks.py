"""What a task gets of this machine, whatever its definition says."""

from pathlib import Path
from typing import Any

import pytest

from cjob.sandbox.server import tasks


def volume(name: str = "data", **efs: Any) -> dict[str, Any]:  # noqa: ANN401 - as AWS's JSON
    """Return a volume of a task definition."""
    return {"name": name, **({"efsVolumeConfiguration": efs} if efs else {})}


def source(folder: Path, given: dict[str, Any]) -> Path:
    """Return the folder that a volume is here."""
    return Path(tasks.local_volume(given, "task", folder)["host"]["sourcePath"])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (volume("scratch"), "tasks/task/scratch"),
        (volume(fileSystemId="fs-1"), "efs/fs-1"),
        (volume(fileSystemId="fs-1", rootDirectory="/a/b"), "efs/fs-1/a/b"),
        (volume(fileSystemId="fs-1", rootDirectory="/../../../etc"), "efs/fs-1/etc"),
        (volume(fileSystemId="fs-1", rootDirectory="a/../../b/."), "efs/fs-1/b"),
        (
            volume(fileSystemId="fs-1", authorizationConfig={"accessPointId": "fsap-1"}),
            "efs/fs-1/fsap-1",
        ),
    ],
)
def test_a_volume_is_a_folder_below_the_sandboxs(
    tmp_path: Path, given: dict[str, Any], expected: str
) -> None:
    """A file system's root has nothing above it; containers of any user may write."""
    found = source(tmp_path, given)
    assert found == tmp_path / expected
    assert found.stat().st_mode & 0o777 == 0o777


@pytest.mark.parametrize(
    "given",
    [
        volume("../../x"),
        volume(".."),
        volume("/etc"),
        volume("a:/etc"),
        volume(fileSystemId="../.."),
        volume(fileSystemId="fs-1", authorizationConfig={"accessPointId": "../../../x"}),
    ],
)
def test_a_name_that_leads_elsewhere_starts_no_task(tmp_path: Path, given: dict[str, Any]) -> None:
    """Nothing is made outside the sandbox's folder."""
    folder = tmp_path / "a" / "b" / "sandbox"
    folder.mkdir(parents=True)
    with pytest.raises(ValueError, match="name of a volume's folder"):
        source(folder, given)
    assert [p for p in tmp_path.rglob("*") if not p.is_relative_to(folder)] == [
        tmp_path / "a",
        tmp_path / "a" / "b",
    ]


def test_a_link_that_a_container_made_is_not_followed(tmp_path: Path) -> None:
    """What it names keeps its rights."""
    outside, folder = tmp_path / "outside", tmp_path / "sandbox"
    outside.mkdir(mode=0o700)
    (folder / "efs" / "fs-1").mkdir(parents=True)
    (folder / "efs" / "fs-1" / "link").symlink_to(outside)
    for path in ("/link", "/link/x"):
        with pytest.raises(OSError, match="link"):
            source(folder, volume(fileSystemId="fs-1", rootDirectory=path))
    assert outside.stat().st_mode & 0o777 == 0o700
    assert list(outside.iterdir()) == []


def test_a_folder_of_the_host_is_not_mounted(tmp_path: Path) -> None:
    """On Fargate a volume has no host."""
    given = {"name": "a", "host": {"sourcePath": "/etc"}, "dockerVolumeConfiguration": {}}
    found = tasks.local_volume(given, "task", tmp_path)
    assert found == {"name": "a", "host": {"sourcePath": str(tmp_path / "tasks" / "task" / "a")}}


@pytest.mark.parametrize("key", ["privileged", "Privileged", "linuxParameters", "LinuxParameters"])
def test_a_container_gets_no_rights_on_the_host(key: str) -> None:
    """As on Fargate, which refuses them."""
    container = {"name": "a", "image": "b", key: {"capabilities": {"add": ["ALL"]}}}
    assert key not in tasks.local_container(container, 4566, [])
    assert tasks.confined({"pidMode": "host", "cpu": "256"}) == {"cpu": "256"}
