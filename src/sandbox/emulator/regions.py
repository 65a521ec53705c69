"""Regions that an account has to enable before it can use them; a fresh account has enabled none.

Until then the region does not know the account's keys, and each protocol has its own name for that (AWS account
management guide, "Enable or disable AWS Regions in your account", which lists the regions; the services' API
references, "Common errors"). moto calls most of them enabled. IAM is global and S3 finds buckets in any region, so both
are left out.
"""

from __future__ import annotations

from typing import Any, Dict

from .aws_call import SERVICES, AwsError, Call, Forward
from .context import Sandbox

OPT_IN = frozenset((
    *("af-south-1", "ap-east-1", "ap-east-2", "ap-south-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5"),
    *("ap-southeast-6", "ap-southeast-7", "ca-west-1", "eu-central-2", "eu-south-1", "eu-south-2", "il-central-1"),
    *("me-central-1", "me-south-1", "mx-central-1"),
))
MESSAGE = "The security token included in the request is invalid."


def install(sandbox: Sandbox) -> None:
    for service in SERVICES:
        if service not in ("iam", "s3"):
            sandbox.before(service, "*", refuse_unless_enabled)
    sandbox.answer("ec2", "DescribeRegions", describe_regions)


def refuse_unless_enabled(call: Call) -> None:
    if call.region not in OPT_IN:
        return
    if call.service == "ec2":
        raise AwsError("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
    if call.service == "sts":
        raise AwsError("InvalidClientTokenId", MESSAGE, 403)
    raise AwsError("UnrecognizedClientException", MESSAGE, 400)


def describe_regions(call: Call, forward: Forward) -> Dict[str, Any]:
    """Regions that are not enabled are only shown to who asks for all (EC2 API reference, DescribeRegions)."""
    regions = [
        {**region, "OptInStatus": "not-opted-in" if region["RegionName"] in OPT_IN else "opt-in-not-required"}
        for region in forward().get("Regions", [])
    ]
    every = call.params.get("AllRegions")
    return {"Regions": [region for region in regions if every or region["OptInStatus"] != "not-opted-in"]}
