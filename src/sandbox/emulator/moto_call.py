"""Carries a call out by moto alone."""

from __future__ import annotations

from typing import Dict

from flask import Flask
from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug.test import run_wsgi_app

from .aws_call import SERVICES, Call, Response, request_of

_apps: Dict[str, Flask] = {}


def by_moto(call: Call) -> Response:
    module = SERVICES[call.service].module
    if module not in _apps:
        _apps[module] = create_backend_app(module)
    chunks, status, headers = run_wsgi_app(_apps[module], request_of(call).environ, buffered=True)
    return Response(int(status.split(" ", 1)[0]), list(headers), b"".join(chunks))
