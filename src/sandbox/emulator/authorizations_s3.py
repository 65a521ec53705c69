"""S3: actions are named otherwise than operations, and some operations are asked for by more than one."""

from __future__ import annotations

from typing import Iterable, List

from moto.s3.models import FakeDeleteMarker

from .authorization import Context
from .authorizations import Asked, Resource, Resources, Rule, Rules, if_any, on, tag_facts
from .inventory import tag_map
from .s3 import backend_of
from .settings import PARTITION

CREATE_BUCKET = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html"
CONDITIONAL_WRITES = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html"
CONDITIONAL_DELETES = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html"
MISSING_OBJECTS = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html"


def bucket(asked: Asked) -> List[Resource]:
    """Without tags: S3 shows IAM a bucket's tags only once attribute-based access control was enabled for the bucket."""
    return [Resource(_arn(asked.params["Bucket"]))]


def an_object(asked: Asked) -> List[Resource]:
    return [Resource(_arn(f"{asked.params['Bucket']}/{asked.params['Key']}"))]


def listed(versioned: bool) -> Resources:
    """The objects of DeleteObjects: those of which a version is deleted, or the others."""

    def find(asked: Asked) -> Iterable[Resource]:
        for item in (asked.params.get("Delete") or {}).get("Objects") or []:
            if bool(item.get("VersionId")) == versioned:
                yield Resource(_arn(f"{asked.params['Bucket']}/{item['Key']}"))

    return find


def is_versioned(asked: Asked) -> bool:
    return bool(asked.params.get("VersionId"))


def is_unversioned(asked: Asked) -> bool:
    return not is_versioned(asked)


def is_missing(asked: Asked) -> bool:
    """Who may not list a bucket gets 403 instead of 404 for a key that is not there."""
    found = backend_of(asked.call).buckets.get(asked.params["Bucket"])
    current = found.keys.get(asked.params["Key"]) if found is not None else None
    return found is not None and (current is None or isinstance(current, FakeDeleteMarker))


def if_match(asked: Asked) -> bool:
    return "HTTP_IF_MATCH" in asked.call.environ


def new_bucket_tags(asked: Asked) -> Context:
    return tag_facts(tag_map((asked.params.get("CreateBucketConfiguration") or {}).get("Tags") or []))


def namespace(asked: Asked) -> Context:
    given = asked.params.get("BucketNamespace")
    return {"s3:x-amz-bucket-namespace": given} if given else {}


def prefix(asked: Asked) -> Context:
    """Absent when the call gives none, and then a condition on it does not hold."""
    given = asked.params.get("Prefix")
    return {"s3:prefix": given} if given else {}


def conditions(asked: Asked) -> Context:
    """If-None-Match and If-Match of a write."""
    headers = {"s3:if-none-match": "HTTP_IF_NONE_MATCH", "s3:if-match": "HTTP_IF_MATCH"}
    return {key: asked.call.environ[name] for key, name in headers.items() if name in asked.call.environ}


def of_bucket(action: str) -> tuple[Rule, ...]:
    return on(f"s3:{action}", bucket)


READ_OBJECT = (
    Rule("s3:GetObject", if_any(is_unversioned, an_object)),
    Rule("s3:GetObjectVersion", if_any(is_versioned, an_object)),
    Rule("s3:ListBucket", if_any(lambda asked: is_unversioned(asked) and is_missing(asked), bucket), (), MISSING_OBJECTS),
)

RULES: Rules = {
    "CreateBucket": (
        Rule("s3:CreateBucket", bucket, (new_bucket_tags, namespace)),
        Rule("s3:TagResource", if_any(new_bucket_tags, bucket), (new_bucket_tags,), CREATE_BUCKET),
    ),
    "DeleteBucket": of_bucket("DeleteBucket"),
    "DeleteBucketLifecycle": of_bucket("PutLifecycleConfiguration"),
    "HeadBucket": of_bucket("ListBucket"),
    "ListBuckets": (Rule("s3:ListAllMyBuckets"),),
    "ListObjectsV2": (Rule("s3:ListBucket", bucket, (prefix,)),),
    "ListObjects": (Rule("s3:ListBucket", bucket, (prefix,)),),
    "ListObjectVersions": (Rule("s3:ListBucketVersions", bucket, (prefix,)),),
    "ListMultipartUploads": of_bucket("ListBucketMultipartUploads"),
    "GetBucketEncryption": of_bucket("GetEncryptionConfiguration"),
    "GetBucketLifecycleConfiguration": of_bucket("GetLifecycleConfiguration"),
    "GetBucketOwnershipControls": of_bucket("GetBucketOwnershipControls"),
    "GetBucketPolicy": of_bucket("GetBucketPolicy"),
    "GetBucketTagging": of_bucket("GetBucketTagging"),
    "GetBucketVersioning": of_bucket("GetBucketVersioning"),
    "GetPublicAccessBlock": of_bucket("GetBucketPublicAccessBlock"),
    "PutBucketEncryption": of_bucket("PutEncryptionConfiguration"),
    "PutBucketLifecycleConfiguration": of_bucket("PutLifecycleConfiguration"),
    "PutBucketOwnershipControls": of_bucket("PutBucketOwnershipControls"),
    "PutBucketPolicy": of_bucket("PutBucketPolicy"),
    "PutBucketTagging": of_bucket("PutBucketTagging"),
    "PutBucketVersioning": of_bucket("PutBucketVersioning"),
    "PutPublicAccessBlock": of_bucket("PutBucketPublicAccessBlock"),
    "GetObject": READ_OBJECT,
    "HeadObject": READ_OBJECT,
    "PutObject": (
        Rule("s3:PutObject", an_object, (conditions,)),
        Rule("s3:GetObject", if_any(if_match, an_object), (), CONDITIONAL_WRITES),
    ),
    "CreateMultipartUpload": (Rule("s3:PutObject", an_object),),
    "UploadPart": (Rule("s3:PutObject", an_object),),
    "CompleteMultipartUpload": (Rule("s3:PutObject", an_object),),
    "AbortMultipartUpload": (Rule("s3:AbortMultipartUpload", an_object),),
    "DeleteObject": (
        Rule("s3:DeleteObject", if_any(is_unversioned, an_object)),
        Rule("s3:DeleteObjectVersion", if_any(is_versioned, an_object)),
        Rule("s3:GetObject", if_any(if_match, an_object), (), CONDITIONAL_DELETES),
    ),
    "DeleteObjects": (
        Rule("s3:DeleteObject", listed(versioned=False)),
        Rule("s3:DeleteObjectVersion", listed(versioned=True)),
    ),
}


def _arn(name: str) -> str:
    return f"arn:{PARTITION}:s3:::{name}"
