"""Which state data points give an alarm. Pure.

CloudWatch user guide, "Alarm evaluation", "Configuring how CloudWatch alarms treat missing data" and "Avoiding premature
transitions to alarm state", with the two tables of examples there.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Callable, Dict, Optional, Sequence

EXTRA_PERIODS = 2
"""How many periods more than the alarm's own are looked at: data may be late."""
COMPARE: Dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanOrEqualToThreshold": operator.le,
    "LessThanThreshold": operator.lt,
}


@dataclass(frozen=True)
class Rule:
    comparison: str
    threshold: float
    periods: int
    """N: EvaluationPeriods."""
    needed: int
    """M: DatapointsToAlarm."""
    missing: str
    """TreatMissingData: missing, ignore, breaching or notBreaching."""

    def breaches(self, value: float) -> bool:
        return COMPARE[self.comparison](value, self.threshold)


@dataclass(frozen=True)
class Verdict:
    state: Optional[str]
    """None: as it was."""
    reason: str


def judge(rule: Rule, points: Sequence[Optional[float]]) -> Verdict:
    """points: one a period, newest first, None where data are missing; EXTRA_PERIODS more than rule.periods."""
    # What is missing is made good by older data points, as far as there are any.
    real = [point for point in points if point is not None][: rule.periods]
    filled = rule.periods - len(real)
    breaching = sum(1 for point in real if rule.breaches(point))
    if rule.missing == "breaching":
        breaching += filled
    reason = _reason(rule, real, breaching)
    if breaching >= rule.needed:
        return Verdict("ALARM", reason)
    if rule.missing in ("breaching", "notBreaching") or breaching < len(real):
        return Verdict("OK", reason)
    if rule.missing == "ignore":
        return Verdict(None, reason)
    if not real:
        return Verdict("INSUFFICIENT_DATA", reason)
    # All that is known breaches. It is an alarm when that began as long ago as an alarm needs.
    oldest = max(age for age, point in enumerate(points, start=1) if point is not None)
    return Verdict("ALARM" if oldest >= rule.needed else None, reason)


def _reason(rule: Rule, real: Sequence[float], breaching: int) -> str:
    if not real:
        return f"Insufficient Data: {rule.periods} datapoints were unknown."
    values = ", ".join(str(round(point, 2)) for point in real)
    return f"Threshold Crossed: {breaching} out of the last {len(real)} datapoints [{values}] against {rule.threshold}."
