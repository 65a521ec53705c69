"""What AWS answers when it fails or refuses whatever was asked: one table for all services.

Protocols differ (EC2's XML, the query protocol's of IAM and STS, S3's, JSON), and so do the names that services give to
the same failure. Sources: "Common errors" in the API reference of each service; EC2 user guide, "Error codes"; S3 API
reference, "Error responses"; AWS re:Post on RequestExpired (2026-11).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict

from .aws_call import AwsError, Call
from .iam_action import action_of, resource_of

OTHERS = ""
"""Stands for every service that has no row of its own: those that speak JSON."""


@dataclass(frozen=True)
class Answer:
    code: str
    status: int
    message: str


INTERNAL = "The request processing has failed because of an unknown error, exception or failure."
UNAVAILABLE = "The request has failed due to a temporary failure of the server."
EXPIRED = "The security token included in the request is expired"

ANSWERS: Dict[str, Dict[str, Answer]] = {
    "server-error": {
        "ec2": Answer("InternalError", 500, "An internal error has occurred"),
        "s3": Answer("InternalError", 500, "We encountered an internal error. Please try again."),
        "iam": Answer("ServiceFailure", 500, INTERNAL),
        "sts": Answer("InternalFailure", 500, INTERNAL),
        "monitoring": Answer("InternalServiceFault", 500, INTERNAL),
        "ecs": Answer("ServerException", 500, INTERNAL),
        "ecr": Answer("ServerException", 500, INTERNAL),
        "secretsmanager": Answer("InternalServiceError", 500, INTERNAL),
        "servicequotas": Answer("ServiceException", 500, INTERNAL),
        "application-autoscaling": Answer("InternalServiceException", 500, INTERNAL),
        "tagging": Answer("InternalServiceException", 500, INTERNAL),
        OTHERS: Answer("InternalFailure", 500, INTERNAL),
    },
    "unavailable": {
        "ec2": Answer("Unavailable", 503, "The server is overloaded and can't handle the request."),
        "logs": Answer("ServiceUnavailableException", 503, "The service cannot complete the request."),
        OTHERS: Answer("ServiceUnavailable", 503, UNAVAILABLE),
    },
    "throttle": {
        "ec2": Answer("RequestLimitExceeded", 503, "Request limit exceeded."),
        "s3": Answer("SlowDown", 503, "Please reduce your request rate."),
        "iam": Answer("Throttling", 400, "Rate exceeded"),
        "sts": Answer("Throttling", 400, "Rate exceeded"),
        "monitoring": Answer("Throttling", 400, "Rate exceeded"),
        "servicequotas": Answer("TooManyRequestsException", 429, "Rate exceeded"),
        "tagging": Answer("ThrottledException", 400, "Rate exceeded"),
        OTHERS: Answer("ThrottlingException", 400, "Rate exceeded"),
    },
    "expired": {
        "ec2": Answer("RequestExpired", 400, "Request has expired."),
        "s3": Answer("ExpiredToken", 400, "The provided token has expired."),
        "iam": Answer("ExpiredToken", 403, EXPIRED),
        "sts": Answer("ExpiredToken", 403, EXPIRED),
        "monitoring": Answer("ExpiredToken", 403, EXPIRED),
        OTHERS: Answer("ExpiredTokenException", 400, EXPIRED),
    },
    "denied": {
        "ec2": Answer(
            "UnauthorizedOperation",
            403,
            "You are not authorized to perform this operation. {sentence} Encoded authorization failure message: 4GIOHlTkIaWHQD0Q0m6XSnuUMCm",
        ),
        "s3": Answer("AccessDenied", 403, "{sentence}"),
        "iam": Answer("AccessDenied", 403, "{sentence}"),
        "sts": Answer("AccessDenied", 403, "{sentence}"),
        "monitoring": Answer("AccessDenied", 403, "{sentence}"),
        OTHERS: Answer("AccessDeniedException", 400, "{sentence}"),
    },
}
"""Kind of fault -> signing name of the service -> its answer."""

GARBLED = b"<html><head><title>Welcome</title></head><body>Please accept the terms of this network.</body></html>"
"""What something between here and AWS answers in its place; with status 200, as a captive portal does."""


def failure(kind: str, call: Call) -> AwsError:
    """The answer of the call's service to a fault of this kind."""
    answers = ANSWERS[kind]
    answer = answers.get(call.service, answers[OTHERS])
    return AwsError(answer.code, answer.message.format(sentence=_denial(call)), answer.status)


def _denial(call: Call) -> str:
    """IAM user guide, "Access denied error message examples"."""
    who = f"arn:aws:iam::{call.account}:user/sandbox" if call.principal == "operator" else call.principal
    action = action_of(call)
    return (
        f"User: {who} is not authorized to perform: {action} on resource: {resource_of(call)}"
        f" because no identity-based policy allows the {action} action."
    )
