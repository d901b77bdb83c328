"""Every name that is derived from others: stacks, records, keys, addresses. Pure.

They are Copilot's, and existing stacks depend on each of them.
"""

import re
import uuid
from collections.abc import Mapping, Sequence

JOB_TYPE = "Scheduled Job"
"""The type of a manifest that cjob deploys, and of the job's record."""

FIRELENS = "firelens_log_router"
"""The container that routes logs if the manifest configures FireLens."""

STACK_NAME_LIMIT = 128


APPLICATION_RECORDS = "/copilot/applications"
"""SSM path below which applications are described."""


def application_record(app: str) -> str:
    """Return the SSM parameter that describes an application."""
    return f"{APPLICATION_RECORDS}/{app}"


def environment_records(app: str) -> str:
    """Return the SSM path below which an application's environments are described."""
    return f"{application_record(app)}/environments"


def environment_record(app: str, env: str) -> str:
    """Return the SSM parameter that describes an environment."""
    return f"{environment_records(app)}/{env}"


def component_record(app: str, job: str) -> str:
    """Return the SSM parameter that describes a job."""
    return f"{application_record(app)}/components/{job}"


def stack_set(app: str) -> str:
    """Return the name of the StackSet with an application's regional resources."""
    return f"{app}-infrastructure"


def environment_stack(app: str, env: str) -> str:
    """Return the name of an environment's stack."""
    return f"{app}-{env}"


def job_stack(app: str, env: str, job: str) -> str:
    """Return the name of a job's stack, cut to the length that CloudFormation allows."""
    return f"{app}-{env}-{job}"[:STACK_NAME_LIMIT]


def creation_change_set(stack: str) -> str:
    """Return the name of the change set that creates a stack.

    It follows from the stack's name, since the manager role may describe a change set by its name,
    but may not list those of a stack.
    """
    return f"cjob-{uuid.uuid5(uuid.NAMESPACE_OID, stack)}"


def copilot_tags(app: str, env: str, job: str) -> dict[str, str]:
    """Return the tags of a job's stack; Copilot's commands find its owner by them."""
    return {"copilot-application": app, "copilot-environment": env, "copilot-service": job}


def manifest_path(job: str) -> str:
    """Return the path of a job's manifest, relative to the workspace."""
    return f"copilot/{job}/manifest.yml"


def patches_path(job: str) -> str:
    """Return the path of a job's YAML patches, relative to the workspace."""
    return f"copilot/{job}/overrides/cfn.patches.yml"


def logical_id(text: str) -> str:
    """Return a string without the characters that a logical id cannot have."""
    return re.sub(r"[^a-zA-Z0-9]+", "", text)


def sidecar_env_file(sidecar: str) -> str:
    """Return the parameter of a job's stack that holds the ARN of a sidecar's env file."""
    return "EnvFileARNFor" + logical_id(sidecar)


def topic_id(topic: str) -> str:
    """Return the logical id of an SNS topic, given its name, which may end with `.fifo`."""
    return logical_id(topic) + "SNSTopic"


def repository_output(job: str) -> str:
    """Return the output of the regional stack that holds the ARN of a job's repository."""
    return "ECRRepo" + job.replace("-", "DASH")


def repository_uri(arn: str) -> str:
    """Return the address of an ECR repository, given its ARN."""
    _, partition, _, region, account, resource = arn.split(":", 5)
    name = resource.removeprefix("repository/")
    return f"{account}.dkr.ecr.{region}.{dns_suffix(region, partition)}/{name}"


def partition(region: str) -> str:
    """Return the AWS partition of a region: `aws`, `aws-cn` or `aws-us-gov`."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def dns_suffix(region: str, partition_name: str = "") -> str:
    """Return the domain of a region's service addresses."""
    china = (partition_name or partition(region)) == "aws-cn"
    return "amazonaws.com.cn" if china else "amazonaws.com"


def object_arn(region: str, bucket: str, key: str) -> str:
    """Return the ARN of an S3 object."""
    return f"arn:{partition(region)}:s3:::{bucket}/{key}"


def object_url(region: str, bucket: str, key: str) -> str:
    """Return the address of an S3 object as Copilot writes it: without the region in us-east-1."""
    host = "s3" if region == "us-east-1" else f"s3.{region}"
    return f"https://{bucket}.{host}.{dns_suffix(region)}/{key}"


def env_file_key(base_name: str, sha256: str) -> str:
    """Return the key of an env file in the artifact bucket."""
    return f"manual/env-files/{base_name}/{sha256}.env"


def addon_asset_key(job: str, sha256: str) -> str:
    """Return the key of a local file that an addon refers to."""
    return f"manual/addons/{job}/assets/{sha256}"


def addons_key(job: str, sha256: str) -> str:
    """Return the key of a job's merged addons template."""
    return f"manual/addons/{job}/{sha256}.yml"


def controller_key(sha256: str) -> str:
    """Return the key of the env controller's code."""
    return f"manual/scripts/custom-resources/envcontrollerfunction/{sha256}.zip"


def template_key(stack: str, sha256: str) -> str:
    """Return the key of a stack's template."""
    return f"manual/templates/{stack}/{sha256}.yml"


def subnet_query(tags: Mapping[str, Sequence[str]]) -> str:
    """Return the key of a subnet lookup by tags, under which render finds its result."""
    return ";".join(f"{tag}={','.join(tags[tag])}" for tag in sorted(tags))
