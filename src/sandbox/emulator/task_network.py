"""Whether a task's network lets it reach a service of AWS: by its security groups, routes and VPC endpoints.

Network ACLs are not looked at, nor what lies behind a transit gateway, a peering or an appliance: those lead out.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any, Iterable, List, Optional

from moto.ec2 import ec2_backends

from .ecs_task import Task

HTTPS = 443
ANYWHERE = "0.0.0.0/0"


_HOSTS = {
    "ecr.api": "api.ecr.{region}.amazonaws.com",
    "ecr.dkr": "{account}.dkr.ecr.{region}.amazonaws.com",
    # Layers are in a bucket of ECR's.
    "s3": "prod-{region}-starport-layer-bucket.s3.{region}.amazonaws.com",
    "secretsmanager": "secretsmanager.{region}.amazonaws.com",
    "logs": "logs.{region}.amazonaws.com",
}
"""Host names by service, which is named as in the names of its VPC endpoints."""


def no_answer(task: Task, service: str) -> Optional[str]:
    """What comes of a call to a service that the task does not reach, in the words of Fargate; None when it does."""
    if _reaches(task, service):
        return None
    host = _HOSTS[service].format(region=task.region.name, account=task.region.account_id)
    return f'failed to do request: "https://{host}/": dial tcp: i/o timeout'


def _reaches(task: Task, service: str) -> bool:
    backend: Any = ec2_backends[task.region.account_id][task.region.name]
    interface = backend.enis.get(task.attachment.interface_id)
    if interface is None:
        return False
    groups: List[Any] = interface.group_set
    table = _table(backend, interface.subnet)
    endpoint = _endpoint(backend, f".{service}", table)
    if endpoint is not None:
        return _lets_out(groups, to_endpoint=True) and _lets_in(backend, endpoint, interface)
    return _lets_out(groups, to_endpoint=False) and _leads_out(backend, table, bool(interface.public_ip_auto_assign))


def _table(backend: Any, subnet: Any) -> Any:
    """The route table of a subnet: its own, else the main one of the VPC."""
    tables = [table for table in backend.route_tables.values() if table.vpc_id == subnet.vpc_id]
    own = next((table for table in tables if subnet.id in table._associations.values()), None)
    return own or next(table for table in tables if table.main_association_id is not None)


def _endpoint(backend: Any, suffix: str, table: Any) -> Optional[Any]:
    """The endpoint of the VPC that answers for a service: a gateway by its route, an interface by its private name."""
    for endpoint in backend.vpc_end_points.values():
        if (
            endpoint.vpc_id == table.vpc_id
            and endpoint.service_name.endswith(suffix)
            and endpoint.state == "available"
            and (table.id in endpoint.route_table_ids or endpoint.private_dns_enabled)
        ):
            return endpoint
    return None


def _leads_out(backend: Any, table: Any, has_public_address: bool) -> bool:
    """A default route to an internet gateway carries public addresses only, one to a NAT gateway all others too."""
    default = next((route for route in table.routes if route.destination_cidr_block == ANYWHERE), None)
    if default is None or default.state != "active":
        return False
    if default.nat_gateway is not None:
        nat = default.nat_gateway
        subnet = backend.get_subnet(nat.subnet_id)
        return nat.state == "available" and _leads_out(backend, _table(backend, subnet), True)
    if getattr(default.gateway, "id", "").startswith("igw-"):
        return has_public_address
    return True


def _lets_out(groups: Iterable[Any], to_endpoint: bool) -> bool:
    """An endpoint is inside of the VPC, or behind a prefix list: any rule for the port will do."""
    rules = [rule for group in groups for rule in group.egress_rules if _covers(rule, HTTPS)]
    return any(to_endpoint or rule.cidr_ipv4 == ANYWHERE for rule in rules)


def _lets_in(backend: Any, endpoint: Any, interface: Any) -> bool:
    """Whether the security groups of an interface endpoint take calls from a task; a gateway has none."""
    if endpoint.vpc_endpoint_type == "Gateway":
        return True
    mine, address = {group.id for group in interface.group_set}, ip_address(interface.private_ip_address)
    for identifier in endpoint.network_interface_ids:
        for group in backend.enis[identifier].group_set:
            for rule in group.ingress_rules:
                named = (rule.source_group or {}).get("GroupId") in mine
                if _covers(rule, HTTPS) and (named or (rule.cidr_ipv4 and address in ip_network(rule.cidr_ipv4))):
                    return True
    return False


def _covers(rule: Any, port: int) -> bool:
    return rule.ip_protocol == "-1" or (rule.ip_protocol == "tcp" and rule.from_port <= port <= rule.to_port)
