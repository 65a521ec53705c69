"""How a service moves from one revision to the next: begin, count failures, roll back, complete."""

from __future__ import annotations

import math
import secrets
import string
from typing import Any, Dict, Optional

from .ecs_store import (
    Deployment,
    Region,
    Revision,
    Service,
    ServiceDeployment,
    deployment_id,
    now,
)

BREAKER_RANGE = (3, 200)
"""Smallest and largest threshold of the type BOUNDED_PERCENT, which is the default."""
_ID = string.ascii_letters + string.digits


def begin(region: Region, service: Service) -> None:
    """Starts a deployment of what the service's configuration now says."""
    revision = Revision(
        region.arn(f"service-revision/{service.cluster.name}/{service.name}/{secrets.randbelow(9 * 10**18) + 10**18}"),
        {
            name: service.config[name]
            for name in (
                "taskDefinition",
                "networkConfiguration",
                "platformVersion",
                "capacityProviderStrategy",
                "launchType",
            )
            if service.config.get(name)
        },
    )
    service.revisions[revision.arn] = revision
    if service.service_deployments and service.current.is_open:
        _finish(service.current, "STOPPED", "The service deployment was replaced by a newer one.")
    sources = [deployment.revision for deployment in service.deployments]
    for deployment in service.deployments:
        deployment.status = "ACTIVE"
    deployment = Deployment(deployment_id(), revision)
    deployment.rollout_reason = f"ECS deployment {deployment.id} in progress."
    service.deployments.insert(0, deployment)
    identifier = "".join(secrets.choice(_ID) for _ in range(21))
    service.service_deployments.insert(
        0,
        ServiceDeployment(
            region.arn(f"service-deployment/{service.cluster.name}/{service.name}/{identifier}"),
            revision,
            sources,
            deployment.id,
            service.config["deploymentConfiguration"],
            breaker="MONITORING" if _breaker(service)["enable"] else "DISABLED",
            threshold=threshold(service),
        ),
    )


def advance(service: Service) -> None:
    """The transitions that only need time: PENDING to IN_PROGRESS, and requests to stop."""
    deployment = service.current
    if deployment.status == "PENDING":
        deployment.status, deployment.started_at = "IN_PROGRESS", now()
    elif deployment.status == "STOP_REQUESTED":
        _fail(service, f"ECS deployment {service.primary.id} was stopped by the user.")
        _finish(deployment, "STOPPED", "The service deployment was stopped by the user.")
    elif deployment.status == "ROLLBACK_REQUESTED":
        _fail(service, f"ECS deployment {service.primary.id} was stopped by the user.")
        roll_back(service, "The service deployment was stopped by the user.")


def threshold(service: Service) -> int:
    """Failures at which the circuit breaker triggers."""
    given: Dict[str, Any] = _breaker(service).get("thresholdConfiguration") or {}
    kind, value = given.get("type", "BOUNDED_PERCENT"), given.get("value", 50)
    if kind == "COUNT":
        return int(value)
    tasks = math.ceil(service.desired_count * value / 100)
    return max(1, tasks) if kind == "UNBOUNDED_PERCENT" else min(max(BREAKER_RANGE[0], tasks), BREAKER_RANGE[1])


def note_failure(service: Service, deployment: Deployment) -> None:
    """A task of this deployment failed. May trigger the circuit breaker."""
    deployment.failed_tasks += 1
    deployment.updated_at = now()
    if deployment is not service.primary or deployment.rollout_state != "IN_PROGRESS" or not service.current.is_open:
        return
    deployment.failures += 1
    if service.current.rollback is None:
        service.current.failures = deployment.failures
    if _breaker(service)["enable"] and deployment.failures >= threshold(service):
        _trigger(service)


def note_healthy(service: Service, deployment: Deployment) -> None:
    if _breaker(service).get("resetOnHealthyTask", True) and deployment is service.primary and service.current.is_open:
        deployment.failures = 0
        if service.current.rollback is None:
            service.current.failures = 0


def _trigger(service: Service) -> None:
    failed, current = service.primary, service.current
    _fail(service, "ECS deployment circuit breaker: tasks failed to start.")
    service.event(f"(deployment {failed.id}) deployment failed: tasks failed to start.")
    if current.status == "ROLLBACK_IN_PROGRESS":
        _finish(
            current, "ROLLBACK_FAILED", "The rollback failed: tasks of the previous service revision failed to start."
        )
        return
    current.breaker = "TRIGGERED"
    if not _breaker(service)["rollback"]:
        _finish(current, "STOPPED", "The deployment circuit breaker was triggered: tasks failed to start.")
    elif service.last_good is None:
        _finish(
            current,
            "STOPPED",
            "The deployment circuit breaker was triggered: tasks failed to start. There is no "
            "completed service revision to roll back to.",
        )
    else:
        roll_back(service, "The deployment circuit breaker was triggered: tasks failed to start.")


def roll_back(service: Service, reason: str) -> None:
    """Makes the last revision that completed the PRIMARY one again. There must be one."""
    target = service.last_good
    if target is None:
        _finish(service.current, "ROLLBACK_FAILED", f"{reason} There is no completed service revision to roll back to.")
        return
    restored = next((d for d in service.deployments if d.revision is target), None) or Deployment(
        deployment_id(), target
    )
    for deployment in service.deployments:
        deployment.status = "ACTIVE"
    restored.status, restored.rollout_state, restored.failures, restored.updated_at = "PRIMARY", "IN_PROGRESS", 0, now()
    restored.rollout_reason = f"ECS deployment circuit breaker: rolling back to deploymentId {restored.id}."
    service.deployments = [restored] + [d for d in service.deployments if d is not restored]
    for member in ("capacityProviderStrategy", "launchType"):
        service.config.pop(member, None)
    service.config.update(target.fields)
    service.event(f"rolling back to deployment {restored.id}.")
    current = service.current
    current.status, current.reason = "ROLLBACK_IN_PROGRESS", reason
    current.rollback = {"reason": reason, "startedAt": now(), "serviceRevisionArn": target.arn}


def complete(service: Service) -> None:
    """The PRIMARY deployment has all its tasks and no other deployment has any."""
    primary, current = service.primary, service.current
    primary.rollout_state, primary.updated_at = "COMPLETED", now()
    primary.rollout_reason = f"ECS deployment {primary.id} completed."
    service.deployments = [primary]
    service.last_good = primary.revision
    service.event(f"(deployment {primary.id}) deployment completed.")
    if not current.is_open:
        return
    if current.rollback is not None:
        _finish(current, "ROLLBACK_SUCCESSFUL", current.reason)
    else:
        current.breaker = "MONITORING_COMPLETE" if current.breaker == "MONITORING" else current.breaker
        _finish(current, "SUCCESSFUL", None)


def abandon(service: Service) -> None:
    """The service is being deleted."""
    if service.current.is_open:
        _finish(service.current, "STOPPED", "The service was deleted.")


def _fail(service: Service, reason: str) -> None:
    failed = service.primary
    failed.rollout_state, failed.rollout_reason, failed.updated_at = "FAILED", reason, now()


def _finish(deployment: ServiceDeployment, status: str, reason: Optional[str]) -> None:
    deployment.status, deployment.reason, deployment.finished_at = status, reason, now()
    if status == "STOPPED":
        deployment.stopped_at = deployment.finished_at


def _breaker(service: Service) -> Dict[str, Any]:
    return dict(service.config["deploymentConfiguration"]["deploymentCircuitBreaker"])
