"""Reads and changes an application's StackSet and its records in SSM, as Copilot does.

Calls are made as the caller, in the application's home region.
"""

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cjob.aws import errors
from cjob.aws.errors import translating_errors
from cjob.aws.polling import Poller
from cjob.aws.session import Account
from cjob.concurrency.interrupts import Sleep
from cjob.document import names
from cjob.reporting.errors import ServiceError
from cjob.reporting.progress import Reporter

if TYPE_CHECKING:  # stubs, which are installed for development only
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackSetTypeDef

CONFLICTS = {
    "OperationIdAlreadyExistsException",
    "OperationInProgressException",
    "StaleRequestException",
}
"""CloudFormation's answers if another operation came first."""

OPERATION_IN_PROGRESS = {"RUNNING", "QUEUED", "STOPPING"}

TIME_LIMIT_S = 30 * 60
"""How long an operation is waited for."""


class AwsApplication:
    """Reads and changes what an application has in all regions; see `stages.initialise`."""

    def __init__(self, account: Account, sleep: Sleep, report: Reporter) -> None:
        """Take the account, what waits, and what reports that AWS does not answer."""
        self._account = account
        self.sleep = sleep
        self._report = report

    def template(self, app: str) -> str:
        """Return the template of the regional resources."""
        return self._stack_set(app).get("TemplateBody", "")

    def update(self, app: str, template: str, operation: str) -> bool:
        """Start to update all regions to a template; return false if another operation came first.

        The rest of the StackSet stays as it is. CloudFormation keeps what is not named here, except
        the roles.
        """
        now = self._stack_set(app)
        kept = {
            "AdministrationRoleARN": now.get("AdministrationRoleARN"),
            "ExecutionRoleName": now.get("ExecutionRoleName"),
            "Capabilities": now.get("Capabilities"),
            "Parameters": [
                {"ParameterKey": one.get("ParameterKey", ""), "UsePreviousValue": True}
                for one in now.get("Parameters", [])
            ],
        }
        with translating_errors(f"change the StackSet {names.stack_set(app)!r}"):
            try:
                self._client().update_stack_set(
                    StackSetName=names.stack_set(app),
                    OperationId=operation,
                    TemplateBody=template,
                    OperationPreferences={"RegionConcurrencyType": "PARALLEL"},
                    **{name: value for name, value in kept.items() if value},  # type: ignore[arg-type]
                )
            except ClientError as error:
                if errors.code(error) in CONFLICTS:
                    return False
                raise
        return True

    def wait_for_operation(self, app: str, operation: str) -> str:
        """Wait for the end of an operation; return why it failed, or an empty string.

        An outage is waited for, as during a deployment.
        """
        name = names.stack_set(app)
        client = self._account.client("cloudformation", attempts=1)
        with translating_errors(f"follow the change of the StackSet {name!r}"):
            for answer in Poller(self.sleep, self._report).answers(
                lambda: client.describe_stack_set_operation(
                    StackSetName=name, OperationId=operation
                ),
                first_s=1.0,
                limit_s=TIME_LIMIT_S,
            ):
                status = answer["StackSetOperation"]["Status"]
                if status == "SUCCEEDED":
                    return ""
                if status not in OPERATION_IN_PROGRESS:
                    return self._reason(name, operation) or status
        return "it is still in progress"

    def register(self, app: str, job: str) -> None:
        """Write the job's record unless it has one."""
        name = names.component_record(app, job)
        record = {"app": app, "name": job, "type": names.JOB_TYPE}
        tags = names.copilot_tags(app, "", job)
        ssm = self._account.client("ssm")
        with translating_errors(f"write the record {name!r}"):
            try:
                ssm.put_parameter(
                    Name=name,
                    Description=f"Copilot {names.JOB_TYPE} {job}",
                    Type="String",
                    Value=json.dumps(record, separators=(",", ":")),
                    Tags=[{"Key": key, "Value": value} for key, value in tags.items() if value],
                )
            except ssm.exceptions.ParameterAlreadyExists:
                return

    def _stack_set(self, app: str) -> "StackSetTypeDef":
        with translating_errors(f"read the StackSet {names.stack_set(app)!r}"):
            found = self._client().describe_stack_set(StackSetName=names.stack_set(app))
        return found["StackSet"]

    def _reason(self, name: str, operation: str) -> str:
        """Return the reason of the first region that failed, empty if it can't be read."""
        try:
            with translating_errors(f"see why the change of the StackSet {name!r} failed"):
                results = self._client().list_stack_set_operation_results(
                    StackSetName=name, OperationId=operation
                )["Summaries"]
        except ServiceError:
            return ""
        failed = [one for one in results if one.get("Status") == "FAILED"]
        return errors.clean(failed[0].get("StatusReason", "")) if failed else ""

    def _client(self) -> "CloudFormationClient":
        return self._account.client("cloudformation")
