"""Looks up applications, environments and their resources.

Seven calls in three rounds: the two SSM records; the manager role and the list of regional stacks;
the environment's stack, its version, and the regional stack. Only reads, and looks up each
environment once, however many jobs and threads need it.
"""

import json
from collections.abc import Mapping
from typing import Any

from cjob.aws.errors import translating_errors
from cjob.aws.memo import Memo
from cjob.aws.session import Account, gather
from cjob.document import names
from cjob.document.models import Target
from cjob.document.versions import NO_VERSION
from cjob.reporting.errors import InputError, ServiceError
from cjob.reporting.suggestions import did_you_mean
from cjob.runs.model import Environment
from cjob.yamlio.nodes import find, text_of
from cjob.yamlio.reader import compose_if_valid

FEATURE_SUFFIX = "Workloads"
NEEDED = (
    "cjob deploys into an application with an environment, as created by 'copilot app init' and "
    "'copilot env init', or by 'cjob sandbox start' on this machine"
)


class AwsDirectory:
    """Looks up environments in an account; the records are in the application's home region."""

    def __init__(self, account: Account) -> None:
        """Take the account; make no call yet."""
        self._account = account
        self._targets: Memo[Target] = Memo()
        self._subnets: Memo[tuple[str, ...]] = Memo()

    def target(self, app: str, env: str, *, refresh: bool = False) -> Target:
        """Return an environment's resources; see `stages.resolve.Directory`."""
        return self._targets.get((app, env), lambda: self._look_up(app, env), refresh=refresh)

    def _look_up(self, app: str, env: str) -> Target:
        application, environment = self._records(app, env)
        stack, version, outputs = self._stacks(app, env, application, environment)
        parameters = {
            p["ParameterKey"]: p.get("ParameterValue", "") for p in stack.get("Parameters", [])
        }
        return Target(
            account_id=environment.get("accountID", ""),
            region=environment["region"],
            manager_role_arn=environment["managerRoleARN"],
            execution_role_arn=environment["executionRoleARN"],
            artifact_bucket=outputs["PipelineBucket"],
            artifact_key_arn=outputs["KMSKeyARN"],
            repositories=repositories(outputs),
            environment_version=version,
            features=tuple(sorted(k for k in parameters if k.endswith(FEATURE_SUFFIX))),
            service_discovery_endpoint=parameters.get("ServiceDiscoveryEndpoint") or f"{app}.local",
            permissions_boundary=application.get("permissionsBoundary", ""),
            tags=dict(sorted((application.get("tags") or {}).items())),
        )

    def environment(self, app: str, env: str) -> Environment:
        """Return where an environment's jobs run; one call if the environment exists."""
        record = self._read(names.environment_record(app, env))
        if record is None:
            record = self._records(app, env)[1]  # raises the error for what is missing
        _check_record(record, app, env)
        return Environment(
            app=app,
            env=env,
            account_id=record.get("accountID", ""),
            region=record["region"],
            manager_role_arn=record["managerRoleARN"],
        )

    def subnets(self, target: Target, tags: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
        """Return the sorted ids of the subnets that have all the tags; one call for each query."""
        query = (target.region, target.manager_role_arn, names.subnet_query(tags))
        return self._subnets.get(query, lambda: self._find_subnets(target, tags))

    def _find_subnets(self, target: Target, tags: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
        ec2 = self._account.client("ec2", target.region, target.manager_role_arn)
        filters = [
            {"Name": f"tag:{tag}", "Values": list(values)}
            if values
            else {"Name": "tag-key", "Values": [tag]}
            for tag, values in sorted(tags.items())
        ]
        with translating_errors("look up subnets by tags", target.manager_role_arn):
            pages = ec2.get_paginator("describe_subnets").paginate(Filters=filters)  # type: ignore[arg-type]
            return tuple(sorted(s["SubnetId"] for page in pages for s in page["Subnets"]))

    def environments(self, app: str) -> tuple[str, ...]:
        """Return the sorted names of an application's environments; one call a page.

        Raise InputError if there is no such application; one more call if there is no environment.
        """
        with translating_errors(f"list the environments of application {app!r}"):
            found = self._below(names.environment_records(app))
        if not found and self._read(names.application_record(app)) is None:
            raise self._no_application(app)
        return found

    def _below(self, path: str) -> tuple[str, ...]:
        """Return the sorted names of the records in an SSM path, without the path."""
        pages = self._account.client("ssm").get_paginator("get_parameters_by_path")
        found = [p for page in pages.paginate(Path=path) for p in page["Parameters"]]
        return tuple(sorted(p["Name"].rpartition("/")[2] for p in found))

    def _known(self, path: str) -> tuple[str, ...]:
        """Return the names in an SSM path for a hint, empty if listing is not allowed."""
        try:
            with translating_errors("list the names"):
                return self._below(path)
        except ServiceError:
            return ()

    def _no_application(self, app: str) -> InputError:
        known = self._known(names.APPLICATION_RECORDS)
        there = f"this region has: {', '.join(known)}" if known else ""
        where = "name it with -a, or set AWS_REGION and AWS_PROFILE to where it was created"
        return InputError(
            f"there is no application {app!r} in this account and region {self._account.region}",
            notes=[*filter(None, [there]), NEEDED],
            hint=f"{did_you_mean(app, known, where)}; to create one: cjob help application",
        )

    def _read(self, name: str) -> dict[str, Any] | None:
        """Return an SSM record, or None if it does not exist."""
        ssm = self._account.client("ssm")
        with translating_errors(f"read the record {name!r}"):
            try:
                text = ssm.get_parameter(Name=name)["Parameter"]["Value"]
            except ssm.exceptions.ParameterNotFound:
                return None
        return _record(text, name)

    def _records(self, app: str, env: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Read the SSM records of application and environment, both at once."""
        application, environment = gather(
            lambda: self._read(names.application_record(app)),
            lambda: self._read(names.environment_record(app, env)),
        )
        if application is None:
            raise self._no_application(app)
        if environment is None:
            raise InputError(
                f"application {app!r} has no environment {env!r}",
                hint=_choices(self._known(names.environment_records(app)), env),
            )
        _check_record(environment, app, env)
        return application, environment

    def _stacks(
        self, app: str, env: str, application: dict[str, Any], environment: dict[str, Any]
    ) -> tuple[Mapping[str, Any], str, dict[str, str]]:
        """Read the environment's stack with its version, and the regional stack's outputs."""
        region, role = environment["region"], environment["managerRoleARN"]
        name = names.environment_stack(app, env)
        managed = self._account.client("cloudformation", region, role)

        def describe() -> Mapping[str, Any]:
            with translating_errors(f"read the environment's stack {name!r}", role):
                return managed.describe_stacks(StackName=name)["Stacks"][0]

        def version() -> str:
            with translating_errors(f"read the version of the environment's stack {name!r}", role):
                summary = managed.get_template_summary(StackName=name)
            return template_version(summary.get("Metadata", ""))

        account_id = application.get("account", "")
        stack, found, outputs = gather(
            describe, version, lambda: self._regional_outputs(app, account_id, region)
        )
        return stack, found, outputs

    def _regional_outputs(self, app: str, account_id: str, region: str) -> dict[str, str]:
        """Return the outputs of the application's stack in a region."""
        name = names.stack_set(app)
        with translating_errors(f"list the regional stacks of application {app!r}"):
            summaries = self._account.client("cloudformation").list_stack_instances(
                StackSetName=name, StackInstanceAccount=account_id, StackInstanceRegion=region
            )["Summaries"]
        if not summaries:
            raise InputError(
                f"application {app!r} has no resources in region {region}",
                hint="deploy its environment in that region again with the tool that created it",
            )
        stack = summaries[0]["StackId"]
        with translating_errors(f"read the regional stack of application {app!r}"):
            described = self._account.client("cloudformation", region).describe_stacks(
                StackName=stack
            )["Stacks"][0]
        outputs = {o["OutputKey"]: o.get("OutputValue", "") for o in described.get("Outputs", [])}
        for key in ("KMSKeyARN", "PipelineBucket"):
            if not outputs.get(key):
                raise ServiceError(
                    f"the regional stack {stack!r} has no output {key!r}",
                    hint="the stack was changed; update the application's StackSet",
                )
        return outputs


def template_version(metadata: str) -> str:
    """Return the `Version` of a template's metadata, which CloudFormation returns as a string."""
    return text_of(find(compose_if_valid(metadata), "Version")) or NO_VERSION


def _record(text: str, name: str) -> dict[str, Any]:
    try:
        record = json.loads(text)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        raise ServiceError(
            f"the record {name!r} is not a JSON object",
            hint="check it with: aws ssm get-parameter --name " + name,
        )
    return record


def repositories(outputs: Mapping[str, str]) -> dict[str, str]:
    """Return each job's repository, from the outputs with the repositories' ARNs."""
    prefix = names.repository_output("")
    return {
        key.removeprefix(prefix).replace("DASH", "-"): names.repository_uri(arn)
        for key, arn in sorted(outputs.items())
        if key.startswith(prefix) and arn
    }


def _check_record(record: Mapping[str, Any], app: str, env: str) -> None:
    """Raise ServiceError if a field is missing in an environment's record."""
    for key in ("region", "managerRoleARN", "executionRoleARN"):
        if not record.get(key):
            raise ServiceError(
                f"the record {names.environment_record(app, env)!r} has no {key!r}",
                hint="deploy the environment again with the tool that created it",
            )


def _choices(existing: tuple[str, ...], wanted: str) -> str:
    otherwise = "it has: " + ", ".join(existing) if existing else "check -e, and -a"
    return did_you_mean(wanted, existing, otherwise)
