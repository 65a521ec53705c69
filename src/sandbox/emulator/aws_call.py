"""One AWS call: from HTTP request to (service, operation, parameters), and from output or error back to HTTP.

The service models and the parsers of all protocols are botocore's and moto's; nothing here knows a service.
"""

from __future__ import annotations

import io
import time
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Optional, Tuple

from botocore import parsers
from botocore.model import OperationNotFoundError
from moto.core.exceptions import ServiceException
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import determine_request_protocol
from moto.core.routing import NotFound, get_service_router
from moto.core.serialize import XFormedAttributePicker, get_serializer_class
from moto.core.utils import get_service_model
from moto.moto_server.werkzeug_app import BackendRequest

READING = ("Describe", "List", "Get", "Head", "BatchGet", "BatchCheck", "Lookup", "Simulate")
"""An operation whose name starts so changes nothing."""


@dataclass(frozen=True)
class Service:
    module: str
    """Name of moto's package."""
    model: str
    """Name of botocore's service model."""


SERVICES: Dict[str, Service] = {
    "application-autoscaling": Service("applicationautoscaling", "application-autoscaling"),
    "ec2": Service("ec2", "ec2"),
    "ecr": Service("ecr", "ecr"),
    "ecs": Service("ecs", "ecs"),
    "iam": Service("iam", "iam"),
    "logs": Service("logs", "logs"),
    "monitoring": Service("cloudwatch", "cloudwatch"),
    "s3": Service("s3", "s3"),
    "secretsmanager": Service("secretsmanager", "secretsmanager"),
    "servicequotas": Service("servicequotas", "service-quotas"),
    "ssm": Service("ssm", "ssm"),
    "sts": Service("sts", "sts"),
    "tagging": Service("resourcegroupstaggingapi", "resourcegroupstaggingapi"),
}
"""The services of this emulator by the name that requests are signed for."""


class AwsError(ServiceException):
    """An error as the AWS API answers it: AwsError('InvalidVpcID.NotFound', 'The vpc ID ... does not exist')."""

    def __init__(
        self, code: str, message: str, status: Optional[int] = None, headers: Optional[Dict[str, str]] = None
    ) -> None:
        super().__init__(code, message)
        self.status = status
        """HTTP status, or None for the one that the service model gives this code (400 when it gives none)."""
        self.headers = headers or {}


@dataclass
class Response:
    status: int
    headers: List[Tuple[str, str]]
    body: bytes

    def header(self, name: str) -> Optional[str]:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass
class Call:
    """A request whose service and operation are known."""

    service: str
    """Signing name: 'ec2', 'monitoring' ..."""
    operation: str
    """Name in the AWS API: 'CreateVpc'."""
    region: str
    principal: str
    """'operator', or the ARN of a task's role session."""
    params: Dict[str, Any]
    """Input as the AWS model names it, for example {'VpcId': ...}; blobs are bytes."""
    environ: Dict[str, Any] = field(repr=False)
    body: bytes = field(repr=False)
    account: str = ""
    problem: Optional[AwsError] = None
    """Why the input could not be parsed."""
    arrived: float = field(default_factory=time.monotonic)
    """When it came in; it may have waited for its turn since."""

    @property
    def dry_run(self) -> bool:
        """EC2 is asked whether it would, and changes nothing."""
        return self.service == "ec2" and bool(self.params.get("DryRun"))

    @property
    def mutating(self) -> bool:
        return not self.operation.startswith(READING) and not self.dry_run

    @property
    def known(self) -> bool:
        return self.service in SERVICES and _operation_model(self) is not None


@dataclass(frozen=True)
class Forward:
    """Carries the call out as it would be without the answer that got this."""

    response: Callable[[], Response]
    """The answer as it goes out, an error too. To be returned as it is: cheaper than what has to be read."""
    _call: Call

    def __call__(self) -> Dict[str, Any]:
        """The parsed output. Raises AwsError for an error."""
        return read(self._call, self.response())


Before = Callable[[Call], None]
Answer = Callable[[Call, Forward], Any]
After = Callable[[Call], None]


def parse(service: str, region: str, principal: str, account: str, environ: Dict[str, Any], body: bytes) -> Call:
    """The call that a signed request makes. Unknown operations give a Call whose `known` is False."""
    call = Call(service, "Unknown", region, principal, {}, environ, body, account)
    if service not in SERVICES:
        call.operation = environ.get("HTTP_X_AMZ_TARGET", "Unknown").split(".")[-1]
        return call
    request = request_of(call)
    model_name = SERVICES[service].model
    try:
        operation, uri_params = get_service_router(model_name).match(request)
    except (NotFound, NotImplementedError):
        target = environ.get("HTTP_X_AMZ_TARGET", "").split(".")[-1]
        call.operation = request.form.get("Action", "") or target or f"{request.method} {request.path}"
        return call
    call.operation = operation.name
    protocol = determine_request_protocol(get_service_model(model_name), request.content_type or "")
    try:
        call.params = PROTOCOL_PARSERS[protocol](operation, map_type=dict).parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": body,
                "url_path": request.path,
                "url_params": uri_params,
            }
        )
    except Exception as error:  # noqa: BLE001 any input that the parser stumbles over is malformed
        call.problem = AwsError("SerializationException", f"The request could not be parsed: {error}", 400)
    return call


def request_of(call: Call) -> BackendRequest:
    """A fresh request object; its body can be read from the start."""
    environ = dict(call.environ)
    environ["wsgi.input"] = io.BytesIO(call.body)
    environ["CONTENT_LENGTH"] = str(len(call.body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    return BackendRequest(environ)


def render(call: Call, result: Any) -> Response:
    """Serializes an output (dict or object with the model's member names) or an exception for the call's protocol."""
    model = get_service_model(SERVICES[call.service].model)
    operation = _operation_model(call) or OperationModel({}, model)
    protocol = determine_request_protocol(model, request_of(call).content_type or "")
    serializer = get_serializer_class(model.service_name, protocol)
    # The picker finds the model's member names on moto's objects too (VpcId on vpc_id).
    picker = XFormedAttributePicker(response_transformers=None)
    serialized = serializer(operation_model=operation, value_picker=picker).serialize(result)
    status = serialized["status_code"]
    if isinstance(result, AwsError) and result.status is not None:
        status = result.status
    body = serialized["body"]
    raw = body if isinstance(body, bytes) else (body or "").encode("utf-8")
    if call.environ["REQUEST_METHOD"] == "HEAD":
        raw = b""
    headers = [(name, str(value)) for name, value in serialized["headers"].items() if name.lower() != "content-length"]
    if isinstance(result, AwsError):
        headers.append(("x-amzn-ErrorType", result.code))
        headers.extend(result.headers.items())
    return Response(status, headers, raw)


def read(call: Call, response: Response) -> Dict[str, Any]:
    """Parses a rendered answer back, as an SDK does. Raises AwsError for an error answer."""
    model = get_service_model(SERVICES[call.service].model)
    operation = model.operation_model(call.operation)
    protocol = determine_request_protocol(model, request_of(call).content_type or "")
    parsed = parsers.create_parser(protocol).parse(
        {
            "status_code": response.status,
            "headers": {name.lower(): value for name, value in response.headers},
            "body": response.body,
        },
        operation.output_shape,
    )
    parsed.pop("ResponseMetadata", None)
    if response.status >= 300:
        error = parsed.get("Error", {})
        raise AwsError(error.get("Code", "Unknown"), error.get("Message", ""), response.status)
    return parsed


def error_name(call: Call, response: Response) -> Optional[str]:
    """The error code in an answer, or None when it is a success."""
    if response.status < 400:
        return None
    declared = response.header("x-amzn-ErrorType")
    if declared:
        return declared.split("#")[-1].split(":")[0]
    if call.service not in SERVICES or _operation_model(call) is None:
        return "NotImplemented"
    try:
        read(call, response)
    except AwsError as error:
        return error.code
    except Exception:  # noqa: BLE001 a body that is no AWS error (HEAD has none) still gets a name
        return str(response.status)
    return None


def _operation_model(call: Call) -> Optional[OperationModel]:
    try:
        return get_service_model(SERVICES[call.service].model).operation_model(call.operation)
    except OperationNotFoundError:
        return None
