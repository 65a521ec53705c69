"""What the policies of a role allow, as far as Fargate needs to know it. Conditions are taken as met."""

from __future__ import annotations

import json
import re
from typing import Any, Dict, List, Set

from moto.iam.models import iam_backends


def allows(account_id: str, role_arn: str, action: str, resource: str) -> bool:
    """Whether an inline or attached policy allows the action on the resource, none denies it, and neither does the boundary."""
    role: Any = next((r for r in iam_backends[account_id]["aws"].get_roles() if r.arn == role_arn), None)
    if role is None:
        return False
    own = [*role.policies.values(), *map(_document, role.managed_policies.values())]
    return all(_effects(documents, action, resource) == {"Allow"} for documents in [own, *_boundary(account_id, role)])


def _boundary(account_id: str, role: Any) -> List[List[str]]:
    """A permissions boundary grants nothing: what is allowed has to be allowed by it as well (IAM user guide)."""
    boundary = iam_backends[account_id]["aws"].managed_policies.get(role.permissions_boundary_arn)
    return [] if boundary is None else [[_document(boundary)]]


def _document(policy: Any) -> str:
    return str(next(version.document for version in policy.versions if version.is_default))


def _effects(documents: List[str], action: str, resource: str) -> Set[str]:
    statements = (statement for document in documents for statement in _list(json.loads(document)["Statement"]))
    return {
        statement["Effect"]
        for statement in statements
        if _covers(statement, "Action", action.lower()) and _covers(statement, "Resource", resource)
    }


def denial(account_id: str, role_arn: str, session: str, action: str, resource: str) -> str:
    """The text of IAM's AccessDeniedException for a role session."""
    name = role_arn.rsplit("/", 1)[-1]
    principal = f"arn:aws:sts::{account_id}:assumed-role/{name}/{session}"
    return (
        f"AccessDeniedException: User: {principal} is not authorized to perform: {action} on resource: {resource} "
        f"because no identity-based policy allows the {action} action"
    )


def _covers(statement: Dict[str, Any], member: str, value: str) -> bool:
    negated = f"Not{member}" in statement
    patterns = _list(statement[f"Not{member}"] if negated else statement[member])
    if member == "Action":
        patterns = [pattern.lower() for pattern in patterns]
    return any(_matches(pattern, value) for pattern in patterns) != negated


def _matches(pattern: str, value: str) -> bool:
    """IAM's wildcards: * is any text, ? one character."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), value, re.DOTALL) is not None


def _list(value: Any) -> List[Any]:
    return value if isinstance(value, list) else [value]
