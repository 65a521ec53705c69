"""Runs a task without a process: the states of a healthy container, in the sandbox's time."""

from __future__ import annotations

import time
from typing import Any, Dict, List, Optional

from .ecs_task import Task


class SimulatedRuntime:
    """The Runtime (see ecs_task) of `--tasks simulated`: good after `delay`, ended `delay` after stop().

    With `task-pull` its image takes so many seconds to pull; a task that is stopped meanwhile ends when it has it (ECS
    developer guide, "Task lifecycle": PENDING goes on to DEPROVISIONING only from there).
    """

    def __init__(self, task: Task, delay: float, pull: float) -> None:
        self._task, self._delay = task, delay
        self._starts_at = time.monotonic() + max(delay, pull)
        self._ends_at: Optional[float] = None

    def tick(self) -> None:
        moment = time.monotonic()
        if self._ends_at is not None:
            if moment >= self._ends_at:
                for container in self._task.containers:
                    container.exit_code = 0
                self._task.ended()
        elif moment >= self._starts_at and self._task.started_at is None:
            self._task.running()
            for container in self._task.containers:
                container.image_digest = container.definition["image"].partition("@")[2] or None
                if container.has_health_check:
                    container.health = "HEALTHY"

    def stop(self, within: Optional[float] = None) -> None:
        self._ends_at = max(time.monotonic() + self._delay, self._starts_at)

    def kill(self) -> None:
        self._ends_at = time.monotonic()

    def describe(self) -> List[Dict[str, Any]]:
        return []

    def groups(self) -> Dict[str, int]:
        return {}

    def out_of_memory(self, container: str) -> None:
        pass
