"""Who may ask the sandbox for something: its users, their signatures, and the registry's passwords.

ministack verifies signatures of IAM users and role sessions alone, and takes several well-known
keys for an account's root, whose signatures it does not look at. Here nobody is root: the person
is an IAM user with a random secret key, and a second user sets the sandbox up. Every request is
verified before ministack sees it.
"""

# ministack is imported when a request comes: importing it reads settings that are made first.
# ruff: noqa: PLC0415, SLF001

import base64
import contextvars
import hmac
import json
import re
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

Json = Any
"""A value of AWS's JSON, as ministack keeps it."""

SANDBOX, SETUP = "sandbox", "sandbox-setup"
"""The users: the person's, and the one that sets up an application."""

USER_KEY = "AKIASANDBOXUSER00000"
SETUP_KEY = "AKIASANDBOXSETUP0000"
"""Their access keys; the secrets are random."""

EVERYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}

RANDOM = secrets.token_bytes(32)
"""What passwords of this process are made with."""

KEY: contextvars.ContextVar[str] = contextvars.ContextVar("access key of the request", default="")


@dataclass(frozen=True)
class User:
    """An IAM user with an access key, and a policy for what it may do."""

    name: str
    key: str
    secret: str = field(repr=False)
    policy: Mapping[str, Any]


@dataclass(frozen=True)
class Task:
    """A task that may ask for its role's credentials, with the token that its containers send."""

    token: str
    role: str
    arn: str


TASKS: dict[str, Task] = {}
"""Tasks by the path that their containers ask for credentials at."""


@dataclass(frozen=True)
class Signed:
    """The parts of a request that a signature is for."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes


def install() -> None:
    """Let nobody be root, and make what ministack makes predictable or the same for all random."""
    from ministack.core import iam_evaluator, lambda_runtime
    from ministack.services import ecr, sts

    def is_root(_: str) -> bool:
        return False

    iam_evaluator.is_root_access_key = is_root
    sts.is_root_access_key = is_root
    lambda_runtime.execution_credentials = function_credentials
    ecr._get_authorization_token = registry_token
    give_task_credentials()


def create(user: User, account: str, region: str) -> None:
    """Create a user with its key and policy; a reset removes them."""
    from ministack.core.responses import request_scope
    from ministack.services import iam

    with request_scope(account, region):
        if user.name not in iam._users:
            iam._create_user({"UserName": [user.name]})
        iam._user_inline_policies[user.name] = {SANDBOX: json.dumps(user.policy)}
        iam._access_keys[user.key] = {
            "UserName": user.name,
            "AccessKeyId": user.key,
            "SecretAccessKey": user.secret,
            "Status": "Active",
            "CreateDate": iam._now(),
        }


def signed(scope: Mapping[str, Any], body: bytes) -> Signed:
    """Return the parts of a request that its signature is for."""
    from ministack.core.sigv4 import decode_header_value

    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").lower(), decode_header_value(value)
        headers[key] = f"{headers[key]},{text}" if key in headers else text
    path = scope.get("raw_path") or quote(scope["path"]).encode()
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    return Signed(scope["method"], path.decode("latin-1"), query, headers, body)


def verify(request: Signed, account: str) -> Json:
    """Return why a request's signature is refused, as ministack's AuthError, or None.

    The signature of an answer to "who is it" is all that is checked here; ministack checks again,
    and checks what the signer may do.
    """
    from ministack.core import sigv4
    from ministack.core.iam_evaluator import (
        AuthError,
        CredentialResolutionError,
        resolve_credential,
    )
    from ministack.core.responses import set_request_account_id

    presigned = "authorization" not in request.headers
    if presigned:
        found = sigv4.parse_query_signature(request.query)
        token = request.query.get("X-Amz-Security-Token", [""])[0]
    else:
        found = sigv4.parse_header_signature(request.headers)
        token = request.headers.get("x-amz-security-token", "")
    if isinstance(found, tuple):
        return AuthError(*found)
    late = None if presigned else sigv4.request_time_failure(found)
    if late:
        return AuthError(*late)
    set_request_account_id(account)
    credential = resolve_credential(found.access_key_id, account, token)
    if isinstance(credential, CredentialResolutionError):
        return AuthError(credential.code, credential.message)
    wrong = sigv4.header_signature_failure(
        found,
        credential.secret_access_key,
        request.method,
        request.path,
        request.query,
        request.headers,
        request.body,
        presigned=presigned,
    )
    KEY.set(found.access_key_id)
    return AuthError(*wrong) if wrong else None


def service(request: Signed) -> str:
    """Return the service that a request is signed for."""
    found = re.search(
        r"Credential=[^/]+/[^/]+/[^/]+/([^/]+)/", request.headers.get("authorization", "")
    )
    return found[1] if found else ""


def refusal(request: Signed, path: str, error: Json) -> Json:
    """Return the answer to a request whose signature is refused, as its service gives it."""
    from ministack import app
    from ministack.core.router import detect_service

    service = detect_service(request.method, path, request.headers, request.query)
    return app._credential_failure(service, "", str(uuid.uuid4()), error, dict(request.headers))


def registry_password(key: str) -> str:
    """Return the registry's password for the owner of an access key."""
    seal = hmac.new(RANDOM, key.encode(), "sha256").hexdigest()
    return f"{key}.{seal}"


def registry_token(_: Json) -> Json:
    """Answer GetAuthorizationToken, in place of ministack's one token for everybody."""
    import os
    import time

    from ministack.core.responses import json_response

    token = base64.b64encode(f"AWS:{registry_password(KEY.get())}".encode()).decode()
    return json_response(
        {
            "authorizationData": [
                {
                    "authorizationToken": token,
                    "expiresAt": int(time.time()) + 43_200,
                    # Engines take a registry on loopback without TLS.
                    "proxyEndpoint": f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}",
                }
            ]
        }
    )


def registry_user(authorization: str) -> str:
    """Return the access key that the registry's password was given to; "" for any other."""
    kind, _, token = authorization.partition(" ")
    try:
        text = base64.b64decode(token, validate=True).decode() if kind == "Basic" else ""
    except ValueError:
        return ""
    name, _, password = text.partition(":")
    key = password.partition(".")[0]
    right = hmac.compare_digest(password.encode(), registry_password(key).encode())
    return key if name == "AWS" and right else ""


def give_task_credentials() -> None:
    """Return a task's containers the credentials of its role, and none without a role."""
    from ministack.services import ecs

    original = ecs._register_metadata

    def register(*given: Json) -> Json:
        found = original(*given)
        task, _, definition, _, _, env = given[:6]
        role = definition.get("taskRoleArn")
        if role:
            path = urlsplit(env["AWS_CONTAINER_CREDENTIALS_FULL_URI"]).path
            TASKS[path] = Task(env["AWS_CONTAINER_AUTHORIZATION_TOKEN"], role, task)
        else:
            del env["AWS_CONTAINER_CREDENTIALS_FULL_URI"], env["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
        return found

    ecs._register_metadata = register


def task_credentials(path: str, token: str) -> dict[str, str]:
    """Return credentials as a task's container asks for them; empty for anybody else."""
    task = TASKS.get(path)
    if task is None or not hmac.compare_digest(token.encode(), task.token.encode()):
        return {}
    made = role_session(task.role, task.arn.rpartition("/")[2], owner=task.arn)
    expires = datetime.now(UTC) + timedelta(hours=6)
    return {
        "RoleArn": task.role,
        "AccessKeyId": made["AWS_ACCESS_KEY_ID"],
        "SecretAccessKey": made["AWS_SECRET_ACCESS_KEY"],
        "Token": made["AWS_SESSION_TOKEN"],
        "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def function_credentials(config: Json) -> dict[str, str]:
    """Return credentials of a function's role; ministack's can be computed from public names."""
    arn, role = config["FunctionArn"], config.get("Role", "")
    return role_session(role, config.get("FunctionName", ""), owner=arn)


def role_session(role: str, name: str, owner: str) -> dict[str, str]:
    """Return credentials of a role for one owner: the same ones each time it asks."""
    from ministack.services import sts

    account = role.split(":")[4] if role.count(":") > 4 else ""  # noqa: PLR2004 - an ARN's fields
    short = role.rpartition("/")[2]

    def made(what: str) -> str:
        return hmac.new(RANDOM, f"{what}:{owner}:{role}".encode(), "sha256").hexdigest()

    key = f"ASIA{made('key')[:16].upper()}"
    session = {
        "Arn": f"arn:aws:sts::{account}:assumed-role/{short}/{name[:64]}",
        "UserId": f"{short}:{name[:64]}",
        "SecretAccessKey": made("secret"),
        "SessionToken": made("token"),
        "PrincipalType": "AssumedRole",
    }
    sts.register_session(key, session)
    return {
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
        "AWS_SESSION_TOKEN": session["SessionToken"],
    }
