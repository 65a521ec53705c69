"""Tags of ECS resources by ARN."""

from __future__ import annotations

from typing import Any, Dict

from .ecs_store import Region, Tags, invalid, merge_tags
from .json_operations import AwsError, Params

MAX_TAGS = 50


def tag_resource(region: Region, params: Params) -> Dict[str, Any]:
    resource = _find(region, params["resourceArn"])
    tags = merge_tags(resource.tags, params["tags"])
    if len(tags) > MAX_TAGS:
        raise invalid(f"The maximum number of tags is {MAX_TAGS}.")
    resource.tags = tags
    return {}


def untag_resource(region: Region, params: Params) -> Dict[str, Any]:
    resource = _find(region, params["resourceArn"])
    resource.tags = [tag for tag in resource.tags if tag["key"] not in params["tagKeys"]]
    return {}


def list_tags_for_resource(region: Region, params: Params) -> Dict[str, Any]:
    return {"tags": _find(region, params["resourceArn"]).tags}


def as_dict(tags: Tags) -> Dict[str, str]:
    return {tag["key"]: tag.get("value", "") for tag in tags}


def _find(region: Region, arn: str) -> Any:
    kind = arn.split(":", 5)[-1].split("/", 1)[0]
    if kind == "cluster":
        found: Any = next((c for c in region.clusters.values() if c.arn == arn and c.status == "ACTIVE"), None)
    elif kind == "service":
        found = next((s for s in region.services if s.arn == arn and s.status != "INACTIVE"), None)
    elif kind == "task-definition":
        found = region.task_definitions.get(arn)
    elif kind == "task":
        found = region.tasks.get(arn)
    else:
        raise invalid(f"Invalid identifier: {arn}")
    if found is None:
        names = {"cluster": "Cluster", "service": "Service"}
        if kind in names:
            raise AwsError(f"{names[kind]}NotFoundException", f"{names[kind]} not found.")
        raise invalid(
            "The specified resource is not found or is stopped or inactive. Specify a valid resource and try again."
        )
    return found
