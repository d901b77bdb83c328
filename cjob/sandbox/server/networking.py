"""Resource types of a network that ministack's CloudFormation lacks, and its EC2 has.

An environment's template uses them: a group that admits itself, and NAT gateways with their
addresses. A type is a function that creates a resource and gives its id and attributes, and one
that deletes it; both work on EC2 as ministack keeps it.
"""

# ministack is imported when a change is made to it, and most that is used is private to it.
# ruff: noqa: PLC0415, SLF001

from typing import Any
from xml.etree import ElementTree as ET

Json = Any
"""A value of AWS's JSON, as ministack keeps it."""


def add_types() -> None:
    """Let CloudFormation make the types of this module."""
    from ministack.services.cloudformation import provisioners

    provisioners._RESOURCE_HANDLERS.update(
        {
            "AWS::EC2::SecurityGroupIngress": {
                "create": create_ingress_rule,
                "delete": delete_ingress_rule,
            },
            "AWS::EC2::EIP": {"create": create_address, "delete": delete_address},
            "AWS::EC2::NatGateway": {"create": create_nat_gateway, "delete": delete_nat_gateway},
        }
    )


def create_ingress_rule(logical_id: str, props: Json, stack_name: str) -> tuple[str, Json]:
    """Admit what the rule says to its group: the only way a group can admit itself."""
    from ministack.services import ec2
    from ministack.services.cloudformation import provisioners

    group = ec2._security_groups[props["GroupId"]]
    group["IpPermissions"].extend(provisioners._ec2_sg_permissions([props]))
    return f"{stack_name}-{logical_id}", {}


def delete_ingress_rule(_: str, props: Json) -> None:
    """Take the rule from its group, where that still is there."""
    from ministack.services import ec2
    from ministack.services.cloudformation import provisioners

    group = ec2._security_groups.get(props["GroupId"], {"IpPermissions": []})
    for rule in provisioners._ec2_sg_permissions([props]):
        if rule in group["IpPermissions"]:
            group["IpPermissions"].remove(rule)


def create_address(_logical_id: str, _props: Json, _stack_name: str) -> tuple[str, Json]:
    """Allocate an address; its id in a template is the address itself."""
    from ministack.services import ec2

    made = _answer(ec2._allocate_address({"Domain": ["vpc"]}))
    address = made.findtext(".//{*}publicIp", "")
    allocation = made.findtext(".//{*}allocationId", "")
    return address, {"AllocationId": allocation, "PublicIp": address}


def delete_address(address: str, _: Json) -> None:
    """Release the address."""
    from ministack.services import ec2

    for record in list(ec2._addresses.values()):
        if record["PublicIp"] == address:
            ec2._release_address({"AllocationId": [record["AllocationId"]]})


def create_nat_gateway(_logical_id: str, props: Json, _stack_name: str) -> tuple[str, Json]:
    """Make a gateway in its subnet; it is available at once."""
    from ministack.services import ec2

    asked = {key: [props[key]] for key in ("SubnetId", "AllocationId") if key in props}
    made = _answer(ec2._create_nat_gateway(asked)).findtext(".//{*}natGatewayId", "")
    return made, {"NatGatewayId": made}


def delete_nat_gateway(gateway: str, _: Json) -> None:
    """Delete the gateway."""
    from ministack.services import ec2

    ec2._delete_nat_gateway({"NatGatewayId": [gateway]})


def _answer(answer: Json) -> ET.Element:
    """Read an answer of EC2's query interface; raise ValueError when it is a refusal."""
    status, _, body = answer
    if status != 200:  # noqa: PLR2004 - HTTP's own number
        raise ValueError(body)
    return ET.fromstring(body)  # noqa: S314 - ministack's answer
