"""Who signed a request, and what IAM has of that principal: policies and permissions boundary.

The key of the start is the account's administrator, of whom nothing is asked. All other keys are of users
(CreateAccessKey) and of role sessions, and may do what their policies allow.
"""

from __future__ import annotations

from typing import Any, List, NamedTuple

from moto.iam.models import iam_backends

from .settings import PARTITION

OPERATOR = "operator"


class Permissions(NamedTuple):
    policies: List[str]
    """JSON documents, inline and attached."""
    boundary: List[str]
    """That of the boundary, or none."""


def permissions_of(account_id: str, principal: str) -> Permissions:
    """Of the ARN of a user, a role or a role session; nothing when it is gone."""
    backend: Any = iam_backends[account_id][PARTITION]
    name = principal.split("/")[1] if ":assumed-role/" in principal else principal.rsplit("/", 1)[-1]
    found: Any = (
        next((user for user in backend.users.values() if user.name == name), None)
        if ":user/" in principal
        else next((role for role in backend.get_roles() if role.name == name), None)
    )
    if found is None:
        return Permissions([], [])
    own = [*found.policies.values(), *map(_document, found.managed_policies.values())]
    boundary = backend.managed_policies.get(getattr(found, "permissions_boundary_arn", None))
    return Permissions(own, [] if boundary is None else [_document(boundary)])


def _document(policy: Any) -> str:
    return str(next(version.document for version in policy.versions if version.is_default))
