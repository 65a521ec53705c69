"""Evaluates metric alarms: OK, ALARM and INSUFFICIENT_DATA follow from the data of their metric.

CloudWatch user guide, "Alarm evaluation": each period is one data point; M of the newest N decide; a few more periods
than N are looked at, because data may be late; what is missing counts as TreatMissingData says. Periods shrink with
--delay as the data of metrics.py do.
"""

from __future__ import annotations

import math
import operator
import time
from datetime import timezone
from typing import Any, Callable, Dict, List

from moto.cloudwatch.models import Statistics

from .context import Sandbox
from .health import REFERENCE_DELAY
from .inventory import backends

EXTRA_PERIODS = 2
"""How many periods more than the alarm's own are looked at."""
SHORTEST = 0.5
"""Seconds between two evaluations at the least."""
COMPARE: Dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanOrEqualToThreshold": operator.le,
    "LessThanThreshold": operator.lt,
}


class Alarms:
    def __init__(self, sandbox: Sandbox, act: Callable[[str, Any, float], None]) -> None:
        """act is called with (region, alarm, newest value) at every evaluation that finds an alarm in ALARM."""
        self._act = act
        self._scale = sandbox.settings.delay / REFERENCE_DELAY
        sandbox.every(max(SHORTEST, 60 * self._scale), self.evaluate)

    def evaluate(self) -> None:
        for region, backend in backends("cloudwatch"):
            for alarm in backend.alarms.values():
                if alarm.metric_name and alarm.statistic and alarm.comparison_operator in COMPARE:
                    points = self._points(backend, alarm)
                    _judge(alarm, points)
                    if alarm.state_value == "ALARM" and points:
                        self._act(region, alarm, points[0])

    def _points(self, backend: Any, alarm: Any) -> List[float]:
        """The newest N values of the alarm's metric, newest first; fewer when there are not so many."""
        period = alarm.period * self._scale
        # The period that is under way is not complete.
        newest = math.floor(time.time() / period) - 1
        buckets: Dict[int, List[Any]] = {}
        for datum in backend.metric_data:
            if datum.namespace == alarm.namespace and datum.name == alarm.metric_name and _same(datum, alarm):
                buckets.setdefault(
                    math.floor(datum.timestamp.replace(tzinfo=timezone.utc).timestamp() / period), []
                ).append(datum)
        looked_at = range(newest, newest - alarm.evaluation_periods - EXTRA_PERIODS, -1)
        found = [_statistic(alarm.statistic, buckets[number]) for number in looked_at if number in buckets]
        return found[: alarm.evaluation_periods]


def _same(datum: Any, alarm: Any) -> bool:
    return {(d.name, d.value) for d in datum.dimensions} == {(d.name, d.value) for d in alarm.dimensions}


def _statistic(name: str, data: List[Any]) -> float:
    statistics = Statistics([name], data[0].timestamp)
    statistics.metric_data = data
    return float(statistics.get_statistics_for_type(name) or 0)


def _judge(alarm: Any, points: List[float]) -> None:
    needed, threshold = alarm.datapoints_to_alarm or alarm.evaluation_periods, alarm.threshold
    missing = alarm.evaluation_periods - len(points)
    treat = alarm.treat_missing_data or "missing"
    breaching = sum(COMPARE[alarm.comparison_operator](point, threshold) for point in points)
    fine = len(points) - breaching
    if treat == "breaching":
        breaching += missing
    elif treat == "notBreaching":
        fine += missing
    if breaching >= needed:
        state = "ALARM"
    elif fine > alarm.evaluation_periods - needed:
        state = "OK"
    elif not points and treat == "missing":
        state = "INSUFFICIENT_DATA"
    else:
        return
    if state != alarm.state_value:
        alarm.update_state(_reason(alarm, points, breaching), "{}", state)


def _reason(alarm: Any, points: List[float], breaching: int) -> str:
    if not points:
        return f"Insufficient Data: {alarm.evaluation_periods} datapoints were unknown."
    values = ", ".join(str(round(point, 2)) for point in points)
    return f"Threshold Crossed: {breaching} out of the last {len(points)} datapoints [{values}] against {alarm.threshold}."
