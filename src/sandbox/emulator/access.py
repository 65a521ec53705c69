"""Asks IAM before a call is carried out, as AWS does.

The key of the start may do everything. A user with a key of CreateAccessKey and a task with the keys of its role may do what
their policies allow, and are denied in the words of the service otherwise.
"""

from __future__ import annotations

from typing import Any, Dict, List

from moto.iam.models import iam_backends

from .authorization import Authorization
from .authorization_record import command_of
from .authorization_table import TABLE, NoRule, authorizations_of
from .authorizations import global_context
from .aws_call import SERVICES, AwsError, Call
from .context import Reply, Sandbox
from .iam_evaluate import allows, denial
from .principals import OPERATOR, permissions_of
from .settings import PARTITION

PREFIX = "/_sandbox/"
DENIED = {"ec2": ("UnauthorizedOperation", 403), "iam": ("AccessDenied", 403), "monitoring": ("AccessDenied", 403),
          "s3": ("AccessDenied", 403), "sts": ("AccessDenied", 403)}
"""How a service says it, and by which status; the others say AccessDeniedException with 400."""


def install(sandbox: Sandbox) -> None:
    for service in SERVICES:
        sandbox.before(service, "*", lambda call: check(sandbox, call))
    sandbox.route(f"{PREFIX}authorizations", show_table)
    sandbox.after("iam", "CreateAccessKey", lambda call: accept_keys(sandbox, call))
    sandbox.before("iam", "DeleteAccessKey", lambda call: sandbox.remove_credentials(call.params.get("AccessKeyId", "")))


def show_table(_method: str, _rest: str, _query: Dict[str, str], _body: bytes) -> Reply:
    """service -> operation -> the actions that it may be asked for, each with the source that says so."""
    return 200, {
        service: {operation: [{"action": rule.action, "source": rule.source} for rule in rules] for operation, rules in known.items()}
        for service, known in TABLE.items()
    }


def check(sandbox: Sandbox, call: Call) -> None:
    """Raises the service's error for a call that its principal may not make."""
    own = command_of(call.environ.get("HTTP_USER_AGENT", "")) if sandbox.record.is_on else None
    if call.principal == OPERATOR and own is None:
        return
    operation = f"{call.service} {call.operation}"
    try:
        asked = authorizations_of(sandbox, call)
    except NoRule as problem:
        if call.principal != OPERATOR:
            raise
        sandbox.record.add_problem(own or {}, operation, str(problem))
        return
    if own is not None:
        sandbox.record.add(own, operation, asked, global_context(call))
    if call.principal != OPERATOR:
        _demand(sandbox, call, asked)


def accept_keys(sandbox: Sandbox, call: Call) -> None:
    """The keys of the user that the call was made for work from now on."""
    user: Any = iam_backends[call.account][PARTITION].users[call.params["UserName"]]
    for key in user.access_keys:
        sandbox.add_credentials(key.access_key_id, key.secret_access_key, None, user.arn)


def _demand(sandbox: Sandbox, call: Call, asked: List[Authorization]) -> None:
    policies, boundary = permissions_of(call.account, call.principal)
    if ":assumed-role/" in call.principal:
        who: Dict[str, Any] = {"role": call.principal.split("/")[1], "policies": policies, "boundary": boundary}
        sandbox.record.add(who, f"{call.service} {call.operation}", asked, global_context(call))
    for one in asked:
        if not allows(policies, boundary, one, {**global_context(call), **one.context}):
            code, status = DENIED.get(call.service, ("AccessDeniedException", 400))
            raise AwsError(code, denial(call.principal, one), status)
