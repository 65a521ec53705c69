"""Carries a call out by moto alone."""

from __future__ import annotations

from functools import lru_cache

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
    return Response(int(status.split(" ", 1)[0]), list(headers), b"".join(chunks))
