"""ECS task definitions: register, describe, list, deregister, delete."""

from __future__ import annotations

from typing import Any, Dict, List

from .context import Sandbox
from .ecs_definition_rules import normalise
from .ecs_store import Region, TaskDefinition, invalid, now, page
from .json_operations import AwsError, Params

MAX_DELETED_AT_ONCE = 10


class TaskDefinitions:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def register(self, region: Region, params: Params) -> Dict[str, Any]:
        body = normalise(params, self._sandbox.settings.account_id, region.name)
        family, tags = params["family"], params.get("tags") or []
        revision = region.last_revision.get(family, 0) + 1
        region.last_revision[family] = revision
        arn = region.arn(f"task-definition/{family}:{revision}")
        body.update(
            taskDefinitionArn=arn,
            family=family,
            revision=revision,
            status="ACTIVE",
            registeredAt=now(),
            registeredBy=f"arn:aws:iam::{region.account_id}:root",
        )
        region.task_definitions[arn] = TaskDefinition(arn, family, body, tags)
        return {"taskDefinition": body, "tags": tags}

    def describe(self, region: Region, params: Params) -> Dict[str, Any]:
        definition = region.find_task_definition(params["taskDefinition"])
        if definition is None:
            raise AwsError("ClientException", "Unable to describe task definition.")
        answer: Dict[str, Any] = {"taskDefinition": definition.body}
        if "TAGS" in (params.get("include") or []):
            answer["tags"] = definition.tags
        return answer

    def list(self, region: Region, params: Params) -> Dict[str, Any]:
        prefix, status = params.get("familyPrefix"), params.get("status", "ACTIVE")
        chosen = [
            d for d in region.task_definitions.values() if d.status == status and (prefix is None or d.family == prefix)
        ]
        chosen.sort(key=lambda d: (d.family, d.body["revision"]), reverse=params.get("sort") == "DESC")
        return page([d.arn for d in chosen], params, "taskDefinitionArns")

    def families(self, region: Region, params: Params) -> Dict[str, Any]:
        prefix, status = params.get("familyPrefix", ""), params.get("status", "ALL")
        names = {d.family for d in region.task_definitions.values() if d.family.startswith(prefix)}
        active = {d.family for d in region.task_definitions.values() if d.status == "ACTIVE"}
        if status != "ALL":
            names = {name for name in names if (name in active) == (status == "ACTIVE")}
        return page(sorted(names), params, "families")

    def deregister(self, region: Region, params: Params) -> Dict[str, Any]:
        if ":" not in params["taskDefinition"].rsplit("/", 1)[-1]:
            raise AwsError("ClientException", "Revision is missing.")
        definition = region.find_task_definition(params["taskDefinition"])
        if definition is None or definition.status == "DELETE_IN_PROGRESS":
            raise AwsError("ClientException", "Unable to describe task definition.")
        definition.body.setdefault("deregisteredAt", now())
        definition.body["status"] = "INACTIVE"
        return {"taskDefinition": definition.body}

    def delete(self, region: Region, params: Params) -> Dict[str, Any]:
        references: List[str] = params["taskDefinitions"]
        if len(references) > MAX_DELETED_AT_ONCE:
            raise invalid(f"Members of a delete request must be at most {MAX_DELETED_AT_ONCE}.")
        deleted, failures = [], []
        for reference in references:
            definition = region.find_task_definition(reference)
            if definition is None:
                failures.append(
                    {
                        "arn": reference,
                        "reason": "The specified task definition does not exist. Specify a valid "
                        "account, family, revision and try again.",
                    }
                )
            elif definition.status == "ACTIVE":
                failures.append(
                    {
                        "arn": definition.arn,
                        "reason": "The specified task definition is still in ACTIVE status. "
                        "Please deregister the target and try again.",
                    }
                )
            else:
                definition.delete_requested = definition.delete_requested or now()
                definition.body.update(status="DELETE_IN_PROGRESS", deleteRequestedAt=definition.delete_requested)
                deleted.append(definition.body)
        return {"taskDefinitions": deleted, "failures": failures}

    def finish_deletions(self, region: Region) -> None:
        """DELETE_IN_PROGRESS ends when nothing uses the revision any more, as on AWS."""
        for definition in list(region.task_definitions.values()):
            if definition.delete_requested is None:
                continue
            age = (now() - definition.delete_requested).total_seconds()
            if age >= self._sandbox.settings.delay and not _is_used(region, definition):
                del region.task_definitions[definition.arn]


def _is_used(region: Region, definition: TaskDefinition) -> bool:
    return any(
        task.definition is definition and task.last_status != "STOPPED" for task in region.tasks.values()
    ) or any(
        deployment.revision.fields["taskDefinition"] == definition.arn
        for service in region.services
        if service.status != "INACTIVE"
        for deployment in service.deployments
    )
