"""Step scaling: an alarm in ALARM moves the desired count of a service by its policy's steps, within the target's bounds.

Cooldowns are as short as minutes are (minutes.py). With `--alarm-actions` this is on from the start; tests that look at
something else do without: in a minute of half a second every start of a process is load.
`POST /_sandbox/alarm-actions {"on": true}` switches it until the next reset.
"""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from typing import Any, Dict, List, NamedTuple, Optional

from moto.applicationautoscaling.models import applicationautoscaling_backends

from . import ecs, minutes
from .alarms import Data, statistic
from .aws_call import Call, Forward
from .context import Reply, Sandbox
from .paging import page_of
from .step_scaling import DEFAULT_COOLDOWN, LastChange, find_step, wanted_count

PAGE = 50
"""Most activities in one answer."""


class Scaled(NamedTuple):
    change: LastChange
    at: datetime
    cooldown: float
    """Real seconds."""


class ScalingActions:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox, self._clock = sandbox, minutes.of(sandbox)
        self._on = sandbox.settings.alarm_actions
        self._scaled: Dict[str, Scaled] = {}
        """Scaled resource -> its last change"""
        self._activities: List[Dict[str, Any]] = []
        sandbox.answer("application-autoscaling", "DescribeScalingActivities", self._describe)
        sandbox.on_reset(self._clear)
        sandbox.route("/_sandbox/alarm-actions", self._switch)

    def carry_out(self, region: str, alarm: Any, policy_arn: str, data: Data) -> Optional[str]:
        """Called in every minute in which the alarm asks for it; data are those of its newest period.

        Answers why the action failed, None when it did not, also when there was nothing to be done.
        """
        if not self._on:
            return "the actions of alarms are switched off in this sandbox"
        backend = applicationautoscaling_backends[self._sandbox.settings.account_id][region]
        policy = next((one for one in backend.policies.values() if one.policy_arn == policy_arn), None)
        target = policy and backend.targets.get(policy.scalable_dimension, {}).get(policy.resource_id)
        if target is None:
            return "there is no such scaling policy"
        if policy.step_scaling_policy_configuration and data:
            self._scale(region, alarm, policy, target, data)
        return None

    def _scale(self, region: str, alarm: Any, policy: Any, target: Any, data: Data) -> None:
        configuration: Dict[str, Any] = policy.step_scaling_policy_configuration
        value = statistic(configuration.get("MetricAggregationType") or "Average", data)
        above = alarm.comparison_operator.startswith("GreaterThan")
        step = find_step(configuration.get("StepAdjustments") or [], value - alarm.threshold, above)
        _, cluster, service = target.resource_id.split("/")
        count = ecs.desired_count(self._sandbox, region, cluster, service)
        if count is None or step is None:
            return
        cooling = self._cooling(target)
        wanted = wanted_count(configuration, count, step["ScalingAdjustment"], cooling)
        if wanted == count or _is_suspended(target, out=wanted > count):
            return
        allowed = min(max(wanted, target.min_capacity), target.max_capacity)
        if allowed == count:
            self._record(alarm, policy, target, _not_scaled(target, out=wanted > count))
            return
        ecs.clamp_desired(self._sandbox, region, cluster, service, allowed, allowed)
        cooldown = self._clock.real(configuration.get("Cooldown", DEFAULT_COOLDOWN))
        change = cooling.followed_by(count, allowed) if cooling else LastChange(count, allowed)
        self._scaled[target.resource_id] = Scaled(change, self._clock.now(), cooldown)
        self._record(alarm, policy, target, _scaled_to(allowed))

    def _cooling(self, target: Any) -> Optional[LastChange]:
        last = self._scaled.get(target.resource_id)
        if last is None or (self._clock.now() - last.at).total_seconds() >= last.cooldown:
            return None
        return last.change

    def _record(self, alarm: Any, policy: Any, target: Any, what: Dict[str, Any]) -> None:
        moment = self._clock.now()
        activity = {
            "ActivityId": str(uuid.uuid4()),
            "ServiceNamespace": target.service_namespace,
            "ResourceId": target.resource_id,
            "ScalableDimension": target.scalable_dimension,
            "Cause": f"monitor alarm {alarm.name} in state ALARM triggered policy {policy.policy_name}",
            "StartTime": moment,
            "EndTime": moment,
            **what,
        }
        self._activities.insert(0, activity)

    def _describe(self, call: Call, _forward: Forward) -> Dict[str, Any]:
        """Newest first; what was not done only for IncludeNotScaledActivities."""
        wanted = {name: call.params[name] for name in ("ResourceId", "ScalableDimension") if name in call.params}
        every = call.params.get("IncludeNotScaledActivities") is True
        found = [
            one for one in self._activities if wanted.items() <= one.items() and (every or "NotScaledReasons" not in one)
        ]
        return page_of(found, call.params, "ScalingActivities", call.params.get("MaxResults"), most=PAGE)

    def _switch(self, method: str, _rest: str, _query: Dict[str, str], body: bytes) -> Reply:
        if method != "POST":
            return 405, {"error": "POST switches the actions of alarms on or off"}
        self._on = bool(json.loads(body or b"{}").get("on"))
        return 200, {"on": self._on}

    def _clear(self) -> None:
        self._on = self._sandbox.settings.alarm_actions
        self._scaled.clear()
        self._activities.clear()


def _scaled_to(count: int) -> Dict[str, Any]:
    return {
        "Description": f"Setting desired count to {count}.",
        "StatusCode": "Successful",
        "StatusMessage": f"Successfully set desired count to {count}. Change successfully fulfilled by ecs.",
    }


def _not_scaled(target: Any, out: bool) -> Dict[str, Any]:
    """Application Auto Scaling user guide, "Scaling activities": what was not done has reasons with codes."""
    reason = (
        {"Code": "AlreadyAtMaxCapacity", "MaxCapacity": target.max_capacity}
        if out
        else {"Code": "AlreadyAtMinCapacity", "MinCapacity": target.min_capacity}
    )
    return {
        "Description": "Attempting to scale due to alarm triggered",
        "StatusCode": "Unfulfilled",
        "NotScaledReasons": [reason],
    }


def _is_suspended(target: Any, out: bool) -> bool:
    """API reference, SuspendedState: DynamicScalingOutSuspended stops policies that add, DynamicScalingInSuspended the others."""
    suspended = target.suspended_state or {}
    return suspended.get("DynamicScalingOutSuspended" if out else "DynamicScalingInSuspended") is True
