"""What the services of a name are said to use, in place of what the processes of their tasks really use.

`POST /_sandbox/usage {"service": "worker", "cpu": 80, "memory": 40}` says it in percent of each task, from the next minute
on; with a "cluster" only of the service there. A list of CPU values is a series, one a minute, in which null is a minute
without data; after its end the processes are measured again. With "load" instead of "cpu" the tasks that run share it: a
load of 150 is 100 % of one task, 75 % of each of two, 50 % of each of three. `DELETE /_sandbox/usage` forgets all of it.
"""

from __future__ import annotations

import json
from collections import deque
from typing import Any, Deque, Dict, NamedTuple, Optional

from .context import Reply, Sandbox


class Sample(NamedTuple):
    """One minute of a service."""

    cpu: Optional[float]
    """Percent; None: the service publishes nothing."""
    memory: float
    shared: bool

    def of_each(self, tasks: int) -> Optional[float]:
        """CPU of each of so many tasks, in percent."""
        if self.cpu is None or tasks == 0:
            return None
        return min(100.0, self.cpu / tasks) if self.shared else self.cpu


class InjectedUsage:
    def __init__(self, sandbox: Sandbox) -> None:
        self._constant: Dict[str, Sample] = {}
        """Name of a service, or cluster/service -> what it is said to use"""
        self._series: Dict[str, Deque[Sample]] = {}
        sandbox.on_reset(self._clear)
        sandbox.route("/_sandbox/usage", self._control)

    def take(self, cluster: str, service: str) -> Optional[Sample]:
        """The next minute of the service; None when nothing is said of it."""
        for key in (f"{cluster}/{service}", service):
            series = self._series.get(key)
            if series:
                return series.popleft()
            if key in self._constant:
                return self._constant[key]
        return None

    def _control(self, method: str, _rest: str, _query: Dict[str, str], body: bytes) -> Reply:
        if method == "DELETE":
            self._clear()
            return 200, {"status": "cleared"}
        given: Dict[str, Any] = json.loads(body or b"{}")
        service = given.get("service")
        if method != "POST" or not service:
            return 400, {"error": "POST the service, and the cpu or load and the memory of it in percent"}
        shared, memory = "load" in given, float(given.get("memory", 0))
        cpu = given.get("load" if shared else "cpu", 0)
        key = f"{given['cluster']}/{service}" if given.get("cluster") else service
        self._constant.pop(key, None)
        self._series.pop(key, None)
        if isinstance(cpu, list):
            samples = (Sample(None if value is None else float(value), memory, shared) for value in cpu)
            self._series[key] = deque(samples)
        else:
            self._constant[key] = Sample(float(cpu), memory, shared)
        return 200, {"status": "set"}

    def _clear(self) -> None:
        self._constant.clear()
        self._series.clear()
