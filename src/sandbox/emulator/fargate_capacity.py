"""Fargate's shortages, which never fail a task but never place it either.

- No capacity: "Capacity is unavailable at this time" (ECS developer guide, "Service event messages"). ECS goes on
  trying with the same capacity provider.
- vCPU quota of the account: "You've reached the limit on the number of vCPUs you can run concurrently" (ECS developer
  guide, "AWS Fargate service quotas": L-3032A538 on demand, L-36FBB829 Spot).

`POST /_sandbox/fargate {"capacityProvider": "FARGATE_SPOT", "capacity": 0, "quota": 6, "seconds": 60}` sets either, in
vCPUs; what is left out is unlimited, and without "seconds" it stays so.
"""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple

from .aws_call import Call, Forward
from .context import Reply, Sandbox
from .ecs_clusters import FARGATE_PROVIDERS
from .ecs_store import Region, Store, TaskDefinition

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


@dataclass(frozen=True)
class Limit:
    vcpus: float
    until: float
    """Monotonic time."""


class Capacity:
    def __init__(self, sandbox: Sandbox, store: Store) -> None:
        self._store = store
        self._limits: Dict[Tuple[str, str], Limit] = {}
        """(capacity provider, "capacity" or "quota") -> what there is"""
        sandbox.on_reset(self._limits.clear)
        sandbox.answer("servicequotas", "GetServiceQuota", self._applied_quota)
        sandbox.answer("servicequotas", "ListServiceQuotas", self._applied_quotas)
        sandbox.route("/_sandbox/fargate", self._set)

    def shortage(self, region: Region, definition: TaskDefinition, provider: Optional[str]) -> Optional[str]:
        """Why there is no room for one more task, in AWS's words; None when there is."""
        provider = provider or ON_DEMAND
        running = [task for task in region.tasks.values() if task.execution_stopped_at is None]
        used = sum(_units(t.definition) for t in running if (t.launch.capacity_provider or ON_DEMAND) == provider)
        needed = (used + _units(definition)) / UNITS
        if needed > self._limit(provider, "quota"):
            return OVER_QUOTA
        if needed > self._limit(provider, "capacity"):
            return NO_CAPACITY
        return None

    def _limit(self, provider: str, kind: str) -> float:
        limit = self._limits.get((provider, kind))
        return limit.vcpus if limit is not None and time.monotonic() < limit.until else math.inf

    def _applied_quota(self, _call: Call, forward: Forward) -> Dict[str, Any]:
        """The account's own value (Service Quotas API reference, GetServiceQuota), as tasks are held to it."""
        return {"Quota": self._applied(forward()["Quota"])}

    def _applied_quotas(self, _call: Call, forward: Forward) -> Dict[str, Any]:
        answer = forward()
        return {**answer, "Quotas": [self._applied(quota) for quota in answer["Quotas"]]}

    def _applied(self, quota: Dict[str, Any]) -> Dict[str, Any]:
        limit = self._limit(QUOTA_CODES.get(quota["QuotaCode"], ""), "quota")
        return quota if limit == math.inf else {**quota, "Value": limit}

    def _set(self, method: str, _rest: str, _query: Dict[str, str], body: bytes) -> Reply:
        wanted: Dict[str, Any] = json.loads(body or b"{}")
        provider = wanted.get("capacityProvider")
        if method != "POST" or provider not in FARGATE_PROVIDERS:
            return 400, {"error": f"POST the limits of a capacityProvider: {', '.join(FARGATE_PROVIDERS)}"}
        until = time.monotonic() + float(wanted.get("seconds", math.inf))
        for kind in ("capacity", "quota"):
            self._limits.pop((provider, kind), None)
            if wanted.get(kind) is not None:
                self._limits[(provider, kind)] = Limit(float(wanted[kind]), until)
        return 200, {"status": "set"}


def _units(definition: TaskDefinition) -> int:
    return int(definition.body.get("cpu") or 0)
