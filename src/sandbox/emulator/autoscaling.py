"""Application Auto Scaling for ECS services: targets, step policies, their alarms, tags."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from moto.applicationautoscaling.models import (
    FakeApplicationAutoscalingPolicy,
    FakeScalableTarget,
    applicationautoscaling_backends,
)
from moto.cloudwatch.models import cloudwatch_backends

from . import ecs
from .aws_call import AwsError, Call, Forward
from .context import Kinds, Sandbox
from .inventory import backends

SERVICE = "application-autoscaling"
ROLE = "role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService"


class ScalableTargets:
    """What Application Auto Scaling does beyond moto. Tags of targets are kept here: moto drops them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._tags: Dict[str, Dict[str, str]] = {}
        sandbox.on_reset(self._tags.clear)
        for operation, answer in {
            "RegisterScalableTarget": self.register,
            "DeregisterScalableTarget": self.deregister,
            "PutScalingPolicy": self.put_policy,
            "DescribeScalingPolicies": self.describe_policies,
            "DeleteScalingPolicy": self.delete_policy,
            "ListTagsForResource": self.list_tags,
            "TagResource": self.tag,
            "UntagResource": self.untag,
        }.items():
            sandbox.answer(SERVICE, operation, answer)
        sandbox.inventory("autoscaling", self.collect)

    def register(self, call: Call, _forward: Forward) -> Dict[str, Any]:
        """The ECS service must exist; its desired count is moved into the bounds; Tags only for a new target."""
        backend, params = _backend(call), call.params
        target = _target(call)
        cluster, service = _service_of(call)
        if ecs.desired_count(self._sandbox, call.region, cluster, service) is None:
            raise AwsError("ValidationException", f"ECS service doesn't exist: {params['ResourceId']}")
        minimum = params.get("MinCapacity", target.min_capacity if target else None)
        maximum = params.get("MaxCapacity", target.max_capacity if target else None)
        if minimum is None or maximum is None:
            raise AwsError("ValidationException", "Both MinCapacity and MaxCapacity are needed for a new scalable target.")
        if minimum > maximum:
            raise AwsError("ValidationException", "Maximum capacity cannot be less than minimum capacity")
        tags = params.get("Tags")
        if tags and target is not None:
            raise AwsError(
                "ValidationException",
                "The scalable target that you tried to tag already exists. To update tags on an existing scalable target, "
                "use the TagResource API.",
            )
        _check_tags(tags or {})
        role = f"arn:aws:iam::{call.account}:{ROLE}"
        if target is None:
            # Not by moto's own method: it looks for the service in moto's ECS, which is not in use.
            target = backend._add_scalable_target(FakeScalableTarget(
                backend, params["ServiceNamespace"], params["ResourceId"], params["ScalableDimension"], minimum, maximum,
                role, params.get("SuspendedState"),
            ))
            self._tags[target.arn] = dict(tags or {})
        else:
            target.update(minimum, maximum, params.get("SuspendedState"))
        ecs.clamp_desired(self._sandbox, call.region, cluster, service, minimum, maximum)
        return {"ScalableTargetARN": target.arn}

    def deregister(self, call: Call, forward: Forward) -> Dict[str, Any]:
        """Its scaling policies go with it; moto leaves them."""
        target = _require_target(call)
        answer = forward()
        self._tags.pop(target.arn, None)
        backend = _backend(call)
        for key, policy in list(backend.policies.items()):
            if (policy.resource_id, policy.scalable_dimension) == (target.resource_id, target.scalable_dimension):
                del backend.policies[key]
                _forget_action(call, policy.policy_arn)
        return answer

    def put_policy(self, call: Call, forward: Forward) -> Dict[str, Any]:
        """Needs its target, and steps without overlaps and gaps; an update keeps the policy's ARN."""
        _require_target(call)
        _check_steps((call.params.get("StepScalingPolicyConfiguration") or {}).get("StepAdjustments") or [])
        backend, key = _backend(call), _policy_key(call)
        old = backend.policies.get(key)
        forward()
        policy = backend.policies[key]
        if old is not None:
            policy.policy_arn, policy.creation_time = old.policy_arn, old.creation_time
        return {"PolicyARN": policy.policy_arn, "Alarms": _alarms_of(call, policy.policy_arn)}

    def describe_policies(self, call: Call, forward: Forward) -> Dict[str, Any]:
        """The alarms that have the policy as their action; moto never links any. PolicyNames filters."""
        answer, names = forward(), call.params.get("PolicyNames") or []
        policies = [one for one in answer["ScalingPolicies"] if not names or one["PolicyName"] in names]
        return {**answer, "ScalingPolicies": [
            {**policy, "Alarms": _alarms_of(call, policy["PolicyARN"])} for policy in policies
        ]}

    def delete_policy(self, call: Call, forward: Forward) -> Dict[str, Any]:
        """A missing one is ObjectNotFoundException; moto says ValidationException. Alarms lose it as their action."""
        policy = _backend(call).policies.get(_policy_key(call))
        if policy is None:
            name = call.params.get("PolicyName")
            raise AwsError("ObjectNotFoundException", f"No scaling policy found for {_words(call)}, policy name: {name}")
        answer = forward()
        _forget_action(call, policy.policy_arn)
        return answer

    def list_tags(self, call: Call, _forward: Forward) -> Dict[str, Any]:
        return {"Tags": self._tags_of(call)}

    def tag(self, call: Call, _forward: Forward) -> Dict[str, Any]:
        _check_tags(call.params.get("Tags") or {})
        self._tags_of(call).update(call.params.get("Tags") or {})
        return {}

    def untag(self, call: Call, _forward: Forward) -> Dict[str, Any]:
        for name in call.params.get("TagKeys") or []:
            self._tags_of(call).pop(name, None)
        return {}

    def _tags_of(self, call: Call) -> Dict[str, str]:
        arn = call.params.get("ResourceARN", "")
        if arn not in self._tags:
            raise AwsError("ResourceNotFoundException", f"The specified resource doesn't exist: {arn}")
        return self._tags[arn]

    def collect(self) -> Kinds:
        targets: Dict[str, Dict[str, Any]] = {}
        policies: Dict[str, Dict[str, Any]] = {}
        for _region, backend in backends("applicationautoscaling"):
            for by_resource in backend.targets.values():
                for target in by_resource.values():
                    targets[target.arn] = {
                        "resource": target.resource_id,
                        "tags": dict(sorted(self._tags.get(target.arn, {}).items())),
                        "minimum": target.min_capacity,
                        "maximum": target.max_capacity,
                        "suspended": bool(target.suspended_state) and all(target.suspended_state.values()),
                    }
            for policy in backend.policies.values():
                policies[policy.policy_arn] = {"resource": policy.resource_id, "name": policy.policy_name}
        return {"scalable-target": targets, "scaling-policy": policies}


def install(sandbox: Sandbox) -> None:
    ScalableTargets(sandbox)


def _backend(call: Call) -> Any:
    return applicationautoscaling_backends[call.account][call.region]


def _target(call: Call) -> Optional[Any]:
    dimension, resource = call.params.get("ScalableDimension", ""), call.params.get("ResourceId", "")
    return _backend(call).targets.get(dimension, {}).get(resource)


def _require_target(call: Call) -> Any:
    target = _target(call)
    if target is None:
        raise AwsError("ObjectNotFoundException", f"No scalable target found for {_words(call)}")
    return target


def _words(call: Call) -> str:
    params = call.params
    return (
        f"service namespace: {params.get('ServiceNamespace')}, resource ID: {params.get('ResourceId')}, "
        f"scalable dimension: {params.get('ScalableDimension')}"
    )


def _service_of(call: Call) -> Tuple[str, str]:
    parts = call.params.get("ResourceId", "").split("/")
    supported = call.params.get("ServiceNamespace") == "ecs" and len(parts) == 3 and parts[0] == "service"
    if not supported or call.params.get("ScalableDimension") != "ecs:service:DesiredCount":
        message = "Unsupported service namespace, resource type or scalable dimension"
        raise AwsError("ValidationException", message)
    return parts[1], parts[2]


def _policy_key(call: Call) -> str:
    params = call.params
    return FakeApplicationAutoscalingPolicy.formulate_key(
        params.get("ServiceNamespace", ""), params.get("ResourceId", ""), params.get("ScalableDimension", ""),
        params.get("PolicyName", ""),
    )


def _check_tags(tags: Dict[str, str]) -> None:
    """Unlike other services, Application Auto Scaling takes no empty tag value."""
    for name, value in tags.items():
        if not value:
            raise AwsError("ValidationException", f"The value of tag {name} must have length greater than or equal to 1")


def _check_steps(steps: List[Dict[str, Any]]) -> None:
    """Steps must join: no overlap, no gap, at most one open end on each side."""
    def invalid(reason: str) -> AwsError:
        return AwsError("ValidationException", f"Invalid step adjustments: {reason}")

    infinite = float("inf")
    ranges = sorted(
        (step.get("MetricIntervalLowerBound", -infinite), step.get("MetricIntervalUpperBound", infinite)) for step in steps
    )
    for lower, upper in ranges:
        if lower >= upper:
            raise invalid(f"the lower bound {lower} is not below the upper bound {upper}")
    for (_, upper), (lower, _) in zip(ranges, ranges[1:]):
        if lower < upper:
            raise invalid("the ranges overlap")
        if lower > upper:
            raise invalid("there is a gap between the ranges")


def _alarms_of(call: Call, policy_arn: str) -> List[Dict[str, str]]:
    alarms = cloudwatch_backends[call.account][call.region].alarms.values()
    return [
        {"AlarmName": alarm.name, "AlarmARN": alarm.alarm_arn}
        for alarm in sorted(alarms, key=lambda one: one.name) if policy_arn in (alarm.alarm_actions or [])
    ]


def _forget_action(call: Call, policy_arn: str) -> None:
    """API reference, DeleteScalingPolicy: it "deletes the underlying alarm action, but does not delete the alarm"."""
    for alarm in cloudwatch_backends[call.account][call.region].alarms.values():
        alarm.alarm_actions = [action for action in alarm.alarm_actions or [] if action != policy_arn]
