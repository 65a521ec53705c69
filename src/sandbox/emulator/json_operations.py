"""Registers plain functions (region, params) -> dict as the answers of a JSON protocol service."""

from __future__ import annotations

from typing import Any, Callable, Dict

from . import aws_call
from .context import Sandbox

Params = Dict[str, Any]
"""Input as the API names it."""
Operation = Callable[[str, Params], Dict[str, Any]]
"""(region, params) -> members of the answer; datetimes are serialised by the service's model."""


class AwsError(aws_call.AwsError):
    """An error that the service's API model names; further members (`lastValidByteReceived`) are sent with it."""

    def __init__(self, code: str, message: str, **members: Any) -> None:
        super().__init__(code, message)
        for name, value in members.items():
            setattr(self, name, value)


def bind(sandbox: Sandbox, service: str, operations: Dict[str, Operation]) -> None:
    """operations maps the API's names (CreateCluster) to their implementation."""
    for name, operation in operations.items():
        sandbox.answer(service, name, _answer(operation))


def _answer(operation: Operation) -> aws_call.Answer:
    return lambda call, _forward: operation(call.region, call.params)
