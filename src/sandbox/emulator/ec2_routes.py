"""Route tables, routes and associations."""

from __future__ import annotations

from typing import Any, Dict

from moto.ec2.models.route_tables import Route

from .aws_call import AwsError, Call
from .context import Sandbox
from .ec2_common import ClientTokens, backend_of, new_tags


def install(sandbox: Sandbox) -> None:
    tokens = ClientTokens(sandbox)
    Route.state = property(route_state)
    sandbox.answer("ec2", "CreateRouteTable", lambda call, _: _created(tokens.once(call, lambda: create_table(call)), call))
    for operation in ("CreateRoute", "ReplaceRoute"):
        sandbox.before("ec2", operation, check_target)
    sandbox.before("ec2", "DeleteRoute", refuse_endpoint_route)
    sandbox.before("ec2", "AssociateRouteTable", refuse_second_table)
    sandbox.after("ec2", "DeleteRouteTable", forget_table)
    sandbox.after("ec2", "DeleteSubnet", forget_subnet)


def route_state(route: Any) -> str:
    """EC2 keeps a route whose target is gone and shows it as blackhole."""
    if route.nat_gateway is not None and route.nat_gateway.state in ("deleting", "deleted", "failed"):
        return "blackhole"
    gateway = route.gateway
    if gateway is not None and gateway.id.startswith("igw-"):
        attached = gateway.vpc is not None and gateway.vpc.id == route.route_table.vpc_id
        return "active" if attached else "blackhole"
    return "active"


def create_table(call: Call) -> Any:
    tags = [{"Key": key, "Value": value} for key, value in new_tags(call).items()]
    return backend_of(call).create_route_table(call.params.get("VpcId"), tags)


def _created(table: Any, call: Call) -> Dict[str, Any]:
    return {"RouteTable": table, "ClientToken": call.params.get("ClientToken")}


def check_target(call: Call) -> None:
    """The target must exist and be of the table's network; moto takes an unknown NAT gateway silently."""
    backend, params = backend_of(call), call.params
    table = backend.get_route_table(params.get("RouteTableId"))
    nat = params.get("NatGatewayId")
    if nat is not None:
        gateway = backend.nat_gateways.get(nat)
        if gateway is None or gateway.state == "deleted":
            raise AwsError("InvalidNatGatewayID.NotFound", f"The natGateway ID '{nat}' does not exist")
    target = params.get("GatewayId") or ""
    if target.startswith("igw-"):
        internet_gateway = backend.internet_gateways.get(target)
        if internet_gateway is None:
            raise AwsError("InvalidInternetGatewayID.NotFound", f"The internetGateway ID '{target}' does not exist")
        if internet_gateway.vpc is None or internet_gateway.vpc.id != table.vpc_id:
            message = f"route table {table.id} and network gateway {target} belong to different networks"
            raise AwsError("InvalidParameterValue", message)


def refuse_endpoint_route(call: Call) -> None:
    """The route of a gateway endpoint goes with the endpoint, not with DeleteRoute."""
    if call.params.get("DestinationPrefixListId"):
        table = call.params.get("RouteTableId")
        message = f"cannot remove VPC endpoint route in route table {table}: modify or delete the VPC endpoint"
        raise AwsError("InvalidParameterValue", message)


def refuse_second_table(call: Call) -> None:
    """A subnet has one table; moto silently returns the association with the old one."""
    subnet, table_id = call.params.get("SubnetId"), call.params.get("RouteTableId")
    for table in backend_of(call).route_tables.values():
        if table.id != table_id and subnet is not None and subnet in table._associations.values():
            message = f"the specified association for route table {table_id} conflicts with an existing association"
            raise AwsError("Resource.AlreadyAssociated", message)


def forget_table(call: Call) -> None:
    """A deleted table disappears from the gateway endpoints that had a route in it."""
    for endpoint in backend_of(call).vpc_end_points.values():
        endpoint.route_table_ids = [one for one in endpoint.route_table_ids if one != call.params.get("RouteTableId")]


def forget_subnet(call: Call) -> None:
    """Deleting a subnet ends its association with a route table."""
    for table in backend_of(call).route_tables.values():
        kept = {key: subnet for key, subnet in table._associations.items() if subnet != call.params.get("SubnetId")}
        table._associations = kept
