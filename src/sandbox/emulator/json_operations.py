"""Registers plain functions (region, params) -> dict as the answers of a JSON protocol service."""

from __future__ import annotations

from typing import Any, Callable, Dict

from moto.core.utils import get_service_model

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
    model = get_service_model(service)
    for name, operation in operations.items():
        required = model.operation_model(name).input_shape.required_members
        sandbox.answer(service, name, _answer(operation, required))


def _answer(operation: Operation, required: Any) -> aws_call.Answer:
    def answer(call: aws_call.Call, _forward: aws_call.Forward) -> Dict[str, Any]:
        for member in required:
            if call.params.get(member) is None:
                raise AwsError("InvalidParameterException", f"{member} should not be null or empty.")
        return operation(call.region, call.params)

    return answer
