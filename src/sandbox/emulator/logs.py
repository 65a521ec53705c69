"""CloudWatch Logs: retention periods are a fixed list; events are filtered by pattern and by prefix of their stream."""

from __future__ import annotations

from typing import Any, Dict

from moto.logs.models import logs_backends

from .aws_call import AwsError, Call, Forward
from .context import Kinds, Sandbox
from .inventory import backends
from .log_patterns import InvalidPattern, parse

RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)


def install(sandbox: Sandbox) -> None:
    sandbox.before("logs", "PutRetentionPolicy", check_retention)
    sandbox.before("logs", "ListTagsForResource", require_group)
    sandbox.after("logs", "DeleteLogGroup", forget_tags)
    sandbox.answer("logs", "FilterLogEvents", filter_events)
    sandbox.inventory("logs", collect)


def require_group(call: Call) -> None:
    """Unknown ARNs are not found; moto answers with no tags."""
    arn = call.params.get("resourceArn", "")
    groups = logs_backends[call.account][call.region].groups.values()
    if not any(group.arn == arn for group in groups):
        raise AwsError("ResourceNotFoundException", "The specified resource does not exist.")


def forget_tags(call: Call) -> None:
    """A new group of the same name starts without tags."""
    arn = f"arn:aws:logs:{call.region}:{call.account}:log-group:{call.params.get('logGroupName')}"
    logs_backends[call.account][call.region].tagger.delete_all_tags_for_resource(arn)


def filter_events(call: Call, _forward: Forward) -> Dict[str, Any]:
    """API reference, FilterLogEvents: a prefix chooses streams (moto ignores it), a stream that does not exist is not
    found, and a page holds what its part of the log had of the pattern: it may be empty and have another one after it.
    """
    params, backend = call.params, logs_backends[call.account][call.region]
    group, names = params.get("logGroupName", ""), params.get("logStreamNames") or []
    prefix = params.get("logStreamNamePrefix")
    if names and prefix:
        message = "Cannot specify both logStreamNames and logStreamNamePrefix"
        raise AwsError("InvalidParameterException", message)
    try:
        matches = parse(params.get("filterPattern") or "")
    except InvalidPattern as problem:
        raise AwsError("InvalidParameterException", str(problem)) from problem
    streams = backend.groups[group].streams if group in backend.groups else {}
    if any(name not in streams for name in names):
        raise AwsError("ResourceNotFoundException", "The specified log stream does not exist.")
    if prefix:
        names = [name for name in streams if name.startswith(prefix)]
        if not names:
            return {"events": [], "searchedLogStreams": []}
    events, token, searched = backend.filter_log_events(
        group, names, params.get("startTime"), params.get("endTime"), params.get("limit"), params.get("nextToken"), "", True
    )
    return {
        "events": [event for event in events if matches(event["message"])],
        "nextToken": token,
        "searchedLogStreams": searched,
    }


def check_retention(call: Call) -> None:
    """Any other number of days is InvalidParameterException; moto stores it."""
    days = call.params.get("retentionInDays")
    if days not in RETENTION_DAYS:
        allowed = ", ".join(str(one) for one in RETENTION_DAYS)
        message = (
            f"1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{allowed}]"
        )
        raise AwsError("InvalidParameterException", message)


def collect() -> Kinds:
    groups: Dict[str, Dict[str, Any]] = {}
    for _region, backend in backends("logs"):
        for group in backend.groups.values():
            groups[group.arn] = {
                "name": group.name,
                "tags": dict(sorted(backend.list_tags_for_resource(group.arn).items())),
                "retentionInDays": group.retention_in_days,
                "streams": len(group.streams),
            }
    return {"log-group": groups}
