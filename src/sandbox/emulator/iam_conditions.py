"""The Condition of a policy statement (IAM user guide, "IAM JSON policy elements: Condition operators")."""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, List, Mapping

from .authorization import Context

Operator = Callable[[str, str], bool]
"""(value of the request, value of the policy) -> whether they agree"""
ARN_PARTS = 6


class UnknownOperator(ValueError):
    """A condition that this emulator cannot judge: taking it as met, or as not met, would prove nothing."""


def like(pattern: str, value: str) -> bool:
    """IAM's wildcards: * is any text, ? one character."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), value, re.DOTALL) is not None


def arn_like(pattern: str, value: str) -> bool:
    """Each of the first five parts of an ARN by itself: a wildcard does not reach over a colon there."""
    if pattern == "*":
        return True
    patterns, values = pattern.split(":", ARN_PARTS - 1), value.split(":", ARN_PARTS - 1)
    return len(patterns) == len(values) and all(map(like, patterns, values))


OPERATORS: Dict[str, Operator] = {
    "StringEquals": lambda value, wanted: value == wanted,
    "StringEqualsIgnoreCase": lambda value, wanted: value.lower() == wanted.lower(),
    "StringLike": lambda value, wanted: like(wanted, value),
    "ArnEquals": lambda value, wanted: arn_like(wanted, value),
    "ArnLike": lambda value, wanted: arn_like(wanted, value),
    "Bool": lambda value, wanted: value.lower() == wanted.lower(),
    "NumericEquals": lambda value, wanted: float(value) == float(wanted),
    "NumericLessThan": lambda value, wanted: float(value) < float(wanted),
    "NumericLessThanEquals": lambda value, wanted: float(value) <= float(wanted),
    "NumericGreaterThan": lambda value, wanted: float(value) > float(wanted),
    "NumericGreaterThanEquals": lambda value, wanted: float(value) >= float(wanted),
}
NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NumericNotEquals": "NumericEquals",
}


def holds(condition: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """Whether all operators hold for all of their keys. Raises UnknownOperator."""
    present = {key.lower(): value for key, value in context.items()}
    return all(
        _key_holds(operator, as_list(wanted), present.get(key.lower()))
        for operator, keys in condition.items()
        for key, wanted in keys.items()
    )


def _key_holds(operator: str, wanted: List[Any], given: Any) -> bool:
    quantifier, _, rest = operator.rpartition(":")
    name = rest.removesuffix("IfExists")
    texts = [str(one).lower() if isinstance(one, bool) else str(one) for one in wanted]
    if name == "Null":
        return texts == [str(given is None).lower()]
    negated = name in NEGATED
    agrees = OPERATORS.get(NEGATED.get(name, name))
    if agrees is None or quantifier not in ("", "ForAllValues", "ForAnyValue"):
        raise UnknownOperator(f"the condition operator {operator} is not known to this emulator")
    if given is None:
        # What is not there is not equal to anything; all of no values are; any of none is not.
        return quantifier == "ForAllValues" or (quantifier == "" and (negated or rest != name))

    def is_met(value: str) -> bool:
        return any(agrees(value, text) for text in texts) != negated

    values = as_list(given)
    return any(map(is_met, values)) if quantifier == "ForAnyValue" else all(map(is_met, values))


def as_list(value: Any) -> List[Any]:
    return value if isinstance(value, list) else [value]
