"""Evaluates metric alarms once a minute (see minutes.py) and carries out their actions.

CloudWatch user guide, "Alarm actions": an action is carried out when the state changes; only those of auto scaling are
carried out again in every minute for as long as the state stays. DescribeAlarmHistory tells both.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import Any, Callable, Deque, Dict, List, Optional

from moto.cloudwatch.models import Statistics

from . import minutes
from .alarm_states import COMPARE, EXTRA_PERIODS, Rule, Verdict, judge
from .aws_call import Call, Forward
from .context import Sandbox
from .inventory import backends
from .paging import page_of

KEPT = 1000
"""Entries of the history; CloudWatch keeps them for 30 days."""
PAGE = 100
"""Most of them in one answer."""

Data = List[Any]
"""What moto keeps of a metric in one period of an alarm."""
Scale = Callable[[str, Any, str, Data], Optional[str]]
"""(region, alarm, ARN of a scaling policy, newest data) -> why it could not be done, None when it was."""


class Alarms:
    def __init__(self, sandbox: Sandbox, scale: Scale) -> None:
        self._scale, self._clock = scale, minutes.of(sandbox)
        self._history: Deque[Dict[str, Any]] = deque(maxlen=KEPT)
        self._clock.evaluators.append(self.evaluate)
        sandbox.answer("monitoring", "DescribeAlarmHistory", self._describe)
        sandbox.on_reset(self._history.clear)

    def evaluate(self) -> None:
        for region, backend in backends("cloudwatch"):
            for alarm in list(backend.alarms.values()):
                if alarm.metric_name and alarm.statistic and alarm.comparison_operator in COMPARE:
                    self._evaluate(region, backend, alarm)

    def _evaluate(self, region: str, backend: Any, alarm: Any) -> None:
        periods = self._periods(backend, alarm)
        verdict = judge(_rule(alarm), [statistic(alarm.statistic, data) if data else None for data in periods])
        before = alarm.state_value
        changed = verdict.state is not None and verdict.state != before
        if changed:
            self._change(alarm, verdict)
        newest = next((data for data in periods if data), [])
        for action in _actions(alarm) if alarm.actions_enabled else []:
            if ":autoscaling:" in action:
                self._told(alarm, action, self._scale(region, alarm, action, newest))
            elif changed:
                self._told(alarm, action, "there is no such service in the sandbox")

    def _periods(self, backend: Any, alarm: Any) -> List[Data]:
        """The alarm's data by period, newest first; the period that is under way is not complete and left out."""
        under_way = self._clock.period(self._clock.now(), alarm.period)
        count = alarm.evaluation_periods + EXTRA_PERIODS
        periods: List[Data] = [[] for _ in range(count)]
        dimensions = {(dimension.name, dimension.value) for dimension in alarm.dimensions}
        for datum in backend.metric_data:
            if (datum.namespace, datum.name) != (alarm.namespace, alarm.metric_name):
                continue
            age = under_way - 1 - self._clock.period(datum.timestamp, alarm.period)
            if 0 <= age < count and {(one.name, one.value) for one in datum.dimensions} == dimensions:
                periods[age].append(datum)
        return periods

    def _change(self, alarm: Any, verdict: Verdict) -> None:
        before = alarm.state_value
        alarm.update_state(verdict.reason, "{}", verdict.state)
        # moto's times have no zone.
        alarm.state_updated_timestamp = self._clock.now().replace(tzinfo=None)
        self._note(alarm, "StateUpdate", f"Alarm updated from {before} to {verdict.state}")

    def _told(self, alarm: Any, action: str, problem: Optional[str]) -> None:
        done = f"Successfully executed action {action}"
        self._note(alarm, "Action", done if problem is None else f"Failed to execute action {action}: {problem}")

    def _note(self, alarm: Any, kind: str, summary: str) -> None:
        self._history.appendleft(
            {
                "AlarmName": alarm.name,
                "AlarmType": "MetricAlarm",
                "Timestamp": self._clock.now(),
                "HistoryItemType": kind,
                "HistorySummary": summary,
            }
        )

    def _describe(self, call: Call, _forward: Forward) -> Dict[str, Any]:
        """Newest first, unless ScanBy asks for the opposite."""
        wanted = {key: call.params[key] for key in ("AlarmName", "HistoryItemType") if call.params.get(key)}
        start: Optional[datetime] = call.params.get("StartDate")
        items = [
            item
            for item in self._history
            if wanted.items() <= item.items() and (start is None or item["Timestamp"] >= start)
        ]
        if call.params.get("ScanBy") == "TimestampAscending":
            items.reverse()
        return page_of(items, call.params, "AlarmHistoryItems", call.params.get("MaxRecords"), most=PAGE)


def statistic(name: str, data: Data) -> float:
    """'Average', 'Maximum' ... of data of one period."""
    statistics = Statistics([name], data[0].timestamp)
    statistics.metric_data = data
    return float(statistics.get_statistics_for_type(name) or 0)


def _rule(alarm: Any) -> Rule:
    return Rule(
        comparison=alarm.comparison_operator,
        threshold=alarm.threshold,
        periods=alarm.evaluation_periods,
        needed=alarm.datapoints_to_alarm or alarm.evaluation_periods,
        missing=alarm.treat_missing_data or "missing",
    )


def _actions(alarm: Any) -> List[str]:
    """Those of the state that it is in."""
    by_state = {
        "ALARM": alarm.alarm_actions,
        "OK": alarm.ok_actions,
        "INSUFFICIENT_DATA": alarm.insufficient_data_actions,
    }
    return list(by_state[alarm.state_value] or [])
