"""One ECS task: its states and how the API shows it. What makes it run is a Runtime (process or simulated)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Dict, List, Optional, Protocol

from .ecs_network import Attachment
from .ecs_store import (
    Cluster,
    Deployment,
    Region,
    Service,
    Tags,
    TaskDefinition,
    merge_tags,
    now,
)


class Runtime(Protocol):
    """Runs one task. It calls Task.running, Task.fail and Task.ended with the sandbox's lock held."""

    def tick(self) -> None:
        """Called about every 0.1 s."""

    def stop(self, within: Optional[float] = None) -> None:
        """Asks for the end (SIGTERM; SIGKILL after the stop timeout, or within so many seconds); returns at once."""

    def kill(self) -> None:
        """Ends it now and waits for that."""

    def describe(self) -> List[Dict[str, Any]]:
        """One object per process for GET /_sandbox/tasks."""

    def groups(self) -> Dict[str, int]:
        """Container name -> id of the process group that lives for it; empty without processes."""

    def out_of_memory(self, container: str) -> None:
        """Kills a container that has used more memory than it may."""


@dataclass
class Container:
    definition: Dict[str, Any]
    arn: str
    last_status: str = "PENDING"
    image_digest: Optional[str] = None
    runtime_id: Optional[str] = None
    exit_code: Optional[int] = None
    reason: Optional[str] = None
    health: str = "UNKNOWN"

    @property
    def name(self) -> str:
        return str(self.definition["name"])

    @property
    def has_health_check(self) -> bool:
        return "healthCheck" in self.definition


@dataclass
class Launch:
    """Why and how a task is started."""

    group: str
    started_by: Optional[str]
    tags: Tags
    capacity_provider: Optional[str] = None
    platform_version: str = "1.4.0"
    exec_enabled: bool = False
    overrides: Dict[str, Any] = field(default_factory=dict)
    service: Optional[Service] = None
    deployment: Optional[Deployment] = None


class Task:
    """One task. lastStatus: PROVISIONING, PENDING, RUNNING, DEPROVISIONING, STOPPED."""

    def __init__(
        self, region: Region, cluster: Cluster, definition: TaskDefinition, attachment: Attachment, launch: Launch
    ):
        self.id = uuid.uuid4().hex
        self.arn = region.arn(f"task/{cluster.name}/{self.id}")
        self.region, self.cluster, self.definition, self.attachment, self.launch = (
            region,
            cluster,
            definition,
            attachment,
            launch,
        )
        self.service, self.deployment = launch.service, launch.deployment
        self.tags = launch.tags
        self.containers = [
            Container(
                _overridden(body, launch.overrides), region.arn(f"container/{cluster.name}/{self.id}/{uuid.uuid4()}")
            )
            for body in definition.body["containerDefinitions"]
        ]
        self.last_status, self.desired_status = "PROVISIONING", "RUNNING"
        self.created_at = now()
        self.started_at: Optional[datetime] = None
        self.stopping_at: Optional[datetime] = None
        self.execution_stopped_at: Optional[datetime] = None
        self.stopped_at: Optional[datetime] = None
        self.stop_code: Optional[str] = None
        self.stopped_reason: Optional[str] = None
        self.failure_counted = False
        self.was_healthy = False
        self.runtime: Optional[Runtime] = None

    # --- transitions ----------------------------------------------------------------------------------------------

    def running(self) -> None:
        if self.last_status in ("PROVISIONING", "PENDING"):
            self.last_status, self.started_at = "RUNNING", now()
            for container in self.containers:
                container.last_status = "RUNNING"

    def stop(self, code: str, reason: str, within: Optional[float] = None) -> None:
        """Asks for the end, which comes within so many seconds; the first reason stays."""
        if self.desired_status == "STOPPED":
            return
        self.desired_status, self.stopping_at = "STOPPED", now()
        self.stop_code, self.stopped_reason = code, reason
        if self.runtime is not None:
            self.runtime.stop(within)

    def fail(self, reason: str) -> None:
        """It could not be started."""
        self._mark_stopping("TaskFailedToStart", reason)
        self.ended()

    def essential_exited(self) -> None:
        self._mark_stopping("EssentialContainerExited", "Essential container in task exited")

    def _mark_stopping(self, code: str, reason: str) -> None:
        if self.desired_status != "STOPPED":
            self.desired_status, self.stopping_at = "STOPPED", now()
            self.stop_code, self.stopped_reason = code, reason

    def ended(self) -> None:
        """Nothing of it runs any more."""
        if self.execution_stopped_at is None:
            self.last_status, self.execution_stopped_at = "DEPROVISIONING", now()
            for container in self.containers:
                container.last_status = "STOPPED"

    def deprovisioned(self) -> None:
        self.attachment.release()
        self.last_status, self.stopped_at = "STOPPED", now()

    @property
    def architecture(self) -> str:
        """As images name it: amd64 or arm64."""
        platform = self.definition.body.get("runtimePlatform") or {}
        return "arm64" if platform.get("cpuArchitecture") == "ARM64" else "amd64"

    # --- state ----------------------------------------------------------------------------------------------------

    @property
    def health(self) -> str:
        """UNHEALTHY when one essential container is; HEALTHY when all with a check are; else UNKNOWN."""
        states = [c.health for c in self.containers if c.has_health_check and c.definition["essential"]]
        if "UNHEALTHY" in states:
            return "UNHEALTHY"
        return "HEALTHY" if states and all(state == "HEALTHY" for state in states) else "UNKNOWN"

    def is_good(self, settle: float) -> bool:
        """Whether a deployment may count it: HEALTHY, or without a health check RUNNING for `settle` seconds."""
        if self.last_status != "RUNNING" or self.desired_status != "RUNNING" or self.started_at is None:
            return False
        if any(c.has_health_check and c.definition["essential"] for c in self.containers):
            return self.health == "HEALTHY"
        return (now() - self.started_at).total_seconds() >= settle

    def describe(self, include: List[str]) -> Dict[str, Any]:
        body = self.definition.body
        fields: Dict[str, Any] = {
            "taskArn": self.arn,
            "clusterArn": self.cluster.arn,
            "taskDefinitionArn": self.definition.arn,
            "group": self.launch.group,
            "startedBy": self.launch.started_by,
            "launchType": "FARGATE",
            "capacityProviderName": self.launch.capacity_provider,
            "platformVersion": self.launch.platform_version,
            "platformFamily": "Linux",
            "lastStatus": self.last_status,
            "desiredStatus": self.desired_status,
            "healthStatus": self.health,
            "cpu": body.get("cpu"),
            "memory": body.get("memory"),
            "availabilityZone": self.attachment.availability_zone,
            "connectivity": "CONNECTED",
            "createdAt": self.created_at,
            "startedAt": self.started_at,
            "stoppingAt": self.stopping_at,
            "executionStoppedAt": self.execution_stopped_at,
            "stoppedAt": self.stopped_at,
            "stopCode": self.stop_code,
            "stoppedReason": self.stopped_reason,
            "enableExecuteCommand": self.launch.exec_enabled,
            "overrides": {"containerOverrides": [], **self.launch.overrides},
            "attachments": [self.attachment.describe()],
            "containers": [self._describe_container(c) for c in self.containers],
            "ephemeralStorage": body.get("ephemeralStorage", {"sizeInGiB": 20}),
            "tags": self.tags if "TAGS" in include else [],
        }
        return {name: value for name, value in fields.items() if value is not None}

    def _describe_container(self, container: Container) -> Dict[str, Any]:
        interface = {"attachmentId": self.attachment.id, "privateIpv4Address": self.attachment.private_ip}
        fields: Dict[str, Any] = {
            "containerArn": container.arn,
            "taskArn": self.arn,
            "name": container.name,
            "image": container.definition["image"],
            "imageDigest": container.image_digest,
            "runtimeId": container.runtime_id,
            "lastStatus": container.last_status,
            "exitCode": container.exit_code,
            "reason": container.reason,
            "healthStatus": container.health,
            "networkBindings": [],
            "networkInterfaces": [interface],
            "cpu": str(container.definition.get("cpu", 0)),
        }
        return {name: value for name, value in fields.items() if value is not None}


def _overridden(body: Dict[str, Any], overrides: Dict[str, Any]) -> Dict[str, Any]:
    """A container definition with what RunTask changes for one task: the command and environment variables."""
    for override in overrides.get("containerOverrides") or []:
        if override.get("name") == body["name"]:
            added = override.get("environment") or []
            kept = [entry for entry in body["environment"] if entry["name"] not in {other["name"] for other in added}]
            return {**body, "command": override.get("command") or body.get("command"), "environment": kept + added}
    return body


def managed_tags(cluster: Cluster, service: Optional[Service]) -> Tags:
    """What enableECSManagedTags adds."""
    tags = [{"key": "aws:ecs:clusterName", "value": cluster.name}]
    return merge_tags(tags, [{"key": "aws:ecs:serviceName", "value": service.name}]) if service else tags
