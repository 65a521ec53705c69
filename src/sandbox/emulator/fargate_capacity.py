"""Fargate's shortages, which never fail a task but never place it either, and Spot interruptions.

- No capacity: "Capacity is unavailable at this time" (ECS developer guide, "Service event messages"). ECS goes on
  trying with the same capacity provider.
- vCPU quota of the account: "You've reached the limit on the number of vCPUs you can run concurrently" (ECS developer
  guide, "AWS Fargate service quotas": L-3032A538 on demand, L-36FBB829 Spot).
- Spot interruption: SIGTERM with two minutes' warning, SIGKILL after stopTimeout, stop code SpotInterruption (ECS
  developer guide, "Fargate capacity providers": "Your Spot Task was interrupted."); the scheduler starts another task
  at once.

`POST /_sandbox/fargate {"capacityProvider": "FARGATE_SPOT", "capacity": 0, "quota": 6}` sets either, in vCPUs; what is
left out is unlimited. `POST /_sandbox/spot-interruption {"task": <id or ARN>}` interrupts one task, `{}` all on Spot.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, Optional, Tuple

from .aws_call import Call, Forward
from .context import Reply, Sandbox
from .ecs_clusters import FARGATE_PROVIDERS
from .ecs_store import Region, Store, TaskDefinition
from .ecs_task import Task

ON_DEMAND, SPOT = FARGATE_PROVIDERS
QUOTA_CODES = {"L-3032A538": ON_DEMAND, "L-36FBB829": SPOT}
UNITS = 1024
"""CPU units of a vCPU."""
NO_CAPACITY = (
    "Capacity is unavailable at this time. Please try again later or in a different availability zone. "
    "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
)
OVER_QUOTA = (
    "You've reached the limit on the number of vCPUs you can run concurrently. "
    "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
)


class Capacity:
    def __init__(self, sandbox: Sandbox, store: Store) -> None:
        self._store = store
        self._limits: Dict[Tuple[str, str], float] = {}
        """(capacity provider, "capacity" or "quota") -> vCPUs"""
        sandbox.on_reset(self._limits.clear)
        sandbox.answer("servicequotas", "GetServiceQuota", self._applied_quota)
        sandbox.route("/_sandbox/fargate", self._set)
        sandbox.route("/_sandbox/spot-interruption", self._interrupt)

    def shortage(self, region: Region, definition: TaskDefinition, provider: Optional[str]) -> Optional[str]:
        """Why there is no room for one more task, in AWS's words; None when there is."""
        provider = provider or ON_DEMAND
        running = [task for task in region.tasks.values() if task.execution_stopped_at is None]
        used = sum(_units(t.definition) for t in running if (t.launch.capacity_provider or ON_DEMAND) == provider)
        needed = (used + _units(definition)) / UNITS
        if needed > self._limits.get((provider, "quota"), needed):
            return OVER_QUOTA
        if needed > self._limits.get((provider, "capacity"), needed):
            return NO_CAPACITY
        return None

    def _applied_quota(self, call: Call, forward: Forward) -> Dict[str, Any]:
        """The account's own value (Service Quotas API reference, GetServiceQuota), as tasks are held to it."""
        answer = forward()
        provider = QUOTA_CODES.get(call.params.get("QuotaCode", ""))
        limit = self._limits.get((provider or "", "quota"))
        return answer if limit is None else {"Quota": {**answer["Quota"], "Value": limit}}

    def _set(self, method: str, _rest: str, _query: Dict[str, str], body: bytes) -> Reply:
        wanted: Dict[str, Any] = json.loads(body or b"{}")
        provider = wanted.get("capacityProvider")
        if method != "POST" or provider not in FARGATE_PROVIDERS:
            return 400, {"error": f"POST the limits of a capacityProvider: {', '.join(FARGATE_PROVIDERS)}"}
        for limit in ("capacity", "quota"):
            self._limits.pop((provider, limit), None)
            if wanted.get(limit) is not None:
                self._limits[(provider, limit)] = float(wanted[limit])
        return 200, {"status": "set"}

    def _interrupt(self, method: str, _rest: str, _query: Dict[str, str], body: bytes) -> Reply:
        reference = json.loads(body or b"{}").get("task")
        if method != "POST":
            return 405, {"error": "POST interrupts Spot tasks"}
        chosen: List[Task] = [
            task
            for task in self._store.all_tasks()
            if task.launch.capacity_provider == SPOT
            and task.desired_status == "RUNNING"
            and (reference is None or task.id == reference.rsplit("/", 1)[-1])
        ]
        if not chosen:
            return 404, {"error": "no such task runs on Spot"}
        for task in chosen:
            task.stop("SpotInterruption", "Your Spot Task was interrupted.")
        return 200, {"interrupted": [task.arn for task in chosen]}


def _units(definition: TaskDefinition) -> int:
    return int(definition.body.get("cpu") or 0)
