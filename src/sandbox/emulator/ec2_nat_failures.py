"""Why a NAT gateway ends in state `failed`: codes and messages of EC2 API reference, "NatGateway", and of the VPC user
guide, "Troubleshoot NAT gateways: NAT gateway creation fails".

CreateNatGateway accepts all of these and answers `pending`; the failure shows some time later.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

from .context import Reply, Sandbox


class Failure(NamedTuple):
    code: str
    message: str


def at_creation(backend: Any, subnet: Any, allocation: Optional[str]) -> Optional[Failure]:
    """What is wrong already when the gateway is asked for. `allocation` is absent for a private one."""
    if allocation and not _has_internet_gateway(backend, subnet.vpc_id):
        return Failure("Gateway.NotAttached", f"Network {subnet.vpc_id} has no Internet gateway attached")
    if subnet.available_ip_address_count < 1:
        message = "Subnet has insufficient free addresses to create this NAT gateway"
        return Failure("InsufficientFreeAddressesInSubnet", message)
    address = _address(backend, allocation)
    if address is not None and address.association_id:
        return Failure("Resource.AlreadyAssociated", f"Elastic IP address [{allocation}] is already associated")
    return None


def when_due(backend: Any, allocation: Optional[str]) -> Optional[Failure]:
    """What has gone wrong while it was pending."""
    if allocation and _address(backend, allocation) is None:
        message = f"Elastic IP address {allocation} could not be associated with this NAT gateway"
        return Failure("InvalidAllocationID.NotFound", message)
    return None


class InternalErrors:
    """AWS's own faults, which nothing stored leads to: POST /_sandbox/nat-gateway-error dooms the next gateway."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._due = 0
        sandbox.on_reset(self._forget)
        sandbox.route("/_sandbox/nat-gateway-error", self._doom)

    def _forget(self) -> None:
        self._due = 0

    def _doom(self, _method: str, _rest: str, _query: Any, _body: bytes) -> Reply:
        self._due += 1
        return 200, {"due": self._due}

    def strike(self, interface: Any) -> Optional[Failure]:
        if not self._due:
            return None
        self._due -= 1
        message = (
            f"Network interface {interface.id}, created and used internally by this NAT gateway is in an invalid state. "
            "Please try again."
        )
        return Failure("InternalError", message)


def _has_internet_gateway(backend: Any, vpc_id: str) -> bool:
    return any(gateway.vpc is not None and gateway.vpc.id == vpc_id for gateway in backend.internet_gateways.values())


def _address(backend: Any, allocation: Optional[str]) -> Any:
    return next((address for address in backend.addresses if address.allocation_id == allocation), None)
