"""The AWS/ECS metrics CPUUtilization and MemoryUtilization of services, and tasks that use too much memory.

Each task of a service gives one datum a minute (see minutes.py), in percent of the task's own CPU units and memory (ECS
developer guide, "Amazon ECS CloudWatch metrics"). A container that uses more memory than it may is killed: exit code
137, "OutOfMemoryError: Container killed due to memory usage" (ECS developer guide, "OutOfMemory error").

The start of a process takes as long here as on AWS, however short a minute is. What it costs counts for as much of a
minute as it would there: otherwise every start would be a load that asks for more tasks.

`GET /_sandbox/usage-history?cluster=...&service=...` has the last minutes of a service, oldest first.
"""

from __future__ import annotations

import time
from collections import deque
from datetime import datetime
from typing import Any, Deque, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

from moto.cloudwatch.models import cloudwatch_backends

from . import minutes, process_usage
from .context import Reply, Sandbox
from .ecs_store import Service, Store
from .ecs_task import Task
from .injected_usage import InjectedUsage
from .process_usage import Usage

LOOK = 0.5
"""Seconds between two looks at the memory of the processes."""
KEPT = 3600
"""Data that are kept: a real minute's each would last for days."""
REMEMBERED = 24 * 60
"""Minutes of a service in its history."""
MIB = 1024 * 1024
UNITS = 1024
"""CPU units of a vCPU."""


class Percent(NamedTuple):
    cpu: float
    memory: float


class Measured(NamedTuple):
    """A task when it was looked at last."""

    at: float
    cpu_seconds: float
    had_started: bool


class Metrics:
    def __init__(self, sandbox: Sandbox, store: Store) -> None:
        self._store, self._account = store, sandbox.settings.account_id
        self._clock, self._injected = minutes.of(sandbox), InjectedUsage(sandbox)
        self._measured: Dict[str, Measured] = {}
        self._history: Dict[Tuple[str, str], Deque[Dict[str, Any]]] = {}
        self._clock.publishers.append(self.publish)
        sandbox.every(LOOK, self.look)
        sandbox.on_reset(self._clear)
        sandbox.route("/_sandbox/usage-history", self._tell)

    def look(self) -> None:
        tasks = self._running()
        used = process_usage.of_groups(_groups_of(tasks))
        for task in tasks:
            _enforce_memory(task, used)

    def publish(self, moments: Sequence[datetime]) -> None:
        """One datum of each running task of a service for each of these minutes."""
        tasks = self._running()
        used = process_usage.of_groups(_groups_of(tasks))
        measured = {task.arn: self._measure(task, used) for task in tasks}
        self._measured = {arn: last for arn, last in self._measured.items() if arn in measured}
        for moment in moments:
            for region, service in self._services():
                mine = [task for task in tasks if task.service is service]
                sample = self._injected.take(service.cluster.name, service.name)
                if sample is None:
                    found = [percent for percent in (measured[task.arn] for task in mine) if percent is not None]
                else:
                    cpu = sample.of_each(len(mine))
                    found = [] if cpu is None else [Percent(cpu, sample.memory)] * len(mine)
                self._put(region, service, moment, found)
                self._remember(service, moment, found, sum(1 for task in mine if task.desired_status == "RUNNING"))

    def _running(self) -> List[Task]:
        return [task for task in self._store.all_tasks() if task.last_status == "RUNNING"]

    def _services(self) -> Iterator[Tuple[str, Service]]:
        for region in list(self._store.regions.values()):
            for service in region.services:
                if service.status == "ACTIVE":
                    yield region.name, service

    def _measure(self, task: Task, used: Dict[int, Usage]) -> Optional[Percent]:
        """Since the last look; None for the first one, without processes, and when there was no time in between."""
        # A process that has come since they were looked at has used nothing yet.
        mine, now = [used[group] for group in _groups(task).values() if group in used], time.monotonic()
        if not mine:
            return None
        spent = sum(usage.cpu_seconds for usage in mine)
        before = self._measured.get(task.arn)
        if before is not None and now - before.at < self._clock.length / 2:
            return None
        self._measured[task.arn] = Measured(now, spent, task.was_healthy)
        if before is None:
            return None
        vcpus = int(task.definition.body["cpu"]) / UNITS
        share = max(0.0, spent - before.cpu_seconds) / (now - before.at) / vcpus
        if not before.had_started:
            share *= min(1.0, self._clock.length / minutes.SECONDS)
        memory = sum(usage.memory for usage in mine)
        # Fargate holds a task to its vCPUs; here nothing does.
        return Percent(min(100.0, 100 * share), 100 * memory / (int(task.definition.body["memory"]) * MIB))

    def _put(self, region: str, service: Service, moment: datetime, found: Sequence[Percent]) -> None:
        backend = cloudwatch_backends[self._account][region]
        dimensions = [
            {"Name": "ClusterName", "Value": service.cluster.name},
            {"Name": "ServiceName", "Value": service.name},
        ]
        # moto's times have no zone.
        common = {"Dimensions": dimensions, "Unit": "Percent", "Timestamp": moment.replace(tzinfo=None)}
        for percent in found:
            backend.put_metric_data(
                "AWS/ECS",
                [
                    {"MetricName": "CPUUtilization", "Value": percent.cpu, **common},
                    {"MetricName": "MemoryUtilization", "Value": percent.memory, **common},
                ],
            )
        del backend.metric_data[:-KEPT]

    def _remember(self, service: Service, moment: datetime, found: Sequence[Percent], running: int) -> None:
        history = self._history.setdefault((service.cluster.name, service.name), deque(maxlen=REMEMBERED))
        history.append(
            {
                "at": moment.timestamp(),
                "cpu": sum(percent.cpu for percent in found) / len(found) if found else None,
                "running": running,
                "desired": service.desired_count,
            }
        )

    def _tell(self, _method: str, _rest: str, query: Dict[str, str], _body: bytes) -> Reply:
        history = self._history.get((query.get("cluster", ""), query.get("service", "")), [])
        return 200, {"minuteSeconds": self._clock.length, "minutes": list(history)}

    def _clear(self) -> None:
        self._measured.clear()
        self._history.clear()


def _groups(task: Task) -> Dict[str, int]:
    return task.runtime.groups() if task.runtime else {}


def _groups_of(tasks: Sequence[Task]) -> Set[int]:
    return {group for task in tasks for group in _groups(task).values()}


def _enforce_memory(task: Task, used: Dict[int, Usage]) -> None:
    """Kills what uses more than its own limit and, when all together use more than the task has, the largest."""
    if task.runtime is None:
        return
    limit = int(task.definition.body.get("memory") or 0) * MIB
    sizes = {name: used[group].memory for name, group in _groups(task).items() if group in used}
    own = {c.name: (c.definition.get("memory") or 0) * MIB for c in task.containers}
    over = [name for name, size in sizes.items() if own[name] and size > own[name]]
    if not over and sizes and sum(sizes.values()) > limit > 0:
        over = [max(sizes, key=lambda name: sizes[name])]
    for name in over:
        task.runtime.out_of_memory(name)
