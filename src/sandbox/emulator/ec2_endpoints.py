"""VPC endpoints: tokens, the routes of gateway endpoints, states of interface endpoints, deletion that takes time."""

from __future__ import annotations

import time
from typing import Any, Dict, List

from moto.ec2.models import ec2_backends
from moto.ec2.models.vpcs import VPCEndPoint

from .aws_call import AwsError, Call, Forward
from .context import Sandbox
from .ec2_common import ClientTokens, backend_of, new_tags


# AWS filters by vpc-endpoint-id; moto looks for an attribute of that name.
VPCEndPoint.vpc_endpoint_id = property(lambda endpoint: endpoint.id)


def install(sandbox: Sandbox) -> None:
    tokens = ClientTokens(sandbox)
    delay = sandbox.settings.duration("endpoint")

    def settle_all() -> None:
        for _account, _region, backend in list(ec2_backends.iter_backends()):
            settle(backend, delay)

    sandbox.before("ec2", "*", lambda call: settle(backend_of(call), delay))
    sandbox.every(max(0.05, delay / 2), settle_all)
    sandbox.answer("ec2", "CreateVpcEndpoint", lambda call, _: _created(tokens.once(call, lambda: create(call)), call))
    sandbox.answer("ec2", "ModifyVpcEndpoint", modify)
    sandbox.answer("ec2", "DeleteVpcEndpoints", delete)


def create(call: Call) -> Any:
    """A gateway endpoint is available at once, an interface endpoint after a while."""
    backend, params = backend_of(call), call.params
    kind = params.get("VpcEndpointType") or "Gateway"
    tables = list(params.get("RouteTableIds") or [])
    if kind == "Gateway":
        for table in tables:
            _refuse_second_route(backend, table, params["ServiceName"])
    groups = list(params.get("SecurityGroupIds") or [])
    endpoint = backend.create_vpc_endpoint(
        vpc_id=params.get("VpcId"),
        service_name=params.get("ServiceName"),
        endpoint_type=kind,
        policy_document=params.get("PolicyDocument"),
        route_table_ids=tables,
        subnet_ids=list(params.get("SubnetIds") or []),
        client_token=params.get("ClientToken"),
        security_group_ids=groups,
        tags=new_tags(call),
        private_dns_enabled=bool(params.get("PrivateDnsEnabled", kind == "Interface")),
    )
    endpoint.state = "pending" if kind == "Interface" else "available"
    endpoint.state_since = time.monotonic()
    for identifier in endpoint.network_interface_ids:
        # The interfaces of an endpoint are EC2's, and they are in the endpoint's security groups.
        interface = backend.enis[identifier]
        interface.status, interface.requester_managed = "in-use", True
        interface.interface_type = "vpc_endpoint"
        interface.description = f"VPC Endpoint Interface {endpoint.id}"
        if groups:
            interface._group_set = [backend.get_security_group_from_id(group) for group in groups]
    return endpoint


def _created(endpoint: Any, call: Call) -> Dict[str, Any]:
    return {"VpcEndpoint": endpoint, "ClientToken": call.params.get("ClientToken")}


def modify(call: Call, forward: Forward) -> Dict[str, Any]:
    """Adding a route table adds the pl- route, removing one removes it; moto changes the endpoint's list only."""
    backend, params = backend_of(call), call.params
    endpoint = backend.vpc_end_points.get(params.get("VpcEndpointId"))
    if endpoint is None or endpoint.state in ("deleting", "deleted"):
        raise _not_found(params.get("VpcEndpointId", ""))
    added = [table for table in params.get("AddRouteTableIds") or [] if table not in endpoint.route_table_ids]
    removed = [table for table in params.get("RemoveRouteTableIds") or [] if table in endpoint.route_table_ids]
    for table in added:
        _refuse_second_route(backend, table, endpoint.service_name)
    answer = forward()
    for table in added:
        if endpoint.destination_prefix_list_id:
            prefix_list = endpoint.destination_prefix_list_id
            backend.create_route(table, None, gateway_id=endpoint.id, destination_prefix_list_id=prefix_list)
    _remove_routes(backend, endpoint, removed)
    return answer


def delete(call: Call, _forward: Forward) -> Dict[str, Any]:
    """Answers 200 also for unknown ids: these are in Unsuccessful. The rest is `deleting`, then not found."""
    backend = backend_of(call)
    unsuccessful: List[Dict[str, Any]] = []
    for identifier in call.params.get("VpcEndpointIds") or []:
        endpoint = backend.vpc_end_points.get(identifier)
        if endpoint is None:
            error = _not_found(identifier)
            unsuccessful.append({"ResourceId": identifier, "Error": {"Code": error.code, "Message": error.message}})
        elif endpoint.state != "deleting":
            endpoint.state, endpoint.state_since = "deleting", time.monotonic()
            _remove_routes(backend, endpoint, endpoint.route_table_ids)
    return {"Unsuccessful": unsuccessful}


def settle(backend: Any, delay: float) -> None:
    for endpoint in list(backend.vpc_end_points.values()):
        if time.monotonic() - endpoint.state_since < delay:
            continue
        if endpoint.state == "pending":
            endpoint.state = "available"
        elif endpoint.state == "deleting":
            # A repeated client token still returns the object, so it keeps its last state.
            endpoint.state = "deleted"
            for identifier in endpoint.network_interface_ids:
                backend.enis.pop(identifier, None)
            del backend.vpc_end_points[endpoint.id]


def _refuse_second_route(backend: Any, table_id: str, service: str) -> None:
    """A route table takes one gateway endpoint per service; moto takes several."""
    table = backend.get_route_table(table_id)
    for route in table.routes:
        prefix_list = route.destination_prefix_list
        if prefix_list is not None and prefix_list.prefix_list_name == service:
            message = f"route table {table_id} already has a route with destination-prefix-list-id {prefix_list.id}"
            raise AwsError("RouteAlreadyExists", message)


def _remove_routes(backend: Any, endpoint: Any, tables: List[str]) -> None:
    for table_id in tables:
        table = backend.route_tables.get(table_id)
        if table is not None:
            table._routes = {key: route for key, route in table._routes.items() if route.gateway_id != endpoint.id}


def _not_found(identifier: str) -> AwsError:
    return AwsError("InvalidVpcEndpointId.NotFound", f"The Vpc Endpoint Id '{identifier}' does not exist")
