"""ECS: things by name or ARN, roles that are passed, and tags at a create, which ECS asks for by ecs:TagResource."""

from __future__ import annotations

from typing import Any, Iterable, List, Mapping, Sequence

from .authorization import Context
from .authorizations import Asked, Facts, Resource, Resources, Rule, Rules, fact, if_any, removed_keys, tag_facts
from .authorizations_iam import is_unlinked, linked_role
from .ecs import task_definition
from .inventory import tag_map

TAGGING = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/supported-iam-actions-tagging.html"
PASSING = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security_iam_service-with-iam.html"
LAUNCHING = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/codedeploy_IAM_role.html"
LINKED_ROLE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles.html"
LISTING_TASKS = "https://github.com/cdklabs/construct-hub/pull/1207"
"""What ListTasks is asked for: not the container instances that the reference names, but everything, in one cluster."""
LINKED_ROLE_OWNER = "ecs.amazonaws.com"


def clusters(asked: Asked) -> List[Resource]:
    names = asked.params.get("clusters") or [asked.params.get("cluster") or asked.params.get("clusterName") or "default"]
    return [asked.resource("ecs", asked.arn("ecs", f"cluster/{_last(name)}")) for name in names]


def services(asked: Asked) -> List[Resource]:
    params = asked.params
    names = params.get("services") or [params.get("service") or params.get("serviceName") or ""]
    return [asked.resource("ecs", asked.arn("ecs", f"service/{_cluster(asked)}/{_last(name)}")) for name in names]


def tasks(asked: Asked) -> List[Resource]:
    ids = asked.params.get("tasks") or [asked.params.get("task") or ""]
    return [asked.resource("ecs", asked.arn("ecs", f"task/{_cluster(asked)}/{_last(one)}")) for one in ids]


def service_deployments(asked: Asked) -> List[Resource]:
    return [Resource(arn) for arn in _deployments(asked)]


def deployed_services(asked: Asked) -> List[Resource]:
    """The services whose deployments the call names: service-deployment/CLUSTER/SERVICE/ID."""
    parts = [arn.split("/") for arn in _deployments(asked)]
    names = dict.fromkeys(f"service/{part[1]}/{part[2]}" for part in parts if len(part) > 2)
    return [asked.resource("ecs", asked.arn("ecs", name)) for name in names]


def family(asked: Asked) -> List[Resource]:
    return [Resource(asked.arn("ecs", f"task-definition/{asked.params.get('family')}:*"))]


def definitions(asked: Asked) -> List[Resource]:
    given: Sequence[str] = asked.params.get("taskDefinitions") or [asked.params.get("taskDefinition") or ""]
    return [asked.resource("ecs", asked.arn("ecs", f"task-definition/{_last(one)}")) for one in given]


def by_arn(asked: Asked) -> List[Resource]:
    return [asked.resource("ecs", asked.params["resourceArn"])]


def registered_roles(asked: Asked) -> Iterable[Resource]:
    """Of a new task definition."""
    return _roles(asked.params)


def launched_roles(asked: Asked) -> Iterable[Resource]:
    """Of the task definition that the call launches, when it names one and that exists."""
    name = asked.params.get("taskDefinition")
    return _roles(task_definition(asked.sandbox, asked.call.region, name)) if name else ()


def tags(asked: Asked) -> Context:
    return tag_facts(tag_map(asked.params.get("tags") or []))


def in_cluster(asked: Asked) -> Context:
    return {"ecs:cluster": asked.arn("ecs", f"cluster/{_cluster(asked)}")}


PASSED: Facts = fact("iam:PassedToService", "ecs-tasks.amazonaws.com")
LAUNCH = Rule("iam:PassRole", launched_roles, (PASSED,), LAUNCHING)


def creating(operation: str, resources: Resources, *facts: Facts) -> tuple[Rule, ...]:
    return (
        Rule(f"ecs:{operation}", resources, (tags, *facts)),
        Rule("ecs:TagResource", if_any(tags, resources), (tags, fact("ecs:CreateAction", operation)), TAGGING),
    )


def on(operation: str, resources: Resources, *facts: Facts) -> tuple[Rule, ...]:
    return (Rule(f"ecs:{operation}", resources, facts),)


RULES: Rules = {
    "CreateCluster": (
        *creating("CreateCluster", clusters),
        Rule(
            "iam:CreateServiceLinkedRole",
            lambda asked: linked_role(asked, LINKED_ROLE_OWNER) if is_unlinked(asked, LINKED_ROLE_OWNER) else (),
            (fact("iam:AWSServiceName", LINKED_ROLE_OWNER),),
            LINKED_ROLE,
        ),
    ),
    "DescribeClusters": on("DescribeClusters", clusters),
    "UpdateCluster": on("UpdateCluster", clusters),
    "PutClusterCapacityProviders": on("PutClusterCapacityProviders", clusters),
    "DeleteCluster": on("DeleteCluster", clusters),
    "ListClusters": (Rule("ecs:ListClusters"),),
    "RegisterTaskDefinition": (
        *creating("RegisterTaskDefinition", family),
        Rule("iam:PassRole", registered_roles, (PASSED,), PASSING),
    ),
    "DescribeTaskDefinition": (Rule("ecs:DescribeTaskDefinition"),),
    "ListTaskDefinitions": (Rule("ecs:ListTaskDefinitions"),),
    "DeregisterTaskDefinition": (Rule("ecs:DeregisterTaskDefinition"),),
    "DeleteTaskDefinitions": on("DeleteTaskDefinitions", definitions),
    "CreateService": (*creating("CreateService", services, in_cluster), LAUNCH),
    "UpdateService": (*on("UpdateService", services, in_cluster), LAUNCH),
    "DeleteService": on("DeleteService", services, in_cluster),
    "DescribeServices": on("DescribeServices", services, in_cluster),
    "ListServices": (Rule("ecs:ListServices", context=(in_cluster,)),),
    "ListServiceDeployments": on("ListServiceDeployments", services, in_cluster),
    "DescribeServiceDeployments": (
        *on("DescribeServiceDeployments", service_deployments),
        *on("DescribeServiceDeployments", deployed_services),
    ),
    "StopServiceDeployment": (
        *on("StopServiceDeployment", service_deployments),
        *on("StopServiceDeployment", deployed_services),
    ),
    "RunTask": (*creating("RunTask", definitions, in_cluster), LAUNCH),
    "ListTasks": (Rule("ecs:ListTasks", context=(in_cluster,), source=LISTING_TASKS),),
    "DescribeTasks": on("DescribeTasks", tasks, in_cluster),
    "StopTask": on("StopTask", tasks, in_cluster),
    "ExecuteCommand": on("ExecuteCommand", tasks, in_cluster),
    "TagResource": on("TagResource", by_arn, tags),
    "UntagResource": on("UntagResource", by_arn, removed_keys),
    "ListTagsForResource": on("ListTagsForResource", by_arn),
}


def _deployments(asked: Asked) -> List[str]:
    return asked.params.get("serviceDeploymentArns") or [asked.params.get("serviceDeploymentArn") or ""]


def _roles(definition: Mapping[str, Any]) -> List[Resource]:
    return [Resource(definition[name]) for name in ("executionRoleArn", "taskRoleArn") if definition.get(name)]


def _cluster(asked: Asked) -> str:
    return _last(asked.params.get("cluster") or "default")


def _last(name_or_arn: str) -> str:
    return name_or_arn.rsplit("/", 1)[-1]
