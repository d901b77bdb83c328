"""Creates an application with environments in the sandbox, as Copilot does.

Three templates of the sandbox make the stacks: the StackSet's roles, the regional resources and the
environment. Then the SSM records are written by which commands find all of it. Calls and templates
are those of a real account. Nothing may exist yet.
"""

import json
import os
import re
import textwrap
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import botocore.session
import yaml
from botocore.config import Config

from cjob import sandbox
from cjob.aws import manager_role
from cjob.aws.errors import translating_errors
from cjob.document import names, versions
from cjob.reporting.errors import ServiceError

if TYPE_CHECKING:  # stubs, which are installed for development only
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.literals import CapabilityType
    from mypy_boto3_cloudformation.type_defs import StackTypeDef, TagTypeDef
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_ssm.type_defs import TagTypeDef as SsmTag

TEMPLATES = Path(sandbox.__file__).parent
CAPABILITIES: "list[CapabilityType]" = ["CAPABILITY_NAMED_IAM"]
TEMPLATE_VERSION = "v1.33.2"
LONGEST_PAUSE = 5.0


def seed(
    session: boto3.Session,
    app: str,
    envs: Sequence[str],
    jobs: Sequence[str],
    *,
    endpoint: str | None = None,
    version: str = "",
) -> None:
    """Create the application, its environments in the session's region, and its jobs' repositories.

    `endpoint` is the address of every service, if it is not AWS. Raise ServiceError with the
    message of the first service that refuses.
    """
    with translating_errors(f"set up the application {app!r}"):
        stacks = session.client("cloudformation", endpoint_url=endpoint)
        account = session.client("sts", endpoint_url=endpoint).get_caller_identity()["Account"]
        artifacts = seed_regional_stack(stacks, app, account, jobs)
        records = session.client("ssm", endpoint_url=endpoint)
        seed_application(records, app, jobs, account)
        for env in envs:
            template = environment_template(artifacts, version)
            outputs = seed_environment_stack(stacks, app, env, account, template)
            seed_environment(records, app, env, account, outputs)


def local_session(account: str, secret_key: str, region: str) -> boto3.Session:
    """Return a session that ignores the user's AWS settings and proxies."""
    unset = (None, None, None, None)
    no_file = (None, None, os.devnull, None)
    core = botocore.session.Session(
        session_vars={"profile": unset, "config_file": no_file, "credentials_file": no_file}
    )
    core.set_default_client_config(Config(proxies={}))
    return boto3.Session(
        aws_access_key_id=account,
        aws_secret_access_key=secret_key,
        region_name=region,
        botocore_session=core,
    )


def seed_regional_stack(
    stacks: "CloudFormationClient", app: str, account: str, jobs: Sequence[str]
) -> dict[str, str]:
    """Create the StackSet's roles, the StackSet and its instance; return the instance's outputs."""
    roles = f"{names.stack_set(app)}-roles"
    roles_template = (TEMPLATES / "roles.yml").read_text()
    outputs = _create_stack(stacks, roles, roles_template, {"AppName": app}, _tags(app))
    template = regional_template(app, account, jobs)
    stacks.create_stack_set(
        StackSetName=names.stack_set(app),
        TemplateBody=yaml.safe_dump(template, sort_keys=False),
        Parameters=[{"ParameterKey": "AppName", "ParameterValue": app}],
        Capabilities=CAPABILITIES,
        AdministrationRoleARN=outputs["AdministrationRoleARN"],
        ExecutionRoleName=f"{app}-executionrole",
        Tags=_tags(app),
    )
    operation = stacks.create_stack_instances(
        StackSetName=names.stack_set(app), Accounts=[account], Regions=[stacks.meta.region_name]
    )["OperationId"]
    _wait_for_operation(stacks, names.stack_set(app), operation)
    listed = stacks.list_stack_instances(StackSetName=names.stack_set(app))["Summaries"]
    return _outputs(stacks.describe_stacks(StackName=listed[0]["StackId"])["Stacks"][0])


def regional_template(app: str, account: str, jobs: Sequence[str]) -> dict[str, object]:
    """Return the template of the regional resources, with a repository for each job."""
    template: dict[str, dict[str, object]] = yaml.safe_load(
        (TEMPLATES / "regional.yml").read_text()
    )
    for job in jobs:
        output = names.repository_output(job)
        logical_id = output.replace("_", "UNDERSCORE")
        template["Resources"][logical_id] = _repository(app, job)
        template["Outputs"][output] = {"Value": {"Fn::GetAtt": [logical_id, "Arn"]}}
    metadata = {
        "TemplateVersion": "v1.2.0",
        "Version": 1,
        "Workloads": [{"Name": job, "WithECR": True} for job in jobs],
        "Accounts": [account],
    }
    return {**template, "Metadata": metadata}


def _repository(app: str, job: str) -> dict[str, object]:
    root = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
    statement = {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "ecr:*"}
    return {
        "Type": "AWS::ECR::Repository",
        "DeletionPolicy": "Delete",
        "Properties": {
            "RepositoryName": f"{app}/{job}",
            "Tags": _tags(app, service=job),
            "RepositoryPolicyText": {"Version": "2012-10-17", "Statement": [statement]},
        },
    }


def seed_environment_stack(
    stacks: "CloudFormationClient", app: str, env: str, account: str, template: str
) -> dict[str, str]:
    """Create the environment's stack and return its outputs."""
    partition = names.partition(stacks.meta.region_name)
    parameters = {
        "AppName": app,
        "EnvironmentName": env,
        "ToolsAccountPrincipalARN": f"arn:{partition}:iam::{account}:root",
        "ServiceDiscoveryEndpoint": f"{env}.{app}.local",
    }
    name = names.environment_stack(app, env)
    return _create_stack(stacks, name, template, parameters, _tags(app, env))


def environment_template(artifacts: Mapping[str, str], version: str = "") -> str:
    """Return the environment's template, with the ARNs of the artifact bucket and its key.

    In an older version the manager role does not have the permissions that were added later.
    """
    key = artifacts["KMSKeyARN"]
    bucket = f"arn:{key.split(':')[1]}:s3:::{artifacts['PipelineBucket']}"
    version = version or TEMPLATE_VERSION
    statements = _of_version((TEMPLATES / "manager_role.yml").read_text(), version)
    statements = statements.replace("ARTIFACT_BUCKET", bucket).replace("ARTIFACT_KEY", key)
    template = (TEMPLATES / "environment.yml").read_text()
    place = re.search(r"^( +)# The statements of manager_role.yml.\n", template, re.MULTILINE)
    if place is None:
        raise ValueError("environment.yml has no place for the statements of manager_role.yml")
    template = template.replace(place[0], textwrap.indent(statements, place[1]))
    return template.replace(f"Version: {TEMPLATE_VERSION}", f"Version: {version}")


def _of_version(statements: str, version: str) -> str:
    """Return the manager role's statements without the permissions that a version does not have."""
    kept = []
    for statement in re.split("^(?=- Sid:)", statements, flags=re.MULTILINE)[1:]:
        listed = re.search(r"\[(.*?)\]", statement, re.DOTALL)
        actions = re.findall(r"[\w-]+:[\w*]+", listed[1]) if listed else []
        there = [one for one in actions if not versions.newer(manager_role.since(one), version)]
        if listed and there:
            kept.append(statement.replace(listed[0], json.dumps(there)))
    return "".join(kept)


def seed_application(records: "SSMClient", app: str, jobs: Sequence[str], account: str) -> None:
    """Write the SSM records of the application and of each job."""
    application: dict[str, object] = {"name": app, "account": account, "domain": ""}
    application |= {"domainHostedZoneID": "", "version": "1.0"}
    _put(records, names.application_record(app), application, _tags(app))
    for job in jobs:
        record: dict[str, object] = {"app": app, "name": job, "type": names.JOB_TYPE}
        _put(records, names.component_record(app, job), record, _tags(app, service=job))


def seed_environment(
    records: "SSMClient", app: str, env: str, account: str, outputs: Mapping[str, str]
) -> None:
    """Write the SSM record of an environment."""
    environment: dict[str, object] = {
        "app": app,
        "name": env,
        "region": records.meta.region_name,
        "accountID": account,
        "registryURL": "",
        "executionRoleARN": outputs["CFNExecutionRoleARN"],
        "managerRoleARN": outputs["EnvironmentManagerRoleARN"],
    }
    _put(records, names.environment_record(app, env), environment, _tags(app, env))


def _put(
    records: "SSMClient", name: str, value: Mapping[str, object], tags: "Sequence[TagTypeDef]"
) -> None:
    pairs: list[SsmTag] = [{"Key": tag["Key"], "Value": tag["Value"]} for tag in tags]
    records.put_parameter(Name=name, Type="String", Value=json.dumps(value), Tags=pairs)


def _tags(app: str, env: str = "", service: str = "") -> "list[TagTypeDef]":
    tags = names.copilot_tags(app, env, service)
    return [{"Key": key, "Value": value} for key, value in tags.items() if value]


def _create_stack(
    stacks: "CloudFormationClient",
    name: str,
    template: str,
    parameters: Mapping[str, str],
    tags: "Sequence[TagTypeDef]",
) -> dict[str, str]:
    """Create a stack, wait for it, and return its outputs; raise ServiceError if it fails."""
    stack_id = stacks.create_stack(
        StackName=name,
        TemplateBody=template,
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
        Capabilities=CAPABILITIES,
        Tags=tags,
    )["StackId"]
    pauses = _Pauses()
    while True:
        stack = stacks.describe_stacks(StackName=stack_id)["Stacks"][0]
        if stack["StackStatus"] == "CREATE_COMPLETE":
            return _outputs(stack)
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            raise ServiceError(f"the stack {name!r} ended with {stack['StackStatus']}")
        pauses.sleep()


def _outputs(stack: "StackTypeDef") -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def _wait_for_operation(stacks: "CloudFormationClient", name: str, operation: str) -> None:
    pauses = _Pauses()
    while True:
        found = stacks.describe_stack_set_operation(StackSetName=name, OperationId=operation)
        status = found["StackSetOperation"]["Status"]
        if status == "SUCCEEDED":
            return
        if status not in ("RUNNING", "QUEUED"):
            raise ServiceError(f"the StackSet {name!r} ended with {status}")
        pauses.sleep()


class _Pauses:
    """Pauses between two polls: short at first, as the sandbox is fast."""

    def __init__(self) -> None:
        self.seconds = 0.02

    def sleep(self) -> None:
        time.sleep(self.seconds)
        self.seconds = min(self.seconds * 1.5, LONGEST_PAUSE)
