"""What Fargate serves to a task: the credentials of its role and the task metadata endpoint, version 4.

Both are public routes; the random token in the path is the permission, as only the task knows it.
"""

from __future__ import annotations

import secrets
import string
from datetime import datetime, timedelta, timezone
from typing import Any, Dict, Optional

from .context import Reply, Sandbox
from .ecs_task import Container, Task

CREDENTIALS = "/_sandbox/credentials/"
METADATA = "/_sandbox/metadata/"
VALID = timedelta(hours=6)
"""How long the keys of a task role say they are valid; AWS gives six hours too."""
_UPPER = string.ascii_uppercase + "234567"


class TaskEndpoints:
    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._tasks: Dict[str, Task] = {}
        self._keys: Dict[str, Dict[str, str]] = {}
        sandbox.route_prefix(CREDENTIALS, self._credentials, public=True)
        sandbox.route_prefix(METADATA, self._metadata, public=True)

    def open(self, task: Task) -> str:
        """Makes keys for the task's role (when it has one) and a token for its metadata; returns the token."""
        token = secrets.token_urlsafe(24)
        self._tasks[token] = task
        role = task.definition.body.get("taskRoleArn")
        if role is not None:
            key_id = "ASIA" + "".join(secrets.choice(_UPPER) for _ in range(16))
            secret, session = secrets.token_urlsafe(30), secrets.token_urlsafe(60)
            name = role.rsplit("/", 1)[-1]
            principal = f"arn:aws:sts::{self._sandbox.settings.account_id}:assumed-role/{name}/{task.id}"
            self._sandbox.add_credentials(key_id, secret, session, principal)
            self._keys[token] = {"RoleArn": role, "AccessKeyId": key_id, "SecretAccessKey": secret, "Token": session}
        return token

    def close(self, token: str) -> None:
        """The keys stop working at once."""
        self._tasks.pop(token, None)
        keys = self._keys.pop(token, None)
        if keys is not None:
            self._sandbox.remove_credentials(keys["AccessKeyId"])

    def clear(self) -> None:
        for token in list(self._tasks):
            self.close(token)

    def variables(self, token: str, container: Container) -> Dict[str, str]:
        """The environment variables that tell a container where these endpoints are."""
        base = self._sandbox.settings.endpoint
        variables = {"ECS_CONTAINER_METADATA_URI_V4": f"{base}{METADATA}{token}/{container.name}"}
        if token in self._keys:
            variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = f"{base}{CREDENTIALS}{token}"
        return variables

    def _credentials(self, _method: str, token: str, _query: Dict[str, str], _body: bytes) -> Reply:
        keys = self._keys.get(token)
        if keys is None:
            return 404, {"code": "InvalidIdInRequest", "message": "CredentialsV2Request: no credentials for this id"}
        expiration = datetime.now(timezone.utc) + VALID
        return 200, {**keys, "Expiration": expiration.strftime("%Y-%m-%dT%H:%M:%SZ")}

    def _metadata(self, _method: str, rest: str, _query: Dict[str, str], _body: bytes) -> Reply:
        token, _, path = rest.partition("/")
        name, _, part = path.partition("/")
        task = self._tasks.get(token)
        container = next((c for c in task.containers if c.name == name), None) if task else None
        if task is None or container is None:
            return 404, {"message": "V4 metadata handler: unable to get the container"}
        if part == "":
            return 200, _container(task, container)
        if part == "task":
            return 200, _task(task)
        if part in ("stats", "task/stats"):
            return 200, {}
        return 404, {"message": f"no such metadata: {part}"}


def _container(task: Task, container: Container) -> Dict[str, Any]:
    definition = task.definition
    fields: Dict[str, Any] = {
        "DockerId": container.runtime_id,
        "Name": container.name,
        "DockerName": container.name,
        "Image": container.definition["image"],
        "ImageID": container.image_digest,
        "Labels": {
            "com.amazonaws.ecs.cluster": task.cluster.arn,
            "com.amazonaws.ecs.container-name": container.name,
            "com.amazonaws.ecs.task-arn": task.arn,
            "com.amazonaws.ecs.task-definition-family": definition.family,
            "com.amazonaws.ecs.task-definition-version": str(definition.body["revision"]),
        },
        "DesiredStatus": task.desired_status,
        "KnownStatus": container.last_status,
        "Limits": {"CPU": container.definition.get("cpu", 0)},
        "CreatedAt": task.created_at.isoformat(),
        "StartedAt": _iso(task.started_at),
        "Type": "NORMAL",
        "ContainerARN": container.arn,
        "Networks": [
            {
                "NetworkMode": "awsvpc",
                "IPv4Addresses": [task.attachment.private_ip],
                "MACAddress": task.attachment.mac_address,
                "PrivateDNSName": task.attachment.host_name,
            }
        ],
    }
    if container.has_health_check:
        fields["Health"] = {"status": container.health}
    return {name: value for name, value in fields.items() if value is not None}


def _task(task: Task) -> Dict[str, Any]:
    body = task.definition.body
    fields: Dict[str, Any] = {
        "Cluster": task.cluster.arn,
        "TaskARN": task.arn,
        "Family": task.definition.family,
        "Revision": str(body["revision"]),
        "ServiceName": task.service.name if task.service else None,
        "DesiredStatus": task.desired_status,
        "KnownStatus": task.last_status,
        "Limits": {"CPU": int(body.get("cpu") or 0) / 1024, "Memory": int(body.get("memory") or 0)},
        "AvailabilityZone": task.attachment.availability_zone,
        "LaunchType": "FARGATE",
        "Containers": [_container(task, container) for container in task.containers],
    }
    return {name: value for name, value in fields.items() if value is not None}


def _iso(moment: Optional[datetime]) -> Optional[str]:
    return moment.isoformat() if moment else None
