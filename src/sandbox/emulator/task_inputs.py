"""What a task needs before it can start, fetched as its execution role: images, secrets, log streams.

Failures are told in Fargate's words.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Dict, List, Optional

from moto.core.exceptions import ServiceException, _RESTError
from moto.iam.models import iam_backends
from moto.logs.models import logs_backends
from moto.secretsmanager.models import secretsmanager_backends

from .authorization import Authorization, Context
from .context import Sandbox
from .ecr import NoPlatform, PulledImage, pull, repository_arn
from .ecs_store import TaskDefinition
from .ecs_task import Container, Task
from .role_lag import unable_to_assume
from .role_permissions import role_denial
from .secretsmanager import customer_key, via_secrets_manager
from .task_network import no_answer

SECRET_ARN_PARTS = 7
"""arn:aws:secretsmanager:<region>:<account>:secret:<name>, then maybe :<json key>:<version stage>:<version id>."""
_NO_SECRETS = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed"
)
_RETRIED = "service call has been retried 1 time(s)"
NO_FACTS: Context = {}
_CHECK_NETWORK = "Please check your task network configuration."


class StartFailure(Exception):
    """Why a task could not be started, as in its stoppedReason."""


@dataclass(frozen=True)
class LogStream:
    region: str
    group: str
    stream: str

    def write(self, account_id: str, events: List[Dict[str, Any]]) -> None:
        """Appends {timestamp, message} events; they are lost when the group is gone, as with Fargate."""
        group = logs_backends[account_id][self.region].groups.get(self.group)
        if group is not None and self.stream in group.streams:
            group.put_log_events(self.stream, events)


def why_not_assumable(account_id: str, definition: TaskDefinition) -> Optional[str]:
    """ECS's error when one of the roles is gone or does not trust ecs-tasks.amazonaws.com."""
    for member in ("executionRoleArn", "taskRoleArn"):
        arn = definition.body.get(member)
        if arn is None:
            continue
        role = next((r for r in iam_backends[account_id]["aws"].get_roles() if r.arn == arn), None)
        if role is None or "ecs-tasks.amazonaws.com" not in role.assume_role_policy_document:
            return unable_to_assume(arn)
    return None


def find_image(sandbox: Sandbox, task: Task, container: Container) -> PulledImage:
    reference = container.definition["image"]
    repository = repository_arn(reference)
    problem = None
    if repository:
        unheard = no_answer(task, "ecr.api")
        denied = _denied(sandbox, task, "ecr:GetAuthorizationToken", "*")
        problem = f"{unheard}. {_CHECK_NETWORK}" if unheard else denied
    if problem:
        raise StartFailure(f"{_NO_SECRETS}: unable to retrieve ecr registry auth: {_RETRIED}: {problem}")
    for service in ("ecr.dkr", "s3") if repository else ():
        unheard = no_answer(task, service)
        if unheard:
            raise StartFailure(
                f"CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref "
                f"{reference}: {unheard}"
            )
    for action in ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"):
        denied = _denied(sandbox, task, action, repository) if repository else None
        if denied:
            raise StartFailure(
                f"CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref "
                f"{reference}: unexpected status code 403 Forbidden: {denied}"
            )
    try:
        image = pull(sandbox, reference, task.architecture)
    except NoPlatform as error:
        raise StartFailure(f"CannotPullContainerError: pull image manifest has been retried 7 time(s): {error}") from error
    if image is None:
        raise StartFailure(
            f"CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref "
            f"{reference}: {reference}: not found"
        )
    return image


def open_log_stream(sandbox: Sandbox, task: Task, container: Container) -> Optional[LogStream]:
    """Creates the stream <prefix>/<container>/<task id>; None when the container does not log to CloudWatch."""
    configuration = container.definition.get("logConfiguration") or {}
    if configuration.get("logDriver") != "awslogs":
        return None
    options = configuration["options"]
    stream = LogStream(
        options["awslogs-region"],
        options["awslogs-group"],
        f"{options['awslogs-stream-prefix']}/{container.name}/{task.id}",
    )
    account_id = sandbox.settings.account_id
    backend = logs_backends[account_id][stream.region]
    resource = f"arn:aws:logs:{stream.region}:{account_id}:log-group:{stream.group}:log-stream:{stream.stream}"
    problem = no_answer(task, "logs") or _denied(sandbox, task, "logs:CreateLogStream", resource)
    if problem is None and stream.group not in backend.groups:
        problem = "ResourceNotFoundException: The specified log group does not exist."
    if problem is not None:
        raise StartFailure(
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: "
            f"failed to create Cloudwatch log stream: {problem} : exit status 1"
        )
    backend.ensure_log_stream(stream.group, stream.stream)
    # The driver finds out when it writes, and then nobody hears of it: the task runs on, without a log.
    return stream if _denied(sandbox, task, "logs:PutLogEvents", resource) is None else None


def secret_values(sandbox: Sandbox, task: Task, container: Container) -> Dict[str, str]:
    wanted = container.definition.get("secrets") or []
    return {entry["name"]: _secret_value(sandbox, task, entry["valueFrom"]) for entry in wanted}


def _secret_value(sandbox: Sandbox, task: Task, value_from: str) -> str:
    parts = value_from.split(":")
    if len(parts) < SECRET_ARN_PARTS or parts[2] != "secretsmanager":
        raise _secret_failure(f"invalid ARN for a secret: {value_from}")
    arn, rest = ":".join(parts[:SECRET_ARN_PARTS]), parts[SECRET_ARN_PARTS:] + [""] * 3
    key, stage, version = rest[0], rest[1], rest[2]
    fetching = f"{_RETRIED}: failed to fetch secret {arn} from secrets manager"
    unheard = no_answer(task, "secretsmanager")
    if unheard:
        raise _secret_failure(f"{fetching}: {unheard}. {_CHECK_NETWORK}")
    denied = _denied(sandbox, task, "secretsmanager:GetSecretValue", arn)
    if denied:
        raise _secret_failure(f"{fetching}: {denied}")
    backend: Any = secretsmanager_backends[sandbox.settings.account_id][parts[3]]
    try:
        found = backend.get_secret_value(arn, version or None, stage or ("" if version else "AWSCURRENT"))
    except (ServiceException, _RESTError) as error:
        code = getattr(error, "error_type", None) or getattr(error, "code", "")
        raise _secret_failure(f"{fetching}: {code}: {error.message}") from error
    key_arn = customer_key(backend.secrets[arn].kms_key_id, arn)
    if key_arn is not None and _denied(sandbox, task, "kms:Decrypt", key_arn, via_secrets_manager(parts[3])):
        raise _secret_failure(f"{fetching}: AccessDeniedException: Access to KMS is not allowed")
    text = found.get("SecretString")
    if text is None:
        raise _secret_failure(f"secret {arn} has no string value")
    if not key:
        return str(text)
    try:
        value = json.loads(text)[key]
    except (ValueError, KeyError, TypeError) as error:
        lacking = f"{_RETRIED}: retrieved secret from Secrets Manager did not contain json key {key}"
        raise _secret_failure(lacking) from error
    return value if isinstance(value, str) else json.dumps(value)


def _secret_failure(reason: str) -> StartFailure:
    return StartFailure(f"{_NO_SECRETS}: unable to retrieve secret from asm: {reason}")


def _denied(sandbox: Sandbox, task: Task, action: str, resource: str, facts: Context = NO_FACTS) -> Optional[str]:
    """Why the task's execution role may not do this, None when it may (or there is none to ask)."""
    role = task.definition.body.get("executionRoleArn")
    return None if role is None else role_denial(sandbox, role, task.id, Authorization(action, resource, facts))
