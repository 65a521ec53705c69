"""The task operations of ECS, and how long stopped tasks are remembered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Dict, Optional

from .ecs_store import Cluster, Region, invalid, now, page
from .ecs_task import Task
from .json_operations import AwsError, Params

KEPT_AFTER_STOP = timedelta(hours=1)
"""How long DescribeTasks answers a stopped task, as on AWS."""


def find_task(region: Region, cluster: Cluster, reference: str) -> Optional[Task]:
    task = region.tasks.get(region.arn(f"task/{cluster.name}/{reference.rsplit('/', 1)[-1]}"))
    return task if task is None or task.cluster is cluster else None


def list_tasks(region: Region, params: Params) -> Dict[str, Any]:
    cluster = region.cluster(params)
    chosen = [
        t
        for t in region.tasks.values()
        if t.cluster is cluster and t.desired_status == params.get("desiredStatus", "RUNNING")
    ]
    if params.get("serviceName"):
        service = region.find_service(cluster, params["serviceName"])
        if service is None:
            raise AwsError("ServiceNotFoundException", "Service not found.")
        chosen = [t for t in chosen if t.launch.group == f"service:{service.name}"]
    if params.get("family"):
        chosen = [t for t in chosen if t.definition.family == params["family"]]
    if params.get("startedBy"):
        chosen = [t for t in chosen if t.launch.started_by == params["startedBy"]]
    if params.get("launchType", "FARGATE") != "FARGATE":
        chosen = []
    return page([t.arn for t in chosen], params, "taskArns")


def describe_tasks(region: Region, params: Params) -> Dict[str, Any]:
    cluster = region.cluster(params)
    if len(params["tasks"]) > 100:
        raise invalid("Tasks cannot have more than 100 elements.")
    tasks, failures = [], []
    for reference in params["tasks"]:
        task = find_task(region, cluster, reference)
        if task is None:
            failures.append(
                {"arn": region.arn(f"task/{cluster.name}/{reference.rsplit('/', 1)[-1]}"), "reason": "MISSING"}
            )
        else:
            tasks.append(task.describe(params.get("include") or []))
    return {"tasks": tasks, "failures": failures}


def stop_task(region: Region, params: Params) -> Dict[str, Any]:
    task = find_task(region, region.cluster(params), params["task"])
    if task is None:
        raise invalid("The referenced task was not found.")
    task.stop("UserInitiated", params.get("reason") or "Task stopped by user")
    return {"task": task.describe([])}


def execute_command(region: Region, params: Params) -> Dict[str, Any]:
    """There is no ECS Exec agent in the emulator: the errors are those of AWS when the agent is off or not ready."""
    task = find_task(region, region.cluster(params), params["task"])
    if task is None or not task.launch.exec_enabled:
        raise invalid(
            "The execute command failed because execute command was not enabled when the task was run or the "
            "execute command agent isn't running."
        )
    raise AwsError(
        "TargetNotConnectedException", "The execute command failed due to an internal error. Try again later."
    )


def forget_old(region: Region) -> None:
    for arn, task in list(region.tasks.items()):
        if task.stopped_at is not None and now() - task.stopped_at > KEPT_AFTER_STOP:
            del region.tasks[arn]
