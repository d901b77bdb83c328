"""The push stage: images to a registry, files to the artifact bucket."""

import hashlib
import http.client
import io
import json
import threading
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any, ClassVar

import daemons
import pytest

from cjob.document import names
from cjob.document.models import Asset, Build, Image, Job, Release, Revision, Source, Target
from cjob.document.records import replace
from cjob.engines.docker_api import DockerEngine, connect
from cjob.engines.engine import Engine, Login
from cjob.env_controller import archive
from cjob.reporting.errors import InputError, ServiceError
from cjob.stages.build import build_images
from cjob.stages.push import at_host, upload
from cjob.workspace.find import Files

JOB = Job(app="acme", env="test", name="report")
ECR = "123456789012.dkr.ecr.us-west-2.amazonaws.com"
ADDON = """\
Parameters: {App: {Type: String}, Env: {Type: String}, Name: {Type: String}}
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties: {Code: code}
"""


class Bucket:
    """An artifact bucket in memory; it may refuse one key."""

    def __init__(self, refused: str = "") -> None:
        """Take the key that can't be sent."""
        self.objects: dict[str, tuple[bytes, str]] = {}
        self.sent: list[str] = []
        self.refused = refused

    def exists(self, key: str) -> bool:
        """Return whether there is an object under the key."""
        return key in self.objects

    def put(self, key: str, body: bytes | IO[bytes], content_type: str) -> None:
        """Keep an object."""
        if key == self.refused:
            raise ServiceError("denied")
        self.sent.append(key)
        content = body if isinstance(body, bytes) else body.read()
        self.objects[key] = (content, content_type)


class NoRegistry:
    """A registry that must not be asked."""

    def login(self, repository: str) -> Login:
        """Fail the test."""
        raise AssertionError(repository)


class LocalRegistry:
    """Returns the login of a registry that runs here, and remembers for what."""

    def __init__(self, address: str, password: str) -> None:
        """Take its address and the password of its user."""
        self.address = address
        self.password = password
        self.asked: list[str] = []

    def login(self, repository: str) -> Login:
        """Return the login."""
        self.asked.append(repository)
        return Login(username="AWS", password=self.password, host=self.address)


def no_engine() -> Engine:
    """Fail the test."""
    raise AssertionError("the engine was asked for")


def quiet(_: object) -> None:
    """Ignore a line."""


def target(**repositories: str) -> Target:
    """Make a target with these repositories."""
    return Target(
        account_id="123456789012",
        region="us-west-2",
        manager_role_arn="arn:m",
        execution_role_arn="arn:e",
        artifact_bucket="acme-bucket",
        artifact_key_arn="arn:k",
        repositories=repositories,
        environment_version="v1.33.2",
        service_discovery_endpoint="test.acme.local",
    )


def sha256(content: bytes) -> str:
    """Return a digest as documents have it."""
    return hashlib.sha256(content).hexdigest()


def env_file(content: bytes) -> Asset:
    """List an env file as load does."""
    digest = sha256(content)
    key = names.env_file_key("a.env", digest)
    return Asset(kind="envFile", sha256=digest, key=key, path="a.env", containers=("report",))


def controller(digest: str) -> Asset:
    """List the env controller's code as load does."""
    return Asset(kind="controller", sha256=digest, key=names.controller_key(digest))


CONTROLLER = controller(archive.digest())


def release(assets: tuple[Asset, ...], addons: Mapping[str, str] | None = None) -> Release:
    """Make a release with sources, a target without repositories and no images."""
    source = Source(manifest="", assets=assets, addons=addons or {})
    return Release(job=JOB, source=source, target=target(), images={})


# Assets


def test_a_job_without_images_touches_neither_engine_nor_registry(tmp_path: Path) -> None:
    """Its assets are sent all the same, and listed by key."""
    (tmp_path / "a.env").write_bytes(b"A=1\n")
    bucket = Bucket()
    wanted = release(assets=(env_file(b"A=1\n"), CONTROLLER))
    pushed = upload(wanted, no_engine, NoRegistry(), bucket, Files(root=tmp_path), quiet)
    key = env_file(b"A=1\n").key
    assert bucket.objects == {
        key: (b"A=1\n", "application/octet-stream"),
        CONTROLLER.key: (archive.archive(), "application/zip"),
    }
    assert pushed.artifacts is not None
    assert (pushed.artifacts.bucket, pushed.artifacts.keys) == (
        "acme-bucket",
        tuple(sorted((CONTROLLER.key, key))),
    )
    assert pushed.images == {}


def test_what_is_in_the_bucket_is_not_sent_again(tmp_path: Path) -> None:
    """A key is made from the content."""
    bucket = Bucket()
    first = upload(
        release(assets=(CONTROLLER,)), no_engine, NoRegistry(), bucket, Files(root=tmp_path), quiet
    )
    lines: list[str] = []
    second = upload(
        first,
        no_engine,
        NoRegistry(),
        bucket,
        Files(root=tmp_path),
        lambda record: lines.append(record.text),
    )
    assert (bucket.sent, lines) == ([CONTROLLER.key], [])
    assert first == second


def test_the_addons_are_sent_with_their_places_in_the_bucket(tmp_path: Path) -> None:
    """The folder that they name goes as an archive, the template with its location."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "main.py").write_text("x = 1\n")
    (tmp_path / "code" / "main.py").chmod(0o644)
    digest = sha256(b"main.py -rw-r--r--x = 1\n")
    key = names.addon_asset_key("report", digest)
    asset = Asset(kind="addonAsset", sha256=digest, key=key, path="code", zipped=True)
    bucket = Bucket()
    wanted = release(addons={"table.yml": ADDON}, assets=(asset,))
    pushed = upload(wanted, no_engine, NoRegistry(), bucket, Files(root=tmp_path), quiet)
    assert pushed.artifacts is not None
    [template] = set(pushed.artifacts.keys) - {key}
    text, kind = bucket.objects[template]
    assert template == f"manual/addons/report/{sha256(text)}.yml"
    assert kind == "application/yaml"
    assert b"S3Bucket: acme-bucket" in text
    with zipfile.ZipFile(io.BytesIO(bucket.objects[key][0])) as sent:
        assert sent.read("main.py") == b"x = 1\n"


def test_a_file_that_changed_since_load_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    """The stack would name another content than the person saw."""
    (tmp_path / "a.env").write_bytes(b"A=2\n")
    bucket = Bucket()
    wanted = release(assets=(CONTROLLER, env_file(b"A=1\n")))
    with pytest.raises(InputError, match=r"the file 'a\.env' is not what it was"):
        upload(wanted, no_engine, NoRegistry(), bucket, Files(root=tmp_path), quiet)
    assert bucket.sent == []


def test_a_document_of_another_version_s_controller_is_refused(tmp_path: Path) -> None:
    """Its digest is not that of the code in this version."""
    other = controller("0" * 64)
    with pytest.raises(InputError, match="the env controller's code is not what it was"):
        upload(
            release(assets=(other,)), no_engine, NoRegistry(), Bucket(), Files(root=tmp_path), quiet
        )


def test_a_refused_object_fails_the_push(tmp_path: Path) -> None:
    """No document refers to an image that does not exist."""
    with pytest.raises(ServiceError, match="denied"):
        upload(
            release(assets=(CONTROLLER,)),
            no_engine,
            NoRegistry(),
            Bucket(CONTROLLER.key),
            Files(root=tmp_path),
            quiet,
        )


# Images


def test_a_job_without_a_repository_is_told_how_it_gets_one(tmp_path: Path) -> None:
    """Before the engine or the registry are asked for anything."""
    builds = {"report": Build(context=".", dockerfile="Dockerfile")}
    source = Source(manifest="", builds=builds)
    images = {"report": Image(id="sha256:1", tags=("latest",))}
    for known in (target(other="x"), target(report="")):
        wanted = Release(job=JOB, source=source, target=known, images=images)
        with pytest.raises(InputError, match="no image repository for job 'report'") as raised:
            upload(wanted, no_engine, NoRegistry(), Bucket(), Files(root=tmp_path), quiet)
        assert "--create-repository" in raised.value.hint


@pytest.mark.parametrize("uri", ["", ":latest", "@sha256:" + "0" * 64, "acme/report:latest"])
def test_no_image_leaves_without_repository_and_digest(tmp_path: Path, uri: str) -> None:
    """A stack with such a name would fail, or run another image later."""
    source = Source(manifest="", builds={"report": Build(context=".", dockerfile="Dockerfile")})
    images = {"report": Image(uri=uri)}
    wanted = Release(job=JOB, source=source, target=target(report="x"), images=images)
    with pytest.raises(InputError) as raised:
        upload(wanted, no_engine, NoRegistry(), Bucket(), Files(root=tmp_path), quiet)
    assert "images.report" in raised.value.place


def test_images_that_were_never_built_are_asked_for(tmp_path: Path) -> None:
    """The error names the command before this one."""
    source = Source(manifest="", builds={"report": Build(context=".", dockerfile="Dockerfile")})
    wanted = Release(job=JOB, source=source, target=target(report=f"{ECR}/acme/report"))
    with pytest.raises(InputError, match='no "images" section'):
        upload(wanted, no_engine, NoRegistry(), Bucket(), Files(root=tmp_path), quiet)


def test_the_login_s_host_takes_the_place_of_the_repository_s() -> None:
    """A private registry may stand in for ECR."""
    assert at_host(f"{ECR}/acme/report", "127.0.0.1:5000") == "127.0.0.1:5000/acme/report"
    assert at_host(f"{ECR}/acme/report", ECR) == f"{ECR}/acme/report"


# Both stages with a real daemon and a real registry

pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


@pytest.fixture
def docker(dockerd: daemons.Dockerd) -> DockerEngine:
    """Connect to the daemon."""
    return connect({"DOCKER_HOST": dockerd.host})


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRegistry]:
    """Run a registry without a password."""
    running = daemons.start_registry(tmp_path_factory.mktemp("registry"))
    yield LocalRegistry(running.address, "any")
    running.stop()


def manifest(registry: LocalRegistry, reference: str) -> dict[str, Any]:
    """Get an image's manifest from the registry, by tag or digest."""
    accept = "application/vnd.docker.distribution.manifest.v2+json"
    url = f"http://{registry.address}/v2/acme/report/manifests/{reference}"
    request = urllib.request.Request(url, headers={"Accept": accept})
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - as above
        found: dict[str, Any] = json.load(answer)
        return found


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Make a workspace with two Dockerfiles."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    (tmp_path / "Dockerfile.log").write_text("FROM scratch\nLABEL a=b\nCOPY Dockerfile /\n")
    return tmp_path


def test_built_images_are_pushed_and_named_by_digest(
    docker: DockerEngine, registry: LocalRegistry, workspace: Path
) -> None:
    """They go to the login's host, and are named by ECR's; every tag leads to the same image."""
    builds = {
        "report": Build(context=".", dockerfile="Dockerfile"),
        "log": Build(context=".", dockerfile="Dockerfile.log"),
        "proxy": Build(context=".", dockerfile="Dockerfile"),
    }
    source = Source(manifest="", builds=builds, revision=Revision(commit="1a2b3c4"))
    wanted = Release(job=JOB, source=source, target=target(report=f"{ECR}/acme/report"))
    built = build_images(wanted, lambda _: docker, Files(root=workspace), quiet)
    told: list[str] = []
    pushed = upload(
        built,
        lambda: docker,
        registry,
        Bucket(),
        Files(root=workspace),
        lambda record: told.append(record.text),
    ).images
    assert pushed is not None
    repository = f"{ECR}/acme/report"
    for name, image in pushed.items():
        assert image.repository == repository
        assert image.uri == f"{repository}@{image.digest}"
        for reference in (*image.tags, image.digest):
            assert manifest(registry, reference)["config"]["digest"] == image.id, name
    assert pushed["report"].digest == pushed["proxy"].digest != pushed["log"].digest
    assert {line.partition(":")[0] for line in told} == {"report", "log"}, "each is sent once"
    moved = [line.split(":")[1].strip() for line in told if ": digest: " in line]
    assert [t for t in moved if "log" in t] == ["log-1a2b3c4", "log-latest"]
    others = ["1a2b3c4", "proxy-1a2b3c4", "latest", "proxy-latest"]
    assert [t for t in moved if "log" not in t] == others, "what moves comes last"
    assert registry.asked == [f"{ECR}/acme/report"]


def test_a_second_push_gives_the_same_document(
    docker: DockerEngine, registry: LocalRegistry, workspace: Path
) -> None:
    """Nothing in it depends on when it was made."""
    builds = {"report": Build(context=".", dockerfile="Dockerfile")}
    wanted = Release(
        job=JOB,
        source=Source(manifest="", builds=builds),
        target=target(report=f"{ECR}/acme/report"),
    )
    built = build_images(wanted, lambda _: docker, Files(root=workspace), quiet)
    first = upload(built, lambda: docker, registry, Bucket(), Files(root=workspace), quiet)
    assert upload(first, lambda: docker, registry, Bucket(), Files(root=workspace), quiet) == first


def test_an_interrupting_report_ends_the_push(
    docker: DockerEngine, registry: LocalRegistry, workspace: Path
) -> None:
    """What the report raises comes out, as it does when another job has failed."""
    builds = {"report": Build(context=".", dockerfile="Dockerfile")}
    wanted = Release(
        job=JOB,
        source=Source(manifest="", builds=builds),
        target=target(report=f"{ECR}/acme/report"),
    )
    built = build_images(wanted, lambda _: docker, Files(root=workspace), quiet)
    bucket = Bucket()
    told = threading.Event()

    def report(_: object) -> None:
        told.set()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upload(built, lambda: docker, registry, bucket, Files(root=workspace), report)
    assert told.is_set()
    assert bucket.sent == []


class Between(BaseHTTPRequestHandler):
    """Is between the engine and a registry; `refusal` may answer in the registry's place."""

    protocol_version = "HTTP/1.1"
    behind: ClassVar[str]
    refusal: ClassVar[Callable[[str, str], tuple[int, bytes] | None]]

    def _pass_on(self) -> None:
        body = self._body()
        refused = type(self).refusal(self.command, self.path)
        if refused:
            self._answer(*refused, {"Content-Type": "application/json"})
            return
        connection = http.client.HTTPConnection(self.behind)
        names = {name.lower() for name in self.headers} - {"transfer-encoding"}
        headers = {name: ", ".join(self.headers.get_all(name, ())) for name in names}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        self._answer(answer.status, content, dict(answer.getheaders()))
        connection.close()

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _answer(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        length = headers.get("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = _pass_on  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        """Keep the test's output quiet."""


@contextmanager
def between(
    registry: LocalRegistry, refusal: Callable[[str, str], tuple[int, bytes] | None]
) -> Iterator[LocalRegistry]:
    """Run it before a registry; `refusal` takes the method and the path of a request."""
    Between.behind, Between.refusal = registry.address, staticmethod(refusal)
    with ThreadingHTTPServer(("127.0.0.1", 0), Between) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield LocalRegistry(f"127.0.0.1:{server.server_address[1]}", "any")
        finally:
            server.shutdown()


def of_commit(
    commit: str, workspace: Path, docker: DockerEngine, *, latest: bool = True
) -> Release:
    """Build the image of a commit, whose content is its own."""
    (workspace / "Dockerfile").write_text(f"FROM scratch\nLABEL of={commit}\nCOPY Dockerfile /\n")
    source = Source(
        manifest="",
        builds={"report": Build(context=".", dockerfile="Dockerfile")},
        revision=Revision(commit=commit) if commit else None,
    )
    wanted = Release(job=JOB, source=source, target=target(report=f"{ECR}/acme/report"))
    return build_images(wanted, lambda _: docker, Files(root=workspace), quiet, latest=latest)


def test_a_registry_that_fails_of_itself_is_tried_again(
    docker: DockerEngine, registry: LocalRegistry, workspace: Path
) -> None:
    """A status of 500 is reported, and the push is repeated."""
    failed: list[str] = []

    def fail_once(method: str, path: str) -> tuple[int, bytes] | None:
        if method != "PUT" or "/manifests/" not in path or failed:
            return None
        failed.append(path)
        return 500, b""

    built = of_commit("", workspace, docker)
    told: list[str] = []
    with between(registry, fail_once) as before:
        pushed = upload(
            built,
            lambda: docker,
            before,
            Bucket(),
            Files(root=workspace),
            lambda one: told.append(one.text),
        ).images
    assert pushed is not None
    assert pushed["report"].digest.startswith("sha256:")
    assert len(failed) == 1
    assert [line for line in told if line.endswith("trying again")]


IMMUTABLE = (
    "The image tag '{tag}' already exists in the 'acme/report' repository and cannot be "
    "overwritten because the repository is immutable."
)


@pytest.fixture
def immutable(registry: LocalRegistry) -> Iterator[LocalRegistry]:
    """Run a repository whose tags cannot be moved, in ECR's words; nothing here has these."""
    taken: set[str] = set()

    def refuse(method: str, path: str) -> tuple[int, bytes] | None:
        tag = path.rpartition("/")[2]
        if method != "PUT" or "/manifests/" not in path or tag not in taken:
            taken.update({tag} if method == "PUT" and "/manifests/" in path else ())
            return None
        error = {"code": "TAG_INVALID", "message": IMMUTABLE.format(tag=tag)}
        return 400, json.dumps({"errors": [error]}).encode()

    with between(registry, refuse) as before:
        yield before


def test_in_an_immutable_repository_latest_stays_and_the_image_is_there(
    docker: DockerEngine, immutable: LocalRegistry, workspace: Path
) -> None:
    """A stack needs the digest alone; the same image can be pushed again."""
    told: list[str] = []

    def pushed(built: Release) -> str:
        done = upload(
            built,
            lambda: docker,
            immutable,
            Bucket(),
            Files(root=workspace),
            lambda one: told.append(one.text),
        )
        return done.images["report"].digest if done.images else ""

    first, second = (of_commit(commit, workspace, docker) for commit in ("1111111", "2222222"))
    digest = pushed(first)
    warning = "warning: tag latest not moved: the repository's tags are immutable"
    assert told.count(warning) == 0
    assert pushed(second) != digest
    assert told.count(warning) == 1
    assert pushed(first) == digest, "its own tags are no obstacle"
    assert manifest(immutable, "latest")["config"]["digest"] == (first.images or {})["report"].id


def test_in_an_immutable_repository_another_images_tag_is_refused(
    docker: DockerEngine, immutable: LocalRegistry, workspace: Path
) -> None:
    """Another --tag helps."""
    first = of_commit("3333333", workspace, docker, latest=False)
    upload(first, lambda: docker, immutable, Bucket(), Files(root=workspace), quiet)
    (workspace / "Dockerfile").write_text("FROM scratch\nLABEL a=other\nCOPY Dockerfile /\n")
    again = replace(first, images=None)
    other = build_images(again, lambda _: docker, Files(root=workspace), quiet, latest=False)
    with pytest.raises(ServiceError, match="is immutable") as raised:
        upload(other, lambda: docker, immutable, Bucket(), Files(root=workspace), quiet)
    assert "use a new --tag" in raised.value.hint


def test_without_latest_no_tag_is_moved(
    docker: DockerEngine, registry: LocalRegistry, workspace: Path
) -> None:
    """By the build, or by the push of what another build named."""
    told: list[str] = []
    for latest in (True, False):
        built = of_commit("4444444", workspace, docker, latest=latest)
        upload(
            built,
            lambda: docker,
            registry,
            Bucket(),
            Files(root=workspace),
            lambda one: told.append(one.text),
            latest=False,
        )
    assert [line for line in told if "digest: sha256" in line and "latest" in line] == []
    assert len([line for line in told if "4444444: digest: sha256" in line]) == 2


def test_an_image_without_any_tag_is_refused_before_it_is_built(
    docker: DockerEngine, workspace: Path
) -> None:
    """Without a commit there is nothing but latest."""
    with pytest.raises(InputError, match="container 'report' has no tag") as raised:
        of_commit("", workspace, docker, latest=False)
    assert "--no-latest" in raised.value.hint
