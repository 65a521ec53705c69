"""Application Auto Scaling and the alarms of CloudWatch."""

from __future__ import annotations

from typing import Iterable, List

from .authorization import Context
from .authorizations import Asked, Resource, Rule, Rules, fact, if_any, on, removed_keys, tag_facts
from .authorizations_iam import is_unlinked, linked_role
from .inventory import tag_map

SCALED_SERVICE = "https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_id-based-policy-examples.html"
LINKED_ROLE = "https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-service-linked-roles.html"
LINKED_ROLE_OWNER = "ecs.application-autoscaling.amazonaws.com"
TAGGED_ALARM = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"


def target(asked: Asked) -> List[Resource]:
    """The scalable target of the resource id; its ARN has an id that AWS gives out at the first registration."""
    for arn, fields in asked.sandbox.inventories["autoscaling"]()["scalable-target"].items():
        if fields["resource"] == asked.params.get("ResourceId"):
            return [Resource(arn, fields["tags"])]
    return [Resource(asked.arn("application-autoscaling", "scalable-target/*"))]


def target_by_arn(asked: Asked) -> List[Resource]:
    return [asked.resource("autoscaling", asked.params["ResourceARN"])]


def scaled_service(asked: Asked) -> Iterable[Resource]:
    """Registering a service is asked for the service too: its desired count will be changed."""
    return [asked.resource("ecs", asked.arn("ecs", asked.params.get("ResourceId") or ""))]


def scaled_cluster(asked: Asked) -> Context:
    parts = (asked.params.get("ResourceId") or "").split("/")
    return {"ecs:cluster": asked.arn("ecs", f"cluster/{parts[1]}")} if len(parts) == 3 else {}


def place(asked: Asked) -> Context:
    return {
        "application-autoscaling:service-namespace": asked.params.get("ServiceNamespace") or "",
        "application-autoscaling:scalable-dimension": asked.params.get("ScalableDimension") or "",
    }


def target_tags(asked: Asked) -> Context:
    return tag_facts(asked.params.get("Tags") or {})


def alarms(asked: Asked) -> List[Resource]:
    """Those that the call names, or all of them."""
    params = asked.params
    names = params.get("AlarmNames") or [params.get("AlarmName") or "*"]
    return [asked.resource("cloudwatch", asked.arn("cloudwatch", f"alarm:{name}")) for name in names]


def alarm_by_arn(asked: Asked) -> List[Resource]:
    return [asked.resource("cloudwatch", asked.params["ResourceARN"])]


def alarm_tags(asked: Asked) -> Context:
    return tag_facts(tag_map(asked.params.get("Tags") or []))


def scaling(operation: str) -> tuple[Rule, ...]:
    return on(f"application-autoscaling:{operation}", target, place)


AUTO_SCALING: Rules = {
    "RegisterScalableTarget": (
        Rule("application-autoscaling:RegisterScalableTarget", target, (place, target_tags)),
        Rule("application-autoscaling:TagResource", if_any(target_tags, target), (target_tags,)),
        Rule("ecs:DescribeServices", scaled_service, (scaled_cluster,), SCALED_SERVICE),
        Rule("ecs:UpdateService", scaled_service, (scaled_cluster,), SCALED_SERVICE),
        Rule(
            "iam:CreateServiceLinkedRole",
            lambda asked: linked_role(asked, LINKED_ROLE_OWNER) if is_unlinked(asked, LINKED_ROLE_OWNER) else (),
            (fact("iam:AWSServiceName", LINKED_ROLE_OWNER),),
            LINKED_ROLE,
        ),
    ),
    "DeregisterScalableTarget": scaling("DeregisterScalableTarget"),
    "PutScalingPolicy": scaling("PutScalingPolicy"),
    "DeleteScalingPolicy": scaling("DeleteScalingPolicy"),
    "DescribeScalableTargets": (Rule("application-autoscaling:DescribeScalableTargets"),),
    "DescribeScalingPolicies": (Rule("application-autoscaling:DescribeScalingPolicies"),),
    "DescribeScalingActivities": (Rule("application-autoscaling:DescribeScalingActivities"),),
    "TagResource": on("application-autoscaling:TagResource", target_by_arn, target_tags),
    "UntagResource": on("application-autoscaling:UntagResource", target_by_arn, removed_keys),
    "ListTagsForResource": on("application-autoscaling:ListTagsForResource", target_by_arn),
}

CLOUDWATCH: Rules = {
    "PutMetricAlarm": (
        Rule("cloudwatch:PutMetricAlarm", alarms, (alarm_tags,)),
        Rule("cloudwatch:TagResource", if_any(alarm_tags, alarms), (alarm_tags,), TAGGED_ALARM),
    ),
    "DescribeAlarms": on("cloudwatch:DescribeAlarms", alarms),
    "DeleteAlarms": on("cloudwatch:DeleteAlarms", alarms),
    "TagResource": on("cloudwatch:TagResource", alarm_by_arn, alarm_tags),
    "UntagResource": on("cloudwatch:UntagResource", alarm_by_arn, removed_keys),
    "ListTagsForResource": on("cloudwatch:ListTagsForResource", alarm_by_arn),
    "GetMetricData": (Rule("cloudwatch:GetMetricData"),),
    "GetMetricStatistics": (Rule("cloudwatch:GetMetricStatistics"),),
    "ListMetrics": (Rule("cloudwatch:ListMetrics"),),
}
