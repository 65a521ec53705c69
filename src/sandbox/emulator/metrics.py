"""The AWS/ECS metrics CPUUtilization and MemoryUtilization of services, and tasks that use too much memory.

Each task of a service gives one datum a minute, in percent of the task's own CPU units and memory (ECS developer
guide, "Amazon ECS CloudWatch metrics"). The minute shrinks with --delay. A container that uses more memory than it may
is killed: exit code 137, "OutOfMemoryError: Container killed due to memory usage" (ECS developer guide, "OutOfMemory
error").

Simulated tasks have no processes: `POST /_sandbox/usage {"service": "worker", "cpu": 80, "memory": 40}` says, in
percent, what each task of the services of that name uses.
"""

from __future__ import annotations

import json
import time
from typing import Dict, List, Optional, Tuple

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.utils import utcnow

from . import process_usage
from .context import Reply, Sandbox
from .ecs_store import Store
from .ecs_task import Task
from .health import REFERENCE_DELAY
from .process_usage import Usage

LOOK = 0.5
"""Seconds between two looks at the processes."""
KEPT = 3600
"""Data of a service that are kept: a real minute's each would last for days."""
MIB = 1024 * 1024
UNITS = 1024
"""CPU units of a vCPU."""


def minute(delay: float) -> float:
    """Real seconds that a minute of CloudWatch takes here."""
    return 60 * delay / REFERENCE_DELAY


class Metrics:
    def __init__(self, sandbox: Sandbox, store: Store) -> None:
        self._store, self._account = store, sandbox.settings.account_id
        self._minute = minute(sandbox.settings.delay)
        self._published = time.monotonic()
        self._cpu: Dict[str, Tuple[float, float]] = {}
        """ARN of a task -> (when it was last published, its CPU seconds then)"""
        self._simulated: Dict[str, Tuple[float, float]] = {}
        """Name of a service -> (CPU, memory) in percent"""
        sandbox.every(min(LOOK, self._minute), self.look)
        sandbox.on_reset(self._clear)
        sandbox.route("/_sandbox/usage", self._simulate)

    def look(self) -> None:
        tasks = [task for task in self._store.all_tasks() if task.last_status == "RUNNING"]
        used = process_usage.of_groups({group for task in tasks for group in _groups(task).values()})
        for task in tasks:
            _enforce_memory(task, used)
        if time.monotonic() - self._published >= self._minute:
            self._published = time.monotonic()
            self._publish(tasks, used)

    def _publish(self, tasks: List[Task], used: Dict[int, Usage]) -> None:
        self._cpu = {task.arn: self._cpu[task.arn] for task in tasks if task.arn in self._cpu}
        for task in tasks:
            if task.service is None:
                continue
            percent = self._simulated.get(task.service.name) or self._measure(task, used)
            if percent is not None:
                self._put(task, *percent)

    def _measure(self, task: Task, used: Dict[int, Usage]) -> Optional[Tuple[float, float]]:
        """(CPU, memory) in percent since the last datum; None for the first look and without processes."""
        groups, now = _groups(task).values(), time.monotonic()
        if not groups:
            return None
        spent = sum(used[group].cpu_seconds for group in groups)
        memory = sum(used[group].memory for group in groups)
        before, self._cpu[task.arn] = self._cpu.get(task.arn), (now, spent)
        if before is None:
            return None
        vcpus = int(task.definition.body["cpu"]) / UNITS
        cpu = max(0.0, spent - before[1]) / (now - before[0]) / vcpus
        # Fargate holds a task to its vCPUs; here nothing does.
        return min(100.0, 100 * cpu), 100 * memory / (int(task.definition.body["memory"]) * MIB)

    def _put(self, task: Task, cpu: float, memory: float) -> None:
        backend = cloudwatch_backends[self._account][task.region.name]
        dimensions = [
            {"Name": "ClusterName", "Value": task.cluster.name},
            {"Name": "ServiceName", "Value": task.service.name if task.service else ""},
        ]
        common = {"Dimensions": dimensions, "Unit": "Percent", "Timestamp": utcnow()}
        backend.put_metric_data(
            "AWS/ECS",
            [
                {"MetricName": "CPUUtilization", "Value": cpu, **common},
                {"MetricName": "MemoryUtilization", "Value": memory, **common},
            ],
        )
        del backend.metric_data[:-KEPT]

    def _simulate(self, method: str, _rest: str, _query: Dict[str, str], body: bytes) -> Reply:
        given = json.loads(body or b"{}")
        if method != "POST" or not given.get("service"):
            return 400, {"error": "POST the cpu and memory, in percent, of a service"}
        self._simulated[given["service"]] = (float(given.get("cpu", 0)), float(given.get("memory", 0)))
        return 200, {"status": "set"}

    def _clear(self) -> None:
        self._cpu.clear()
        self._simulated.clear()


def _groups(task: Task) -> Dict[str, int]:
    return task.runtime.groups() if task.runtime else {}


def _enforce_memory(task: Task, used: Dict[int, Usage]) -> None:
    """Kills what uses more than its own limit and, when all together use more than the task has, the largest."""
    if task.runtime is None:
        return
    limit = int(task.definition.body.get("memory") or 0) * MIB
    sizes = {name: used[group].memory for name, group in _groups(task).items()}
    own = {c.name: (c.definition.get("memory") or 0) * MIB for c in task.containers}
    over = [name for name, size in sizes.items() if own[name] and size > own[name]]
    if not over and sizes and sum(sizes.values()) > limit > 0:
        over = [max(sizes, key=lambda name: sizes[name])]
    for name in over:
        task.runtime.out_of_memory(name)
