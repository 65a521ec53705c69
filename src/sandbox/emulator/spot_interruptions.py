"""Spot interruptions: AWS takes the capacity of a task back.

SIGTERM with two minutes' warning, SIGKILL at the end of the stop timeout; stop code and reason as the ECS developer guide has
them ("Fargate capacity providers": "Your Spot Task was interrupted."). With the warning comes a task state change event
(ECS developer guide, "Amazon ECS task state change events"). The scheduler starts another task at once.

`POST /_sandbox/spot-interruption {"task": <id or ARN>}` interrupts one task, `{}` all on Spot; "seconds" makes the warning
shorter than the stop timeout. `GET /_sandbox/events` has the events as EventBridge delivers them, newest first.
"""

from __future__ import annotations

import json
import uuid
from collections import deque
from datetime import datetime, timezone
from typing import Any, Deque, Dict, List

from .container_process import DEFAULT_STOP_TIMEOUT
from .context import Reply, Sandbox
from .ecs_clusters import FARGATE_PROVIDERS
from .ecs_store import Store
from .ecs_task import Task

_, SPOT = FARGATE_PROVIDERS
WARNING = 120
"""Seconds between the warning and the end of the capacity."""
KEPT = 1000
"""Events that are remembered."""


class SpotInterruptions:
    def __init__(self, sandbox: Sandbox, store: Store) -> None:
        self._store, self._account = store, sandbox.settings.account_id
        self._events: Deque[Dict[str, Any]] = deque(maxlen=KEPT)
        sandbox.on_reset(self._events.clear)
        sandbox.route("/_sandbox/spot-interruption", self._interrupt)
        sandbox.route("/_sandbox/events", lambda method, rest, query, body: (200, {"events": list(self._events)}))

    def _interrupt(self, method: str, _rest: str, _query: Dict[str, str], body: bytes) -> Reply:
        if method != "POST":
            return 405, {"error": "POST interrupts Spot tasks"}
        given = json.loads(body or b"{}")
        reference, seconds = given.get("task"), given.get("seconds")
        chosen: List[Task] = [
            task
            for task in self._store.all_tasks()
            if task.launch.capacity_provider == SPOT
            and task.desired_status == "RUNNING"
            and (reference is None or task.id == reference.rsplit("/", 1)[-1])
        ]
        if not chosen:
            return 404, {"error": "no such task runs on Spot"}
        within = WARNING if seconds is None else min(WARNING, float(seconds))
        for task in chosen:
            task.stop("SpotInterruption", "Your Spot Task was interrupted.", within)
            self._events.appendleft(_event(self._account, task))
        return 200, {
            "interrupted": [{"taskArn": task.arn, "seconds": min(within, _stop_timeout(task))} for task in chosen]
        }


def _stop_timeout(task: Task) -> float:
    return max(float(c.definition.get("stopTimeout") or DEFAULT_STOP_TIMEOUT) for c in task.containers)


def _event(account: str, task: Task) -> Dict[str, Any]:
    detail = json.dumps(task.describe([]), default=lambda moment: moment.isoformat())
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "ECS Task State Change",
        "source": "aws.ecs",
        "account": account,
        "time": datetime.now(timezone.utc).isoformat(),
        "region": task.region.name,
        "resources": [task.arn],
        "detail": json.loads(detail),
    }
