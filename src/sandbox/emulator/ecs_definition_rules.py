"""What RegisterTaskDefinition refuses for Fargate, and the defaults that AWS fills in."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional

from moto.iam.models import iam_backends

from .json_operations import AwsError, Params

_GIB = 1024
FARGATE_MEMORY: Dict[int, range] = {
    512: range(1 * _GIB, 4 * _GIB + 1, _GIB),
    1024: range(2 * _GIB, 8 * _GIB + 1, _GIB),
    2048: range(4 * _GIB, 16 * _GIB + 1, _GIB),
    4096: range(8 * _GIB, 30 * _GIB + 1, _GIB),
    8192: range(16 * _GIB, 60 * _GIB + 1, 4 * _GIB),
    16384: range(32 * _GIB, 120 * _GIB + 1, 8 * _GIB),
}
"""CPU units -> MiB that Fargate offers with them (256 CPU units: see SMALLEST_MEMORY)."""
SMALLEST_MEMORY = (512, 1024, 2048)
STOP_TIMEOUT = range(2, 121)
"""Seconds, on Fargate."""
KEPT = (
    "taskRoleArn",
    "executionRoleArn",
    "runtimePlatform",
    "ephemeralStorage",
    "pidMode",
    "ipcMode",
    "proxyConfiguration",
    "enableFaultInjection",
    "requiresCompatibilities",
    "networkMode",
)
_HEALTH_LIMITS = {"interval": (5, 300), "timeout": (2, 120), "retries": (1, 10), "startPeriod": (0, 300)}
_ECR_IMAGE = re.compile(r"\d{12}\.dkr[.-]ecr\.")


def normalise(params: Params, account_id: str, region: str) -> Dict[str, Any]:
    """The taskDefinition that AWS would answer for this request; ClientException when it would refuse."""
    containers = params.get("containerDefinitions") or []
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", params.get("family") or ""):
        raise _refused("Invalid 'family' specified: it may hold letters, numbers, hyphens and underscores, up to 255.")
    if not containers:
        raise _refused("Container list cannot be empty.")
    if not any(container.get("essential", True) for container in containers):
        raise _refused("Invalid setting for container. At least one container must be essential.")
    for container in containers:
        for member in ("name", "image"):
            if not container.get(member):
                raise _refused(f"Container.{member} should not be null or empty.")
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", container["name"]):
            raise _refused("Invalid container name: it may hold letters, numbers, hyphens and underscores, up to 255.")
    fargate = "FARGATE" in (params.get("requiresCompatibilities") or [])
    body: Dict[str, Any] = {name: params[name] for name in KEPT if params.get(name) is not None}
    if fargate:
        body.update(_fargate_size(params))
        _check_fargate(params, containers)
    for member in ("taskRoleArn", "executionRoleArn"):
        _check_role(params.get(member), account_id)
    body.setdefault("networkMode", "bridge")
    body["compatibilities"] = ["EC2", "FARGATE"] if fargate or body["networkMode"] == "awsvpc" else ["EC2"]
    body["containerDefinitions"] = [_container(container) for container in containers]
    body["volumes"] = params.get("volumes") or []
    body["placementConstraints"] = params.get("placementConstraints") or []
    body["requiresAttributes"] = [{"name": name} for name in _attributes(params, containers)]
    return body


def _refused(message: str) -> AwsError:
    return AwsError("ClientException", message)


def _number(text: Optional[str], unit: str) -> Optional[int]:
    """'1024', '1 vCPU' and '2GB' are all taken; the larger unit is 1024 of the smaller one."""
    match = re.fullmatch(rf"\s*(\d+(?:\.\d+)?)\s*({unit})?\s*", text or "", re.IGNORECASE)
    if match is None:
        return None
    return int(float(match.group(1)) * (_GIB if match.group(2) else 1))


def _fargate_size(params: Params) -> Dict[str, str]:
    for member in ("cpu", "memory"):
        if not params.get(member):
            raise _refused(f"Fargate requires that '{member}' be defined at the task level.")
    cpu, memory = _number(params["cpu"], "vcpu"), _number(params["memory"], "gb")
    offered = SMALLEST_MEMORY if cpu == 256 else FARGATE_MEMORY.get(cpu or 0, range(0))
    if memory not in offered:
        raise _refused("No Fargate configuration exists for given values.")
    return {"cpu": str(cpu), "memory": str(memory)}


def _check_fargate(params: Params, containers: List[Params]) -> None:
    if params.get("networkMode") != "awsvpc":
        raise _refused("Fargate only supports network mode 'awsvpc'.")
    if params.get("pidMode", "task") != "task":
        raise _refused(
            f"Tasks using the Fargate launch type do not support pidMode '{params['pidMode']}'. "
            "The supported value for pidMode is 'task'."
        )
    storage = params.get("ephemeralStorage", {}).get("sizeInGiB", 21)
    if not 21 <= storage <= 200:
        raise _refused("Invalid setting for ephemeralStorage: the size must be between 21 and 200 GiB.")
    for container in containers:
        name = container["name"]
        if not params.get("executionRoleArn"):
            if _ECR_IMAGE.match(container["image"]):
                raise _refused("Fargate requires task definition to have execution role ARN to support ECR images.")
            if container.get("logConfiguration", {}).get("logDriver") == "awslogs":
                raise _refused(
                    "Fargate requires task definition to have execution role ARN to support log driver awslogs."
                )
            if container.get("secrets"):
                raise _refused(
                    "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'."
                )
        logs = container.get("logConfiguration", {})
        missing = {"awslogs-group", "awslogs-region", "awslogs-stream-prefix"} - set(logs.get("options") or {})
        if logs.get("logDriver") == "awslogs" and missing:
            raise _refused(f"Log driver awslogs requires options: {', '.join(sorted(missing))}")
        _check_names(container)
        if container.get("privileged"):
            raise _refused(f"Invalid setting for container '{name}': Fargate does not support privileged.")
        if "stopTimeout" in container and container["stopTimeout"] not in STOP_TIMEOUT:
            raise _refused(f"Invalid setting for container '{name}': stopTimeout must be between 2 and 120 seconds.")
        for member, (low, high) in _HEALTH_LIMITS.items():
            value = container.get("healthCheck", {}).get(member, low)
            if not low <= value <= high:
                raise _refused(
                    f"Invalid setting for container '{name}': healthCheck {member} must be between {low} and {high}."
                )


def _check_names(container: Params) -> None:
    given = [entry["name"] for entry in container.get("environment") or []]
    secret = [entry["name"] for entry in container.get("secrets") or []]
    twice = next((name for name in secret if name in given or secret.count(name) > 1), None)
    if twice is not None:
        raise _refused(
            "The secret name must be unique and not shared with any new or existing environment variables set on the "
            f"container, such as '{twice}'."
        )


def _check_role(arn: Optional[str], account_id: str) -> None:
    """AWS refuses a role that does not exist (or does not exist yet)."""
    if arn and not any(role.arn == arn for role in iam_backends[account_id]["aws"].get_roles()):
        raise _refused("Role is not valid")


def _container(given: Params) -> Dict[str, Any]:
    container: Dict[str, Any] = {
        "cpu": 0,
        "portMappings": [],
        "essential": True,
        "environment": [],
        "mountPoints": [],
        "volumesFrom": [],
        "systemControls": [],
        **given,
    }
    container["portMappings"] = [
        {"hostPort": port.get("containerPort"), "protocol": "tcp", **port} for port in container["portMappings"]
    ]
    if "healthCheck" in container:
        container["healthCheck"] = {"interval": 30, "timeout": 5, "retries": 3, **container["healthCheck"]}
    if "logConfiguration" in container:
        container["logConfiguration"] = {"options": {}, "secretOptions": [], **container["logConfiguration"]}
    return container


def _attributes(params: Params, containers: List[Params]) -> List[str]:
    """The agent capabilities that AWS derives from the definition."""
    names = {"com.amazonaws.ecs.capability.docker-remote-api.1.18", "ecs.capability.task-eni"}
    if params.get("taskRoleArn"):
        names.add("com.amazonaws.ecs.capability.task-iam-role")
    for container in containers:
        if container.get("logConfiguration", {}).get("logDriver") == "awslogs":
            names |= {
                "com.amazonaws.ecs.capability.logging-driver.awslogs",
                "ecs.capability.execution-role-awslogs",
                "com.amazonaws.ecs.capability.docker-remote-api.1.19",
            }
        if _ECR_IMAGE.match(container["image"]):
            names |= {"com.amazonaws.ecs.capability.ecr-auth", "ecs.capability.execution-role-ecr-pull"}
        if container.get("secrets"):
            names.add("ecs.capability.secrets.asm.environment-variables")
        if container.get("healthCheck"):
            names.add("ecs.capability.container-health-check")
    return sorted(names)
