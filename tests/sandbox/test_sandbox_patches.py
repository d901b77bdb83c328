"""What the sandbox's server decides for a task, as functions of plain values."""

import pytest

from cjob.sandbox.server import executions, patches, tasks

ECR = "123456789012.dkr.ecr.us-west-2.amazonaws.com"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "https://bucket.s3.us-west-2.amazonaws.com/a/b.yml",
            "https://s3.amazonaws.com/bucket/a/b.yml",
        ),
        ("https://bucket.s3.amazonaws.com/a.yml", "https://s3.amazonaws.com/bucket/a.yml"),
        ("https://my.dotted.s3-eu-west-1.amazonaws.com/a", "https://s3.amazonaws.com/my.dotted/a"),
        (
            "https://b.s3.cn-north-1.amazonaws.com.cn/a",
            "https://s3.amazonaws.com/b/a",
        ),
        ("http://127.0.0.1:4566/bucket/a.yml", "http://127.0.0.1:4566/bucket/a.yml"),
        ("https://s3.us-west-2.amazonaws.com/b/a", "https://s3.us-west-2.amazonaws.com/b/a"),
        ("", ""),
    ],
)
def test_a_template_url_gets_its_bucket_into_the_path(url: str, expected: str) -> None:
    """Whatever way S3's host names are written; other addresses stay."""
    assert patches.path_style(url) == expected


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (f"{ECR}/demo/report@sha256:1", "127.0.0.1:4000/demo/report@sha256:1"),
        (f"{ECR}.cn/demo/report:v1", "127.0.0.1:4000/demo/report:v1"),
        ("amazon/aws-for-fluent-bit:stable", "amazon/aws-for-fluent-bit:stable"),
        ("public.ecr.aws/docker/library/busybox", "public.ecr.aws/docker/library/busybox"),
    ],
)
def test_an_image_in_ecr_is_taken_from_the_sandbox(image: str, expected: str) -> None:
    """Images of other registries are pulled from there."""
    assert tasks.local_image(image, 4000) == expected


def test_an_env_file_is_read_as_ecs_reads_it() -> None:
    """Quotes belong to the value; comments and lines without a name are left out."""
    text = "A=1\n# B=2\nC='x=y'\n\nnothing\n"
    assert tasks.env_file_variables(text) == {"A": "1", "C": "'x=y'"}


@pytest.mark.parametrize(
    ("stop_code", "exit_codes", "failed"),
    [
        ("EssentialContainerExited", [0, 0], False),
        ("EssentialContainerExited", [0, 3], True),
        ("EssentialContainerExited", [0, None], False),
        ("TaskFailedToStart", [None], True),
    ],
)
def test_a_task_fails_as_its_containers_do(
    stop_code: str, exit_codes: list[int | None], *, failed: bool
) -> None:
    """A container that never ended has no part in it."""
    containers = [{"exitCode": code} for code in exit_codes]
    assert executions.task_failed({"stopCode": stop_code, "containers": containers}) is failed
