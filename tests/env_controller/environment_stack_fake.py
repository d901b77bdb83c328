"""An environment's stack, as CloudFormation shows it, in memory.

It has state: an update takes some descriptions to end, refuses a second one meanwhile, and rolls
back if it is told so. What goes in and out is checked against botocore's model of CloudFormation.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, cast

import botocore.session
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

ARN = "arn:aws:cloudformation:us-west-2:123456789012:stack/acme-test/5f7c"
ROLE = "arn:aws:iam::123456789012:role/acme-test-CFNExecutionRole"

_MODEL = botocore.session.get_session().get_service_model("cloudformation")


def _check(operation: str, side: str, values: Mapping[str, Any]) -> None:
    shape = getattr(_MODEL.operation_model(operation), f"{side}_shape")
    report = ParamValidator().validate(values, shape)
    assert not report.has_errors(), report.generate_report()


def refusal(operation: str, code: str, message: str) -> ClientError:
    """Make the error that botocore raises for a refused call."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class EnvironmentStack:
    """The stack `acme-test`, with its parameters; `outputs` may be given whole."""

    exceptions = SimpleNamespace(ClientError=ClientError)

    def __init__(
        self,
        *,
        outputs: Mapping[str, str] | None = None,
        status: str = "UPDATE_COMPLETE",
        **parameters: str,
    ) -> None:
        """Take the parameters beside the usual ones by their names."""
        self.parameters = {"AppName": "acme", "EnvironmentName": "test", **parameters}
        self.outputs = {"CFNExecutionRoleARN": ROLE, **(outputs or {})}
        self.status = status
        self.updates: list[dict[str, Any]] = []
        self.refusals: list[ClientError] = []
        """Raised by the next calls of any kind, one each."""
        self.next_end = "UPDATE_COMPLETE"
        """How the next update ends; a roll-back gives the parameters their old values."""
        self.before_update: list[Callable[[], None]] = []
        """What others do between a reading and the update that follows it, one each."""
        self.exists = True
        self._rounds = 0
        self._before = dict(self.parameters)

    def start(
        self,
        parameters: Mapping[str, str],
        *,
        rounds: int = 2,
        status: str = "UPDATE_IN_PROGRESS",
    ) -> None:
        """Start an update, this one's or another's, that ends after some descriptions."""
        self._before = dict(self.parameters)
        self.parameters = dict(parameters)
        self.status = status
        self._rounds = rounds

    def finish(self) -> None:
        """End the running update at once."""
        self._rounds = 0
        self.status = self.next_end
        if "ROLLBACK" in self.status:
            self.parameters = self._before

    def describe_stacks(self, **request: object) -> dict[str, Any]:
        """Show the stack, then let time go on."""
        _check("DescribeStacks", "input", request)
        self._refuse()
        if not self.exists:
            message = f"Stack with id {request['StackName']} does not exist"
            raise refusal("DescribeStacks", "ValidationError", message)
        shown = {
            "StackId": ARN,
            "StackName": "acme-test",
            "CreationTime": dt.datetime(2023, 5, 1, tzinfo=dt.UTC),
            "StackStatus": self.status,
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": value}
                for key, value in self.parameters.items()
            ],
            "Outputs": [
                {"OutputKey": key, "OutputValue": value} for key, value in self.outputs.items()
            ],
        }
        answer = {"Stacks": [shown]}
        _check("DescribeStacks", "output", answer)
        if self._rounds:
            self._rounds -= 1
            if not self._rounds:
                self.finish()
        return answer

    def update_stack(self, **request: object) -> dict[str, Any]:
        """Start an update as CloudFormation would, or refuse it in its words."""
        _check("UpdateStack", "input", request)
        if self.before_update:
            self.before_update.pop(0)()
        self._refuse()
        if self.status.endswith("_IN_PROGRESS"):
            message = f"Stack:{ARN} is in {self.status} state and can not be updated."
            raise refusal("UpdateStack", "ValidationError", message)
        given = cast("list[dict[str, str]]", request["Parameters"])
        wanted = {
            p["ParameterKey"]: self.parameters[p["ParameterKey"]]
            if p.get("UsePreviousValue")
            else p["ParameterValue"]
            for p in given
        }
        assert wanted.keys() == self.parameters.keys()
        if wanted == self.parameters:
            message = "No updates are to be performed."
            raise refusal("UpdateStack", "ValidationError", message)
        self.updates.append(request)
        self.start(wanted)
        answer = {"StackId": ARN}
        _check("UpdateStack", "output", answer)
        return answer

    def _refuse(self) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
