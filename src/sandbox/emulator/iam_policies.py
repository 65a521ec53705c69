"""IAM: the policies that AWS manages, and how much of policies a role can have."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any, Dict

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, iam_backends

from .aws_call import AwsError, Call
from .context import Sandbox
from .settings import PARTITION

AWS_POLICIES = "arn:aws:iam::aws:policy/"
"""ARNs of the policies that AWS manages begin like this."""
INLINE_SIZE = 10_240
"""Characters of all inline policies of a role, white space apart (IAM user guide, "IAM and AWS STS quotas")."""
ATTACHED = 10
"""Managed policies of a role, the default quota (the same page)."""


def install(sandbox: Sandbox) -> None:
    for operation in ("GetPolicy", "AttachRolePolicy"):
        sandbox.before("iam", operation, know_aws_policy)
    sandbox.before("iam", "AttachRolePolicy", refuse_one_too_many)
    sandbox.before("iam", "PutRolePolicy", refuse_too_long)


def know_aws_policy(call: Call) -> None:
    """moto has the policies of AWS, and shows none unless it loads all 1,500 at its start: one is loaded when it is named."""
    arn, policies = call.params.get("PolicyArn", ""), backend_of(call).managed_policies
    if not arn.startswith(AWS_POLICIES) or arn in policies:
        return
    name = arn.rsplit("/", 1)[-1]
    data = _aws_policies().get(name)
    policy = data and AWSManagedPolicy.from_data(name, call.account, call.region, data)
    if policy and policy.arn == arn:
        policies[arn] = policy


def refuse_one_too_many(call: Call) -> None:
    role, arn = _role(call), call.params.get("PolicyArn")
    if role is not None and arn not in role.managed_policies and len(role.managed_policies) >= ATTACHED:
        raise AwsError("LimitExceeded", f"Cannot exceed quota for PoliciesPerRole: {ATTACHED}", 409)


def refuse_too_long(call: Call) -> None:
    role = _role(call)
    if role is None:
        return
    documents = {**role.policies, call.params.get("PolicyName"): call.params.get("PolicyDocument", "")}
    if sum(len(re.sub(r"\s", "", document)) for document in documents.values()) > INLINE_SIZE:
        message = f"Maximum policy size of {INLINE_SIZE} bytes exceeded for role {role.name}"
        raise AwsError("LimitExceeded", message, 409)


def backend_of(call: Call) -> Any:
    """What moto keeps of the account's users, roles and policies."""
    return iam_backends[call.account][PARTITION]


@lru_cache(maxsize=None)
def _aws_policies() -> Dict[str, Any]:
    return dict(json.loads(aws_managed_policies_data))


def _role(call: Call) -> Any:
    name = call.params.get("RoleName")
    return next((role for role in backend_of(call).get_roles() if role.name == name), None)
