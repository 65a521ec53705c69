"""The service deployment operations: list, describe, stop, and the revisions that deployments bring out."""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

from .ecs_store import Region, Revision, Service, ServiceDeployment, invalid, page
from .json_operations import AwsError, Params


def list_service_deployments(region: Region, params: Params) -> Dict[str, Any]:
    service, wanted, created = region.service(params), params.get("status"), params.get("createdAt") or {}
    chosen = [
        {
            "serviceDeploymentArn": d.arn,
            "serviceArn": service.arn,
            "clusterArn": service.cluster.arn,
            "targetServiceRevisionArn": d.target.arn,
            **_state(d),
        }
        for d in service.service_deployments
        if (not wanted or d.status in wanted)
        and (not created.get("after") or d.created_at > created["after"])
        and (not created.get("before") or d.created_at < created["before"])
    ]
    return page(chosen, params, "serviceDeployments")


def describe_service_deployments(region: Region, params: Params) -> Dict[str, Any]:
    if len(params["serviceDeploymentArns"]) > 20:
        raise invalid("At most 20 service deployments can be described at once.")
    found, failures = [], []
    for arn in params["serviceDeploymentArns"]:
        service, deployment = _find(region, arn)
        if service is None or deployment is None:
            failures.append({"arn": arn, "reason": "MISSING"})
        else:
            found.append(_describe(region, service, deployment))
    return {"serviceDeployments": found, "failures": failures}


def stop_service_deployment(region: Region, params: Params) -> Dict[str, Any]:
    service, deployment = _find(region, params["serviceDeploymentArn"])
    if service is None or deployment is None:
        raise AwsError("ServiceDeploymentNotFoundException", "The service deployment was not found.")
    kind = params.get("stopType", "ROLLBACK")
    if deployment.status not in ("PENDING", "IN_PROGRESS"):
        raise AwsError(
            "ConflictException", f"The service deployment cannot be stopped: its status is {deployment.status}."
        )
    if kind == "ROLLBACK" and service.last_good is None:
        raise AwsError(
            "ConflictException", "The service deployment cannot be rolled back: there is no completed service revision."
        )
    deployment.status = "ROLLBACK_REQUESTED" if kind == "ROLLBACK" else "STOP_REQUESTED"
    return {"serviceDeploymentArn": deployment.arn}


def describe_service_revisions(region: Region, params: Params) -> Dict[str, Any]:
    found, failures = [], []
    for arn in params["serviceRevisionArns"]:
        service = next((s for s in region.services if arn in s.revisions), None)
        if service is None:
            failures.append({"arn": arn, "reason": "MISSING"})
        else:
            found.append(_describe_revision(region, service, service.revisions[arn]))
    return {"serviceRevisions": found, "failures": failures}


def summary(region: Region, service: Service, revision: Revision) -> Dict[str, Any]:
    """How many tasks of one revision a service has."""
    mine = [
        t.last_status
        for t in region.tasks_of(service)
        if t.deployment is not None and t.deployment.revision is revision
    ]
    deployment = next((d for d in service.deployments if d.revision is revision), None)
    requested = service.desired_count if deployment is not None and deployment.status == "PRIMARY" else 0
    return {
        "arn": revision.arn,
        "requestedTaskCount": requested,
        "runningTaskCount": mine.count("RUNNING"),
        "pendingTaskCount": mine.count("PROVISIONING") + mine.count("PENDING"),
    }


def _find(region: Region, arn: str) -> Tuple[Optional[Service], Optional[ServiceDeployment]]:
    for service in region.services:
        for deployment in service.service_deployments:
            if deployment.arn == arn:
                return service, deployment
    return None, None


def _state(deployment: ServiceDeployment) -> Dict[str, Any]:
    fields = {
        "status": deployment.status,
        "statusReason": deployment.reason,
        "createdAt": deployment.created_at,
        "startedAt": deployment.started_at,
        "finishedAt": deployment.finished_at,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _describe(region: Region, service: Service, deployment: ServiceDeployment) -> Dict[str, Any]:
    fields: Dict[str, Any] = {
        "serviceDeploymentArn": deployment.arn,
        "serviceArn": service.arn,
        "clusterArn": service.cluster.arn,
        **_state(deployment),
        "updatedAt": deployment.finished_at or deployment.started_at or deployment.created_at,
        "sourceServiceRevisions": [summary(region, service, revision) for revision in deployment.sources],
        "targetServiceRevision": summary(region, service, deployment.target),
        "deploymentConfiguration": deployment.configuration,
        "deploymentCircuitBreaker": {
            "status": deployment.breaker,
            "failureCount": deployment.failures,
            "threshold": deployment.threshold,
        },
    }
    if deployment.stopped_at is not None:
        fields["stoppedAt"] = deployment.stopped_at
    if deployment.rollback is not None:
        fields["rollback"] = deployment.rollback
    return fields


def _describe_revision(region: Region, service: Service, revision: Revision) -> Dict[str, Any]:
    definition = region.find_task_definition(revision.fields["taskDefinition"])
    digests = {
        c.name: c.image_digest
        for t in region.tasks_of(service)
        if t.deployment is not None and t.deployment.revision is revision
        for c in t.containers
    }
    images = []
    for container in definition.body["containerDefinitions"] if definition else []:
        digest = digests.get(container["name"])
        images.append(
            {
                "containerName": container["name"],
                "image": container["image"],
                **({"imageDigest": digest} if digest else {}),
            }
        )
    return {
        "serviceRevisionArn": revision.arn,
        "serviceArn": service.arn,
        "clusterArn": service.cluster.arn,
        "createdAt": revision.created_at,
        "platformFamily": "Linux",
        "containerImages": images,
        **revision.fields,
    }
