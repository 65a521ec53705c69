"""What policies say of an authorization (IAM user guide, "Policy evaluation logic"), within one account.

Identity-based policies and the permissions boundary: an explicit deny wins, and what is allowed has to be allowed by
both. Policies of resources have no part in it: ours only deny what does not come over TLS.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, Dict, List, Sequence, Tuple

from .authorization import Authorization, Context
from .iam_conditions import arn_like, as_list, holds, like


def allows(policies: Sequence[str], boundary: Sequence[str], asked: Authorization, context: Context) -> bool:
    """Whether a principal with these policy documents (JSON) may do it. Raises UnknownOperator.

    @param boundary the document of the permissions boundary, or nothing
    @param context all keys of the request
    """
    return _verdict(policies, asked, context) and (not boundary or _verdict(boundary, asked, context))


def denial(principal: str, asked: Authorization) -> str:
    """IAM's sentence, the same in all services (IAM user guide, "Access denied error message examples")."""
    return (
        f"User: {principal} is not authorized to perform: {asked.action} on resource: {asked.resource} "
        f"because no identity-based policy allows the {asked.action} action"
    )


def _verdict(documents: Sequence[str], asked: Authorization, context: Context) -> bool:
    effects = {
        statement["Effect"]
        for document in documents
        for statement in _statements(document)
        if _covers(statement, asked) and holds(statement.get("Condition", {}), context)
    }
    return effects == {"Allow"}


@lru_cache(maxsize=1000)
def _statements(document: str) -> Tuple[Dict[str, Any], ...]:
    return tuple(as_list(json.loads(document)["Statement"]))


def _covers(statement: Dict[str, Any], asked: Authorization) -> bool:
    action = asked.action.lower()
    return _any(statement, "Action", lambda pattern: like(pattern.lower(), action)) and _any(
        statement, "Resource", lambda pattern: arn_like(pattern, asked.resource)
    )


def _any(statement: Dict[str, Any], member: str, matches: Any) -> bool:
    negated = f"Not{member}" in statement
    patterns: List[str] = as_list(statement[f"Not{member}" if negated else member])
    return any(map(matches, patterns)) != negated
