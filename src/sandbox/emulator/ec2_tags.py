"""EC2's list of tags: those of what there is. moto goes on listing those of what was deleted.

EC2 API reference, "DescribeTags": one row for each tag, and filters by `key`, `value`, `tag:<key>`, `resource-id` and
`resource-type`, whose names are those of tag specifications.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping

from .aws_call import Call, Forward
from .context import Sandbox
from .ec2_common import backend_of, matches
from .ec2_inventory import things_of
from .inventory import tag_map


def install(sandbox: Sandbox) -> None:
    sandbox.answer("ec2", "DescribeTags", describe_tags)


def describe_tags(call: Call, _forward: Forward) -> Dict[str, Any]:
    backend = backend_of(call)
    # A NAT gateway keeps its tags for as long as it is listed, deleted or not.
    things = {**things_of(backend), "natgateway": backend.nat_gateways.values()}
    return {
        "Tags": [
            row
            for kind, some in things.items()
            for thing in some
            for row in rows_of(call, kind, thing.id, tag_map(thing.get_tags()))
        ]
    }


def rows_of(call: Call, kind: str, identifier: str, tags: Mapping[str, str]) -> List[Dict[str, str]]:
    """The rows of one thing that pass the call's filters."""
    rows = []
    for key, value in tags.items():
        fields = {"key": key, "value": value, "resource-id": identifier, "resource-type": kind}
        if matches(call, fields, [{"key": key, "value": value}]):
            rows.append({"Key": key, "ResourceId": identifier, "ResourceType": kind, "Value": value})
    return rows
