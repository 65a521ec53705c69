"""CloudWatch Logs: retention periods are a fixed list."""

from __future__ import annotations

from typing import Any, Dict

from moto.logs.models import logs_backends

from .aws_call import AwsError, Call
from .context import Kinds, Sandbox
from .inventory import backends

RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)


def install(sandbox: Sandbox) -> None:
    sandbox.before("logs", "PutRetentionPolicy", check_retention)
    sandbox.before("logs", "ListTagsForResource", require_group)
    sandbox.after("logs", "DeleteLogGroup", forget_tags)
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
