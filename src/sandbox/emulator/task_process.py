"""Runs a task as real processes: one a container, from its unpacked image, its output in CloudWatch Logs."""

from __future__ import annotations

import shutil
import sys
import threading
import traceback
import uuid
from typing import Any, Dict, List, Optional

from .container_process import ContainerProcess
from .context import Sandbox
from .ecr import PulledImage
from .ecs_task import Container, Task
from .health import HealthCheck
from .image_cache import ImageCache
from .images import BadImage, clone
from .metadata import TaskEndpoints
from .task_environment import command, environment, working_directory
from .task_inputs import (
    LogStream,
    StartFailure,
    find_image,
    open_log_stream,
    secret_values,
)


OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"


class Prepared:
    """A container whose outside needs (image, secrets, log stream) are met."""

    def __init__(self, sandbox: Sandbox, task: Task, container: Container) -> None:
        """Raises StartFailure. Called with the lock held."""
        self.container = container
        self.secrets = secret_values(sandbox, task, container)
        self.image: PulledImage = find_image(sandbox, task, container)
        self.log: Optional[LogStream] = open_log_stream(sandbox, task, container)


class ProcessRuntime:
    """The Runtime (see ecs_task) of one task. Its thread lives as long as the processes that it starts."""

    def __init__(self, sandbox: Sandbox, task: Task, images: ImageCache, endpoints: TaskEndpoints) -> None:
        self._sandbox, self._task, self._images, self._endpoints = sandbox, task, images, endpoints
        self._folder = sandbox.settings.work_dir / "tasks" / task.id
        self._token = endpoints.open(task)
        self._running: List[ContainerProcess] = []
        self._guard = threading.Lock()
        self._stopping = self._silent = False
        threading.Thread(target=self._run, name=f"task-{task.id}", daemon=True).start()

    # --- Runtime --------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        for running in self._running:
            running.kill_when_due()

    def stop(self, within: Optional[float] = None) -> None:
        with self._guard:
            self._stopping = True
            running = list(self._running)
        for process in running:
            process.stop(within)

    def kill(self) -> None:
        with self._guard:
            self._stopping = self._silent = True
            running = list(self._running)
        for process in running:
            process.kill()
        for process in running:
            process.process.wait()

    def describe(self) -> List[Dict[str, Any]]:
        return [
            {
                "container": running.container.name,
                "pid": running.process.pid,
                "cwd": str(running.cwd),
                "alive": running.process.poll() is None,
                "exitCode": running.container.exit_code,
            }
            for running in self._running
        ]

    def groups(self) -> Dict[str, int]:
        return {one.container.name: one.process.pid for one in self._running if one.process.poll() is None}

    def out_of_memory(self, container: str) -> None:
        for running in self._running:
            if running.container.name == container:
                running.container.reason = OUT_OF_MEMORY
                running.kill()

    # --- the task's thread ----------------------------------------------------------------------------------------

    def _run(self) -> None:
        health: List[HealthCheck] = []
        try:
            self._start(health)
            for running in self._running:
                running.join()
        except StartFailure as failure:
            self._end_all()
            with self._sandbox.lock:
                self._task.fail(str(failure))
        except Exception as error:  # noqa: BLE001 a fault of ours must not leave a task that never ends
            traceback.print_exc(file=sys.stderr)
            self._end_all()
            with self._sandbox.lock:
                self._task.fail(f"CannotStartContainerError: the emulator failed: {error!r}")
        finally:
            for check in health:
                check.end()
            with self._sandbox.lock:
                self._endpoints.close(self._token)
                self._task.ended()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self, health: List[HealthCheck]) -> None:
        with self._sandbox.lock:
            self._task.last_status = "PENDING"
            prepared = [Prepared(self._sandbox, self._task, container) for container in self._task.containers]
        for one in prepared:
            if not self._start_container(one, health):
                return
        with self._sandbox.lock:
            self._task.running()

    def _start_container(self, prepared: Prepared, health: List[HealthCheck]) -> bool:
        """False when the task was stopped meanwhile. Raises StartFailure."""
        container, folder = prepared.container, self._folder / prepared.container.name
        root = folder / "rootfs"
        try:
            source = self._images.root_of(prepared.image)
        except BadImage as error:
            raise StartFailure(f"CannotPullContainerError: {error}") from error
        for name in ("home", "tmp"):
            (folder / name).mkdir(parents=True)
        clone(source, root)
        cwd = working_directory(prepared.image, container, root)
        endpoints = self._endpoints.variables(self._token, container)
        env = environment(self._sandbox, self._task, prepared.image, container, prepared.secrets, endpoints, folder)
        argv = command(prepared.image, container, root, self._task.architecture)
        container.image_digest, container.runtime_id = (
            prepared.image.digest,
            f"{self._task.id}-{uuid.uuid4().int % 10**10}",
        )
        with self._guard:
            if self._stopping:
                return False
            try:
                self._running.append(ContainerProcess(self, container, prepared.log, argv, cwd, env))
            except OSError as error:
                raise StartFailure(
                    f'CannotStartContainerError: failed to create task: exec: "{argv[0]}": {error.strerror}: unknown'
                ) from error
        if container.has_health_check:
            health.append(
                HealthCheck(
                    container.definition["healthCheck"],
                    root,
                    cwd,
                    env,
                    self._sandbox.settings.delay,
                    lambda state: self._report(container, state),
                )
            )
            health[-1].start()
        return True

    def _end_all(self) -> None:
        for running in self._running:
            running.kill()
        for running in self._running:
            running.join()

    # --- what containers report -----------------------------------------------------------------------------------

    def exited(self, container: Container, code: int) -> None:
        with self._sandbox.lock:
            container.exit_code, container.last_status = code, "STOPPED"
            if not container.definition["essential"]:
                return
            self._task.essential_exited()
        self.stop()

    def log(self, stream: LogStream, events: List[Dict[str, Any]]) -> None:
        with self._sandbox.lock:
            if not self._silent:
                stream.write(self._sandbox.settings.account_id, events)

    def _report(self, container: Container, state: str) -> None:
        with self._sandbox.lock:
            if container.last_status == "RUNNING":
                container.health = state
