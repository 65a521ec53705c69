"""IAM: names of service-linked roles, role names that are unique ignoring case, deletion conflicts."""

from __future__ import annotations

import json
import time
from typing import Any, Dict
from urllib.parse import quote

from .aws_call import AwsError, Call, Forward
from .context import Kinds, Sandbox
from .iam_policies import AWS_POLICIES, backend_of
from .inventory import backends, digest, tag_map

SERVICE_LINKED_ROLES = {
    "ecs.amazonaws.com": "AWSServiceRoleForECS",
    "ecs.application-autoscaling.amazonaws.com": "AWSServiceRoleForApplicationAutoScaling_ECSService",
    "ec2-nat-gateway.amazonaws.com": "AWSServiceRoleForNATGateway",
}


def install(sandbox: Sandbox) -> None:
    sandbox.before("iam", "CreateRole", refuse_same_name)
    for operation in ("CreateRole", "PutRolePermissionsBoundary"):
        sandbox.before("iam", operation, refuse_unknown_boundary)
    sandbox.answer("iam", "CreateServiceLinkedRole", create_service_linked_role)
    sandbox.inventory("iam", collect)


def refuse_same_name(call: Call) -> None:
    """Role names are unique in an account ignoring case and path; moto compares case."""
    name = call.params.get("RoleName", "")
    if any(role.name.lower() == name.lower() for role in backend_of(call).get_roles()):
        raise AwsError("EntityAlreadyExists", f"Role with name {name} already exists.", 409)


def refuse_unknown_boundary(call: Call) -> None:
    """A boundary has to be a policy that exists (CreateRole, IAM API: NoSuchEntity); moto takes any ARN."""
    arn = call.params.get("PermissionsBoundary")
    if arn is not None and not arn.startswith(AWS_POLICIES) and arn not in backend_of(call).managed_policies:
        raise AwsError("NoSuchEntity", f"Scope ARN: {arn} does not exist or is not attachable.", 404)


def create_service_linked_role(call: Call, _forward: Forward) -> Dict[str, Any]:
    """AWS's names (moto: AWSServiceRoleForecs) and InvalidInput for a second one (moto: EntityAlreadyExists)."""
    service = call.params.get("AWSServiceName", "")
    name = SERVICE_LINKED_ROLES.get(service)
    if name is None:
        raise AwsError("InvalidInput", f"Service-linked role for {service} is not known to this emulator.", 400)
    if any(role.name == name for role in backend_of(call).get_roles()):
        message = f"Service role name {name} has been taken in this account, please try a different suffix."
        raise AwsError("InvalidInput", message, 400)
    trust = json.dumps({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
    })
    role = backend_of(call).create_role(
        role_name=name,
        assume_role_policy_document=trust,
        path=f"/aws-service-role/{service}/",
        permissions_boundary=None,
        description=call.params.get("Description") or "",
        tags=[],
        max_session_duration="3600",
        linked_service=service,
    )
    role.born = time.monotonic()
    return {"Role": {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn,
        "CreateDate": role.create_date,
        # IAM returns policy documents URL-encoded (RFC 3986).
        "AssumeRolePolicyDocument": quote(trust, safe=""),
    }}


def collect() -> Kinds:
    roles: Dict[str, Dict[str, Any]] = {}
    for _region, backend in backends("iam"):
        for role in backend.get_roles():
            roles[role.name] = {
                "arn": role.arn,
                "path": role.path,
                "tags": tag_map(role.tags),
                "trust": digest(role.assume_role_policy_document),
                "inline": {name: digest(document) for name, document in sorted(role.policies.items())},
                "attached": sorted(role.managed_policies),
                "boundary": role.permissions_boundary_arn,
            }
    return {"role": roles}
