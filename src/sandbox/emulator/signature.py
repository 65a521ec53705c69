"""Checks AWS Signature Version 4 of a request. Only the Authorization header form: presigned URLs are not accepted."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Callable, Dict, Optional
from urllib.parse import quote, unquote

from .context import Credential

ALGORITHM = "AWS4-HMAC-SHA256"
LONGEST_SKEW = timedelta(minutes=15)
_HEADER = re.compile(rf"^{ALGORITHM} Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{{64}})$")
_UNHASHED = ("UNSIGNED-PAYLOAD", "STREAMING-")


@dataclass(frozen=True)
class Signed:
    """A request whose signature is right."""

    access_key_id: str
    region: str
    service: str
    principal: str


class Refused(Exception):
    """Why the door stays closed. `reason` is 'missing', 'unknown-key', 'bad-token', 'bad-signature' or 'skewed'."""

    def __init__(self, reason: str, service: Optional[str] = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.service = service


def verify(environ: Dict[str, Any], body: bytes, find: Callable[[str], Optional[Credential]]) -> Signed:
    """Returns who signed the request and for which service; raises Refused otherwise."""
    match = _HEADER.match(environ.get("HTTP_AUTHORIZATION", ""))
    scope = match.group(1).split("/") if match else []
    if match is None or len(scope) != 5 or scope[4] != "aws4_request":
        raise Refused("missing")
    access_key_id, date, region, service, _ = scope
    credential = find(access_key_id)
    if credential is None:
        raise Refused("unknown-key", service)
    if credential.token is not None and environ.get("HTTP_X_AMZ_SECURITY_TOKEN") != credential.token:
        raise Refused("bad-token", service)
    claimed = environ.get("HTTP_X_AMZ_CONTENT_SHA256")
    actual = hashlib.sha256(body).hexdigest()
    if claimed is not None and not claimed.startswith(_UNHASHED) and claimed != actual:
        raise Refused("bad-signature", service)
    signed_headers = match.group(2).split(";")
    if "host" not in signed_headers:
        raise Refused("bad-signature", service)
    canonical = "\n".join(
        [
            environ["REQUEST_METHOD"],
            _canonical_path(environ, service),
            _canonical_query(environ.get("QUERY_STRING", "")),
            *(f"{name}:{_header(environ, name)}" for name in signed_headers),
            "",
            match.group(2),
            claimed or actual,
        ]
    )
    to_sign = "\n".join(
        [
            ALGORITHM,
            environ.get("HTTP_X_AMZ_DATE", ""),
            "/".join(scope[1:]),
            hashlib.sha256(canonical.encode("utf-8")).hexdigest(),
        ]
    )
    key = f"AWS4{credential.secret}".encode("utf-8")
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode("utf-8"), hashlib.sha256).digest()
    expected = hmac.new(key, to_sign.encode("utf-8"), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, match.group(3)):
        raise Refused("bad-signature", service)
    if not _is_timely(environ.get("HTTP_X_AMZ_DATE", "")):
        raise Refused("skewed", service)
    return Signed(access_key_id, region, service, credential.principal)


def _is_timely(stamp: str) -> bool:
    """AWS refuses a request whose date stamp is more than 15 minutes off (EC2 API reference, RequestExpired)."""
    try:
        signed_at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        return False
    return abs(datetime.now(timezone.utc) - signed_at) <= LONGEST_SKEW


def _canonical_path(environ: Dict[str, Any], service: str) -> str:
    path = environ.get("RAW_URI", "/").split("?", 1)[0]
    # S3 signs the path as sent; every other service signs it URI-encoded once more.
    return path if service == "s3" else quote(path, safe="/~")


def _canonical_query(query: str) -> str:
    pairs = []
    for part in query.split("&"):
        if part:
            name, _, value = part.partition("=")
            pairs.append((quote(unquote(name), safe="~"), quote(unquote(value), safe="~")))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _header(environ: Dict[str, Any], name: str) -> str:
    key = name.upper().replace("-", "_")
    value = environ.get(key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}", "")
    return re.sub(r" +", " ", value.strip())
