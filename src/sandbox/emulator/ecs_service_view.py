"""How the API shows a service and its deployments."""

from __future__ import annotations

from typing import Any, Dict, List

from .ecs_deployments import summary
from .ecs_store import Deployment, Region, Service


def describe(region: Region, service: Service, include: List[str]) -> Dict[str, Any]:
    states = [task.last_status for task in region.tasks_of(service)]
    fields: Dict[str, Any] = {
        "serviceArn": service.arn,
        "serviceName": service.name,
        "clusterArn": service.cluster.arn,
        "status": service.status,
        "desiredCount": service.desired_count,
        "runningCount": states.count("RUNNING"),
        "pendingCount": states.count("PROVISIONING") + states.count("PENDING"),
        "deployments": [_describe_deployment(region, service, d) for d in service.deployments]
        if service.status != "INACTIVE"
        else [],
        "events": list(service.events),
        "createdAt": service.created_at,
        "createdBy": f"arn:aws:iam::{region.account_id}:root",
        "platformFamily": "Linux",
        "roleArn": f"arn:aws:iam::{region.account_id}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
        "tags": service.tags if "TAGS" in include else [],
        "currentServiceDeployment": service.current.arn if service.current.is_open else None,
        "currentServiceRevisions": [summary(region, service, d.revision) for d in service.deployments],
        **service.config,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _describe_deployment(region: Region, service: Service, deployment: Deployment) -> Dict[str, Any]:
    states = [task.last_status for task in region.tasks_of(service) if task.deployment is deployment]
    return {
        "id": deployment.id,
        "status": deployment.status,
        "platformFamily": "Linux",
        **deployment.revision.fields,
        "desiredCount": service.desired_count if deployment.status == "PRIMARY" else 0,
        "runningCount": states.count("RUNNING"),
        "pendingCount": states.count("PROVISIONING") + states.count("PENDING"),
        "failedTasks": deployment.failed_tasks,
        "createdAt": deployment.created_at,
        "updatedAt": deployment.updated_at,
        "rolloutState": deployment.rollout_state,
        "rolloutStateReason": deployment.rollout_reason,
    }
