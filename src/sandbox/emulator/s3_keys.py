"""S3 object keys as AWS takes, lists and deletes them: any UTF-8 of up to 1,024 bytes, also what XML cannot carry.

Amazon S3 user guide, "Naming Amazon S3 objects" and "Deleting object versions"; API reference, ListObjectVersions and
DeleteObjects.
"""

from __future__ import annotations

from itertools import islice
from typing import Any, Dict, Iterator, List, Tuple
from urllib.parse import quote_plus

from moto.s3.models import FakeDeleteMarker, FakeKey, S3Backend

from .aws_call import AwsError, Call, Forward
from .context import Sandbox
from .json_operations import Params
from .s3 import backend_of

MOST_AT_ONCE = 1000
"""Objects of one DeleteObjects call, and entries of one listing."""
NOT_A_CHARACTER = "\U0010ffff"
"""Unicode keeps it free; everything else matches the class that excludes it."""
OWNER = {"ID": "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a", "DisplayName": "webfile"}


_routes_of_moto = S3Backend._url_module.fget


def _routes(backend: Any) -> Any:
    """A line break is a character of a key like any other; moto's routes, regular expressions, end at it."""
    module = _routes_of_moto(backend)
    module.url_paths = {
        path.replace(".+", f"[^{NOT_A_CHARACTER}]+").replace("/.*", f"/[^{NOT_A_CHARACTER}]*"): handler
        for path, handler in module.url_paths.items()
    }
    return module


# Here, not in `install`: moto's application may be made before that.
S3Backend._url_module = property(_routes)


def install(sandbox: Sandbox) -> None:
    S3Backend._set_delete_marker = set_delete_marker
    sandbox.before("s3", "DeleteObjects", limit_objects)
    sandbox.answer("s3", "ListObjectVersions", list_object_versions)
    sandbox.answer("s3", "DeleteObjects", quiet_delete)


def set_delete_marker(backend: Any, bucket_name: str, key_name: str) -> FakeDeleteMarker:
    """A versioned bucket gets a marker also for a key that it has never had; moto makes none."""
    bucket = backend.get_bucket(bucket_name)
    hidden = bucket.keys.get(key_name) or FakeKey(key_name, b"", backend.account_id, bucket.region_name)
    bucket.keys[key_name] = FakeDeleteMarker(key=hidden)
    return bucket.keys[key_name]


def limit_objects(call: Call) -> None:
    """Between one and a thousand objects."""
    objects = (call.params.get("Delete") or {}).get("Objects") or []
    if not 1 <= len(objects) <= MOST_AT_ONCE:
        raise AwsError("MalformedXML", "The XML you provided was not well-formed or did not validate", 400)


def list_object_versions(call: Call, forward: Forward) -> Dict[str, Any]:
    """In the order of the keys' bytes, the newest version first; with `encoding-type=url` written as in a form's URL.

    moto has no ear for the encoding here, and copies all of the bucket for each page. Delimiters are left to it.
    """
    params = call.params
    if params.get("Delimiter"):
        return forward()
    bucket = backend_of(call).get_bucket(params["Bucket"])
    most = min(int(params.get("MaxKeys", MOST_AT_ONCE)), MOST_AT_ONCE)
    entries = list(islice(_entries_after(bucket, params), most + 1))
    page, more = entries[:most], len(entries) > most
    encoded = params.get("EncodingType") == "url"

    def written(key: str) -> str:
        return quote_plus(key, safe="/*-._") if encoded else key

    listed: Dict[bool, List[Dict[str, Any]]] = {True: [], False: []}
    for version, latest in page:
        is_marker = isinstance(version, FakeDeleteMarker)
        of_object = {} if is_marker else {"ETag": version.etag, "Size": version.size, "StorageClass": "STANDARD"}
        listed[is_marker].append(
            {
                "Key": written(version.name),
                "VersionId": version.version_id or "null",
                "IsLatest": latest,
                "LastModified": version.last_modified,
                "Owner": OWNER,
                **of_object,
            }
        )
    last = page[-1][0] if page and more else None
    return {
        "Name": params["Bucket"],
        "Prefix": written(params.get("Prefix") or ""),
        "KeyMarker": written(params.get("KeyMarker") or ""),
        "VersionIdMarker": params.get("VersionIdMarker") or "",
        "MaxKeys": most,
        "EncodingType": params.get("EncodingType"),
        "IsTruncated": more,
        "NextKeyMarker": written(last.name) if last else None,
        "NextVersionIdMarker": (last.version_id or "null") if last else None,
        "Versions": listed[False],
        "DeleteMarkers": listed[True],
    }


def _entries_after(bucket: Any, params: Params) -> Iterator[Tuple[Any, bool]]:
    """Every version behind the markers of the request, and whether it is the key's current one."""
    after, after_version = params.get("KeyMarker"), params.get("VersionIdMarker")
    for key in sorted(bucket.keys, key=lambda name: name.encode("utf-8")):
        if not key.startswith(params.get("Prefix") or "") or (after and key.encode("utf-8") < after.encode("utf-8")):
            continue
        versions = bucket.keys.getlist(key)[::-1]
        skipped = 0
        if key == after:
            ids = [version.version_id or "null" for version in versions]
            skipped = ids.index(after_version) + 1 if after_version in ids else len(ids)
        yield from ((version, at == 0) for at, version in enumerate(versions) if at >= skipped)


def quiet_delete(call: Call, forward: Forward) -> Dict[str, Any]:
    """Quiet answers with the failures only; moto lists what it deleted."""
    answer = forward()
    if (call.params.get("Delete") or {}).get("Quiet"):
        answer.pop("Deleted", None)
    return answer
