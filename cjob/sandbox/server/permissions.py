"""What a request needs of its caller's policies, beyond what ministack asks for.

ministack evaluates policies, trust, boundaries and the policies of buckets, keys and repositories.
It does not know the ARN of every resource of CloudFormation, the tags that conditions such as
`iam:ResourceTag/copilot-application` are about, nor the second right that some calls need: a role
that is passed, a template that CloudFormation reads for its caller, a key that an object is
encrypted with. With `strict` off, whoever has proved who it is may do everything.
"""

# ministack is imported when a request comes: importing it reads settings that are made first.
# ruff: noqa: PLC0415, SLF001

import contextvars
import dataclasses
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

Json = Any
"""A value of AWS's JSON, as ministack keeps it."""


class Need(NamedTuple):
    """A right that a call needs, and on what; `to` is the service that a role is passed to."""

    action: str
    on: str
    to: str = ""

    @property
    def service(self) -> str:
        """The service whose right it is."""
        return self.action.partition(":")[0]


class Account(Protocol):
    """Where a sandbox is."""

    @property
    def account(self) -> str:
        """Its number."""

    @property
    def region(self) -> str:
        """Its region."""


MORE: contextvars.ContextVar[tuple[Need, ...]] = contextvars.ContextVar("needs", default=())
"""What the request needs besides the right to make it."""

DENIED: contextvars.ContextVar[Need | None] = contextvars.ContextVar("denied", default=None)
"""What the request was denied for."""

REGISTRY = (
    ("HEAD", "/blobs/", "BatchCheckLayerAvailability"),
    ("GET", "/blobs/", "GetDownloadUrlForLayer"),
    ("POST", "/blobs/uploads/", "InitiateLayerUpload"),
    ("PATCH", "/blobs/uploads/", "UploadLayerPart"),
    ("PUT", "/blobs/uploads/", "CompleteLayerUpload"),
    ("HEAD", "/manifests/", "BatchGetImage"),
    ("GET", "/manifests/", "BatchGetImage"),
    ("PUT", "/manifests/", "PutImage"),
    ("GET", "/tags/list", "ListImages"),
)
"""What an engine asks of a registry, and which of ECR's rights that is."""

READS_TEMPLATE = ("CreateChangeSet", "CreateStack", "UpdateStack")


def install(*, strict: bool) -> None:
    """Put these needs into ministack's evaluation; without `strict`, allow all that is known."""
    from ministack.core import iam_actions, iam_evaluator

    if not strict:
        iam_evaluator.resolve_principal = allowing(iam_evaluator.resolve_principal)
    iam_actions.extract_resource_arn = needing(iam_actions.extract_resource_arn)
    iam_evaluator.enforce = enforcing(iam_evaluator.enforce)
    iam_actions.access_denied_response = naming(iam_actions.access_denied_response)


def allowing(original: Callable[..., Json]) -> Callable[..., Json]:
    """Allow everything to a principal that is known."""
    from ministack.core.iam_evaluator import PrincipalInfo

    def resolve(*given: Any, **named: Any) -> Json:  # noqa: ANN401 - passed on as it is
        found = original(*given, **named)
        known = isinstance(found, PrincipalInfo)
        return dataclasses.replace(found, policies=None) if known else found

    return resolve


def needing(original: Callable[..., str]) -> Callable[..., str]:
    """Find what a request is on, and keep what it needs besides."""

    def resource(*request: Json) -> str:
        found = original(*request)
        service, method, _, headers, body, query, region, account = request
        given = parameters(body, query)
        MORE.set(())
        DENIED.set(None)
        if service == "cloudformation":
            found = stack_arn(given, region, account) or found
            MORE.set(stack_needs(given))
        elif service == "s3":
            MORE.set(object_needs(method, found, headers))
        elif service == "ssm":
            arns = parameter_arns(given, region, account)
            found = arns[0] if arns else found
            action = f"ssm:{_target(headers)}"
            tagging = [Need("ssm:AddTagsToResource", found)] if given.get("Tags") else []
            MORE.set((*(Need(action, arn) for arn in arns[1:]), *tagging))
        elif service == "ecs" and _target(headers) == "RunTask":
            MORE.set(task_needs(given))
        return found

    return resource


def enforcing(original: Callable[..., Json]) -> Callable[..., Json]:
    """Ask for all that a request needs, with the tags of what it is on."""

    def enforce(  # noqa: PLR0917 - ministack's own parameters
        key: str,
        action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: Mapping[str, Json] | None = None,
    ) -> Json:
        more = MORE.get()
        MORE.set(())
        context = dict(service_context or {})
        for need in (Need(action, resource_arn), *more):
            its_service = service if need.action == action else need.service
            full = {**tag_conditions(need.on), **context}
            if need.to:
                full["iam:passedtoservice"] = need.to
            denied = original(key, need.action, its_service, region, need.on, full)
            if denied:
                DENIED.set(need)
                return denied
        return None

    return enforce


def naming(original: Callable[..., Json]) -> Callable[..., Json]:
    """Add the denied action and resource to a denial, as AWS does."""
    from ministack.core.iam_actions import identity_denial_message

    def response(service: str, action: str, principal: str, *given: Json, **named: Json) -> Json:
        need = DENIED.get()
        if need is None or named.get("error_code") or named.get("message"):
            return original(service, action, principal, *given, **named)
        if service == "cloudformation" and need.service in ("s3", "kms"):
            named |= {"error_code": "ValidationError", "message": "S3 error: Access Denied"}
            _, headers, body = original(service, action, principal, *given, **named)
            return 400, headers, body
        if not named.get("resource_policy_arn"):
            explicit = bool(named.get("explicit_deny"))
            named["message"] = identity_denial_message(need.action, principal, need.on, explicit)
        named["resource_arn"] = need.on
        return original(service, need.action, principal, *given, **named)

    return response


def registry_denial(key: str, method: str, path: str, where: Account) -> str:
    """Return why an engine's request is denied; empty if it is allowed."""
    from ministack.core import iam_evaluator
    from ministack.core.iam_actions import identity_denial_message
    from ministack.core.responses import set_request_account_id, set_request_region

    wanted = next((r for r in REGISTRY if r[0] == method and r[1] in path), None)
    if wanted is None:
        return ""  # the registry's greeting
    set_request_account_id(where.account)
    set_request_region(where.region)
    # This request has no signature; the password stands for the one of who got it.
    iam_evaluator._signed_request.set(None)
    iam_evaluator._anonymous.set(False)
    repository = path.removeprefix("/v2/").partition(wanted[1])[0]
    arn = f"arn:aws:ecr:{where.region}:{where.account}:repository/{repository}"
    action = f"ecr:{wanted[2]}"
    denied = iam_evaluator.enforce(key, action, "ecr", where.region, arn)
    if not denied:
        return ""
    principal = getattr(denied, "principal_arn", "")
    explicit = getattr(denied, "decision", "") == "Deny"
    return str(identity_denial_message(action, principal, arn, explicit))


def parameters(body: bytes, query: Mapping[str, Json]) -> dict[str, Json]:
    """Return what a call is about, from JSON or from the parameters of a query."""
    if body[:1] == b"{":
        try:
            found = json.loads(body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}
    return {k: v[0] if isinstance(v, list) and v else v for k, v in query.items()}


def stack_arn(given: Mapping[str, Json], region: str, account: str) -> str:
    """Return the ARN of the stack or StackSet that a call is on; empty without one."""
    from ministack.services import cloudformation
    from ministack.services.cloudformation import changesets, handlers

    if given.get("StackSetName"):
        return f"arn:aws:cloudformation:{region}:{account}:stackset/{given['StackSetName']}:*"
    name = given.get("StackName", "")
    change_set = given.get("ChangeSetName", "")
    if not name and change_set.startswith("arn:"):
        _, found = changesets._find_change_set(change_set)
        name = found["StackId"] if found else f"{change_set.split('/')[1]}"
    if not name or name.startswith("arn:"):
        return str(name)
    stack = handlers._resolve_stack(name) or cloudformation._stacks.get(name)
    if stack:
        return str(stack["StackId"])
    return f"arn:aws:cloudformation:{region}:{account}:stack/{name}/*"


def parameter_arns(given: Mapping[str, Json], region: str, account: str) -> list[str]:
    """Return the ARNs of parameters that a call is on; none for any other call of SSM."""
    named = given.get("Names") or [given.get("Name") or given.get("Path")]
    names = [name for name in named if isinstance(name, str) and name]
    base = f"arn:aws:ssm:{region}:{account}:parameter"
    return [name if name.startswith("arn:") else f"{base}/{name.lstrip('/')}" for name in names]


def stack_needs(given: Mapping[str, Json]) -> tuple[Need, ...]:
    """Return what CloudFormation's calls need besides: roles to pass, a template to read."""
    needs = [
        Need("iam:PassRole", given[name], "cloudformation.amazonaws.com")
        for name in ("RoleARN", "AdministrationRoleARN")
        if given.get(name)
    ]
    if given.get("Action") in READS_TEMPLATE and given.get("TemplateURL"):
        needs += reading(object_arn(given["TemplateURL"]))
    return tuple(needs)


def object_arn(url: str) -> str:
    """Return the ARN of the object that an S3 address names."""
    parts = urlsplit(url)
    virtual = re.fullmatch(r"(.+)\.s3[.-](.+\.)?amazonaws\.com(\.cn)?", parts.hostname or "")
    path = unquote(parts.path).lstrip("/")
    return f"arn:aws:s3:::{virtual[1]}/{path}" if virtual else f"arn:aws:s3:::{path}"


def object_needs(method: str, arn: str, headers: Mapping[str, str]) -> tuple[Need, ...]:
    """Return what an object's request needs besides: its key, its ACL, or to see what is absent."""
    bucket, _, name = arn.removeprefix("arn:aws:s3:::").partition("/")
    if not name or name == "*":
        return ()
    if method == "PUT":
        key = default_key(bucket)
        acl = [Need("s3:PutObjectAcl", arn)] if "x-amz-acl" in headers else []
        return (*acl, *([Need("kms:GenerateDataKey", key)] if key else []))
    # AWS reads the object's key when it sends the content, not when it tells of it.
    return tuple(reading(arn)[1:]) if method == "GET" else absent(arn)


def reading(arn: str) -> list[Need]:
    """Return what it takes to read an object."""
    bucket = arn.removeprefix("arn:aws:s3:::").partition("/")[0]
    key = default_key(bucket)
    return [
        Need("s3:GetObject", arn),
        *([Need("kms:Decrypt", key)] if key else []),
        *absent(arn),
    ]


def absent(arn: str) -> tuple[Need, ...]:
    """Return the right to be told that an object is not there, if it is not."""
    from ministack.services import s3

    bucket, _, name = arn.removeprefix("arn:aws:s3:::").partition("/")
    if s3._get_object_data(bucket, name) is not None:
        return ()
    return (Need("s3:ListBucket", f"arn:aws:s3:::{bucket}"),)


def default_key(bucket: str) -> str:
    """Return the ARN of the key that a bucket encrypts with; empty for S3's own."""
    from ministack.core.responses import get_account_id, get_region
    from ministack.services import s3

    found = s3._bucket_default_sse_headers(bucket)
    key = str(found.get("x-amz-server-side-encryption-aws-kms-key-id", ""))
    if not key or key.startswith("arn:"):
        return key
    return f"arn:aws:kms:{get_region()}:{get_account_id()}:key/{key}"


def task_needs(given: Mapping[str, Json]) -> tuple[Need, ...]:
    """Return the roles that running a task passes."""
    from ministack.services import ecs

    definition = ecs._task_defs.get(ecs._resolve_td_key(given.get("taskDefinition", ""))) or {}
    roles = [definition.get(name) for name in ("executionRoleArn", "taskRoleArn")]
    return tuple(Need("iam:PassRole", role, "ecs-tasks.amazonaws.com") for role in roles if role)


def tag_conditions(arn: str) -> dict[str, str]:
    """Return the condition keys about a resource's tags: AWS's own and its service's."""
    service = arn.split(":")[2] if arn.startswith("arn:") else ""
    tags = _tags(service, arn)
    return {
        f"{prefix}:resourcetag/{name}".lower(): value
        for prefix in ("aws", service)
        for name, value in tags.items()
    }


def _target(headers: Mapping[str, str]) -> str:
    """Return the call that a request of a service with JSON names."""
    return headers.get("x-amz-target", "").rpartition(".")[2]


def _tags(service: str, arn: str) -> dict[str, str]:
    """Return the tags of a stack, a role, or what ministack's tagging service knows."""
    from ministack.services import iam, tagging
    from ministack.services.cloudformation import handlers

    if service == "cloudformation":
        found = handlers._resolve_stack(arn) if ":stack/" in arn else None
    elif service == "iam":
        found = iam._roles.get(arn.rpartition("/")[2])
    else:
        return tagging.resource_tags(arn) or {}
    return {tag["Key"]: tag["Value"] for tag in (found or {}).get("Tags") or []}
