"""One question that AWS asks IAM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Union

Context = Dict[str, Union[str, List[str]]]
"""Context keys as policies name them, `aws:ResourceTag/Name`; a list is a key of several values."""


@dataclass(frozen=True)
class Authorization:
    action: str
    """`ec2:CreateVpc`"""
    resource: str
    """An ARN, or "*" where the action knows no resources. Ids that are not given out yet are a star: `vpc/*`."""
    context: Context
    """Keys of this action; those that every request has are in `authorizations.global_context`."""
