"""Step scaling: an alarm in ALARM moves the desired count of a service by its policy's steps, within the target's bounds.

Application Auto Scaling user guide, "Step scaling policies": bounds of a step are relative to the alarm's threshold, the
lower one belongs to it for a breach above and the upper one for a breach below; nothing is done during a cooldown.
Cooldowns shrink with --delay. Off until `POST /_sandbox/alarm-actions {"on": true}`: in a minute of half a second the
start of any process is load.
"""

from __future__ import annotations

import json
import math
import time
import uuid
from datetime import datetime, timezone
from typing import Any, Dict, List, Optional

from moto.applicationautoscaling.models import applicationautoscaling_backends

from . import ecs
from .aws_call import Call, Forward
from .context import Reply, Sandbox
from .health import REFERENCE_DELAY

DEFAULT_COOLDOWN = 300
"""Seconds, when a policy says nothing."""


class ScalingActions:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox, self._on = sandbox, False
        self._scaled_at: Dict[str, float] = {}
        """Scaled resource -> monotonic time of its last change"""
        self._activities: List[Dict[str, Any]] = []
        sandbox.answer("application-autoscaling", "DescribeScalingActivities", self._describe)
        sandbox.on_reset(self._clear)
        sandbox.route("/_sandbox/alarm-actions", self._switch)

    def carry_out(self, region: str, alarm: Any, value: float) -> None:
        """Called at every evaluation that finds the alarm in ALARM; value is its newest data point."""
        if not self._on or not alarm.actions_enabled:
            return
        backend = applicationautoscaling_backends[self._sandbox.settings.account_id][region]
        for policy in backend.policies.values():
            if policy.policy_arn in (alarm.alarm_actions or []) and policy.step_scaling_policy_configuration:
                target = backend.targets.get(policy.scalable_dimension, {}).get(policy.resource_id)
                if target is not None:
                    self._scale(region, alarm, policy, target, value - alarm.threshold)

    def _scale(self, region: str, alarm: Any, policy: Any, target: Any, distance: float) -> None:
        configuration: Dict[str, Any] = policy.step_scaling_policy_configuration
        cooldown = configuration.get("Cooldown", DEFAULT_COOLDOWN) * self._sandbox.settings.delay / REFERENCE_DELAY
        if time.monotonic() - self._scaled_at.get(target.resource_id, float("-inf")) < cooldown:
            return
        _, cluster, service = target.resource_id.split("/")
        now = ecs.desired_count(self._sandbox, region, cluster, service)
        step = _step(configuration.get("StepAdjustments") or [], distance)
        if now is None or step is None:
            return
        wanted = _adjusted(configuration.get("AdjustmentType"), now, step["ScalingAdjustment"])
        if _is_suspended(target, wanted > now):
            return
        wanted = min(max(wanted, target.min_capacity), target.max_capacity)
        if wanted != now:
            ecs.clamp_desired(self._sandbox, region, cluster, service, wanted, wanted)
            self._scaled_at[target.resource_id] = time.monotonic()
            self._record(alarm, policy, target, wanted)

    def _record(self, alarm: Any, policy: Any, target: Any, wanted: int) -> None:
        moment = datetime.now(timezone.utc)
        activity = {
            "ActivityId": str(uuid.uuid4()),
            "ServiceNamespace": target.service_namespace,
            "ResourceId": target.resource_id,
            "ScalableDimension": target.scalable_dimension,
            "Description": f"Setting desired count to {wanted}.",
            "Cause": f"monitor alarm {alarm.name} in state ALARM triggered policy {policy.policy_name}",
            "StartTime": moment,
            "EndTime": moment,
            "StatusCode": "Successful",
            "StatusMessage": f"Successfully set desired count to {wanted}. Change successfully fulfilled by ecs.",
        }
        self._activities.insert(0, activity)

    def _describe(self, call: Call, _forward: Forward) -> Dict[str, Any]:
        """Newest first."""
        wanted = {name: call.params[name] for name in ("ResourceId", "ScalableDimension") if name in call.params}
        return {"ScalingActivities": [one for one in self._activities if wanted.items() <= one.items()]}

    def _switch(self, method: str, _rest: str, _query: Dict[str, str], body: bytes) -> Reply:
        if method != "POST":
            return 405, {"error": "POST switches the actions of alarms on or off"}
        self._on = bool(json.loads(body or b"{}").get("on"))
        return 200, {"on": self._on}

    def _clear(self) -> None:
        self._on = False
        self._scaled_at.clear()
        self._activities.clear()


def _is_suspended(target: Any, out: bool) -> bool:
    """API reference, SuspendedState: DynamicScalingOutSuspended stops policies that add, DynamicScalingInSuspended the others."""
    suspended = target.suspended_state or {}
    return suspended.get("DynamicScalingOutSuspended" if out else "DynamicScalingInSuspended") is True


def _step(steps: List[Dict[str, Any]], distance: float) -> Optional[Dict[str, Any]]:
    for step in steps:
        lower = step.get("MetricIntervalLowerBound", -math.inf)
        upper = step.get("MetricIntervalUpperBound", math.inf)
        if lower <= distance < upper or (distance < 0 and lower < distance <= upper) or distance == upper == 0:
            return step
    return None


def _adjusted(kind: Optional[str], now: int, adjustment: int) -> int:
    if kind == "ExactCapacity":
        return adjustment
    if kind == "PercentChangeInCapacity":
        change = now * adjustment / 100
        # At least one task, and otherwise towards zero.
        return now + (math.trunc(change) or (1 if adjustment > 0 else -1))
    return now + adjustment
