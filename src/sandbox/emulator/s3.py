"""S3: new buckets as AWS makes them, owners checked, conditional deletes, policies that do not lock everyone out."""

from __future__ import annotations

import re
import secrets
from typing import Any, Dict

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket, FakeDeleteMarker, PublicAccessBlock, s3_backends

from .aws_call import AwsError, Call, Response
from .context import Kinds, Sandbox
from .inventory import backends, digest, tag_map
from .settings import PARTITION

NOT_IN_MOTO = re.compile(
    "Analytics|IntelligentTiering|MetadataConfiguration|MetadataTable|Metrics|Abac|Annotation|Torrent|DirectoryBuckets"
    "|^(CreateSession|RenameObject|SelectObjectContent|WriteGetObjectResponse|UpdateObjectEncryption)$"
)
"""moto tells S3 operations apart by their query and takes one that it does not know for another."""


def install(sandbox: Sandbox) -> None:
    FakeBucket.get_permission = policy_has_no_effect
    sandbox.before("s3", "*", refuse_unknown)
    sandbox.before("s3", "*", check_region)
    sandbox.before("s3", "*", check_owner)
    sandbox.before("s3", "DeleteObject", any_object_matches)
    sandbox.after("s3", "CreateBucket", give_defaults)
    sandbox.inventory("s3", collect)


def backend_of(call: Call) -> Any:
    """What moto keeps of the account's buckets."""
    return s3_backends[call.account][PARTITION]


def policy_has_no_effect(_bucket: Any, _action: str, _resource: str) -> Any:
    """IAM evaluates Condition; moto does not, so a TLS-only Deny would refuse every request. So: no policy decides."""
    return PermissionResult.NEUTRAL


def numbered(response: Response) -> Response:
    """Every answer of S3 has a request id, a refusal too (S3 API reference, "Common response headers"); moto's has none."""
    number = ("x-amz-request-id", secrets.token_hex(8).upper())
    return Response(response.status, [*response.headers, number], response.body)


def refuse_unknown(call: Call) -> None:
    if NOT_IN_MOTO.search(call.operation):
        raise NotImplementedError(call.operation)


def check_region(call: Call) -> None:
    """A bucket answers in its own region only: elsewhere 301 PermanentRedirect (S3 API reference, "Error responses")."""
    bucket = backend_of(call).buckets.get(call.params.get("Bucket"))
    if bucket is None or call.operation == "CreateBucket" or bucket.region_name == call.region:
        return
    message = "The bucket you are attempting to access must be addressed using the specified endpoint."
    raise AwsError("PermanentRedirect", message, 301, {"x-amz-bucket-region": bucket.region_name})


def check_owner(call: Call) -> None:
    """ExpectedBucketOwner that is not the owner gives 403 AccessDenied; moto ignores it."""
    for name in ("ExpectedBucketOwner", "ExpectedSourceBucketOwner"):
        if call.params.get(name) not in (None, call.account):
            raise AwsError("AccessDenied", "Access Denied", 403)


def any_object_matches(call: Call) -> None:
    """If-Match: * on DeleteObject means that the object exists; moto compares the star with its ETag."""
    if call.environ.get("HTTP_IF_MATCH", "").strip('"') == "*":
        bucket = backend_of(call).get_bucket(call.params["Bucket"])
        current = bucket.keys.get(call.params["Key"])
        if current is None or isinstance(current, FakeDeleteMarker):
            raise AwsError("NoSuchKey", "The specified key does not exist.", 404)
        del call.environ["HTTP_IF_MATCH"]


def give_defaults(call: Call) -> None:
    """Since April 2023 a new bucket blocks public access, disables ACLs and encrypts; its tags come with the call."""
    bucket = backend_of(call).get_bucket(call.params["Bucket"])
    # In us-east-1 creating one's own bucket again answers 200 and must not undo its settings.
    if getattr(bucket, "has_defaults", False):
        return
    bucket.has_defaults = True
    bucket.public_access_block = PublicAccessBlock("true", "true", "true", "true")
    bucket.ownership_rule = bucket.ownership_rule or "BucketOwnerEnforced"
    bucket.encryption = {
        "Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false"}
    }
    tags = (call.params.get("CreateBucketConfiguration") or {}).get("Tags") or []
    backend_of(call).put_bucket_tagging(bucket.name, tag_map(tags))


def collect() -> Kinds:
    buckets: Dict[str, Dict[str, Any]] = {}
    objects: Dict[str, Dict[str, Any]] = {}
    for _region, backend in backends("s3"):
        for bucket in backend.buckets.values():
            buckets[bucket.name] = {
                "arn": bucket.arn,
                "region": bucket.region_name,
                "tags": tag_map(backend.get_bucket_tagging(bucket.name).get("Tags", [])),
                "versioning": bucket.versioning_status,
                "policy": digest(bucket.policy) if bucket.policy else None,
                "lifecycleRules": len(bucket.rules),
                "openUploads": len(bucket.multiparts),
            }
            for name, versions in bucket.keys._iterlists():
                markers = sum(isinstance(version, FakeDeleteMarker) for version in versions)
                objects[f"{bucket.name}/{name}"] = {"versions": len(versions) - markers, "deleteMarkers": markers}
    return {"bucket": buckets, "object": objects}
