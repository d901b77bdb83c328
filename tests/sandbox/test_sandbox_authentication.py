"""Who the sandbox turns away: web pages, strangers, and whoever signs with another key."""

import base64
import json
from collections.abc import Mapping
from urllib.parse import urlsplit

import boto3
import botocore.exceptions
import pytest
from botocore.config import Config
from sandboxes import Sandbox, ask

from cjob.aws.seed import local_session
from cjob.sandbox.server import access, authentication
from cjob.sandbox.server.authentication import AuthMethod

HERE = "127.0.0.1:4566"


@pytest.mark.parametrize(
    "headers",
    [
        {"host": HERE},
        {"host": "localhost:4566"},
        {"host": "[::1]:4566"},
        {"host": "bucket.localhost:4566"},
        {"host": "127.0.0.1"},
        {"host": HERE, "sec-fetch-site": "none"},
        {"host": HERE, "origin": f"http://{HERE}", "sec-fetch-site": "same-origin"},
    ],
)
def test_requests_of_programs_on_this_machine_may_go_on(headers: Mapping[str, str]) -> None:
    """A proxy before the sandbox has another port."""
    assert authentication.refusal_reason(headers) == ""


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": "evil.example:4566"},
        {"host": "127.0.0.1.evil.example"},
        {"host": "localhost.evil.example:4566"},
        {"host": "evillocalhost"},
        {"host": HERE, "origin": "https://evil.example"},
        {"host": HERE, "origin": "null"},
        {"host": HERE, "origin": "http://127.0.0.1:80"},
        {"host": HERE, "sec-fetch-site": "cross-site"},
        {"host": HERE, "sec-fetch-site": "same-site"},
    ],
)
def test_requests_of_web_pages_and_other_names_are_refused(headers: Mapping[str, str]) -> None:
    """A name that was bound to loopback is none of ours."""
    assert authentication.refusal_reason(headers)


@pytest.mark.parametrize(
    ("method", "path", "headers", "query", "expected"),
    [
        ("POST", "/", {"authorization": "AWS4-HMAC-SHA256 x"}, "", AuthMethod.SIGNATURE),
        ("GET", "/b/k", {}, "X-Amz-Signature=1", AuthMethod.SIGNATURE),
        ("GET", "/v2/", {}, "", AuthMethod.REGISTRY),
        ("OPTIONS", "/v2/", {}, "", None),
        ("GET", "/_cjob/about", {}, "", AuthMethod.OWNER),
        (
            "POST",
            "/_ministack/reset",
            {"authorization": "AWS4-HMAC-SHA256 x"},
            "",
            AuthMethod.OWNER,
        ),
        ("PUT", "/_ministack/cfn-response/6f9619ff-8b86-d011-b42d", {}, "", AuthMethod.ADDRESS),
        ("POST", "/_ministack/cfn-response/6f9619ff-8b86-d011-b42d", {}, "", AuthMethod.OWNER),
        ("PUT", "/_ministack/cfn-response/../reset", {}, "", AuthMethod.OWNER),
        ("GET", f"/v4/{'t' * 43}/task", {}, "", AuthMethod.ADDRESS),
        ("GET", "/v4/key", {}, "", None),
        ("GET", "/v2/credentials/1", {}, "", AuthMethod.TASK),
        ("GET", "/health", {}, "", None),
        ("POST", "/", {}, "", None),
    ],
)
def test_a_request_comes_in_by_one_door(
    method: str, path: str, headers: Mapping[str, str], query: str, expected: AuthMethod | None
) -> None:
    """The server's own paths are open to no signature."""
    assert authentication.auth_method(method, path, headers, query) is expected


@pytest.mark.parametrize("path", ["/", "/_cjob/about", "/_ministack/health", "/health", "/bucket"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_a_stranger_learns_nothing(sandbox: Sandbox, method: str, path: str) -> None:
    """Neither whether something is there, nor what the sandbox is made of."""
    answer = ask(sandbox, method, path, Authorization="Bearer guess")
    assert answer.status == 403
    assert not [name for name, _ in answer.getheaders() if name.lower().startswith("access-")]


def test_a_form_that_creates_a_function_is_refused(sandbox: Sandbox) -> None:
    """What any web page can send needs no preflight."""
    function = json.dumps({"FunctionName": "x"})
    path = "/2015-03-31/functions"
    assert ask(sandbox, "POST", path, function, Content_Type="text/plain").status == 403
    signed = "AWS4-HMAC-SHA256 Credential=123456789012/20260101/us-west-2/lambda/aws4_request, "
    signed += "SignedHeaders=host, Signature=0"
    answer = ask(sandbox, "POST", path, function, Authorization=signed)
    assert answer.status in (400, 403)


def refused(session: boto3.Session, endpoint: str) -> str:
    """Return the code that a caller is refused with."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        session.client("sts", endpoint_url=endpoint).get_caller_identity()
    return str(caught.value.response["Error"]["Code"])


@pytest.mark.parametrize("key", [access.USER_KEY, access.SETUP_KEY])
def test_another_secret_key_is_refused(sandbox: Sandbox, key: str) -> None:
    """The access keys are the same everywhere, the secrets are not."""
    session = local_session(key, "sandbox", "us-west-2")
    assert refused(session, sandbox.endpoint) == "SignatureDoesNotMatch"


@pytest.mark.parametrize("key", ["123456789012", "test", "AKIAIOSFODNN7EXAMPLE"])
def test_a_key_that_nobody_has_is_refused(sandbox: Sandbox, key: str) -> None:
    """An account's number, and a well-known key, are nobody's."""
    session = local_session(key, "test", "us-west-2")
    assert refused(session, sandbox.endpoint) == "InvalidClientTokenId"


def test_an_answer_lets_no_web_page_read_it(sandbox: Sandbox) -> None:
    """There is no CORS header on what a signed request is answered with."""
    objects = sandbox.session().client("s3", endpoint_url=sandbox.endpoint)
    headers = objects.list_buckets()["ResponseMetadata"]["HTTPHeaders"]
    assert not [name for name in headers if name.startswith("access-control-")]


def test_a_presigned_address_reads_one_object(sandbox: Sandbox) -> None:
    """It needs no key; another object's does not come with it."""
    version = Config(signature_version="s3v4")
    objects = sandbox.session().client("s3", endpoint_url=sandbox.endpoint, config=version)
    bucket = objects.list_buckets()["Buckets"][0]["Name"]
    objects.put_object(Bucket=bucket, Key="presigned", Body=b"text")
    place = {"Bucket": bucket, "Key": "presigned"}
    address = urlsplit(objects.generate_presigned_url("get_object", Params=place))
    assert ask(sandbox, "GET", f"{address.path}?{address.query}").status == 200
    assert ask(sandbox, "GET", f"/{bucket}/other?{address.query}").status == 403


def test_the_registry_wants_the_password_that_ecr_gives(sandbox: Sandbox) -> None:
    """Any other is refused, as is none; engines are told to sign in."""
    registry = sandbox.session().client("ecr", endpoint_url=sandbox.endpoint)
    token = registry.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    nobody = ask(sandbox, "GET", "/v2/")
    assert nobody.status == 401
    assert str(nobody.getheader("WWW-Authenticate")).startswith("Basic")
    assert ask(sandbox, "GET", "/v2/", Authorization=f"Basic {token}").status == 200
    wrong = base64.b64encode(b"AWS:ministack-auth-token").decode()
    assert ask(sandbox, "GET", "/v2/", Authorization=f"Basic {wrong}").status == 401
