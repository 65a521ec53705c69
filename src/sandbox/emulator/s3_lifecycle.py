"""S3 lifecycle configurations, given back as they were put.

moto keeps some members of a rule and forgets others (NewerNoncurrentVersions, filters by size), takes an empty list, and
always answers the same minimum size for transitions. S3 API reference, PutBucketLifecycleConfiguration and
GetBucketLifecycleConfiguration.
"""

from __future__ import annotations

import secrets
from typing import Any, Dict

from .aws_call import AwsError, Call, Forward
from .context import Sandbox
from .s3 import backend_of

USUAL_SIZE = "all_storage_classes_128K"
MOST_RULES = 1000


def install(sandbox: Sandbox) -> None:
    sandbox.before("s3", "PutBucketLifecycleConfiguration", check_rules)
    sandbox.answer("s3", "PutBucketLifecycleConfiguration", put)
    sandbox.answer("s3", "GetBucketLifecycleConfiguration", get)


def check_rules(call: Call) -> None:
    rules = (call.params.get("LifecycleConfiguration") or {}).get("Rules") or []
    if not 1 <= len(rules) <= MOST_RULES:
        raise AwsError("MalformedXML", "The XML you provided was not well-formed or did not validate", 400)
    names = [rule["ID"] for rule in rules if rule.get("ID")]
    if len(set(names)) < len(names):
        raise AwsError("InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule", 400)


def put(call: Call, forward: Forward) -> Dict[str, Any]:
    """All rules at once, in place of those before; who gives a rule no ID is given one."""
    forward()
    rules = call.params["LifecycleConfiguration"]["Rules"]
    size = call.params.get("TransitionDefaultMinimumObjectSize") or USUAL_SIZE
    _bucket(call).lifecycle_configuration = {
        "Rules": [{**rule, "ID": rule.get("ID") or secrets.token_hex(24)} for rule in rules],
        "TransitionDefaultMinimumObjectSize": size,
    }
    return {"TransitionDefaultMinimumObjectSize": size}


def get(call: Call, forward: Forward) -> Dict[str, Any]:
    """moto knows whether there are any: DeleteBucketLifecycle is left to it."""
    forward()
    return _bucket(call).lifecycle_configuration


def _bucket(call: Call) -> Any:
    return backend_of(call).get_bucket(call.params["Bucket"])
