"""What Fargate asks of IAM in the name of a task's execution role."""

from __future__ import annotations

from typing import Optional

from .authorization import Authorization, Context
from .context import Sandbox
from .iam_evaluate import allows, denial
from .principals import permissions_of


def role_denial(sandbox: Sandbox, role_arn: str, session: str, asked: Authorization) -> Optional[str]:
    """Why a session of the role may not do it, as an AccessDeniedException says it; None when it may."""
    account_id = sandbox.settings.account_id
    context: Context = {"aws:PrincipalAccount": account_id, "aws:SecureTransport": "true"}
    policies, boundary = permissions_of(account_id, role_arn)
    name = role_arn.rsplit("/", 1)[-1]
    sandbox.record.add({"role": name, "policies": policies, "boundary": boundary}, "ecs task", [asked], context)
    if allows(policies, boundary, asked, {**context, **asked.context}):
        return None
    principal = f"arn:aws:sts::{account_id}:assumed-role/{name}/{session}"
    return f"AccessDeniedException: {denial(principal, asked)}"
