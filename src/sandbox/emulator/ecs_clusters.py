"""ECS clusters and their capacity providers. Only AWS's own FARGATE and FARGATE_SPOT exist here."""

from __future__ import annotations

from typing import Any, Dict, List

from .ecs_store import Cluster, Region, invalid, page
from .json_operations import AwsError, Params

FARGATE_PROVIDERS = ("FARGATE", "FARGATE_SPOT")


def create_cluster(region: Region, params: Params) -> Dict[str, Any]:
    name = params.get("clusterName") or "default"
    existing = region.clusters.get(name)
    # AWS answers an ACTIVE cluster of the same name as it is, whatever else the request says.
    if existing is not None and existing.status == "ACTIVE":
        return {"cluster": describe(region, existing, ["TAGS", "SETTINGS", "CONFIGURATIONS"])}
    providers = params.get("capacityProviders") or []
    strategy = params.get("defaultCapacityProviderStrategy") or []
    check_providers(providers)
    check_strategy(strategy, providers)
    cluster = Cluster(
        name,
        region.arn(f"cluster/{name}"),
        params.get("settings") or [{"name": "containerInsights", "value": "disabled"}],
        providers,
        strategy,
        params.get("tags") or [],
        params.get("configuration"),
    )
    region.clusters[name] = cluster
    return {"cluster": describe(region, cluster, ["TAGS", "SETTINGS", "CONFIGURATIONS"])}


def describe_clusters(region: Region, params: Params) -> Dict[str, Any]:
    clusters, failures = [], []
    for reference in params.get("clusters") or ["default"]:
        cluster = region.find_cluster(reference)
        if cluster is None:
            name = reference.rsplit("/", 1)[-1]
            failures.append({"arn": region.arn(f"cluster/{name}"), "reason": "MISSING"})
        else:
            clusters.append(describe(region, cluster, params.get("include") or []))
    return {"clusters": clusters, "failures": failures}


def list_clusters(region: Region, params: Params) -> Dict[str, Any]:
    return page([c.arn for c in region.clusters.values() if c.status == "ACTIVE"], params, "clusterArns")


def update_cluster(region: Region, params: Params) -> Dict[str, Any]:
    cluster = region.cluster(params)
    cluster.settings = params.get("settings") or cluster.settings
    cluster.configuration = params.get("configuration") or cluster.configuration
    return {"cluster": describe(region, cluster, ["TAGS", "SETTINGS", "CONFIGURATIONS"])}


def put_cluster_capacity_providers(region: Region, params: Params) -> Dict[str, Any]:
    cluster = region.cluster(params)
    providers, strategy = params["capacityProviders"], params["defaultCapacityProviderStrategy"]
    check_providers(providers)
    check_strategy(strategy, providers)
    used = {
        entry["capacityProvider"]
        for service in region.services
        if service.cluster is cluster and service.status != "INACTIVE"
        for entry in service.config.get("capacityProviderStrategy") or []
    }
    if used - set(providers):
        raise AwsError("ResourceInUseException", "The specified capacity provider is in use and cannot be removed.")
    cluster.capacity_providers, cluster.default_strategy = providers, strategy
    return {"cluster": describe(region, cluster, ["TAGS", "SETTINGS"])}


def delete_cluster(region: Region, params: Params) -> Dict[str, Any]:
    cluster = region.cluster(params)
    if any(s.cluster is cluster and s.status != "INACTIVE" for s in region.services):
        raise AwsError("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active.")
    if any(task.cluster is cluster and task.last_status != "STOPPED" for task in region.tasks.values()):
        raise AwsError("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
    cluster.status = "INACTIVE"
    return {"cluster": describe(region, cluster, [])}


def describe_capacity_providers(region: Region, params: Params) -> Dict[str, Any]:
    names = params.get("capacityProviders") or list(FARGATE_PROVIDERS)
    known = [name for name in names if name in FARGATE_PROVIDERS]
    return {
        "capacityProviders": [
            {
                "capacityProviderArn": region.arn(f"capacity-provider/{name}"),
                "name": name,
                "status": "ACTIVE",
                "tags": [],
            }
            for name in known
        ],
        "failures": [
            {"arn": region.arn(f"capacity-provider/{name}"), "reason": "MISSING"} for name in names if name not in known
        ],
    }


def check_providers(providers: List[str]) -> None:
    for name in providers:
        if name not in FARGATE_PROVIDERS:
            raise invalid(
                f"The specified capacity provider '{name}' was not found. Specify a valid name or ARN and try again."
            )


def check_strategy(strategy: List[Dict[str, Any]], providers: List[str]) -> None:
    """The rules of AWS for a capacity provider strategy of a cluster or a service."""
    for entry in strategy:
        if entry["capacityProvider"] not in providers:
            raise invalid(
                f"The specified capacity provider '{entry['capacityProvider']}' is not associated with the cluster. "
                "Associate it with the cluster and try again."
            )
    if sum(1 for entry in strategy if entry.get("base", 0) > 0) > 1:
        raise invalid(
            "A capacity provider strategy cannot contain more than one capacity provider with a base value defined."
        )
    if strategy and all(entry.get("weight", 0) == 0 for entry in strategy):
        raise invalid(
            "A capacity provider strategy must contain at least one capacity provider with a weight greater than 0."
        )


def describe(region: Region, cluster: Cluster, include: List[str]) -> Dict[str, Any]:
    tasks = [task.last_status for task in region.tasks.values() if task.cluster is cluster]
    fields: Dict[str, Any] = {
        "clusterArn": cluster.arn,
        "clusterName": cluster.name,
        "status": cluster.status,
        "registeredContainerInstancesCount": 0,
        "runningTasksCount": tasks.count("RUNNING"),
        "pendingTasksCount": tasks.count("PENDING") + tasks.count("PROVISIONING"),
        "activeServicesCount": sum(1 for s in region.services if s.cluster is cluster and s.status == "ACTIVE"),
        "statistics": [],
        "capacityProviders": list(cluster.capacity_providers),
        "defaultCapacityProviderStrategy": [{"weight": 0, "base": 0, **entry} for entry in cluster.default_strategy],
        "tags": cluster.tags if "TAGS" in include else [],
        "settings": cluster.settings if "SETTINGS" in include else [],
    }
    if cluster.configuration is not None and "CONFIGURATIONS" in include:
        fields["configuration"] = cluster.configuration
    return fields
