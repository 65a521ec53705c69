"""Container health checks: run the command again and again, and judge by the retries."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict, List

from . import child
from .task_environment import on_host

SHORTEST_INTERVAL = 0.2
"""Seconds between two checks, however short the sandbox's delay is."""
REFERENCE_DELAY = 30.0
"""Seconds: with this `--delay` the intervals are those of the task definition."""


class HealthCheck(threading.Thread):
    """Reports 'HEALTHY' or 'UNHEALTHY' whenever a check has a result that counts."""

    def __init__(
        self,
        check: Dict[str, Any],
        root: Path,
        cwd: Path,
        env: Dict[str, str],
        delay: float,
        report: Callable[[str], None],
    ) -> None:
        super().__init__(name="health", daemon=True)
        self._argv = _argv(check["command"], root)
        self._interval = max(SHORTEST_INTERVAL, check["interval"] * delay / REFERENCE_DELAY)
        self._timeout: float = check["timeout"]
        self._retries: int = check["retries"]
        # The start period is how long a real process takes to come up, so it is not shortened.
        self._grace_ends = time.monotonic() + check.get("startPeriod", 0)
        self._cwd, self._env, self._report = cwd, env, report
        self._over = threading.Event()

    def run(self) -> None:
        failures, passed = 0, False
        while not self._over.wait(self._interval):
            if self._passes():
                failures, passed = 0, True
                self._report("HEALTHY")
            elif passed or time.monotonic() >= self._grace_ends:
                failures += 1
                if failures >= self._retries and not self._over.is_set():
                    self._report("UNHEALTHY")

    def end(self) -> None:
        self._over.set()

    def _passes(self) -> bool:
        try:
            process = child.start(self._argv, self._cwd, self._env, subprocess.DEVNULL)
        except OSError:
            return False
        deadline = time.monotonic() + self._timeout
        while process.poll() is None and time.monotonic() < deadline and not self._over.wait(0.02):
            pass
        child.signal_group(process, signal.SIGKILL)
        return process.wait() == 0


def _argv(command: List[str], root: Path) -> List[str]:
    kind, words = command[0], command[1:]
    if kind == "CMD-SHELL":
        return ["/bin/sh", "-c", *words]
    return [on_host(word, root) for word in (words if kind == "CMD" else command)]
