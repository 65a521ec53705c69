"""IAM: roles by name, what limits them, and service-linked roles."""

from __future__ import annotations

from typing import Any, Iterable, List

from moto.iam.models import iam_backends

from .authorization import Context
from .authorizations import Asked, Facts, Resource, Rule, Rules, if_any, removed_keys, tag_facts
from .iam import SERVICE_LINKED_ROLES
from .inventory import tag_map
from .settings import PARTITION

TAGGED_PROVIDER = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags_oidc.html"
TAGGED_CREATE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags_roles.html"


def role(asked: Asked) -> List[Resource]:
    """The role that the call names. IAM knows the path of one that exists only; the name of another stands alone."""
    found = _find(asked)
    if found is None:
        return [Resource(_arn(asked, f"role/{asked.params.get('RoleName')}"))]
    return [Resource(found.arn, tag_map(found.tags))]


def new_role(asked: Asked) -> List[Resource]:
    return [Resource(_arn(asked, f"role{asked.params.get('Path') or '/'}{asked.params.get('RoleName')}"))]


def policy(asked: Asked) -> List[Resource]:
    return [Resource(asked.params["PolicyArn"])]


def provider(asked: Asked) -> List[Resource]:
    """An identity provider, by its ARN or, while it is made, by the host of its URL."""
    given = asked.params.get("OpenIDConnectProviderArn")
    return [Resource(given or _arn(asked, f"oidc-provider/{(asked.params.get('Url') or '').split('://')[-1]}"))]


def linked_role(asked: Asked, service: str) -> Iterable[Resource]:
    name = SERVICE_LINKED_ROLES.get(service, "*")
    return [Resource(_arn(asked, f"role/aws-service-role/{service}/{name}"))]


def is_unlinked(asked: Asked, service: str) -> bool:
    """Whether the account has no such service-linked role yet."""
    return not any(one.name == SERVICE_LINKED_ROLES.get(service) for one in _all(asked))


def named_service(asked: Asked) -> Iterable[Resource]:
    return linked_role(asked, asked.params.get("AWSServiceName") or "")


def service_name(asked: Asked) -> Context:
    return {"iam:AWSServiceName": asked.params.get("AWSServiceName") or ""}


def given_boundary(asked: Asked) -> Context:
    """The boundary that the call sets."""
    arn = asked.params.get("PermissionsBoundary")
    return {"iam:PermissionsBoundary": arn} if arn else {}


def present_boundary(asked: Asked) -> Context:
    """The boundary that the role has."""
    found = _find(asked)
    return {"iam:PermissionsBoundary": found.permissions_boundary_arn} if found and found.permissions_boundary_arn else {}


def policy_arn(asked: Asked) -> Context:
    return {"iam:PolicyARN": asked.params.get("PolicyArn") or ""}


def tags(asked: Asked) -> Context:
    return tag_facts(tag_map(asked.params.get("Tags") or []))


def on(operation: str, *facts: Facts) -> tuple[Rule, ...]:
    return (Rule(f"iam:{operation}", role, facts),)


RULES: Rules = {
    "CreateRole": (
        Rule("iam:CreateRole", new_role, (tags, given_boundary)),
        Rule("iam:TagRole", if_any(tags, new_role), (tags,), TAGGED_CREATE),
    ),
    "GetRole": on("GetRole"),
    "ListRoles": (Rule("iam:ListRoles"),),
    "DeleteRole": on("DeleteRole", present_boundary),
    "UpdateAssumeRolePolicy": on("UpdateAssumeRolePolicy", present_boundary),
    "PutRolePermissionsBoundary": on("PutRolePermissionsBoundary", given_boundary),
    "DeleteRolePermissionsBoundary": on("DeleteRolePermissionsBoundary", present_boundary),
    "GetRolePolicy": on("GetRolePolicy"),
    "PutRolePolicy": on("PutRolePolicy", present_boundary),
    "DeleteRolePolicy": on("DeleteRolePolicy", present_boundary),
    "ListRolePolicies": on("ListRolePolicies"),
    "ListAttachedRolePolicies": on("ListAttachedRolePolicies"),
    "ListInstanceProfilesForRole": on("ListInstanceProfilesForRole"),
    "AttachRolePolicy": on("AttachRolePolicy", present_boundary, policy_arn),
    "DetachRolePolicy": on("DetachRolePolicy", present_boundary, policy_arn),
    "TagRole": on("TagRole", tags),
    "UntagRole": on("UntagRole", removed_keys),
    "ListRoleTags": on("ListRoleTags"),
    "GetPolicy": (Rule("iam:GetPolicy", policy),),
    "GetPolicyVersion": (Rule("iam:GetPolicyVersion", policy),),
    "CreateOpenIDConnectProvider": (
        Rule("iam:CreateOpenIDConnectProvider", provider, (tags,)),
        Rule("iam:TagOpenIDConnectProvider", if_any(tags, provider), (tags,), TAGGED_PROVIDER),
    ),
    "GetOpenIDConnectProvider": (Rule("iam:GetOpenIDConnectProvider", provider),),
    "AddClientIDToOpenIDConnectProvider": (Rule("iam:AddClientIDToOpenIDConnectProvider", provider),),
    "ListOpenIDConnectProviders": (Rule("iam:ListOpenIDConnectProviders"),),
    "CreateServiceLinkedRole": (Rule("iam:CreateServiceLinkedRole", named_service, (service_name,)),),
}


def _all(asked: Asked) -> Any:
    return iam_backends[asked.call.account][PARTITION].get_roles()


def _find(asked: Asked) -> Any:
    return next((one for one in _all(asked) if one.name == asked.params.get("RoleName")), None)


def _arn(asked: Asked, resource: str) -> str:
    return f"arn:{PARTITION}:iam::{asked.call.account}:{resource}"
