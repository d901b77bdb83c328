"""An application as its StackSet and its records in SSM have it, changed as Copilot changes them.

Calls go out as the caller, in the application's home region.
"""

import json
from itertools import islice
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cjob.aws import errors
from cjob.aws.errors import translating_errors
from cjob.aws.rate_limit import RateLimiter, backoff
from cjob.aws.retry_budget import RetryBudget
from cjob.aws.session import Account
from cjob.concurrency.interrupts import Sleep
from cjob.document import names
from cjob.reporting.errors import ServiceError
from cjob.reporting.progress import Reporter

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackSetTypeDef

CONFLICTS = {
    "OperationIdAlreadyExistsException",
    "OperationInProgressException",
    "StaleRequestException",
}
"""What CloudFormation answers to who comes too late."""

OPERATION_IN_PROGRESS = {"RUNNING", "QUEUED", "STOPPING"}

LOOKS = 400
"""So often an operation is looked at, which takes half an hour."""


class AwsApplication:
    """Reads and changes what an application has in all its regions; see `stages.initialise`."""

    def __init__(self, account: Account, sleep: Sleep, report: Reporter) -> None:
        """Take the account, what waits, and what reports that AWS does not answer."""
        self._account = account
        self.sleep = sleep
        self._report = report

    def template(self, app: str) -> str:
        """Return the template of the regional resources."""
        return self._stack_set(app).get("TemplateBody", "")

    def update(self, app: str, template: str, operation: str) -> bool:
        """Begin to bring a template to all regions; False where somebody else is ahead.

        All else of the StackSet stays as it is: what isn't named keeps its value, but the role.
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

    def finish(self, app: str, operation: str) -> str:
        """Wait for an operation's end; return why it failed, empty if it did not.

        A network that goes away is waited for, as for a deployment.
        """
        name = names.stack_set(app)
        budget = RetryBudget(RateLimiter(self.sleep), self._report)
        poller = self._account.client("cloudformation", attempts=1)
        for wait in islice(backoff(1.0, 5.0), LOOKS):
            self.sleep(wait)
            with translating_errors(f"follow the change of the StackSet {name!r}"):
                try:
                    found = poller.describe_stack_set_operation(
                        StackSetName=name, OperationId=operation
                    )
                except (ClientError, *errors.CONNECTION_ERRORS) as error:
                    if not budget.allows(error):
                        raise
                    continue
            budget.answered()
            status = found["StackSetOperation"]["Status"]
            if status == "SUCCEEDED":
                return ""
            if status not in OPERATION_IN_PROGRESS:
                return self._reason(name, operation) or status
        return "it is still in progress"

    def register(self, app: str, job: str) -> None:
        """Write the job's record, where it has none."""
        name = names.component_record(app, job)
        record = {"app": app, "name": job, "type": "Scheduled Job"}
        tags = names.copilot_tags(app, "", job)
        ssm = self._account.client("ssm")
        with translating_errors(f"write the record {name!r}"):
            try:
                ssm.put_parameter(
                    Name=name,
                    Description=f"Copilot Scheduled Job {job}",
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
        """Return what CloudFormation says of the first region that failed; it may not be told."""
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
