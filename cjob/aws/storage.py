"""The artifact bucket of an environment, and the registry of its images."""

import base64
import json
from contextlib import AbstractContextManager
from typing import IO, TYPE_CHECKING

from botocore.exceptions import ClientError

from cjob.aws import errors
from cjob.aws.errors import translating_errors
from cjob.aws.memo import Memo
from cjob.aws.session import Account
from cjob.document import names
from cjob.document.models import Target
from cjob.engines.engine import Login
from cjob.reporting.errors import ServiceError

if TYPE_CHECKING:  # stubs, which are installed for development only
    from mypy_boto3_s3 import S3Client

NOT_FOUND = {"404", "NoSuchKey", "NotFound"}
FORBIDDEN = {"403", "AccessDenied", "Forbidden"}
"""S3's codes if the role may not list or read the bucket."""

MANIFESTS = [
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
]

LISTS = [
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
]
"""Manifests that list images for several platforms."""


class AwsBucket:
    """The artifact bucket, as the environment's manager role may read it and write to it."""

    def __init__(self, account: Account, target: Target) -> None:
        """Take the account and the environment."""
        self._account = account
        self._target = target

    def exists(self, key: str) -> bool:
        """Check whether an object is known to exist.

        If the role may not know, the object is sent again. Its key depends on the content, so it
        does not change, and the denial of the upload names the missing permission.
        """
        with self._translating_errors("find", key):
            try:
                self._client().head_object(Bucket=self._target.artifact_bucket, Key=key)
            except ClientError as error:
                if errors.code(error) in NOT_FOUND | FORBIDDEN:
                    return False
                raise
        return True

    def put(self, key: str, body: bytes | IO[bytes], content_type: str) -> None:
        """Store an object, which the bucket's owner will own."""
        with self._translating_errors("send", key):
            self._client().put_object(
                Bucket=self._target.artifact_bucket,
                Key=key,
                Body=body,
                ContentType=content_type,
                ACL="bucket-owner-full-control",
            )

    def _client(self) -> "S3Client":
        return self._account.client("s3", self._target.region, self._target.manager_role_arn)

    def _translating_errors(self, doing: str, key: str) -> AbstractContextManager[None]:
        bucket, role = self._target.artifact_bucket, self._target.manager_role_arn
        on = names.object_arn(self._target.region, bucket, key)
        return translating_errors(f"{doing} {key!r} in bucket {bucket!r}", role, on)


class AwsRegistry:
    """ECR in the environment's region, as the caller may use it."""

    def __init__(self, account: Account, target: Target) -> None:
        """Take the account and the environment."""
        self._account = account
        self._target = target
        self._login: Memo[Login] = Memo()

    def login(self, repository: str) -> Login:
        """Return the login for pushing to a repository.

        ECR's token is for all repositories and valid for twelve hours, so one is enough for a run.
        """
        return self._login.get((), lambda: self._new_login(repository))

    def _new_login(self, repository: str) -> Login:
        with translating_errors(f"get a token for repository {repository!r}"):
            answer = self._account.client("ecr", self._target.region).get_authorization_token()
        granted = answer["authorizationData"][0]
        try:
            username, password = (
                base64.b64decode(granted["authorizationToken"]).decode().split(":", 1)
            )
        except ValueError:
            raise ServiceError(
                "ECR's token is not user:password",
                hint="check AWS_ENDPOINT_URL and proxies: the response is not ECR's",
            ) from None
        host = granted["proxyEndpoint"].split("://", 1)[-1].rstrip("/")
        return Login(username=username, password=password, host=host)

    def tagged(self, repository: str, tag: str) -> str:
        """Return the digest that a tag refers to now, empty if there is no such tag."""
        with translating_errors(f"look up tag {tag!r} in repository {repository!r}"):
            found = self._account.client("ecr", self._target.region).batch_get_image(
                repositoryName=repository.partition("/")[2],
                imageIds=[{"imageTag": tag}],
                acceptedMediaTypes=MANIFESTS + LISTS,
            )["images"]
        return found[0]["imageId"]["imageDigest"] if found else ""

    def config(self, repository: str, digest: str) -> str:
        """Return the digest of an image's configuration; empty if it has none, such as a list.

        It is the image's id on the engine that built it.
        """
        name = repository.partition("/")[2]
        with translating_errors(f"read the deployed image of repository {repository!r}"):
            found = self._account.client("ecr", self._target.region).batch_get_image(
                repositoryName=name,
                imageIds=[{"imageDigest": digest}],
                acceptedMediaTypes=MANIFESTS,
            )["images"]
        try:
            manifest = json.loads(found[0]["imageManifest"]) if found else {}
            return str(manifest.get("config", {}).get("digest", ""))
        except (ValueError, AttributeError):
            return ""
