"""The process of one container: its output goes to the log stream line by line, its end to its owner."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Protocol

from . import child
from .ecs_task import Container
from .task_inputs import LogStream

DEFAULT_STOP_TIMEOUT = 30
"""Seconds between SIGTERM and SIGKILL when the task definition does not say."""


class Owner(Protocol):
    """What a container reports to; called from its threads."""

    def exited(self, container: Container, code: int) -> None:
        """The main process has ended; code as a shell gives it (137: SIGKILL)."""

    def log(self, stream: LogStream, events: List[Dict[str, Any]]) -> None: ...


class ContainerProcess:
    """One running container: its process, the thread that reads its output and the thread that waits for its end."""

    def __init__(
        self,
        owner: Owner,
        container: Container,
        log: Optional[LogStream],
        argv: List[str],
        cwd: Path,
        env: Dict[str, str],
    ) -> None:
        self.container, self.cwd = container, cwd
        self._owner, self._log = owner, log
        self.process = child.start(argv, cwd, env, subprocess.PIPE)
        self.kill_at: Optional[float] = None
        self._reader = threading.Thread(target=self._read, name="output", daemon=True)
        self._reader.start()
        self._waiter = threading.Thread(target=self._wait, name="container", daemon=True)
        self._waiter.start()

    def stop(self, within: Optional[float] = None) -> None:
        """SIGTERM now, SIGKILL at the end of the stop timeout or, when that is sooner, within so many seconds."""
        if self.kill_at is None and self.process.poll() is None:
            timeout: float = self.container.definition.get("stopTimeout", DEFAULT_STOP_TIMEOUT)
            # The worker's own clock runs as it does: neither is made shorter with --delay.
            self.kill_at = time.monotonic() + (timeout if within is None else min(timeout, within))
            self.process.send_signal(signal.SIGTERM)

    def kill_when_due(self) -> None:
        if self.kill_at is not None and time.monotonic() >= self.kill_at:
            self.kill()

    def kill(self) -> None:
        # After its end the process id may be another program's.
        if self.process.poll() is None:
            child.signal_group(self.process, signal.SIGKILL)

    def join(self) -> None:
        self._waiter.join()

    def _wait(self) -> None:
        code = self.process.wait()
        # A container ends with its main process: what it has started must not live on.
        child.signal_group(self.process, signal.SIGKILL)
        self._reader.join(timeout=2)
        self._owner.exited(self.container, code if code >= 0 else 128 - code)

    def _read(self) -> None:
        output: Any = self.process.stdout
        rest = b""
        while True:
            block = output.read1(65536)
            if not block:
                break
            *lines, rest = (rest + block).split(b"\n")
            self._write(lines)
        self._write([rest])
        output.close()

    def _write(self, lines: List[bytes]) -> None:
        if self._log is None:
            return
        at = int(time.time() * 1000)
        # CloudWatch Logs takes no empty messages.
        events = [
            {"timestamp": at, "message": line.decode("utf-8", "replace").rstrip("\r")} for line in lines if line.strip()
        ]
        if events:
            self._owner.log(self._log, events)
