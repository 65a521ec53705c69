"""Carries a call out by moto alone."""

from __future__ import annotations

from functools import lru_cache
from typing import Tuple

from flask import Flask
from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug.test import run_wsgi_app

from . import moto_memory
from .aws_call import SERVICES, Call, Response, request_of

moto_memory.install()


@lru_cache(maxsize=None)
def app_of(module: str) -> Flask:
    return create_backend_app(module)


def by_moto(call: Call) -> Response:
    app = app_of(SERVICES[call.service].module)
    chunks, status, headers = run_wsgi_app(app, request_of(call).environ, buffered=True)
    body = b"".join(chunks)
    return Response(int(status.split(" ", 1)[0]), [_typed(header, body) for header in headers], body)


def _typed(header: Tuple[str, str], body: bytes) -> Tuple[str, str]:
    """Flask calls HTML what nobody has given a type; AWS answers in its protocol."""
    name, value = header
    if name.lower() != "content-type" or not value.startswith("text/html"):
        return header
    return name, "application/x-amz-json-1.1" if body.startswith(b"{") else "application/xml"
