"""Who may come in: this machine only, no browser, and every request signed with a key of this start.

The emulator runs commands (ECS tasks), so an open door would let any web page or program run them.
"""

from __future__ import annotations

import hmac
import json
import sys
from typing import Any, Dict, Optional
from urllib.parse import urlsplit

from .aws_call import SERVICES, AwsError, Response, parse, render
from .context import Sandbox
from .signature import Refused

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
KEY_HEADER = "HTTP_X_SANDBOX_KEY"

UNKNOWN_KEY = {"ec2": "AuthFailure", "iam": "InvalidClientTokenId", "sts": "InvalidClientTokenId", "s3": "InvalidAccessKeyId",
               "monitoring": "InvalidClientTokenId"}
"""AWS names the same refusal differently per protocol; the JSON services say UnrecognizedClientException."""
BAD_SIGNATURE = {"ec2": "AuthFailure", "s3": "SignatureDoesNotMatch", "iam": "SignatureDoesNotMatch", "sts": "SignatureDoesNotMatch",
                 "monitoring": "SignatureDoesNotMatch"}
"""The JSON services say InvalidSignatureException."""

SKEWED = {"ec2": "RequestExpired", "s3": "RequestTimeTooSkewed"}
"""A clock that is off is named by these; the others say that the signature is wrong because it expired."""


class Door:
    def __init__(self, sandbox: Sandbox) -> None:
        ports = [urlsplit(sandbox.settings.endpoint).port, sandbox.settings.front]
        self._hosts = {f"{name}:{port}" for name in LOOPBACK_NAMES for port in ports if port}
        self._key = sandbox.settings.secret_access_key

    def refusal(self, environ: Dict[str, Any]) -> Optional[Response]:
        """The answer to a request that must not come in whatever it is signed with, or None."""
        if environ.get("HTTP_HOST", "").lower() not in self._hosts:
            return self._refuse(environ, "foreign Host")
        if "HTTP_ORIGIN" in environ:
            return self._refuse(environ, "Origin")
        if environ["REQUEST_METHOD"] == "OPTIONS":
            return self._refuse(environ, "OPTIONS")
        return None

    def control_refusal(self, environ: Dict[str, Any]) -> Optional[Response]:
        """The answer to a control request without this start's key, or None."""
        if hmac.compare_digest(environ.get(KEY_HEADER, "").encode("utf-8"), self._key.encode("utf-8")):
            return None
        return self._refuse(environ, "x-sandbox-key")

    def unsigned(self, environ: Dict[str, Any], body: bytes, refused: Refused, account: str) -> Response:
        """AWS's answer to a request whose signature is missing or wrong, in the protocol of its service."""
        self._say(environ, refused.reason)
        service = refused.service
        if service is None:
            if "HTTP_X_AMZ_TARGET" in environ:
                return _json(403, {"__type": "MissingAuthenticationTokenException", "message": "Missing Authentication Token"})
            service = "sts" if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded") else "s3"
        if service not in SERVICES:
            return _json(403, {"__type": "UnrecognizedClientException", "message": "The request is not signed for this emulator"})
        return render(parse(service, "", "", account, environ, body), _error(service, refused.reason))

    def _refuse(self, environ: Dict[str, Any], reason: str) -> Response:
        self._say(environ, reason)
        return _json(403, {"error": f"refused: {reason}"})

    @staticmethod
    def _say(environ: Dict[str, Any], reason: str) -> None:
        """One line, without headers, query or body: these may hold secrets."""
        print(f"refused {environ['REQUEST_METHOD']} {environ.get('PATH_INFO', '')!r}: {reason}", file=sys.stderr, flush=True)


def _error(service: str, reason: str) -> AwsError:
    if reason == "missing":
        code = "AccessDenied" if service == "s3" else "MissingAuthenticationToken"
        return AwsError(code, "The request is not signed with the key of this sandbox.", 403)
    if reason == "bad-signature":
        code = BAD_SIGNATURE.get(service, "InvalidSignatureException")
        return AwsError(code, "The request signature we calculated does not match the signature you provided.", 403)
    if reason == "skewed":
        code = SKEWED.get(service) or BAD_SIGNATURE.get(service, "InvalidSignatureException")
        return AwsError(code, "Signature expired: the time of the request is too far from the server's.", 403)
    code = UNKNOWN_KEY.get(service, "UnrecognizedClientException")
    return AwsError(code, "The security token included in the request is invalid.", 403)


def _json(status: int, value: Any) -> Response:
    return Response(status, [("Content-Type", "application/json")], json.dumps(value).encode("utf-8"))
