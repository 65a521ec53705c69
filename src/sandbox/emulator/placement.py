"""Starts single tasks: where they go, what runs them, and why one could not be started."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional

from .ecs_network import Attachment
from .ecs_store import (
    Cluster,
    Deployment,
    Region,
    Service,
    Tags,
    TaskDefinition,
    merge_tags,
)
from .ecs_task import Launch, Runtime, Task, managed_tags
from .fargate_capacity import Capacity
from .json_operations import AwsError


class NotPlaced(Exception):
    """Why there cannot be a task now, as the service's event tells it."""

    def __init__(self, message: str, failed: bool) -> None:
        """failed: the circuit breaker counts it. A shortage of AWS's own is no failure of the deployment."""
        super().__init__(message)
        self.failed = failed


class Placement:
    def __init__(
        self,
        capacity: Capacity,
        start: Callable[[Task], Runtime],
        why_not: Callable[[TaskDefinition], Optional[str]],
    ) -> None:
        """start makes a task run; why_not says why ECS could not assume the roles of a task definition."""
        self._capacity, self._start, self._why_not = capacity, start, why_not

    def launch(
        self, region: Region, definition: TaskDefinition, network: Dict[str, Any], cluster: Cluster, launch: Launch
    ) -> Task:
        """Creates a task with its network interface and starts it. AwsError when a subnet or group is gone."""
        attachment = Attachment(region, network, len(region.tasks))
        task = Task(region, cluster, definition, attachment, launch)
        region.tasks[task.arn] = task
        task.runtime = self._start(task)
        return task

    def shortage(self, region: Region, definition: TaskDefinition, provider: Optional[str]) -> Optional[str]:
        """Why Fargate has no room for one more task, None when it has."""
        return self._capacity.shortage(region, definition, provider)

    def place(self, region: Region, service: Service, deployment: Deployment, provider: Optional[str]) -> Task:
        """A new task of the deployment. Raises NotPlaced."""
        definition = region.task_definitions[deployment.revision.fields["taskDefinition"]]
        if service.config.get("launchType") == "EC2":
            raise NotPlaced(
                "was unable to place a task because no container instance met all of its requirements. "
                "Reason: No Container Instances were found in your cluster.",
                failed=False,
            )
        problem = self._why_not(definition)
        if problem is not None:
            raise NotPlaced(f"failed to launch a task with (error {problem}).", failed=True)
        shortage = self.shortage(region, definition, provider)
        if shortage is not None:
            raise NotPlaced(f"was unable to place a task. Reason: {shortage}", failed=False)
        launch = Launch(
            f"service:{service.name}",
            deployment.id,
            self._tags(service, definition),
            provider,
            exec_enabled=service.config["enableExecuteCommand"],
            service=service,
            deployment=deployment,
        )
        try:
            return self.launch(
                region, definition, deployment.revision.fields["networkConfiguration"], service.cluster, launch
            )
        except AwsError as error:
            raise NotPlaced(f"was unable to place a task. Reason: {error.message}.", failed=True) from error

    def _tags(self, service: Service, definition: TaskDefinition) -> Tags:
        source = {"SERVICE": service.tags, "TASK_DEFINITION": definition.tags}.get(service.config["propagateTags"], [])
        return (
            merge_tags(managed_tags(service.cluster, service), source)
            if service.config["enableECSManagedTags"]
            else list(source)
        )


def next_providers(region: Region, service: Service, count: int) -> List[Optional[str]]:
    """The capacity providers of the next tasks: first the base is filled, then the weights are kept.

    A provider without capacity still gets its share: the weights split, they do not fail over
    (aws/containers-roadmap #773, #852).
    """
    strategy: List[Dict[str, Any]] = service.config.get("capacityProviderStrategy") or []
    if not strategy:
        return [None] * count
    held = [t.launch.capacity_provider for t in region.tasks_of(service) if t.desired_status == "RUNNING"]
    return [_next_provider(strategy, held) for _ in range(count)]


def _next_provider(strategy: List[Dict[str, Any]], held: List[Optional[str]]) -> str:
    """Chooses one and adds it to those that are held."""
    wanting = [entry for entry in strategy if held.count(entry["capacityProvider"]) < entry["base"]]
    weighted = [entry for entry in strategy if entry["weight"] > 0]
    entry = min(
        wanting or weighted, key=lambda e: (held.count(e["capacityProvider"]) - e["base"] + 1) / max(e["weight"], 1)
    )
    held.append(entry["capacityProvider"])
    return str(entry["capacityProvider"])
