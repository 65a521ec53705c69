"""ECS: wires the parts together and registers every operation. See scheduler.py and task_process.py for what runs."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any, Dict, Optional

from . import ecs_clusters, ecs_deployments, ecs_services, ecs_tags, ecs_tasks, role_lag, settling
from .context import Kinds, Reply, Sandbox
from .ecs_run_task import RunTask
from .ecs_store import Service, Store, TaskDefinition
from .ecs_task import Runtime, Task
from .ecs_task_definitions import TaskDefinitions
from .fargate_capacity import Capacity
from .image_cache import ImageCache
from .json_operations import bind
from .metadata import TaskEndpoints
from .metrics import Metrics
from .placement import Placement
from .scheduler import Scheduler
from .spot_interruptions import SpotInterruptions
from .task_inputs import why_not_assumable
from .task_process import ProcessRuntime
from .task_simulated import SimulatedRuntime

TICK = 0.1
"""Seconds between two looks of the scheduler at everything."""
EXIT_GRACE = 2.0
"""Seconds that tasks get between SIGTERM and SIGKILL when the emulator ends."""

_stores: Dict[int, Store] = {}


def install(sandbox: Sandbox) -> None:
    settings = sandbox.settings
    store = _stores[id(sandbox)] = Store(settings.account_id)
    images, endpoints = ImageCache(settings.image_cache), TaskEndpoints(sandbox)
    remove_folders(settings.work_dir)  # those of a start that was killed

    def start(task: Task) -> Runtime:
        if settings.tasks == "simulated":
            return SimulatedRuntime(task, settings.delay, settings.strict["task-pull"])
        return ProcessRuntime(sandbox, task, images, endpoints)

    def why_not(definition: TaskDefinition) -> Optional[str]:
        return why_not_assumable(settings.account_id, definition) or role_lag.why_too_fresh(sandbox, definition)

    role_lag.install(sandbox, store)
    settling.install(sandbox, store)
    Metrics(sandbox, store)
    SpotInterruptions(sandbox, store)
    placement = Placement(Capacity(sandbox, store), start, why_not)
    scheduler = Scheduler(sandbox, store, placement)
    definitions = TaskDefinitions(sandbox)
    bound = store.bound
    bind(
        sandbox,
        "ecs",
        {
            "CreateCluster": bound(ecs_clusters.create_cluster),
            "DescribeClusters": bound(ecs_clusters.describe_clusters),
            "ListClusters": bound(ecs_clusters.list_clusters),
            "UpdateCluster": bound(ecs_clusters.update_cluster),
            "UpdateClusterSettings": bound(ecs_clusters.update_cluster),
            "PutClusterCapacityProviders": bound(ecs_clusters.put_cluster_capacity_providers),
            "DeleteCluster": bound(ecs_clusters.delete_cluster),
            "DescribeCapacityProviders": bound(ecs_clusters.describe_capacity_providers),
            "RegisterTaskDefinition": bound(definitions.register),
            "DescribeTaskDefinition": bound(definitions.describe),
            "ListTaskDefinitions": bound(definitions.list),
            "ListTaskDefinitionFamilies": bound(definitions.families),
            "DeregisterTaskDefinition": bound(definitions.deregister),
            "DeleteTaskDefinitions": bound(definitions.delete),
            "CreateService": bound(ecs_services.create_service),
            "UpdateService": bound(ecs_services.update_service),
            "DeleteService": bound(ecs_services.delete_service),
            "DescribeServices": bound(ecs_services.describe_services),
            "ListServices": bound(ecs_services.list_services),
            "ListServiceDeployments": bound(ecs_deployments.list_service_deployments),
            "DescribeServiceDeployments": bound(ecs_deployments.describe_service_deployments),
            "StopServiceDeployment": bound(ecs_deployments.stop_service_deployment),
            "DescribeServiceRevisions": bound(ecs_deployments.describe_service_revisions),
            "RunTask": bound(RunTask(placement).run),
            "ListTasks": bound(ecs_tasks.list_tasks),
            "DescribeTasks": bound(ecs_tasks.describe_tasks),
            "StopTask": bound(ecs_tasks.stop_task),
            "ExecuteCommand": bound(ecs_tasks.execute_command),
            "TagResource": bound(ecs_tags.tag_resource),
            "UntagResource": bound(ecs_tags.untag_resource),
            "ListTagsForResource": bound(ecs_tags.list_tags_for_resource),
        },
    )

    def tick() -> None:
        scheduler.tick()
        for region in store.regions.values():
            definitions.finish_deletions(region)

    def reset() -> None:
        _kill_all(store)
        endpoints.clear()
        store.regions.clear()

    def end() -> None:
        _stop_all(store)
        remove_folders(settings.work_dir)

    sandbox.every(TICK, tick)
    sandbox.on_reset(reset)
    sandbox.on_exit(end)
    sandbox.inventory("ecs", lambda: inventory(sandbox))
    sandbox.route("/_sandbox/tasks", lambda method, rest, query, body: _tasks(store))


def remove_folders(work_dir: Path) -> None:
    for name in ("tasks", "images"):
        shutil.rmtree(work_dir / name, ignore_errors=True)


def clamp_desired(sandbox: Sandbox, region: str, cluster: str, service: str, minimum: int, maximum: int) -> None:
    """Moves an ACTIVE service's desired count into [minimum, maximum], as registering a scalable target does.

    Raises KeyError when there is no such service.
    """
    found = _active_service(sandbox, region, cluster, service)
    if found is None:
        raise KeyError(service)
    found.desired_count = min(max(found.desired_count, minimum), maximum)


def desired_count(sandbox: Sandbox, region: str, cluster: str, service: str) -> Optional[int]:
    """The desired count of an ACTIVE service, None when there is none."""
    found = _active_service(sandbox, region, cluster, service)
    return found.desired_count if found is not None else None


def task_definition(sandbox: Sandbox, region: str, reference: str) -> Dict[str, Any]:
    """As it was registered; empty when there is none."""
    found = _stores[id(sandbox)].region(region).find_task_definition(reference)
    return found.body if found is not None else {}


def _active_service(sandbox: Sandbox, region: str, cluster: str, service: str) -> Optional[Service]:
    store = _stores[id(sandbox)].region(region)
    found_cluster = store.find_cluster(cluster)
    found = store.find_service(found_cluster, service) if found_cluster else None
    return found if found is not None and found.status == "ACTIVE" else None


def inventory(sandbox: Sandbox) -> Kinds:
    kinds: Kinds = {
        name: {}
        for name in (
            "cluster",
            "inactive-cluster",
            "service",
            "inactive-service",
            "task",
            "task-definition",
            "inactive-task-definition",
        )
    }
    for region in _stores[id(sandbox)].regions.values():
        for cluster in region.clusters.values():
            kinds[_kind("cluster", cluster.status)][cluster.arn] = {
                "tags": ecs_tags.as_dict(cluster.tags),
                "capacityProviders": cluster.capacity_providers,
                "defaultCapacityProviderStrategy": cluster.default_strategy,
                "settings": cluster.settings,
            }
        for service in region.services:
            kinds[_kind("service", service.status)][service.arn] = {
                "tags": ecs_tags.as_dict(service.tags),
                "status": service.status,
                "desiredCount": service.desired_count,
                "taskDefinition": service.config["taskDefinition"],
            }
        for definition in region.task_definitions.values():
            kinds[_kind("task-definition", definition.status)][definition.arn] = {
                "tags": ecs_tags.as_dict(definition.tags),
                "status": definition.status,
            }
        for task in region.tasks.values():
            if task.last_status != "STOPPED":
                kinds["task"][task.arn] = {
                    "tags": ecs_tags.as_dict(task.tags),
                    "group": task.launch.group,
                    "taskDefinition": task.definition.arn,
                }
    return kinds


def _kind(name: str, status: str) -> str:
    return name if status in ("ACTIVE", "DRAINING") else f"inactive-{name}"


def _tasks(store: Store) -> Reply:
    tasks = [
        {
            "taskArn": task.arn,
            "group": task.launch.group,
            "capacityProvider": task.launch.capacity_provider,
            "lastStatus": task.last_status,
            "desiredStatus": task.desired_status,
            "healthStatus": task.health,
            "stopCode": task.stop_code,
            "stoppedReason": task.stopped_reason,
            "processes": task.runtime.describe() if task.runtime else [],
        }
        for task in store.all_tasks()
    ]
    return 200, {"tasks": tasks}


def _kill_all(store: Store) -> None:
    for task in store.all_tasks():
        if task.runtime is not None:
            task.runtime.kill()


def _stop_all(store: Store) -> None:
    tasks = [task for task in store.all_tasks() if task.runtime is not None]
    for task in tasks:
        task.runtime.stop()
    deadline = time.monotonic() + EXIT_GRACE
    while time.monotonic() < deadline and any(_alive(task) for task in tasks):
        time.sleep(0.05)
    _kill_all(store)


def _alive(task: Any) -> bool:
    return any(process["alive"] for process in task.runtime.describe())
