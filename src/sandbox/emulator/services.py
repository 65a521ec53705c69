"""Every service module, in the order in which they are installed."""

from __future__ import annotations

from . import (
    access,
    autoscaling,
    cloudwatch,
    ec2_common,
    ec2_dependencies,
    ec2_endpoints,
    ec2_interfaces,
    ec2_inventory,
    ec2_lag,
    ec2_nat,
    ec2_routes,
    ec2_tags,
    ecr,
    ecs,
    iam,
    iam_policies,
    logs,
    model_rules,
    model_unknown,
    regions,
    s3,
    s3_keys,
    s3_lifecycle,
    secretsmanager,
    service_quotas,
    sts,
    tagging,
    throttle,
)
from .context import Sandbox

MODULES = (
    # A region that the account has not enabled knows nothing of it.
    regions,
    # A call that is one too many is not even looked at.
    throttle,
    # Nor is one that no service would understand.
    model_unknown,
    model_rules,
    # Whoever may not make a call learns nothing else of it.
    access,
    # Its refusal of dry runs comes before every other check of EC2.
    ec2_common,
    ec2_nat,
    ec2_routes,
    ec2_endpoints,
    ec2_interfaces,
    ec2_dependencies,
    ec2_inventory,
    ec2_tags,
    # Outermost: it hides and shows what the others answer.
    ec2_lag,
    ecr,
    # What it knows of Fargate's quotas, ECS knows better.
    service_quotas,
    ecs,
    autoscaling,
    cloudwatch,
    iam,
    iam_policies,
    logs,
    s3,
    s3_keys,
    s3_lifecycle,
    secretsmanager,
    sts,
    tagging,
)


def install_all(sandbox: Sandbox) -> None:
    for module in MODULES:
        module.install(sandbox)
