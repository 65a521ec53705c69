"""EC2's part of the inventory."""

from __future__ import annotations

from typing import Any, Dict

from .context import Kinds, Sandbox
from .ec2_endpoints import settle as settle_endpoints
from .ec2_interfaces import settle as settle_interfaces
from .ec2_nat import settle as settle_gateways
from .inventory import backends, key, tag_map
from .settings import ACCOUNT_ID, DEFAULT_REGION, Settings


def install(sandbox: Sandbox) -> None:
    settings = sandbox.settings
    sandbox.inventory("ec2", lambda: collect(settings))


def collect(settings: Settings) -> Kinds:
    kinds: Kinds = {kind: {} for kind in _DESCRIBE}
    for region, backend in backends("ec2"):
        settle_gateways(backend, settings)
        settle_endpoints(backend, settings.duration("endpoint"))
        settle_interfaces(backend, settings.strict["task-interface"])
        # Every region of an account has a default network; moto makes it at the first call to the region.
        ignored = {vpc.id for vpc in backend.vpcs.values() if vpc.is_default} if region != DEFAULT_REGION else set()
        for kind, things in things_of(backend).items():
            for thing in things:
                vpc_id = thing.id if kind == "vpc" else getattr(thing, "vpc_id", None)
                if vpc_id not in ignored:
                    kinds[kind][key(region, thing.id)] = {
                        "arn": f"arn:aws:ec2:{region}:{ACCOUNT_ID}:{kind}/{thing.id}",
                        "tags": tag_map(thing.get_tags()),
                        **_DESCRIBE[kind](thing),
                    }
    return kinds


def things_of(backend: Any) -> Dict[str, Any]:
    """What there is, by its kind."""
    return {
        "vpc": backend.vpcs.values(),
        "subnet": [subnet for zone in backend.subnets.values() for subnet in zone.values()],
        "internet-gateway": backend.internet_gateways.values(),
        "elastic-ip": backend.addresses,
        "natgateway": [gateway for gateway in backend.nat_gateways.values() if gateway.state != "deleted"],
        "route-table": backend.route_tables.values(),
        "vpc-endpoint": backend.vpc_end_points.values(),
        "security-group": [group for groups in backend.groups.values() for group in groups.values()],
        "network-interface": backend.enis.values(),
    }


def _rules(rules: Any) -> Any:
    return sorted(
        f"{rule.ip_protocol} {rule.from_port}-{rule.to_port} "
        f"{rule.cidr_ipv4 or rule.cidr_ipv6 or rule.prefix_list_id or rule.source_group.get('GroupId')}"
        for rule in rules
    )


def _route(route: Any) -> str:
    destination = route.destination_cidr_block or route.destination_prefix_list_id or route.destination_ipv6_cidr_block
    return f"{destination} {route.gateway_id or route.nat_gateway_id or route.network_interface_id} {route.state}"


_DESCRIBE: Dict[str, Any] = {
    "vpc": lambda vpc: {
        "cidr": vpc.cidr_block,
        "default": vpc.is_default,
        "dnsSupport": vpc.enable_dns_support,
        "dnsHostnames": vpc.enable_dns_hostnames,
    },
    "subnet": lambda subnet: {
        "vpc": subnet.vpc_id,
        "cidr": subnet.cidr_block,
        "zone": subnet.availability_zone,
        "mapPublicIp": subnet.map_public_ip_on_launch,
    },
    "internet-gateway": lambda gateway: {"vpc": gateway.vpc.id if gateway.vpc else None},
    "elastic-ip": lambda address: {"ip": address.public_ip, "association": address.association_id},
    "natgateway": lambda gateway: {"state": gateway.state, "subnet": gateway.subnet_id, "vpc": gateway.vpc_id},
    "route-table": lambda table: {
        "vpc": table.vpc_id,
        "main": table.main_association_id is not None,
        "routes": sorted(_route(route) for route in table.routes),
        "subnets": sorted(table._associations.values()),
    },
    "vpc-endpoint": lambda endpoint: {
        "vpc": endpoint.vpc_id,
        "service": endpoint.service_name,
        "state": endpoint.state,
        "routeTables": sorted(endpoint.route_table_ids),
    },
    "security-group": lambda group: {
        "vpc": group.vpc_id,
        "name": group.name,
        "description": group.description,
        "ingress": _rules(group.ingress_rules),
        "egress": _rules(group.egress_rules),
    },
    "network-interface": lambda interface: {
        "subnet": interface.subnet.id,
        "type": interface.interface_type,
        "description": interface.description,
    },
}
