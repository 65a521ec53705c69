"""The IAM action that a call is refused by, and what it is allowed on: for the words of a denial."""

from __future__ import annotations

from typing import Any, Dict, List

from .authorization_table import TABLE
from .aws_call import Call
from .settings import PARTITION


def action_of(call: Call) -> str:
    """The first that the call needs: 's3:ListBucket' for HeadBucket. Of one that has no rule, its own name."""
    rules = TABLE.get(call.service, {}).get(call.operation)
    return rules[0].action if rules else f"{call.service}:{call.operation}"


def resource_of(call: Call) -> str:
    """ARN of what the call is about, as far as its input says it; '*' otherwise."""
    if call.service == "s3" and "Bucket" in call.params:
        return f"arn:{PARTITION}:s3:::" + "/".join(call.params[name] for name in ("Bucket", "Key") if name in call.params)
    return next((value for value in _texts(call.params) if value.startswith("arn:")), "*")


def _texts(params: Dict[str, Any]) -> List[str]:
    return [value for value in params.values() if isinstance(value, str)]
