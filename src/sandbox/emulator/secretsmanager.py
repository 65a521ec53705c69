"""Secrets Manager: what is scheduled for deletion blocks its name until it is restored."""

from __future__ import annotations

from typing import Any, Dict, Optional

from moto.secretsmanager.models import secretsmanager_backends

from .aws_call import AwsError, Call
from .context import Kinds, Sandbox
from .inventory import backends, tag_map

ON_LIVING_SECRETS = ("GetSecretValue", "PutSecretValue", "UpdateSecret", "TagResource", "UntagResource", "DeleteSecret")
"""Operations that Secrets Manager refuses on a secret that is scheduled for deletion."""


def install(sandbox: Sandbox) -> None:
    sandbox.before("secretsmanager", "CreateSecret", refuse_scheduled_name)
    for operation in ON_LIVING_SECRETS:
        sandbox.before("secretsmanager", operation, refuse_scheduled)
    sandbox.after("secretsmanager", "UpdateSecretVersionStage", follow_current)
    sandbox.inventory("secretsmanager", collect)


def refuse_scheduled_name(call: Call) -> None:
    """A name in its recovery window is InvalidRequestException; moto says ResourceExistsException."""
    secret = _find(call, call.params.get("Name", ""))
    if secret is not None and secret.is_deleted():
        message = "You can't create this secret because a secret with this name is already scheduled for deletion."
        raise AwsError("InvalidRequestException", message)


def refuse_scheduled(call: Call) -> None:
    """Only RestoreSecret, DescribeSecret and deletion by force work on a secret that is scheduled for deletion."""
    secret = _find(call, call.params.get("SecretId", ""))
    if secret is None or not secret.is_deleted() or call.params.get("ForceDeleteWithoutRecovery"):
        return
    message = (
        "You can't perform this operation on the secret because it was marked for deletion."
        if call.operation != "DeleteSecret"
        else "You can't perform this operation on the secret because it was already scheduled for deletion."
    )
    raise AwsError("InvalidRequestException", message)


def follow_current(call: Call) -> None:
    """GetSecretValue answers the version with the stage AWSCURRENT; moto goes on answering the one that was put last."""
    secret = _find(call, call.params.get("SecretId", ""))
    for version, value in secret.versions.items() if secret is not None else ():
        if "AWSCURRENT" in value["version_stages"]:
            secret.default_version_id = version


def _find(call: Call, name_or_arn: str) -> Optional[Any]:
    secrets = secretsmanager_backends[call.account][call.region].secrets
    return secrets[name_or_arn] if name_or_arn in secrets else None


def collect() -> Kinds:
    secrets: Dict[str, Dict[str, Any]] = {}
    for _region, backend in backends("secretsmanager"):
        for secret in backend.secrets.values():
            secrets[secret.arn] = {
                "name": secret.name,
                "tags": tag_map(secret.tags or []),
                "scheduledForDeletion": secret.is_deleted(),
                "versions": len(secret.versions),
            }
    return {"secret": secrets}
