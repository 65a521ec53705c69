"""The rules of all services in one table, and what it says of a call."""

from __future__ import annotations

from typing import Dict, List, Tuple

from . import authorizations_ec2, authorizations_ecs, authorizations_iam, authorizations_s3, authorizations_scaling, authorizations_stores
from .authorization import Authorization, Context
from .authorizations import Asked, Resource, Rule, Rules
from .aws_call import Call
from .context import Sandbox


def _quota(asked: Asked) -> List[Resource]:
    service, code = asked.params.get("ServiceCode"), asked.params.get("QuotaCode")
    return [Resource(asked.arn("servicequotas", f"{service}/{code}"))]


def _quota_service(asked: Asked) -> Context:
    return {"servicequotas:service": asked.params.get("ServiceCode") or ""}


TABLE: Dict[str, Rules] = {
    "application-autoscaling": authorizations_scaling.AUTO_SCALING,
    "ec2": authorizations_ec2.RULES,
    "ecr": authorizations_stores.ECR,
    "ecs": authorizations_ecs.RULES,
    "iam": authorizations_iam.RULES,
    "logs": authorizations_stores.LOGS,
    "monitoring": authorizations_scaling.CLOUDWATCH,
    "s3": authorizations_s3.RULES,
    "secretsmanager": authorizations_stores.SECRETS_MANAGER,
    "servicequotas": {
        "GetServiceQuota": (Rule("servicequotas:GetServiceQuota", _quota, (_quota_service,)),),
        "GetAWSDefaultServiceQuota": (Rule("servicequotas:GetAWSDefaultServiceQuota"),),
        "ListServiceQuotas": (Rule("servicequotas:ListServiceQuotas"),),
    },
    # Nobody needs a permission for it (STS API reference, GetCallerIdentity).
    "sts": {"GetCallerIdentity": ()},
    "tagging": {"GetResources": (Rule("tag:GetResources"),)},
}
"""By the name that requests are signed for, then by operation."""


class NoRule(LookupError):
    """An operation that is not in the table: nobody has looked yet at what AWS asks for it."""


def rules_of(service: str, operation: str) -> Tuple[Rule, ...]:
    try:
        return TABLE[service][operation]
    except KeyError:
        raise NoRule(f"{service} {operation} has no rule in authorization_table.py") from None


def authorizations_of(sandbox: Sandbox, call: Call) -> List[Authorization]:
    """What AWS asks IAM for this call, as things are now. Raises NoRule."""
    asked = Asked(call, sandbox)
    return [one for rule in rules_of(call.service, call.operation) for one in rule.authorizations(asked)]
