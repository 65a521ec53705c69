"""CloudWatch alarms: tags are given once, at creation; a description can ask for one kind of alarm."""

from __future__ import annotations

from typing import Any, Dict

from moto.cloudwatch.models import cloudwatch_backends

from .alarms import Alarms
from .aws_call import Call, Forward
from .context import Kinds, Sandbox
from .inventory import backends
from .scaling_actions import ScalingActions


def install(sandbox: Sandbox) -> None:
    sandbox.answer("monitoring", "PutMetricAlarm", put_metric_alarm)
    sandbox.answer("monitoring", "DescribeAlarms", describe_alarms)
    sandbox.after("monitoring", "DeleteAlarms", forget_tags)
    Alarms(sandbox, ScalingActions(sandbox).carry_out)
    sandbox.inventory("cloudwatch", collect)


def put_metric_alarm(call: Call, forward: Forward) -> Dict[str, Any]:
    """A new alarm has INSUFFICIENT_DATA (moto: OK); an update keeps state and tags and ignores Tags (moto: adds them)."""
    backend, name = cloudwatch_backends[call.account][call.region], call.params.get("AlarmName", "")
    old = backend.alarms.get(name)
    tags = dict(backend.list_tags_for_resource(old.alarm_arn)) if old is not None else {}
    answer = forward()
    alarm = backend.alarms[name]
    if old is None:
        alarm.state_value = "INSUFFICIENT_DATA"
        alarm.state_reason = "Unchecked: Initial alarm creation"
    else:
        backend.tagger.delete_all_tags_for_resource(alarm.alarm_arn)
        backend.tag_resource(alarm.alarm_arn, tags)
        alarm.state_value, alarm.state_reason = old.state_value, old.state_reason
    return answer


def describe_alarms(call: Call, forward: Forward) -> Dict[str, Any]:
    """AlarmTypes without MetricAlarm asks for none of these; moto ignores it. Other alarms do not exist here."""
    answer = forward()
    return answer if "MetricAlarm" in (call.params.get("AlarmTypes") or ["MetricAlarm"]) else {**answer, "MetricAlarms": []}


def forget_tags(call: Call) -> None:
    """A new alarm of the same name starts without tags."""
    backend = cloudwatch_backends[call.account][call.region]
    for name in call.params.get("AlarmNames") or []:
        arn = f"arn:aws:cloudwatch:{call.region}:{call.account}:alarm:{name}"
        backend.tagger.delete_all_tags_for_resource(arn)


def collect() -> Kinds:
    alarms: Dict[str, Dict[str, Any]] = {}
    for _region, backend in backends("cloudwatch"):
        for alarm in backend.alarms.values():
            alarms[alarm.alarm_arn] = {
                "name": alarm.name,
                "tags": dict(sorted(backend.list_tags_for_resource(alarm.alarm_arn).items())),
                "metric": alarm.metric_name,
                "comparison": alarm.comparison_operator,
                "threshold": alarm.threshold,
                "period": alarm.period,
                "evaluationPeriods": alarm.evaluation_periods,
                "actions": sorted(alarm.alarm_actions),
            }
    return {"alarm": alarms}
