"""EC2 is eventually consistent: what was just made is not seen yet, what was just deleted still is.

EC2 API reference, "Eventual consistency": "the result of an API command you run that affects your Amazon EC2 resources
might not be immediately visible to all subsequent API commands". Here each knob is a time after which it surely is:

- `ec2-use`: a call that names the new id answers *.NotFound;
- `ec2-id`: Describe by id answers *.NotFound, and a filter leaves the thing out;
- `ec2-tag`: the thing is shown without its tags, and a filter by tag or a list of tags leaves it out;
- `ec2-deleted`: what is deleted is still found by a filter, and its tags are listed;
- `nat-deleted`: a deleted NAT gateway stays listed in state `deleted`, with its tags, and so does a failed one (about an
  hour on AWS; VPC user guide, "NAT gateways": "remains visible in the console for a short while (usually an hour)").
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any, Dict, Iterator, List, Tuple
from urllib.parse import urlencode

from moto.ec2.models import ec2_backends

from .aws_call import Answer, AwsError, Call, Forward, read
from .context import Sandbox
from .ec2_common import matches
from .ec2_nat import GONE
from .ec2_tags import rows_of
from .moto_call import by_moto


@dataclass(frozen=True)
class Kind:
    type: str
    """As tag specifications name it."""
    create: str
    path: Tuple[str, ...]
    """Where the answer to the create holds the id."""
    describe: str
    ids: str
    """Parameter of the describe that takes ids."""
    output: str
    filter: str
    not_found: str
    delete: str = ""
    """Absent where the thing has a state of its own for "deleting"."""

    @property
    def id(self) -> str:
        return self.path[-1]

    def missing(self, call: Call, identifier: str) -> AwsError:
        code = self.not_found
        # AWS spells the code of this one operation differently; terraform-provider-aws knows both.
        if call.operation == "CreateVpcEndpoint" and code == "InvalidRouteTableID.NotFound":
            code = "InvalidRouteTableId.NotFound"
        # A route's target is "a gateway", whatever it is.
        if call.operation in ("CreateRoute", "ReplaceRoute") and code == "InvalidInternetGatewayID.NotFound":
            code = "InvalidGatewayID.NotFound"
        return AwsError(code, f"The ID '{identifier}' does not exist")


KINDS = (
    Kind("vpc", "CreateVpc", ("Vpc", "VpcId"),
         "DescribeVpcs", "VpcIds", "Vpcs", "vpc-id", "InvalidVpcID.NotFound", "DeleteVpc"),
    Kind("subnet", "CreateSubnet", ("Subnet", "SubnetId"),
         "DescribeSubnets", "SubnetIds", "Subnets", "subnet-id", "InvalidSubnetID.NotFound", "DeleteSubnet"),
    Kind("internet-gateway", "CreateInternetGateway", ("InternetGateway", "InternetGatewayId"),
         "DescribeInternetGateways", "InternetGatewayIds", "InternetGateways", "internet-gateway-id",
         "InvalidInternetGatewayID.NotFound", "DeleteInternetGateway"),
    Kind("elastic-ip", "AllocateAddress", ("AllocationId",),
         "DescribeAddresses", "AllocationIds", "Addresses", "allocation-id",
         "InvalidAllocationID.NotFound", "ReleaseAddress"),
    Kind("route-table", "CreateRouteTable", ("RouteTable", "RouteTableId"),
         "DescribeRouteTables", "RouteTableIds", "RouteTables", "route-table-id",
         "InvalidRouteTableID.NotFound", "DeleteRouteTable"),
    Kind("security-group", "CreateSecurityGroup", ("GroupId",),
         "DescribeSecurityGroups", "GroupIds", "SecurityGroups", "group-id",
         "InvalidGroup.NotFound", "DeleteSecurityGroup"),
    Kind("natgateway", "CreateNatGateway", ("NatGateway", "NatGatewayId"),
         "DescribeNatGateways", "NatGatewayIds", "NatGateways", "nat-gateway-id",
         "InvalidNatGatewayID.NotFound"),
    Kind("vpc-endpoint", "CreateVpcEndpoint", ("VpcEndpoint", "VpcEndpointId"),
         "DescribeVpcEndpoints", "VpcEndpointIds", "VpcEndpoints", "vpc-endpoint-id",
         "InvalidVpcEndpointId.NotFound"),
)


def install(sandbox: Sandbox) -> None:
    lag = Lag(sandbox)
    sandbox.on_settle(lag.clear)
    sandbox.before("ec2", "*", lag.refuse_fresh)
    sandbox.before("ec2", "*", lag.forget_gateways)
    sandbox.answer("ec2", "DescribeTags", lag.list_tags)
    for kind in KINDS:
        sandbox.answer("ec2", kind.create, lag.remember(kind))
        sandbox.answer("ec2", kind.describe, lag.show(kind))
        if kind.delete:
            sandbox.answer("ec2", kind.delete, lag.keep_listed(kind))


class Lag:
    def __init__(self, sandbox: Sandbox) -> None:
        self._strict = sandbox.settings.strict
        self._born: Dict[str, Tuple[Kind, float]] = {}
        self._last_birth = float("-inf")
        self._deleted: Dict[Kind, List[Tuple[float, Dict[str, Any]]]] = {}

    def clear(self) -> None:
        self._born.clear()
        self._deleted.clear()

    def remember(self, kind: Kind) -> Answer:
        def answer(_call: Call, forward: Forward) -> Dict[str, Any]:
            made: Any = forward()
            place = made
            for name in kind.path:
                place = place[name]
            # A repeated client token answers with a thing that may be old.
            self._born.setdefault(place, (kind, time.monotonic()))
            self._last_birth = time.monotonic()
            return made

        return answer

    def refuse_fresh(self, call: Call) -> None:
        if not call.mutating:
            return
        for text in _strings(call.params):
            if self._younger(text, "ec2-use"):
                raise self._born[text][0].missing(call, text)

    def forget_gateways(self, _call: Call) -> None:
        keep = self._strict["nat-deleted"]
        for _account, _region, backend in list(ec2_backends.iter_backends()) if keep else []:
            for gateway in list(backend.nat_gateways.values()):
                if gateway.state in GONE and time.monotonic() - gateway.state_since >= keep:
                    del backend.nat_gateways[gateway.id]

    def show(self, kind: Kind) -> Answer:
        def answer(call: Call, forward: Forward) -> Any:
            ids = call.params.get(kind.ids) or []
            for identifier in ids:
                if self._younger(identifier, "ec2-id"):
                    raise kind.missing(call, identifier)
            if not self._is_late(kind):
                return forward.response()
            found = forward()
            filters = call.params.get("Filters") or call.params.get("Filter") or []
            by_tag = any(one.get("Name", "").startswith("tag") for one in filters)
            things: List[Dict[str, Any]] = []
            for thing in found.get(kind.output) or []:
                tagless = self._younger(thing[kind.id], "ec2-tag")
                if self._younger(thing[kind.id], "ec2-id") or (tagless and by_tag):
                    continue
                things.append({**thing, "Tags": []} if tagless else thing)
            return {**found, kind.output: [*things, *(() if ids else self._ghosts(kind, call))]}

        return answer

    def list_tags(self, call: Call, forward: Forward) -> Dict[str, Any]:
        found = forward()
        shown = [row for row in found["Tags"] if not self._younger(row["ResourceId"], "ec2-tag")]
        for kind in KINDS:
            for thing in self._recent(kind):
                tags = {tag["Key"]: tag["Value"] for tag in thing.get("Tags") or []}
                shown.extend(rows_of(call, kind.type, thing[kind.id], tags))
        return {**found, "Tags": shown}

    def keep_listed(self, kind: Kind) -> Answer:
        def answer(call: Call, forward: Forward) -> Dict[str, Any]:
            before = self._described(kind, call) if self._strict["ec2-deleted"] else []
            done = forward()
            self._deleted.setdefault(kind, []).extend((time.monotonic(), thing) for thing in before)
            return done

        return answer

    def _is_late(self, kind: Kind) -> bool:
        """Whether anything may have to be hidden from, or added to, what there is of this kind."""
        latest = max(self._strict["ec2-id"], self._strict["ec2-tag"])
        return time.monotonic() - self._last_birth < latest or bool(self._deleted.get(kind))

    def _younger(self, identifier: str, knob: str) -> bool:
        born = self._born.get(identifier)
        return born is not None and time.monotonic() - born[1] < self._strict[knob]

    def _recent(self, kind: Kind) -> List[Dict[str, Any]]:
        """What was deleted so short a time ago that it is still shown."""
        recent = [(at, thing) for at, thing in self._deleted.get(kind, [])
                  if time.monotonic() - at < self._strict["ec2-deleted"]]
        self._deleted[kind] = recent
        return [thing for _at, thing in recent]

    def _ghosts(self, kind: Kind, call: Call) -> Iterator[Dict[str, Any]]:
        for thing in self._recent(kind):
            tags = [{"key": tag["Key"], "value": tag["Value"]} for tag in thing.get("Tags") or []]
            try:
                if matches(call, {kind.filter: thing[kind.id], "vpc-id": thing.get("VpcId")}, tags):
                    yield thing
            except AwsError:
                pass  # a filter that only what exists is asked by

    def _described(self, kind: Kind, call: Call) -> List[Dict[str, Any]]:
        """What a describe says of the thing that the call is about to delete."""
        identifier = call.params.get(kind.id)
        if identifier is None:
            return []
        name = kind.ids[:-1]
        body = urlencode({"Action": kind.describe, "Version": "2016-11-15", f"{name}.1": identifier}).encode("utf-8")
        look = replace(call, operation=kind.describe, params={kind.ids: [identifier]}, body=body)
        try:
            return list(read(look, by_moto(look)).get(kind.output) or [])
        except AwsError:
            return []


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
