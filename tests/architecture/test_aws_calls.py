"""Every operation of AWS that cjob calls is in the table of permissions, for who calls it.

The calls are found in the text of `cjob/aws`, so one that no other test makes is found as well.
"""

import ast
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import botocore.session
import modules
import pytest

from cjob.aws import manager_role, rights
from cjob.aws.rights import CALLER, MANAGER, RIGHTS, UndeclaredCallError
from cjob.aws.session import Account

SANDBOX = {"cjob.aws.seed"}
"""Makes the sandbox's application, as the administrator of that and of nothing else."""

BY_BOTOCORE = {(CALLER, "sts:AssumeRole"), (MANAGER, "s3:HeadBucket")}
"""What botocore calls by itself: to assume a role, and to find the region of a bucket."""

SERVICES = (
    *("cloudformation", "ec2", "ecr", "ecs", "events", "iam", "logs", "resourcegroupstaggingapi"),
    *("s3", "ssm", "stepfunctions", "sts"),
)
ROLE_ARGUMENT = 2  # of Account.client

Scope = ast.FunctionDef | ast.ClassDef | ast.Module


class Called(NamedTuple):
    """An operation that is called in a module, and the identities that may be meant there."""

    module: str
    operation: str
    identities: frozenset[str]


@cache
def operations() -> dict[str, set[str]]:
    """Return the operations of the services, by the name that Python's clients give to them."""
    session, found = botocore.session.get_session(), dict[str, set[str]]()
    for service in SERVICES:
        for name in session.get_service_model(service).operation_names:
            found.setdefault(botocore.xform_name(name), set()).add(f"{service}:{name}")
    return found


def calls(module: str) -> Iterator[Called]:
    """Find the operations that a module calls, by name or through a paginator."""
    yield from _calls(modules.tree(module), module, ())


def _calls(node: ast.AST, module: str, outer: tuple[Scope, ...]) -> Iterator[Called]:
    if isinstance(node, Scope):
        outer = (node, *outer)
    for name in _named(node):
        for operation in operations().get(name, ()):
            yield Called(module, operation, _identities(outer))
    for child in ast.iter_child_nodes(node):
        yield from _calls(child, module, outer)


def _named(node: ast.AST) -> Iterator[str]:
    """Return the names that a method call may call: its own, or that of a paginator."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return
    yield node.func.attr
    if node.func.attr in ("get_paginator", "get_waiter") and node.args:
        assert isinstance(node.args[0], ast.Constant), "the operation must be readable here"
        yield str(node.args[0].value)


def _identities(outer: tuple[Scope, ...]) -> frozenset[str]:
    """Find whose clients are made nearest to a call: in its function, its class, or its module.

    A module that makes none is handed them.
    """
    for scope in outer:
        found = {
            MANAGER if _has_role(call) else CALLER
            for call in ast.walk(scope)
            if isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr == "client"
        }
        if found:
            return frozenset(found)
    return frozenset({CALLER, MANAGER})


def _has_role(call: ast.Call) -> bool:
    return len(call.args) > ROLE_ARGUMENT or any(one.arg == "role" for one in call.keywords)


MODULES = sorted(
    name for name in modules.files() if name.startswith("cjob.aws.") and name not in SANDBOX
)


@cache
def found() -> frozenset[Called]:
    """Find all calls of all modules."""
    return frozenset(call for module in MODULES for call in calls(module))


def test_every_operation_that_is_called_is_declared_for_who_calls_it() -> None:
    """One that is not would be refused when it is made, and missing in what `cjob iam` prints."""
    wrong = [
        call
        for call in found()
        if not any((who, call.operation) in rights.DECLARED for who in call.identities)
    ]
    assert wrong == []
    assert {call.operation.partition(":")[0] for call in found()} == set(SERVICES)


def test_every_operation_that_is_declared_is_called() -> None:
    """The table asks for nothing that is of no use; an engine calls the registry by itself."""
    declared = {d for d in rights.DECLARED if not d[1].startswith(f"{rights.REGISTRY}:")}
    made = {(who, call.operation) for call in found() for who in call.identities}
    assert declared - made == BY_BOTOCORE


def test_every_operation_that_is_declared_exists() -> None:
    """By the models of the services."""
    known = set().union(*operations().values())
    own = {call for _, call in rights.DECLARED if not call.startswith(f"{rights.REGISTRY}:")}
    assert own <= known


def test_the_manager_role_has_what_is_declared_for_it() -> None:
    """Copilot's template gives it no more; beyond that calls go out as the caller."""
    own = [right for right in RIGHTS if right.identity == MANAGER]
    assert own
    assert [right.action for right in own if not manager_role.since(right.action)] == []


@pytest.mark.parametrize("role", ["", "arn:aws:iam::123456789012:role/demo-test-EnvManagerRole"])
def test_a_call_that_is_not_declared_is_not_sent(
    role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither as the caller nor as the role, directly or page by page."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.setenv(name, "eu-west-1")
    client = Account().client("cloudformation", "eu-west-1", role)
    with pytest.raises(UndeclaredCallError, match="cloudformation:ListChangeSets"):
        client.list_change_sets(StackName="a")
    with pytest.raises(UndeclaredCallError, match="cloudformation:ListStackResources"):
        client.get_paginator("list_stack_resources").paginate(StackName="a").build_full_result()
