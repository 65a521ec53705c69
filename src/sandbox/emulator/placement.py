"""Starts single tasks: where they go, what runs them, and why one could not be started."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional

from . import ecs_rollout
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
from .json_operations import AwsError


class Placement:
    def __init__(
        self, delay: float, start: Callable[[Task], Runtime], why_not: Callable[[TaskDefinition], Optional[str]]
    ) -> None:
        """start makes a task run; why_not says why ECS could not assume the roles of a task definition."""
        self._delay, self._start, self._why_not = delay, start, why_not

    def launch(
        self, region: Region, definition: TaskDefinition, network: Dict[str, Any], cluster: Cluster, launch: Launch
    ) -> Task:
        """Creates a task with its network interface and starts it. AwsError when a subnet or group is gone."""
        attachment = Attachment(region, network, len(region.tasks))
        task = Task(region, cluster, definition, attachment, launch)
        region.tasks[task.arn] = task
        task.runtime = self._start(task)
        return task

    def place(self, region: Region, service: Service, deployment: Deployment) -> Optional[Task]:
        """A new task of the deployment; None when there cannot be one now, which an event then tells."""
        definition = region.task_definitions[deployment.revision.fields["taskDefinition"]]
        if service.config.get("launchType") == "EC2":
            self._refuse(
                service,
                "was unable to place a task because no container instance met all of its requirements. "
                "Reason: No Container Instances were found in your cluster.",
            )
            return None
        problem = self._why_not(definition)
        if problem is not None:
            ecs_rollout.note_failure(service, deployment)
            self._refuse(service, f"failed to launch a task with (error {problem}).")
            return None
        launch = Launch(
            f"service:{service.name}",
            deployment.id,
            self._tags(service, definition),
            _provider(region, service),
            exec_enabled=service.config["enableExecuteCommand"],
            service=service,
            deployment=deployment,
        )
        try:
            return self.launch(
                region, definition, deployment.revision.fields["networkConfiguration"], service.cluster, launch
            )
        except AwsError as error:
            ecs_rollout.note_failure(service, deployment)
            self._refuse(service, f"was unable to place a task. Reason: {error.message}.")
            return None

    def _refuse(self, service: Service, message: str) -> None:
        service.hold_launches(self._delay)
        if not service.events or not service.events[0]["message"].endswith(message):
            service.event(message)

    def _tags(self, service: Service, definition: TaskDefinition) -> Tags:
        source = {"SERVICE": service.tags, "TASK_DEFINITION": definition.tags}.get(service.config["propagateTags"], [])
        return (
            merge_tags(managed_tags(service.cluster, service), source)
            if service.config["enableECSManagedTags"]
            else list(source)
        )


def _provider(region: Region, service: Service) -> Optional[str]:
    """The capacity provider of the next task: first the base is filled, then the weights are kept."""
    strategy: List[Dict[str, Any]] = service.config.get("capacityProviderStrategy") or []
    if not strategy:
        return None
    running = [t.launch.capacity_provider for t in region.tasks_of(service) if t.desired_status == "RUNNING"]
    for entry in strategy:
        if running.count(entry["capacityProvider"]) < entry["base"]:
            return str(entry["capacityProvider"])
    weighted = [entry for entry in strategy if entry["weight"] > 0]
    chosen = min(weighted, key=lambda e: (running.count(e["capacityProvider"]) - e["base"] + 1) / e["weight"])
    return str(chosen["capacityProvider"])
