"""A parameter that the API model does not have is refused with its name, like an operation that nobody carries out.

AWS itself ignores unknown members in JSON and refuses them elsewhere (EC2 API reference, "Error codes":
UnknownParameter). Here none may get lost: the answer would pretend that it was honoured. So: 501 NotImplemented.
"""

from __future__ import annotations

import json
from typing import Any, Dict, Iterator, Set
from urllib.parse import parse_qsl
from xml.etree import ElementTree

from botocore.model import OperationModel, Shape
from botocore.serialize import create_serializer
from moto.core.request import determine_request_protocol
from moto.core.utils import get_service_model

from .aws_call import SERVICES, AwsError, Call, request_of
from .context import Sandbox

OF_THE_PROTOCOL = ("Action", "Version", "x-id")


def install(sandbox: Sandbox) -> None:
    for service in SERVICES:
        sandbox.before(service, "*", refuse)


def refuse(call: Call) -> None:
    operation = get_service_model(SERVICES[call.service].model).operation_model(call.operation)
    unknown = sorted(set(_FINDERS.get(_protocol_of(call), _nothing)(call, operation)))
    if unknown:
        message = f"This emulator does not know the parameter {', '.join(unknown)} of {call.service} {call.operation}."
        raise AwsError("NotImplemented", message, 501)


def _protocol_of(call: Call) -> str:
    """The one that the request is written in: CloudWatch takes several, and older SDKs use another than newer ones."""
    return determine_request_protocol(get_service_model(SERVICES[call.service].model), request_of(call).content_type or "")


def _nothing(_call: Call, _operation: OperationModel) -> Iterator[str]:
    yield from ()


def _in_json(call: Call, operation: OperationModel) -> Iterator[str]:
    yield from _members(json.loads(call.body or b"{}"), operation.input_shape)


def _members(value: Any, shape: Any) -> Iterator[str]:
    if isinstance(value, dict) and shape is not None and shape.type_name == "structure":
        names = {_wire_name(name, member): member for name, member in shape.members.items()}
        for key, inner in value.items():
            if key not in names:
                yield key
            yield from _members(inner, names.get(key))
    elif isinstance(value, dict) and shape is not None and shape.type_name == "map":
        for inner in value.values():
            yield from _members(inner, shape.value)
    elif isinstance(value, list) and shape is not None and shape.type_name == "list":
        for inner in value:
            yield from _members(inner, shape.member)


def _wire_name(name: str, shape: Shape) -> str:
    return str(shape.serialization.get("name", name))


def _in_form(call: Call, operation: OperationModel) -> Iterator[str]:
    """What the parser understood is written down again: whatever is then lacking, it did not understand."""
    body = _again(call, operation)["body"]
    for key, value in parse_qsl(call.body.decode("utf-8"), keep_blank_values=True):
        # An empty list is written as its bare name, or not at all.
        if value and key not in body and key not in OF_THE_PROTOCOL:
            yield key


def _in_rest(call: Call, operation: OperationModel) -> Iterator[str]:
    again = _again(call, operation)
    # What selects the operation ("?versioning") stands in the model's path.
    selecting = dict(parse_qsl(operation.http["requestUri"].partition("?")[2], keep_blank_values=True))
    for key, _value in parse_qsl(call.environ.get("QUERY_STRING", ""), keep_blank_values=True):
        if key not in again["query_string"] and key not in selecting and key not in OF_THE_PROTOCOL:
            yield key
    payload = (operation.input_shape.serialization if operation.input_shape else {}).get("payload")
    if payload is not None and operation.input_shape.members[payload].type_name == "structure" and call.body:
        known = _elements(again["body"])
        yield from (name for name in _elements(call.body) if name not in known)


def _elements(body: Any) -> Set[str]:
    return {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(body).iter()} if body else set()


def _again(call: Call, operation: OperationModel) -> Dict[str, Any]:
    serializer = create_serializer(_protocol_of(call), include_validation=False)
    return serializer.serialize_to_request(call.params, operation)


_FINDERS = {"json": _in_json, "query": _in_form, "ec2": _in_form, "rest-xml": _in_rest}
