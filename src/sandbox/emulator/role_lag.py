"""A fresh IAM role is not known everywhere at once.

IAM user guide, "Troubleshooting IAM": "Changes that I make are not always immediately visible". How ECS words it:
terraform-aws-modules/terraform-aws-ecs #414 and #415 (PassRole, "Role is not valid"), pulumi/pulumi-awsx #927 ("ECS was
unable to assume the role"), awslabs/fargatecli #35 (service-linked role). The services learn of a role one after the
other, within `role` seconds: RegisterTaskDefinition first, CreateService last; the start of tasks when `role-at-start`
have passed. `service-linked-role` likewise.
"""

from __future__ import annotations

import time
from typing import Any, Iterator

from moto.iam.models import iam_backends

from .aws_call import AwsError, Call
from .context import Sandbox
from .ecs_store import Store, TaskDefinition

PASSED = 0.25
VALID = 0.5
ASSUMED = 0.9
"""Parts of `role` after which a role can be passed, is valid for a definition, and can be assumed for a service."""
ECS_ROLE = "AWSServiceRoleForECS"
SCALING_ROLE = "AWSServiceRoleForApplicationAutoScaling_ECSService"


def install(sandbox: Sandbox, store: Store) -> None:
    strict = sandbox.settings.strict

    def register(call: Call) -> None:
        for arn in _roles(call.params):
            if is_fresh(call.account, arn, strict["role"] * PASSED):
                user = f"arn:aws:iam::{call.account}:user/{call.principal}"
                message = f"User: {user} is not authorized to perform: iam:PassRole on resource: {arn}"
                raise AwsError("AccessDeniedException", message, 400)
            if is_fresh(call.account, arn, strict["role"] * VALID):
                raise AwsError("ClientException", "Role is not valid")

    def serve(call: Call) -> None:
        definition = store.region(call.region).find_task_definition(call.params.get("taskDefinition") or "")
        for arn in _roles(definition.body) if definition else ():
            if is_fresh(call.account, arn, strict["role"] * ASSUMED):
                raise AwsError("ClientException", unable_to_assume(arn))

    def act(call: Call) -> None:
        if is_fresh(call.account, ECS_ROLE, strict["service-linked-role"]):
            message = "Unable to assume the service linked role. Please verify that the ECS service linked role exists."
            raise AwsError("InvalidParameterException", message)

    def scale(call: Call) -> None:
        if is_fresh(call.account, SCALING_ROLE, strict["service-linked-role"]):
            arn = f"arn:aws:iam::{call.account}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/{SCALING_ROLE}"
            raise AwsError("ValidationException", f"Unable to assume IAM role: {arn}")

    for operation in ("CreateCluster", "CreateService"):
        sandbox.before("ecs", operation, act)
    for operation in ("CreateService", "UpdateService", "RunTask"):
        sandbox.before("ecs", operation, serve)
    sandbox.before("ecs", "RegisterTaskDefinition", register)
    sandbox.before("application-autoscaling", "RegisterScalableTarget", scale)
    sandbox.after("iam", "CreateRole", remember)
    sandbox.on_settle(lambda: forget(sandbox.settings.account_id))


def remember(call: Call) -> None:
    role: Any = next(r for r in _all(call.account) if r.name == call.params["RoleName"])
    role.born = time.monotonic()


def forget(account: str) -> None:
    for role in _all(account):
        role.born = float("-inf")


def is_fresh(account: str, arn_or_name: str, seconds: float) -> bool:
    return any(
        time.monotonic() - getattr(role, "born", float("-inf")) < seconds
        for role in _all(account)
        if arn_or_name in (role.arn, role.name)
    )


def why_too_fresh(sandbox: Sandbox, definition: TaskDefinition) -> Any:
    """ECS's error for a task whose role has not come that far, or None."""
    account, seconds = sandbox.settings.account_id, sandbox.settings.strict["role-at-start"]
    return next((unable_to_assume(arn) for arn in _roles(definition.body) if is_fresh(account, arn, seconds)), None)


def unable_to_assume(arn: str) -> str:
    return (
        f"ECS was unable to assume the role '{arn}' that was provided for this task. Please verify that the "
        "role being passed has the proper trust relationship and permissions and that your IAM user has "
        "permissions to pass this role"
    )


def _roles(params: Any) -> Iterator[str]:
    return (params[member] for member in ("executionRoleArn", "taskRoleArn") if params.get(member))


def _all(account: str) -> Any:
    return iam_backends[account]["aws"].get_roles()
