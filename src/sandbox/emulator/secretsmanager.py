"""Secrets Manager: what is scheduled for deletion blocks its name until it is restored.

Deletion by force goes on behind the scenes: DeleteSecret in the API reference calls it asynchronous, and the name is
refused for a while yet (hashicorp/terraform-provider-aws #4467, pull request #8219). Here: for `secret-name` seconds.
"""

from __future__ import annotations

import time
from typing import Any, Dict, Optional, Tuple

from moto.secretsmanager.models import secretsmanager_backends

from .authorization import Context
from .aws_call import AwsError, Call
from .context import Kinds, Sandbox
from .inventory import backends, tag_map

ON_LIVING_SECRETS = ("GetSecretValue", "PutSecretValue", "UpdateSecret", "TagResource", "UntagResource", "DeleteSecret")
"""Operations that Secrets Manager refuses on a secret that is scheduled for deletion."""


def install(sandbox: Sandbox) -> None:
    sandbox.before("secretsmanager", "CreateSecret", refuse_scheduled_name)
    ForcedDeletions(sandbox)
    for operation in ON_LIVING_SECRETS:
        sandbox.before("secretsmanager", operation, refuse_scheduled)
    sandbox.after("secretsmanager", "UpdateSecretVersionStage", follow_current)
    sandbox.inventory("secretsmanager", collect)


NAME_SCHEDULED = "You can't create this secret because a secret with this name is already scheduled for deletion."


def refuse_scheduled_name(call: Call) -> None:
    """A name in its recovery window is InvalidRequestException; moto says ResourceExistsException."""
    secret = _find(call, call.params.get("Name", ""))
    if secret is not None and secret.is_deleted():
        raise AwsError("InvalidRequestException", NAME_SCHEDULED)


class ForcedDeletions:
    """The names of secrets that were deleted by force a moment ago."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._seconds = sandbox.settings.strict["secret-name"]
        self._freed: Dict[Tuple[str, str], float] = {}
        sandbox.on_settle(self._freed.clear)
        sandbox.before("secretsmanager", "DeleteSecret", self._remember)
        sandbox.before("secretsmanager", "CreateSecret", self._refuse)

    def _remember(self, call: Call) -> None:
        secret = _find(call, call.params.get("SecretId", ""))
        if secret is not None and call.params.get("ForceDeleteWithoutRecovery"):
            self._freed[call.region, secret.name] = time.monotonic() + self._seconds

    def _refuse(self, call: Call) -> None:
        if time.monotonic() < self._freed.get((call.region, call.params.get("Name", "")), float("-inf")):
            raise AwsError("InvalidRequestException", NAME_SCHEDULED)


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


def customer_key(key_id: Optional[str], secret_arn: str) -> Optional[str]:
    """The ARN of the customer-managed key that encrypts a secret; that of AWS asks for no permission of its own.

    Secrets Manager user guide, "Secret encryption". Which key an alias stands for is not known here: any will do.
    """
    if not key_id or key_id.endswith("alias/aws/secretsmanager"):
        return None
    _, _, _, region, account_id = secret_arn.split(":")[:5]
    return key_id if ":key/" in key_id else f"arn:aws:kms:{region}:{account_id}:key/{key_id.rsplit('/', 1)[-1]}"


def via_secrets_manager(region: str) -> Context:
    """What KMS tells IAM of a request that Secrets Manager makes for its caller (KMS developer guide, kms:ViaService)."""
    return {"kms:ViaService": f"secretsmanager.{region}.amazonaws.com"}


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
