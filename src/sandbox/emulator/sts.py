"""Who the caller is: the key of this start is an IAM user, the key of a task is a role session."""

from __future__ import annotations

from typing import Any, Dict

from .aws_call import Call, Forward
from .context import Sandbox


def install(sandbox: Sandbox) -> None:
    sandbox.answer("sts", "GetCallerIdentity", caller_identity)


def caller_identity(call: Call, _forward: Forward) -> Dict[str, Any]:
    """A user has the ARN arn:aws:iam::..:user/NAME, an assumed role arn:aws:sts::..:assumed-role/ROLE/SESSION."""
    if call.principal == "operator":
        return {"UserId": "AIDASANDBOXSANDBOXSA", "Account": call.account, "Arn": f"arn:aws:iam::{call.account}:user/sandbox"}
    if ":user/" in call.principal:
        return {"UserId": "AIDASANDBOXSANDBOXUS", "Account": call.account, "Arn": call.principal}
    session = call.principal.rsplit("/", 1)[-1]
    return {"UserId": f"AROASANDBOXSANDBOXSA:{session}", "Account": call.account, "Arn": call.principal}
