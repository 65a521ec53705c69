"""What AWS asks IAM before it carries a call out: which actions, on which resources, with which context keys.

A call is rarely one question: CreateSubnet is asked for the new subnet, for its VPC and, when it is tagged, for
ec2:CreateTags. The rules of each service stand in a file of its own (`authorizations_ec2.py`); every rule names its source,
which is the service's page of the Service Authorization Reference unless it says another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Tuple

from .authorization import Authorization, Context
from .aws_call import Call
from .context import Sandbox
from .settings import PARTITION

ANY = "*"
REFERENCE = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_"
PAGES = {
    "application-autoscaling": f"{REFERENCE}awsapplicationautoscaling.html",
    "cloudwatch": f"{REFERENCE}amazoncloudwatch.html",
    "ec2": f"{REFERENCE}amazonec2.html",
    "ecr": f"{REFERENCE}amazonelasticcontainerregistry.html",
    "ecs": f"{REFERENCE}amazonelasticcontainerservice.html",
    "iam": f"{REFERENCE}awsidentityandaccessmanagementiam.html",
    "kms": f"{REFERENCE}awskeymanagementservice.html",
    "logs": f"{REFERENCE}amazoncloudwatchlogs.html",
    "route53": f"{REFERENCE}amazonroute53.html",
    "s3": f"{REFERENCE}amazons3.html",
    "secretsmanager": f"{REFERENCE}awssecretsmanager.html",
    "servicequotas": f"{REFERENCE}servicequotas.html",
    "tag": f"{REFERENCE}amazonresourcegrouptaggingapi.html",
}
"""Where the actions of a service are listed, by the prefix of its actions."""


@dataclass(frozen=True)
class Resource:
    arn: str
    tags: Optional[Mapping[str, str]] = None
    """Those that are stored now; None for what does not exist, or whose tags IAM is not shown."""


@dataclass(frozen=True)
class Asked:
    """The call that the rules look at, and what is stored at that moment."""

    call: Call
    sandbox: Sandbox

    @property
    def params(self) -> Dict[str, Any]:
        return self.call.params

    def arn(self, service: str, resource: str) -> str:
        return f"arn:{PARTITION}:{service}:{self.call.region}:{self.call.account}:{resource}"

    def stored(self, service: str, arn: str) -> Optional[Mapping[str, str]]:
        """The tags of a thing in the inventory, None when there is no such thing."""
        for things in self.sandbox.inventories[service]().values():
            for identifier, fields in things.items():
                if fields.get("arn", identifier) == arn:
                    return fields.get("tags") or {}
        return None

    def resource(self, service: str, arn: str) -> Resource:
        return Resource(arn, self.stored(service, arn))


Resources = Callable[[Asked], Iterable[Resource]]
Facts = Callable[[Asked], Context]


def anything(_asked: Asked) -> List[Resource]:
    """The resource of actions that cannot be limited to one."""
    return [Resource(ANY)]


@dataclass(frozen=True)
class Rule:
    """One action that a call needs, for each of the resources; for none of them when there are none."""

    action: str
    resources: Resources = anything
    context: Tuple[Facts, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        if not self.source:
            object.__setattr__(self, "source", PAGES[self.action.split(":")[0]])

    def authorizations(self, asked: Asked) -> Iterable[Authorization]:
        facts: Context = {}
        for fact in self.context:
            facts.update(fact(asked))
        for resource in self.resources(asked):
            tags = {f"aws:ResourceTag/{key}": value for key, value in (resource.tags or {}).items()}
            yield Authorization(self.action, resource.arn, {**tags, **facts})


Rules = Dict[str, Tuple[Rule, ...]]
"""The rules of one service by operation. An operation that everybody may call has an empty tuple."""


def tag_facts(tags: Mapping[str, str]) -> Context:
    """What a request that sets tags says of them."""
    if not tags:
        return {}
    return {**{f"aws:RequestTag/{key}": value for key, value in tags.items()}, "aws:TagKeys": sorted(tags)}


def key_facts(keys: Iterable[str]) -> Context:
    """What a request that takes tags away says of them."""
    return {"aws:TagKeys": sorted(keys)}


def removed_keys(asked: Asked) -> Context:
    """The keys of a call that takes tags away: `tagKeys` or, in older services, `TagKeys`."""
    return key_facts(asked.params.get("tagKeys") or asked.params.get("TagKeys") or [])


def fact(key: str, value: str) -> Facts:
    return lambda _asked: {key: value}


def on(action: str, resources: Resources, *facts: Facts, source: str = "") -> Tuple[Rule, ...]:
    """The rules of an operation that is asked for one action."""
    return (Rule(action, resources, facts, source),)


def if_any(condition: Callable[[Asked], Any], resources: Resources) -> Resources:
    """The resources, when the condition holds; otherwise none, so that nothing is asked."""
    return lambda asked: resources(asked) if condition(asked) else ()


def global_context(call: Call) -> Context:
    """Keys that every request has (IAM user guide, "AWS global condition context keys"). TLS is taken as given."""
    return {
        "aws:PrincipalAccount": call.account,
        "aws:RequestedRegion": call.region,
        "aws:ResourceAccount": call.account,
        "aws:SecureTransport": "true",
    }
