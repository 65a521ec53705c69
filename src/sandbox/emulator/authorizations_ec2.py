"""EC2: creating is asked for the new thing and for those it is put into, and for the tags by ec2:CreateTags."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List

from .authorization import Context
from .authorizations import Asked, Facts, Resource, Resources, Rule, Rules, fact, if_any, key_facts, tag_facts
from .ec2_common import backend_of, new_tags

TAGGING = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html"
PRIVATE_DNS = "https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html#create-interface-endpoint-aws"
KINDS = {
    "eipalloc": "elastic-ip",
    "igw": "internet-gateway",
    "nat": "natgateway",
    "rtb": "route-table",
    "sg": "security-group",
    "subnet": "subnet",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
}
"""Type of resource, as ARNs have it, by the beginning of its id."""


def new(kind: str) -> Resources:
    return lambda asked: [Resource(asked.arn("ec2", f"{kind}/*"))]


def given(*members: str) -> Resources:
    """The things whose ids the call gives in these members.

    Only those that exist: EC2 looks for a thing before it asks who may change it, and says InvalidVpcID.NotFound.
    """

    def find(asked: Asked) -> Iterable[Resource]:
        return _existing(asked, [one for member in members for one in _list(asked.params.get(member))])

    return find


def associated(asked: Asked) -> Iterable[Resource]:
    """Route table and subnet of the association that the call names."""
    for table in backend_of(asked.call).route_tables.values():
        subnet = table._associations.get(asked.params.get("AssociationId"))
        if subnet is not None:
            return _existing(asked, [table.id, subnet])
    return ()


def associated_subnet(asked: Asked) -> Iterable[Resource]:
    return [one for one in associated(asked) if ":subnet/" in one.arn]


def private_dns(asked: Asked) -> Iterable[Resource]:
    """An interface endpoint with private names puts a hosted zone of AWS into the VPC."""
    interface = asked.params.get("VpcEndpointType") == "Interface"
    return [Resource("*")] if interface and asked.params.get("PrivateDnsEnabled", True) else []


def request_tags(asked: Asked) -> Context:
    return tag_facts(new_tags(asked.call))


def set_tags(asked: Asked) -> Context:
    return tag_facts({tag["Key"]: tag.get("Value", "") for tag in asked.params.get("Tags") or []})


def removed_tags(asked: Asked) -> Context:
    return key_facts(tag["Key"] for tag in asked.params.get("Tags") or [])


def creating(operation: str, kind: str, *into: Rule) -> tuple[Rule, ...]:
    """The rules of a create: the thing with its tags, what it is put into, and ec2:CreateTags when it has tags."""
    action = f"ec2:{operation}"
    created: Facts = fact("ec2:CreateAction", operation)
    return (
        Rule(action, new(kind), (request_tags,)),
        *into,
        Rule("ec2:CreateTags", if_any(request_tags, new(kind)), (request_tags, created), TAGGING),
    )


def on(operation: str, *members: str) -> tuple[Rule, ...]:
    return (Rule(f"ec2:{operation}", given(*members)),)


READS = (
    "DescribeAddresses",
    "DescribeAvailabilityZones",
    "DescribeInternetGateways",
    "DescribeManagedPrefixLists",
    "DescribeNatGateways",
    "DescribeNetworkInterfaces",
    "DescribeRegions",
    "DescribeRouteTables",
    "DescribeSecurityGroupRules",
    "DescribeSecurityGroups",
    "DescribeSubnets",
    "DescribeTags",
    "DescribeVpcEndpointServices",
    "DescribeVpcEndpoints",
    "DescribeVpcs",
)
"""These cannot be limited to resources."""

RULES: Rules = {
    **{name: (Rule(f"ec2:{name}"),) for name in READS},
    "DescribeVpcAttribute": on("DescribeVpcAttribute", "VpcId"),
    "CreateVpc": creating("CreateVpc", "vpc"),
    "CreateSubnet": creating("CreateSubnet", "subnet", *on("CreateSubnet", "VpcId")),
    "CreateInternetGateway": creating("CreateInternetGateway", "internet-gateway"),
    "AllocateAddress": creating("AllocateAddress", "elastic-ip"),
    "CreateNatGateway": creating("CreateNatGateway", "natgateway", *on("CreateNatGateway", "SubnetId", "AllocationId")),
    "CreateRouteTable": creating("CreateRouteTable", "route-table", *on("CreateRouteTable", "VpcId")),
    "CreateSecurityGroup": creating("CreateSecurityGroup", "security-group", *on("CreateSecurityGroup", "VpcId")),
    "CreateVpcEndpoint": (
        *creating(
            "CreateVpcEndpoint",
            "vpc-endpoint",
            *on("CreateVpcEndpoint", "VpcId", "RouteTableIds", "SubnetIds", "SecurityGroupIds"),
        ),
        Rule("route53:AssociateVPCWithHostedZone", private_dns, (), PRIVATE_DNS),
    ),
    "CreateTags": (Rule("ec2:CreateTags", given("Resources"), (set_tags,)),),
    "DeleteTags": (Rule("ec2:DeleteTags", given("Resources"), (removed_tags,)),),
    "ModifyVpcAttribute": on("ModifyVpcAttribute", "VpcId"),
    "ModifySubnetAttribute": on("ModifySubnetAttribute", "SubnetId"),
    "ModifyVpcEndpoint": on(
        "ModifyVpcEndpoint",
        *("VpcEndpointId", "AddRouteTableIds", "RemoveRouteTableIds", "AddSubnetIds", "RemoveSubnetIds"),
    ),
    "AttachInternetGateway": on("AttachInternetGateway", "InternetGatewayId", "VpcId"),
    "DetachInternetGateway": on("DetachInternetGateway", "InternetGatewayId", "VpcId"),
    "CreateRoute": on("CreateRoute", "RouteTableId"),
    "ReplaceRoute": on("ReplaceRoute", "RouteTableId"),
    "DeleteRoute": on("DeleteRoute", "RouteTableId"),
    "AssociateRouteTable": on("AssociateRouteTable", "RouteTableId", "SubnetId"),
    "DisassociateRouteTable": (Rule("ec2:DisassociateRouteTable", associated),),
    "ReplaceRouteTableAssociation": (
        *on("ReplaceRouteTableAssociation", "RouteTableId"),
        Rule("ec2:ReplaceRouteTableAssociation", associated_subnet),
    ),
    "AuthorizeSecurityGroupIngress": on("AuthorizeSecurityGroupIngress", "GroupId"),
    "AuthorizeSecurityGroupEgress": on("AuthorizeSecurityGroupEgress", "GroupId"),
    "RevokeSecurityGroupIngress": on("RevokeSecurityGroupIngress", "GroupId"),
    "RevokeSecurityGroupEgress": on("RevokeSecurityGroupEgress", "GroupId"),
    "DeleteVpc": on("DeleteVpc", "VpcId"),
    "DeleteSubnet": on("DeleteSubnet", "SubnetId"),
    "DeleteInternetGateway": on("DeleteInternetGateway", "InternetGatewayId"),
    "ReleaseAddress": on("ReleaseAddress", "AllocationId"),
    "DeleteNatGateway": on("DeleteNatGateway", "NatGatewayId"),
    "DeleteRouteTable": on("DeleteRouteTable", "RouteTableId"),
    "DeleteVpcEndpoints": on("DeleteVpcEndpoints", "VpcEndpointIds"),
    "DeleteSecurityGroup": on("DeleteSecurityGroup", "GroupId"),
}


def _existing(asked: Asked, ids: List[str]) -> Iterable[Resource]:
    tags: Dict[str, Any] = {
        fields["arn"]: fields["tags"] for things in asked.sandbox.inventories["ec2"]().values() for fields in things.values()
    }
    arns = [asked.arn("ec2", f"{KINDS[one.split('-')[0]]}/{one}") for one in ids if one.split("-")[0] in KINDS]
    return [Resource(arn, tags[arn]) for arn in arns if arn in tags]


def _list(value: Any) -> List[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]
