"""The network interface of a task in EC2: a real one in moto, so that its subnet and security groups are in use."""

from __future__ import annotations

import uuid
from typing import Any, Dict, List, Set

from moto.core.exceptions import ServiceException
from moto.ec2 import ec2_backends

from .ec2_interfaces import leave
from .ecs_store import Region, invalid
from .json_operations import Params

REQUESTER_ID = "578734482556"
"""The AWS account that owns the interfaces of Fargate tasks; their user cannot detach them."""

RESERVED_ADDRESSES = 5
"""Addresses of a subnet that AWS keeps for itself (VPC user guide, "Subnet CIDR blocks")."""


def validate(region: Region, network: Params) -> Dict[str, Any]:
    """A networkConfiguration with AWS's defaults; InvalidParameterException when a subnet or group does not exist."""
    given = network.get("awsvpcConfiguration") or {}
    subnets, groups = given.get("subnets") or [], given.get("securityGroups") or []
    if not subnets:
        raise invalid("subnets can not be empty.")
    if len(subnets) > 16 or len(groups) > 5:
        raise invalid("At most 16 subnets and 5 security groups can be given.")
    backend = ec2_backends[region.account_id][region.name]
    vpcs: Set[Any] = set()
    for subnet in subnets:
        try:
            vpcs.add(backend.get_subnet(subnet).vpc_id)
        except ServiceException as error:
            raise invalid(
                f"Error retrieving subnet information for [{subnet}]: {error.message} (ErrorCode: {error.code})"
            ) from error
    for group in groups:
        found = backend.get_security_group_from_id(group)
        if found is None:
            raise invalid(
                f"Error retrieving security group information for [{group}]: The security group '{group}' does not "
                "exist (ErrorCode: InvalidGroup.NotFound)"
            )
        vpcs.add(found.vpc_id)
    if len(vpcs) > 1:
        raise invalid("Subnets and security groups must be in the same VPC.")
    return {
        "awsvpcConfiguration": {
            "subnets": subnets,
            "securityGroups": groups,
            "assignPublicIp": given.get("assignPublicIp", "DISABLED"),
        }
    }


class Attachment:
    """The elastic network interface attachment of one task."""

    def __init__(self, region: Region, network: Params, turn: int) -> None:
        """turn: how many tasks came before; they are spread over the subnets. Raises when a subnet is gone."""
        config = validate(region, network)["awsvpcConfiguration"]
        self.id = str(uuid.uuid4())
        self.status = "ATTACHED"
        self._backend = ec2_backends[region.account_id][region.name]
        subnet = config["subnets"][turn % len(config["subnets"])]
        self._require_free_address(subnet, config["assignPublicIp"])
        interface: Any = self._backend.create_network_interface(
            subnet,
            [],
            group_ids=config["securityGroups"],
            description=region.arn(f"attachment/{self.id}"),
            public_ip_auto_assign=config["assignPublicIp"] == "ENABLED",
        )
        interface.status, interface.requester_managed, interface.requester_id = "in-use", True, REQUESTER_ID
        self.interface_id: str = interface.id
        self.private_ip: str = interface.private_ip_address
        self.availability_zone: str = interface.subnet.availability_zone
        self.subnet_id: str = subnet
        self.mac_address: str = interface.mac_address

    @property
    def host_name(self) -> str:
        return f"ip-{self.private_ip.replace('.', '-')}.ec2.internal"

    def _require_free_address(self, subnet_id: str, public: str) -> None:
        """ECS developer guide, "Stopped task error messages": a full subnet (moto would hand out no address and fail)."""
        subnet: Any = self._backend.get_subnet(subnet_id)
        taken = sum(1 for interface in self._backend.enis.values() if interface.subnet.id == subnet_id)
        if taken >= subnet.cidr.num_addresses - RESERVED_ADDRESSES:
            raise invalid(
                f"Unexpected EC2 error while attempting to Create Network Interface with public IP assignment {public.lower()} "
                f"in subnet '{subnet_id}': InsufficientFreeAddressesInSubnet"
            )

    def release(self) -> None:
        """Gives the interface back to EC2, which takes its time to delete it."""
        self.status = "DELETED"
        leave(self._backend, self.interface_id)

    def describe(self) -> Dict[str, Any]:
        details: List[Dict[str, str]] = [
            {"name": "subnetId", "value": self.subnet_id},
            {"name": "networkInterfaceId", "value": self.interface_id},
            {"name": "macAddress", "value": self.mac_address},
            {"name": "privateDnsName", "value": self.host_name},
            {"name": "privateIPv4Address", "value": self.private_ip},
        ]
        return {"id": self.id, "type": "ElasticNetworkInterface", "status": self.status, "details": details}
