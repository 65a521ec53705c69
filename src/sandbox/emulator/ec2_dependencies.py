"""What EC2 refuses to delete, detach or release while something depends on it."""

from __future__ import annotations

from typing import Any, Iterator

from .aws_call import AwsError, Call
from .context import Sandbox
from .ec2_common import backend_of
from .ec2_nat import alive


def install(sandbox: Sandbox) -> None:
    sandbox.before("ec2", "DeleteSecurityGroup", security_group)
    sandbox.before("ec2", "DeleteSubnet", subnet)
    sandbox.before("ec2", "DeleteVpc", vpc)
    sandbox.before("ec2", "DetachInternetGateway", detach_internet_gateway)
    sandbox.before("ec2", "AttachInternetGateway", attach_internet_gateway)
    sandbox.before("ec2", "ReleaseAddress", release_address)
    sandbox.before("ec2", "DeleteNetworkInterface", network_interface)


def security_group(call: Call) -> None:
    """In use by a network interface (of a task, an endpoint ...) or named by a rule of another group."""
    backend, group_id = backend_of(call), call.params.get("GroupId")
    used = any(group.id == group_id for interface in backend.enis.values() for group in interface.group_set)
    if used or any(_refers_to(group, group_id) for group in _groups(backend) if group.id != group_id):
        raise AwsError("DependencyViolation", f"resource {group_id} has a dependent object")


def subnet(call: Call) -> None:
    """A network interface in the subnet, that of a NAT gateway included, keeps it."""
    backend, subnet_id = backend_of(call), call.params.get("SubnetId")
    if any(interface.subnet.id == subnet_id for interface in backend.enis.values()):
        raise AwsError("DependencyViolation", f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")


def vpc(call: Call) -> None:
    """Everything in it must be gone; moto looks at subnets and route tables only."""
    backend, vpc_id = backend_of(call), call.params.get("VpcId")
    backend.get_vpc(vpc_id)
    groups = (group for group in _groups(backend) if group.name != "default")
    things = [
        *(gateway.vpc.id for gateway in backend.internet_gateways.values() if gateway.vpc is not None),
        *(thing.vpc_id for thing in [*alive(backend), *backend.vpc_end_points.values(), *groups]),
        *(interface.subnet.vpc_id for interface in backend.enis.values()),
    ]
    if vpc_id in things:
        raise AwsError("DependencyViolation", f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")


def detach_internet_gateway(call: Call) -> None:
    """Public addresses mapped in the network keep its internet gateway: NAT gateways, Elastic IPs, tasks with one."""
    backend, vpc_id = backend_of(call), call.params.get("VpcId")
    public = any(interface.subnet.vpc_id == vpc_id and interface.public_ip for interface in backend.enis.values())
    if public or any(gateway.vpc_id == vpc_id and gateway.connectivity_type == "public" for gateway in alive(backend)):
        message = (
            f"Network {vpc_id} has some mapped public address(es). "
            "Please unmap those public address(es) before detaching the gateway."
        )
        raise AwsError("DependencyViolation", message)


def attach_internet_gateway(call: Call) -> None:
    """A VPC has at most one internet gateway."""
    gateway_id, vpc_id = call.params.get("InternetGatewayId"), call.params.get("VpcId")
    for gateway in backend_of(call).internet_gateways.values():
        if gateway.id != gateway_id and gateway.vpc is not None and gateway.vpc.id == vpc_id:
            raise AwsError("InvalidParameterValue", f"Network {vpc_id} already has an internet gateway attached")


def release_address(call: Call) -> None:
    """An address that is associated, with a NAT gateway for example, cannot be released."""
    allocation = call.params.get("AllocationId")
    for address in backend_of(call).addresses:
        if allocation is not None and address.allocation_id == allocation and address.association_id:
            raise AwsError("InvalidIPAddress.InUse", f"Address {allocation} is in use.")


def network_interface(call: Call) -> None:
    """An interface in use cannot be deleted, and one that AWS manages never by its user."""
    interface = backend_of(call).enis.get(call.params.get("NetworkInterfaceId"))
    if interface is None:
        return
    if interface.requester_managed:
        raise AwsError("OperationNotPermitted", "You are not allowed to manage this network interface.")
    if interface.status == "in-use":
        raise AwsError("InvalidParameterValue", f"Network interface '{interface.id}' is currently in use.")


def _groups(backend: Any) -> Iterator[Any]:
    for by_id in backend.groups.values():
        yield from by_id.values()


def _refers_to(group: Any, group_id: Any) -> bool:
    return any(rule.source_group.get("GroupId") == group_id for rule in [*group.ingress_rules, *group.egress_rules])
