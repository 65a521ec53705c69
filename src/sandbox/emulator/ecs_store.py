"""What ECS keeps: clusters, task definitions, services with their deployments, tasks. One Region object per region.

moto's ECS store is not used: it has no deployments, revisions or task states to build on.
"""

from __future__ import annotations

import secrets
import time
import uuid
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Callable, Deque, Dict, Iterator, List, Optional, Tuple

from .json_operations import AwsError, Params

Tags = List[Dict[str, str]]
"""ECS writes tags as [{"key": ..., "value": ...}]."""


def now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass
class Cluster:
    name: str
    arn: str
    settings: List[Dict[str, str]]
    capacity_providers: List[str]
    default_strategy: List[Dict[str, Any]]
    tags: Tags
    configuration: Optional[Dict[str, Any]] = None
    status: str = "ACTIVE"


@dataclass
class TaskDefinition:
    arn: str
    family: str
    body: Dict[str, Any]
    """The API's taskDefinition, with AWS's defaults filled in."""
    tags: Tags
    delete_requested: Optional[datetime] = None

    @property
    def status(self) -> str:
        return str(self.body["status"])

    @property
    def is_fargate(self) -> bool:
        return "FARGATE" in self.body["compatibilities"]


@dataclass
class Revision:
    """A service revision: what a deployment brings out. Never changes."""

    arn: str
    fields: Dict[str, Any]
    """taskDefinition, networkConfiguration, platformVersion and how tasks are launched."""
    created_at: datetime = field(default_factory=now)


@dataclass
class Deployment:
    """One entry of a service's deployments[]: the tasks of one revision."""

    id: str
    revision: Revision
    status: str = "PRIMARY"
    rollout_state: str = "IN_PROGRESS"
    rollout_reason: str = ""
    failed_tasks: int = 0
    failures: int = 0
    """Failures that the circuit breaker counts; a healthy task may set them back."""
    created_at: datetime = field(default_factory=now)
    updated_at: datetime = field(default_factory=now)


@dataclass
class ServiceDeployment:
    """What ListServiceDeployments and DescribeServiceDeployments answer."""

    arn: str
    target: Revision
    sources: List[Revision]
    deployment_id: str
    configuration: Dict[str, Any]
    status: str = "PENDING"
    reason: Optional[str] = None
    breaker: str = "DISABLED"
    failures: int = 0
    threshold: int = 0
    rollback: Optional[Dict[str, Any]] = None
    created_at: datetime = field(default_factory=now)
    started_at: Optional[datetime] = None
    finished_at: Optional[datetime] = None
    stopped_at: Optional[datetime] = None

    @property
    def is_open(self) -> bool:
        return self.status not in ("SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED")


@dataclass
class Service:
    name: str
    arn: str
    cluster: Cluster
    desired_count: int
    config: Dict[str, Any]
    """The members of CreateService that are kept as they are, named as in the API."""
    tags: Tags
    status: str = "ACTIVE"
    deployments: List[Deployment] = field(default_factory=list)
    service_deployments: List[ServiceDeployment] = field(default_factory=list)
    """Newest first."""
    revisions: Dict[str, Revision] = field(default_factory=dict)
    last_good: Optional[Revision] = None
    """The revision of the last deployment that completed; the circuit breaker rolls back to it."""
    events: Deque[Dict[str, Any]] = field(default_factory=lambda: deque(maxlen=100))
    steady: bool = False
    launch_after: float = 0.0
    """Monotonic time before which no task is started, because one has just failed."""
    emptied_at: Optional[float] = None
    created_at: datetime = field(default_factory=now)

    @property
    def primary(self) -> Deployment:
        return self.deployments[0]

    @property
    def current(self) -> ServiceDeployment:
        return self.service_deployments[0]

    def hold_launches(self, seconds: float) -> None:
        self.launch_after = time.monotonic() + seconds

    def event(self, message: str) -> None:
        self.events.appendleft(
            {"id": str(uuid.uuid4()), "createdAt": now(), "message": f"(service {self.name}) {message}"}
        )


class Region:
    """Everything of one region, and how the API's references (names, ARNs) are read."""

    def __init__(self, name: str, account_id: str) -> None:
        self.name = name
        self.account_id = account_id
        self.clusters: Dict[str, Cluster] = {}
        self.task_definitions: Dict[str, TaskDefinition] = {}
        self.last_revision: Dict[str, int] = {}
        """family -> highest revision ever registered; it never goes back."""
        self.services: List[Service] = []
        self.tasks: Dict[str, Any] = {}
        """ARN -> ecs_tasks.Task"""
        self.tokens: Dict[Tuple[str, str], Tuple[str, Service]] = {}
        """(cluster, clientToken) -> (the request, what it made)"""

    def arn(self, resource: str) -> str:
        return f"arn:aws:ecs:{self.name}:{self.account_id}:{resource}"

    def find_cluster(self, reference: Optional[str]) -> Optional[Cluster]:
        return self.clusters.get((reference or "default").rsplit("/", 1)[-1])

    def cluster(self, params: Params) -> Cluster:
        cluster = self.find_cluster(params.get("cluster"))
        if cluster is None or cluster.status != "ACTIVE":
            raise AwsError("ClusterNotFoundException", "Cluster not found.")
        return cluster

    def find_service(self, cluster: Cluster, reference: str) -> Optional[Service]:
        """The newest service of that name: a new one hides an INACTIVE one."""
        name = reference.rsplit("/", 1)[-1]
        matches = [service for service in self.services if service.cluster is cluster and service.name == name]
        return matches[-1] if matches else None

    def service(self, params: Params) -> Service:
        service = self.find_service(self.cluster(params), params["service"])
        if service is None:
            raise AwsError("ServiceNotFoundException", "Service not found.")
        return service

    def find_task_definition(self, reference: str) -> Optional[TaskDefinition]:
        """By ARN, by family:revision, or the newest ACTIVE one of a family."""
        name = reference.rsplit("/", 1)[-1]
        if ":" in name:
            return self.task_definitions.get(self.arn(f"task-definition/{name}"))
        active = [d for d in self.task_definitions.values() if d.family == name and d.status == "ACTIVE"]
        return max(active, key=lambda d: d.body["revision"], default=None)

    def runnable_task_definition(self, reference: str) -> TaskDefinition:
        definition = self.find_task_definition(reference)
        if definition is None:
            raise AwsError("ClientException", "TaskDefinition not found.")
        if definition.status != "ACTIVE":
            raise AwsError("ClientException", "TaskDefinition is inactive")
        return definition

    def tasks_of(self, service: Service) -> List[Any]:
        return [task for task in self.tasks.values() if task.service is service]


class Store:
    """The regions of one emulator."""

    def __init__(self, account_id: str) -> None:
        self._account_id = account_id
        self.regions: Dict[str, Region] = {}

    def region(self, name: str) -> Region:
        if name not in self.regions:
            self.regions[name] = Region(name, self._account_id)
        return self.regions[name]

    def bound(self, operation: Callable[[Region, Params], Dict[str, Any]]) -> Callable[[str, Params], Dict[str, Any]]:
        """An operation that wants the Region object in the form that json_operations.bind takes."""
        return lambda region, params: operation(self.region(region), params)

    def all_tasks(self) -> Iterator[Any]:
        for region in self.regions.values():
            yield from list(region.tasks.values())


def invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)


def page(items: List[Any], params: Params, key: str, default: int = 100) -> Dict[str, Any]:
    """One page of a list answer; the token is where the next one begins."""
    start, size = int(params.get("nextToken") or 0), params.get("maxResults") or default
    answer: Dict[str, Any] = {key: items[start : start + size]}
    if start + size < len(items):
        answer["nextToken"] = str(start + size)
    return answer


def deployment_id() -> str:
    return f"ecs-svc/{secrets.randbelow(9 * 10**18) + 10**18}"


def merge_tags(old: Tags, new: Tags) -> Tags:
    keys = {tag["key"] for tag in new}
    return [tag for tag in old if tag["key"] not in keys] + list(new)
