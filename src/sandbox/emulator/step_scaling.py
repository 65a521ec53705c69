"""What a step policy makes of an alarm, and what a cooldown makes of that. Pure.

Application Auto Scaling user guide, "Step scaling policies", and API reference, StepScalingPolicyConfiguration.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Dict, List, Optional

DEFAULT_COOLDOWN = 300
"""Seconds, when a policy says nothing; this is the value for ECS services."""


@dataclass(frozen=True)
class LastChange:
    """What the cooldown of a target runs from."""

    before: int
    """Tasks that were asked for before it; of scale-outs that each came in the cooldown of another, before the first."""
    after: int

    @property
    def out(self) -> bool:
        return self.after > self.before

    def followed_by(self, count: int, wanted: int) -> LastChange:
        """What the next cooldown runs from, when `count` becomes `wanted` while this one runs still."""
        return LastChange(self.before if self.out and wanted > count else count, wanted)


def find_step(steps: List[Dict[str, Any]], distance: float, above: bool) -> Optional[Dict[str, Any]]:
    """The step for a metric that is so far from the alarm's threshold.

    above: the alarm is one for values over the threshold. Then the lower bound belongs to a step, otherwise the upper one.
    """
    for step in steps:
        lower = step.get("MetricIntervalLowerBound", -math.inf)
        upper = step.get("MetricIntervalUpperBound", math.inf)
        if lower <= distance < upper if above else lower < distance <= upper:
            return step
    return None


def adjusted(configuration: Dict[str, Any], count: int, adjustment: int) -> int:
    """The number of tasks after an adjustment, before the target's bounds are looked at."""
    kind = configuration.get("AdjustmentType")
    if kind == "ExactCapacity":
        return adjustment
    if kind == "PercentChangeInCapacity":
        change = count * adjustment / 100
        # Towards zero, but never to nothing.
        magnitude = max(math.floor(abs(change)), configuration.get("MinAdjustmentMagnitude") or 1)
        return count + int(math.copysign(magnitude, adjustment))
    return count + adjustment


def wanted_count(configuration: Dict[str, Any], count: int, adjustment: int, cooling: Optional[LastChange]) -> int:
    """The number of tasks that a step asks for; `count` when a cooldown says to wait.

    cooling: the last change, while the cooldown of its policy runs. What a scale-out has added counts as part of the next
    one, so only a larger one adds more, and only the difference. A scale-in waits for the end of the one before it. A
    scale-out does not wait for a scale-in.
    """
    wanted = adjusted(configuration, count, adjustment)
    if cooling is None or wanted == count:
        return wanted
    if wanted < count:
        return wanted if cooling.out else count
    return max(count, adjusted(configuration, cooling.before, adjustment)) if cooling.out else wanted
