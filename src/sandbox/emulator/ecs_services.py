"""ECS services: create, describe, list, update, delete. The scheduler does what they ask for."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Optional

from . import ecs_network, ecs_rollout
from .ecs_clusters import FARGATE_PROVIDERS, check_strategy
from .ecs_service_view import describe
from .ecs_store import (
    Cluster,
    Region,
    Service,
    TaskDefinition,
    invalid,
    page,
)
from .json_operations import AwsError, Params

DEFAULTS: Dict[str, Any] = {
    "platformVersion": "LATEST",
    "schedulingStrategy": "REPLICA",
    "deploymentController": {"type": "ECS"},
    "enableECSManagedTags": False,
    "propagateTags": "NONE",
    "enableExecuteCommand": False,
    "availabilityZoneRebalancing": "ENABLED",
    "healthCheckGracePeriodSeconds": 0,
    "loadBalancers": [],
    "serviceRegistries": [],
    "placementConstraints": [],
    "placementStrategy": [],
}
"""What AWS answers for members that CreateService did not give."""
UPDATABLE = (
    "platformVersion",
    "enableECSManagedTags",
    "propagateTags",
    "enableExecuteCommand",
    "availabilityZoneRebalancing",
    "healthCheckGracePeriodSeconds",
    "placementConstraints",
    "placementStrategy",
    "loadBalancers",
    "serviceRegistries",
)
REDEPLOYING = ("taskDefinition", "networkConfiguration", "platformVersion", "loadBalancers", "serviceRegistries")
"""Members of UpdateService that start a new service deployment when they change, by AWS's API reference."""
MAX_DESCRIBED = 10


def create_service(region: Region, params: Params) -> Dict[str, Any]:
    cluster, name, token = region.cluster(params), params["serviceName"], params.get("clientToken")
    request = json.dumps(params, sort_keys=True, default=str)
    known = region.tokens.get((cluster.name, token)) if token else None
    if known is not None and known[1].status == "ACTIVE":
        if known[0] != request:
            raise invalid("Creation of service was not idempotent.")
        return {"service": describe(region, known[1], ["TAGS"])}
    existing = region.find_service(cluster, name)
    if existing is not None and existing.status == "ACTIVE":
        raise invalid("Creation of service was not idempotent.")
    if existing is not None and existing.status == "DRAINING":
        raise invalid("Unable to Start a service that is still Draining.")
    if not params.get("taskDefinition"):
        raise invalid("TaskDefinition cannot be empty.")
    definition = region.runnable_task_definition(params["taskDefinition"])
    if params.get("schedulingStrategy", "REPLICA") == "REPLICA" and params.get("desiredCount") is None:
        raise invalid("Desired count cannot be empty for replica services.")
    config = {**DEFAULTS, **{key: params[key] for key in DEFAULTS if params.get(key) is not None}}
    config["taskDefinition"] = definition.arn
    config.update(_launching(cluster, params))
    config["deploymentConfiguration"] = _deployment_configuration(params.get("deploymentConfiguration") or {}, config)
    config["networkConfiguration"] = _network(region, definition, params.get("networkConfiguration"))
    _check_compatible(definition, config)
    service = Service(
        name,
        region.arn(f"service/{cluster.name}/{name}"),
        cluster,
        params.get("desiredCount") or 0,
        config,
        params.get("tags") or [],
    )
    region.services.append(service)
    if token:
        region.tokens[(cluster.name, token)] = (request, service)
    ecs_rollout.begin(region, service)
    return {"service": describe(region, service, ["TAGS"])}


def update_service(region: Region, params: Params) -> Dict[str, Any]:
    service = region.service(params)
    if service.status != "ACTIVE":
        raise AwsError("ServiceNotActiveException", "Service was not ACTIVE.")
    config = dict(service.config)
    if params.get("taskDefinition"):
        config["taskDefinition"] = region.runnable_task_definition(params["taskDefinition"]).arn
    definition = region.task_definitions[config["taskDefinition"]]
    config.update({key: params[key] for key in UPDATABLE if params.get(key) is not None})
    if params.get("capacityProviderStrategy") is not None:
        # AWS does not redeploy for this one; tasks that start later follow it.
        config.pop("launchType", None)
        config.update(_launching(service.cluster, params))
    if params.get("deploymentConfiguration") is not None:
        # Omitted top level members stay, nested objects are replaced.
        merged = {**service.config["deploymentConfiguration"], **params["deploymentConfiguration"]}
        config["deploymentConfiguration"] = _deployment_configuration(merged, config)
    if params.get("networkConfiguration") is not None:
        config["networkConfiguration"] = _network(region, definition, params["networkConfiguration"])
    _check_compatible(definition, config)
    changed = any(config.get(key) != service.config.get(key) for key in REDEPLOYING)
    service.config = config
    if params.get("desiredCount") is not None:
        service.desired_count = params["desiredCount"]
    if changed or params.get("forceNewDeployment"):
        ecs_rollout.begin(region, service)
    return {"service": describe(region, service, ["TAGS"])}


def delete_service(region: Region, params: Params) -> Dict[str, Any]:
    service = region.service(params)
    if service.status == "INACTIVE":
        raise AwsError("ServiceNotFoundException", "Service not found.")
    if service.status == "DRAINING":
        raise AwsError("ServiceNotActiveException", "Service was not ACTIVE.")
    if service.desired_count > 0 and not params.get("force"):
        raise invalid("The service cannot be stopped while it is scaled above 0.")
    ecs_rollout.abandon(service)
    service.status, service.desired_count = "DRAINING", 0
    return {"service": describe(region, service, ["TAGS"])}


def describe_services(region: Region, params: Params) -> Dict[str, Any]:
    cluster = region.cluster(params)
    if len(params["services"]) > MAX_DESCRIBED:
        raise invalid(f"Services cannot have more than {MAX_DESCRIBED} elements.")
    services, failures = [], []
    for reference in params["services"]:
        service = region.find_service(cluster, reference)
        if service is None:
            failures.append(
                {"arn": region.arn(f"service/{cluster.name}/{reference.rsplit('/', 1)[-1]}"), "reason": "MISSING"}
            )
        else:
            services.append(describe(region, service, params.get("include") or []))
    return {"services": services, "failures": failures}


def list_services(region: Region, params: Params) -> Dict[str, Any]:
    cluster = region.cluster(params)
    arns = [s.arn for s in region.services if s.cluster is cluster and s.status != "INACTIVE"]
    return page(arns, params, "serviceArns", default=10)


def _launching(cluster: Cluster, params: Params) -> Dict[str, Any]:
    """capacityProviderStrategy or launchType; AWS takes one of the two, and the cluster's strategy without either."""
    strategy: List[Dict[str, Any]] = params.get("capacityProviderStrategy") or []
    if strategy and params.get("launchType"):
        raise invalid(
            "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again."
        )
    if params.get("launchType"):
        return {"launchType": params["launchType"]}
    strategy = strategy or cluster.default_strategy
    if not strategy:
        return {"launchType": "EC2"}
    for entry in strategy:
        if entry["capacityProvider"] not in FARGATE_PROVIDERS:
            raise invalid(
                f"The specified capacity provider '{entry['capacityProvider']}' was not found. Specify a valid name or "
                "ARN and try again."
            )
    check_strategy(strategy, cluster.capacity_providers)
    return {"capacityProviderStrategy": [{"weight": 0, "base": 0, **entry} for entry in strategy]}


def _deployment_configuration(given: Params, config: Params) -> Dict[str, Any]:
    merged = {
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
        **given,
    }
    merged["deploymentCircuitBreaker"] = {
        "enable": False,
        "rollback": False,
        **(given.get("deploymentCircuitBreaker") or {}),
    }
    if merged["maximumPercent"] <= 100 and merged["minimumHealthyPercent"] >= 100:
        raise invalid(
            "The deployment configuration leaves no room to replace a task: raise maximumPercent above 100 or lower "
            "minimumHealthyPercent below 100."
        )
    if merged["maximumPercent"] <= 100 and config["availabilityZoneRebalancing"] == "ENABLED":
        raise invalid("Availability Zone rebalancing needs a maximumPercent above 100.")
    return merged


def _network(region: Region, definition: TaskDefinition, given: Optional[Params]) -> Optional[Dict[str, Any]]:
    if definition.body["networkMode"] != "awsvpc":
        return None
    if not given:
        raise invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    return ecs_network.validate(region, given)


def _check_compatible(definition: TaskDefinition, config: Params) -> None:
    if config.get("launchType", "FARGATE") == "FARGATE" and not definition.is_fargate:
        raise invalid("Task definition does not support launch_type FARGATE.")
