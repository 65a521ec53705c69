"""NAT gateways: states that take time, failures, tokens, filters, not-found errors."""

from __future__ import annotations

import time
from typing import Any, Dict

from moto.core.utils import iso_8601_datetime_with_milliseconds, utcnow
from moto.ec2.models import ec2_backends

from .aws_call import AwsError, Call, Forward
from .context import Sandbox
from .ec2_common import ClientTokens, backend_of, matches, new_tags
from .ec2_nat_failures import InternalErrors, at_creation, when_due
from .settings import Settings

GONE = ("deleted", "failed")
"""States in which a NAT gateway holds no address and no network interface."""


def install(sandbox: Sandbox) -> None:
    tokens, errors = ClientTokens(sandbox), InternalErrors(sandbox)
    settings = sandbox.settings

    def settle_all() -> None:
        for _account, _region, backend in list(ec2_backends.iter_backends()):
            settle(backend, settings)

    sandbox.before("ec2", "*", lambda call: settle(backend_of(call), settings))
    sandbox.every(max(0.05, settings.delay / 2), settle_all)
    sandbox.answer(
        "ec2", "CreateNatGateway", lambda call, _: {"NatGateway": tokens.once(call, lambda: create(call, errors))}
    )
    sandbox.answer("ec2", "DescribeNatGateways", describe)
    sandbox.answer("ec2", "DeleteNatGateway", delete)


def create(call: Call, errors: InternalErrors) -> Any:
    """A NAT gateway is `pending` first; EC2 lets routes name it already."""
    backend, params = backend_of(call), call.params
    if params.get("AvailabilityMode") == "regional":
        raise AwsError("UnsupportedOperation", "This emulator has no regional NAT gateways.")
    kind = params.get("ConnectivityType") or "public"
    subnet = backend.get_subnet(params.get("SubnetId"))
    allocation = params.get("AllocationId") if kind == "public" else None
    if kind == "public":
        if not allocation:
            raise AwsError("MissingParameter", "The request must contain the parameter AllocationId")
        backend.address_by_allocation([allocation])
    failure = at_creation(backend, subnet, allocation)
    # One that is bound to fail takes no address.
    gateway = backend.create_nat_gateway(subnet.id, None if failure else allocation, new_tags(call), kind)
    gateway.state, gateway.state_since = "pending", time.monotonic()
    gateway.delete_time = gateway.failure_code = gateway.failure_message = None
    gateway.allocation = allocation
    # EC2 owns the interface of a NAT gateway: requester-managed, with a description that names the gateway.
    place = gateway.nat_gateway_addresses[0]
    place["allocationId"] = allocation
    interface = backend.enis[place["networkInterfaceId"]]
    interface.status, interface.requester_managed = "in-use", True
    interface.interface_type = "nat_gateway"
    interface.description = f"Interface for NAT Gateway {gateway.id}"
    gateway.failure = failure or errors.strike(interface)
    return gateway


def describe(call: Call, _forward: Forward) -> Dict[str, Any]:
    """An unknown id is NatGatewayNotFound (moto: an empty list); tag filters count (moto ignores them)."""
    gateways, ids = backend_of(call).nat_gateways, call.params.get("NatGatewayIds") or []
    for identifier in ids:
        _find(call, identifier)
    return {"NatGateways": [
        gateway for gateway in gateways.values()
        if (not ids or gateway.id in ids) and matches(call, {
            "nat-gateway-id": gateway.id,
            "state": gateway.state,
            "subnet-id": gateway.subnet_id,
            "vpc-id": gateway.vpc_id,
        }, gateway.get_tags(), "Filter")
    ]}


def delete(call: Call, _forward: Forward) -> Dict[str, Any]:
    """`deleting` first; the address stays associated and the interface stays until `deleted`."""
    gateway = _find(call, call.params.get("NatGatewayId", ""))
    if gateway.state not in ("deleting", "deleted"):
        # A failed gateway holds nothing any more, so it is gone at once.
        gateway.state = "deleted" if gateway.state == "failed" else "deleting"
        gateway.state_since = time.monotonic()
        gateway.delete_time = iso_8601_datetime_with_milliseconds(utcnow())
    return {"NatGatewayId": gateway.id}


def settle(backend: Any, settings: Settings) -> None:
    """Moves the gateways whose time has come to their next state."""
    for gateway in backend.nat_gateways.values():
        change = "nat-deleted" if gateway.state == "deleting" else "nat-available"
        if time.monotonic() - gateway.state_since < settings.duration(change):
            continue
        if gateway.state == "pending":
            failure = gateway.failure or when_due(backend, gateway.allocation)
            if failure is None:
                gateway.state = "available"
            else:
                gateway.failure_code, gateway.failure_message = failure
                _leave(backend, gateway, "failed")
        elif gateway.state == "deleting":
            _leave(backend, gateway, "deleted")


def alive(backend: Any) -> Any:
    """The gateways that still hold an address and an interface."""
    return [gateway for gateway in backend.nat_gateways.values() if gateway.state not in GONE]


def _leave(backend: Any, gateway: Any, state: str) -> None:
    gateway.state, gateway.state_since = state, time.monotonic()
    for address in gateway.nat_gateway_addresses:
        association = address.get("associationId")
        if association and any(eip.association_id == association for eip in backend.addresses):
            backend.disassociate_address(association_id=association)
        backend.enis.pop(address.get("networkInterfaceId"), None)


def _find(call: Call, identifier: str) -> Any:
    gateway = backend_of(call).nat_gateways.get(identifier)
    if gateway is None:
        raise AwsError("NatGatewayNotFound", f"The Nat Gateway {identifier} was not found")
    return gateway
