"""Service Quotas: the values that an account has from the start. moto knows those of VPC only, and no defaults.

Values: Amazon VPC user guide, "Amazon VPC quotas"; Amazon EC2 user guide, "Elastic IP address quota"; Amazon ECS
developer guide, "AWS Fargate service quotas", whose vCPUs are those of an account that has been used for a while.
"""

from __future__ import annotations

from typing import Any, Dict, List

from moto.servicequotas.resources.default_quotas.vpc import VPC_DEFAULT_QUOTAS

from .aws_call import AwsError, Call, Forward
from .context import Sandbox
from .paging import page_of

VCPUS = 4000.0
PAGE = 100
NO_SUCH_RESOURCE = AwsError("NoSuchResourceException", "The specified resource does not exist.", 400)


def _quota(service: str, name: str, code: str, value: float) -> Dict[str, Any]:
    return {
        "ServiceCode": service,
        "QuotaCode": code,
        "QuotaName": name,
        "Value": value,
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }


QUOTAS: List[Dict[str, Any]] = [
    *VPC_DEFAULT_QUOTAS,
    _quota("ec2", "EC2-VPC Elastic IPs", "L-0263D0A3", 5.0),
    _quota("fargate", "Fargate On-Demand vCPU resource count", "L-3032A538", VCPUS),
    _quota("fargate", "Fargate Spot vCPU resource count", "L-36FBB829", VCPUS),
]


def install(sandbox: Sandbox) -> None:
    sandbox.answer("servicequotas", "GetServiceQuota", get_quota)
    sandbox.answer("servicequotas", "GetAWSDefaultServiceQuota", get_quota)
    sandbox.answer("servicequotas", "ListServiceQuotas", list_quotas)


def get_quota(call: Call, _forward: Forward) -> Dict[str, Any]:
    """An unknown code is NoSuchResourceException (Service Quotas API reference, GetServiceQuota)."""
    service, code = call.params.get("ServiceCode"), call.params.get("QuotaCode")
    for quota in QUOTAS:
        if quota["ServiceCode"] == service and quota["QuotaCode"] == code:
            return {"Quota": _shown(call, quota)}
    raise NO_SUCH_RESOURCE


def list_quotas(call: Call, _forward: Forward) -> Dict[str, Any]:
    """An unknown service is NoSuchResourceException as well (Service Quotas API reference, ListServiceQuotas)."""
    own = [_shown(call, quota) for quota in QUOTAS if quota["ServiceCode"] == call.params.get("ServiceCode")]
    if not own:
        raise NO_SUCH_RESOURCE
    return page_of(own, call.params, "Quotas", call.params.get("MaxResults"), PAGE)


def _shown(call: Call, quota: Dict[str, Any]) -> Dict[str, Any]:
    arn = f"arn:aws:servicequotas:{call.region}:{call.account}:{quota['ServiceCode']}/{quota['QuotaCode']}"
    return {**quota, "QuotaArn": arn}
