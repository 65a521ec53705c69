"""Resource Groups Tagging API: GetResources over the inventory, instead of moto's partial copy of every service."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Tuple

from .aws_call import AwsError, Call, Forward
from .context import Sandbox
from .inventory import collect

HIDDEN = frozenset({"iam", "s3/object", "ecr/image", "ecr/layer", "ec2/network-interface"})
"""Services and kinds that AWS does not list there (IAM roles), or that are no resource of their own."""
PAGE = 100


def install(sandbox: Sandbox) -> None:
    sandbox.answer("tagging", "GetResources", lambda call, _forward: get_resources(sandbox, call))


def get_resources(sandbox: Sandbox, call: Call) -> Dict[str, Any]:
    """Resources of the call's region that carry a tag and pass all TagFilters (any value of each, none = any value)."""
    size = call.params.get("ResourcesPerPage") or PAGE
    if not 1 <= size <= PAGE:
        raise AwsError("InvalidParameterException", "ResourcesPerPage must be between 1 and 100")
    token = call.params.get("PaginationToken") or "0"
    if not token.isdigit():
        raise AwsError("InvalidParameterException", "The pagination token is invalid")
    found = sorted(
        (arn, tags) for arn, tags in _tagged(sandbox, call.region)
        if _passes(tags, call.params.get("TagFilters") or []) and _is_of(arn, call.params.get("ResourceTypeFilters") or [])
    )
    wanted = call.params.get("ResourceARNList")
    if wanted:
        found = [(arn, tags) for arn, tags in found if arn in wanted]
    start = int(token)
    page = found[start:start + size]
    return {
        "PaginationToken": str(start + size) if start + size < len(found) else "",
        "ResourceTagMappingList": [
            {"ResourceARN": arn, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
            for arn, tags in page
        ],
    }


def _tagged(sandbox: Sandbox, region: str) -> Iterator[Tuple[str, Dict[str, str]]]:
    for service, kinds in collect(sandbox).items():
        for kind, things in kinds.items():
            if service in HIDDEN or f"{service}/{kind}" in HIDDEN or kind.startswith("inactive-"):
                continue
            for identifier, fields in things.items():
                arn, tags = fields.get("arn", identifier), fields.get("tags")
                # An S3 ARN names no region; its bucket's is in the inventory.
                if tags and region == fields.get("region", arn.split(":")[3]):
                    yield arn, tags


def _passes(tags: Dict[str, str], filters: List[Dict[str, Any]]) -> bool:
    return all(
        one["Key"] in tags and (not one.get("Values") or tags[one["Key"]] in one["Values"]) for one in filters
    )


def _is_of(arn: str, types: List[str]) -> bool:
    """'ec2' is every resource of the service, 'ec2:vpc' one type of it."""
    _, _, service, _, _, resource = arn.split(":", 5)
    kind = resource.replace(":", "/").split("/")[0]
    return not types or any(one in (service, f"{service}:{kind}") for one in types)
