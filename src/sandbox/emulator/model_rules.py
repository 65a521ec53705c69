"""What the API model of a service rejects, AWS rejects: required members, lengths, ranges, patterns and enums.

API reference of each service, the constraints of its parameters and "Common Errors"; the wording is that of the
services' protocols. moto checks next to none of it.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterator, List, NamedTuple

from botocore.model import Shape
from moto.core.utils import get_service_model

from .aws_call import SERVICES, AwsError, Call
from .context import Sandbox
from .model_patterns import compiled

MEASURED_BY_VALUE = ("integer", "long", "float", "double")
MEASURED_BY_LENGTH = ("string", "list", "map", "blob")


class Violation(NamedTuple):
    path: str
    """As AWS writes it: `stepScalingPolicyConfiguration.stepAdjustments.1.member.scalingAdjustment`."""
    value: str
    """Empty where it is nothing to be shown."""
    rule: str
    """Completes "failed to satisfy constraint:"."""
    missing: bool


def install(sandbox: Sandbox) -> None:
    for service in SERVICES:
        sandbox.before(service, "*", refuse)


def refuse(call: Call) -> None:
    shape = get_service_model(SERVICES[call.service].model).operation_model(call.operation).input_shape
    found = list(violations(shape, call.params, "")) if shape is not None else []
    if found:
        raise WORDINGS.get(call.service, _validation_exception)(call, found)


def violations(shape: Shape, value: Any, path: str) -> Iterator[Violation]:
    if value is None:
        return
    yield from _of_the_value(shape, value, path)
    if shape.type_name == "structure":
        for name in shape.required_members:
            if value.get(name) is None:
                yield Violation(_join(path, name), "null", "Member must not be null", True)
        for name, member in shape.members.items():
            yield from violations(member, value.get(name), _join(path, name))
    elif shape.type_name == "list":
        for index, item in enumerate(value, 1):
            yield from violations(shape.member, item, f"{path}.{index}.member")
    elif shape.type_name == "map":
        for key, item in value.items():
            yield from violations(shape.key, key, path)
            yield from violations(shape.value, item, f"{path}.{key}.member")


def _of_the_value(shape: Shape, value: Any, path: str) -> Iterator[Violation]:
    meta = shape.metadata

    def broken(rule: str) -> Violation:
        # Only here: a value can be a layer of megabytes.
        shown = "" if meta.get("sensitive") or shape.type_name == "blob" else repr(value)
        return Violation(path, shown, f"Member must {rule}", False)

    if shape.type_name in MEASURED_BY_VALUE or shape.type_name in MEASURED_BY_LENGTH and hasattr(value, "__len__"):
        words, measure = ("value", value) if shape.type_name in MEASURED_BY_VALUE else ("length", len(value))
        if measure < meta.get("min", measure):
            yield broken(f"have {words} greater than or equal to {meta['min']}")
        if measure > meta.get("max", measure):
            yield broken(f"have {words} less than or equal to {meta['max']}")
    if isinstance(value, str) and "pattern" in meta and not compiled(meta["pattern"]).fullmatch(value):
        yield broken(f"satisfy regular expression pattern: {meta['pattern']}")
    if isinstance(value, str) and shape.enum and value not in shape.enum:
        yield broken(f"satisfy enum value set: [{', '.join(shape.enum)}]")


def _join(path: str, name: str) -> str:
    return f"{path}.{name[0].lower()}{name[1:]}".lstrip(".")


def _in_words(found: List[Violation]) -> str:
    said = "; ".join(
        f"Value {one.value} at '{one.path}' failed to satisfy constraint: {one.rule}"
        for one in found
    )
    return f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected: {said}"


def _coded(code: str) -> Callable[[Call, List[Violation]], AwsError]:
    return lambda _call, found: AwsError(code, _in_words(found), 400)


def _ec2(_call: Call, found: List[Violation]) -> AwsError:
    first = found[0]
    name = first.path.rsplit(".", 1)[-1]
    name = name[0].upper() + name[1:]
    if first.missing:
        return AwsError("MissingParameter", f"The request must contain the parameter {name}", 400)
    return AwsError("InvalidParameterValue", f"Value ({first.value}) for parameter {name} is invalid. {first.rule}", 400)


def _ecs(call: Call, found: List[Violation]) -> AwsError:
    first = found[0]
    text = f"{first.path} should not be null or empty." if first.missing else _in_words(found)
    return AwsError("ClientException" if call.operation == "RegisterTaskDefinition" else "InvalidParameterException", text)


def _ecr(_call: Call, found: List[Violation]) -> AwsError:
    first = found[0]
    return AwsError("InvalidParameterException", f"Invalid parameter at '{first.path}' failed to satisfy constraint: '{first.rule}'")


def _s3(_call: Call, found: List[Violation]) -> AwsError:
    if "." in found[0].path:
        return AwsError("MalformedXML", "The XML you provided was not well-formed or did not validate against our schema", 400)
    return AwsError("InvalidArgument", _in_words(found), 400)


_validation_exception = _coded("ValidationException")

WORDINGS: Dict[str, Callable[[Call, List[Violation]], AwsError]] = {
    "ec2": _ec2,
    "ecr": _ecr,
    "ecs": _ecs,
    "iam": _coded("ValidationError"),
    "logs": _coded("InvalidParameterException"),
    "monitoring": _coded("ValidationError"),
    "s3": _s3,
    "servicequotas": _coded("IllegalArgumentException"),
    "sts": _coded("ValidationError"),
    "tagging": _coded("InvalidParameterException"),
}
