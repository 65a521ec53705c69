"""The IAM action that allows a call, and what it is allowed on.

Source: Service Authorization Reference, one page per service (2026-11).
"""

from __future__ import annotations

from typing import Any, Dict

from .aws_call import Call

PREFIXES: Dict[str, str] = {"monitoring": "cloudwatch", "tagging": "tag"}
"""By signing name, where the prefix of actions is another."""

S3_ACTIONS: Dict[str, str] = {
    "DeleteObjects": "DeleteObject",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjectsV2": "ListBucket",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}
"""Operations of S3 whose action has another name."""


def action_of(call: Call) -> str:
    """For example 's3:ListBucket' for HeadBucket."""
    name = S3_ACTIONS.get(call.operation, call.operation) if call.service == "s3" else call.operation
    return f"{PREFIXES.get(call.service, call.service)}:{name}"


def resource_of(call: Call) -> str:
    """ARN of what the call is about, as far as its input says it; '*' otherwise."""
    if call.service == "s3" and "Bucket" in call.params:
        return "/".join(["arn:aws:s3:::" + call.params["Bucket"], *([call.params["Key"]] if "Key" in call.params else [])])
    return next((value for value in _texts(call.params) if value.startswith("arn:")), "*")


def _texts(params: Dict[str, Any]) -> "list[str]":
    return [value for value in params.values() if isinstance(value, str)]
