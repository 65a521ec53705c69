"""RunTask: tasks that belong to no service."""

from __future__ import annotations

from typing import Any, Dict

from . import ecs_network
from .ecs_store import Region, invalid, merge_tags
from .ecs_task import Launch, managed_tags
from .json_operations import Params
from .placement import Placement

MAX_COUNT = 10


class RunTask:
    def __init__(self, placement: Placement) -> None:
        self._placement = placement

    def run(self, region: Region, params: Params) -> Dict[str, Any]:
        cluster = region.cluster(params)
        definition = region.runnable_task_definition(params["taskDefinition"])
        strategy = params.get("capacityProviderStrategy") or (
            [] if params.get("launchType") else cluster.default_strategy
        )
        if not definition.is_fargate or not (strategy or params.get("launchType") == "FARGATE"):
            raise invalid("No Container Instances were found in your cluster.")
        if not params.get("networkConfiguration"):
            raise invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
        network = ecs_network.validate(region, params["networkConfiguration"])
        count = params.get("count") or 1
        if count > MAX_COUNT:
            raise invalid(f"The number of tasks to run must be at most {MAX_COUNT}.")
        tags = params.get("tags") or []
        if params.get("enableECSManagedTags"):
            tags = merge_tags(managed_tags(cluster, None), tags)
        provider = max(strategy, key=lambda e: e.get("weight", 0))["capacityProvider"] if strategy else None
        launch = Launch(
            params.get("group") or f"family:{definition.family}",
            params.get("startedBy"),
            tags,
            provider,
            exec_enabled=bool(params.get("enableExecuteCommand")),
            overrides=params.get("overrides") or {},
        )
        tasks, failures = [], []
        for _ in range(count):
            shortage = self._placement.shortage(region, definition, provider)
            if shortage is not None:
                failures.append({"reason": shortage})
            else:
                tasks.append(self._placement.launch(region, definition, network, cluster, launch))
        return {"tasks": [task.describe(["TAGS"]) for task in tasks], "failures": failures}
