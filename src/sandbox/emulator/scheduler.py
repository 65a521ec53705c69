"""The service scheduler: takes each service to its desired count, and one revision to the next."""

from __future__ import annotations

import math
import time
from typing import List, Optional

from . import ecs_rollout
from .context import Sandbox
from .ecs_store import Deployment, Region, Service, Store, now
from .ecs_task import Task
from .ecs_tasks import forget_old
from .placement import NotPlaced, Placement, next_providers

OCCUPYING = ("PROVISIONING", "PENDING", "RUNNING")
"""States in which a task counts for maximumPercent."""
SHORTEST_SETTLE = 1.0
"""Seconds that a real process without a health check must run to count as good; AWS takes about 40."""
FAILED = ("TaskFailedToStart", "EssentialContainerExited")
UNHEALTHY = "Task failed container health checks"


class Scheduler:
    def __init__(self, sandbox: Sandbox, store: Store, placement: Placement) -> None:
        self._store, self._placement, self._delay = store, placement, sandbox.settings.delay
        simulated = sandbox.settings.tasks == "simulated"
        self._draining = max(self._delay, sandbox.settings.strict["service-draining"])
        """A deleted service is DRAINING until so long after its last task has ended: iasql measured 56 to 901 seconds."""
        self._settle = 0.0 if simulated else max(self._delay, SHORTEST_SETTLE)

    def tick(self) -> None:
        for region in list(self._store.regions.values()):
            for task in list(region.tasks.values()):
                self._advance(task)
            for service in region.services:
                if service.status != "INACTIVE":
                    self._reconcile(region, service)
            forget_old(region)

    def _advance(self, task: Task) -> None:
        if task.last_status == "STOPPED" or task.runtime is None:
            return
        task.runtime.tick()
        ended = task.execution_stopped_at
        if ended is not None and (now() - ended).total_seconds() >= self._delay / 2:
            task.deprovisioned()

    def _reconcile(self, region: Region, service: Service) -> None:
        mine = region.tasks_of(service)
        for task in mine:
            self._note(service, task)
        tasks = [task for task in mine if task.last_status != "STOPPED"]
        if service.status == "DRAINING":
            self._drain(service, tasks)
            return
        ecs_rollout.advance(service)
        keeper = self._keeper(service)
        wanted = [task for task in tasks if task.desired_status == "RUNNING"]
        new = [task for task in wanted if task.deployment is keeper]
        old = [task for task in wanted if task.deployment is not keeper]
        good = [task for task in new if task.is_good(self._settle)]
        self._scale_in(service, new, old, good)
        if keeper is not None and time.monotonic() >= service.launch_after:
            self._scale_out(region, service, keeper, tasks, len(new))
        complete = len(new) == len(good) == service.desired_count and all(
            t.deployment is service.primary for t in tasks
        )
        if complete and service.primary.rollout_state == "IN_PROGRESS" and service.current.status != "PENDING":
            ecs_rollout.complete(service)
        self._report_steady(
            service, complete and len(tasks) == len(new) and service.primary.rollout_state == "COMPLETED"
        )

    def _keeper(self, service: Service) -> Optional[Deployment]:
        """The deployment whose tasks are kept at the desired count: the PRIMARY, else the last good one."""
        if service.primary.rollout_state != "FAILED":
            return service.primary
        return next((d for d in service.deployments if d.rollout_state == "COMPLETED"), None)

    def _note(self, service: Service, task: Task) -> None:
        """Counts failures and first good moments of a task, and stops an unhealthy one."""
        deployment = task.deployment
        if deployment is None or task.failure_counted:
            return
        if task.health == "UNHEALTHY" and task.desired_status == "RUNNING":
            task.stop("ServiceSchedulerInitiated", UNHEALTHY)
            service.event(f"(task {task.id}) failed container health checks.")
        failed = task.stop_code in FAILED and task.execution_stopped_at is not None
        if failed or task.stopped_reason == UNHEALTHY:
            task.failure_counted = True
            service.hold_launches(self._delay)
            if task.stop_code == "TaskFailedToStart":
                service.event(f"was unable to place a task. Reason: {task.stopped_reason}.")
            ecs_rollout.note_failure(service, deployment)
        elif not task.was_healthy and task.is_good(self._settle):
            task.was_healthy = True
            ecs_rollout.note_healthy(service, deployment)

    def _scale_in(self, service: Service, new: List[Task], old: List[Task], good: List[Task]) -> None:
        minimum = math.ceil(
            service.desired_count * service.config["deploymentConfiguration"]["minimumHealthyPercent"] / 100
        )
        good_old = [task for task in old if task.is_good(self._settle)]
        spare = max(0, len(good) + len(good_old) - minimum)
        leaving = [task for task in old if task not in good_old] + good_old[:spare]
        excess = max(0, len(new) - service.desired_count)
        # Tasks that are not good go first, then the newest.
        leaving += sorted(new, key=lambda task: (task in good, -task.created_at.timestamp()))[:excess]
        _stop(service, leaving)

    def _scale_out(self, region: Region, service: Service, keeper: Deployment, tasks: List[Task], have: int) -> None:
        maximum = math.floor(service.desired_count * service.config["deploymentConfiguration"]["maximumPercent"] / 100)
        room = maximum - sum(1 for task in tasks if task.last_status in OCCUPYING)
        started: List[Task] = []
        for provider in next_providers(region, service, min(service.desired_count - have, room)):
            try:
                started.append(self._placement.place(region, service, keeper, provider))
            except NotPlaced as problem:
                self._refused(service, str(problem))
                if problem.failed:
                    ecs_rollout.note_failure(service, keeper)
                    break
        if started:
            service.event(f"has started {len(started)} tasks: {_names(started)}.")

    def _refused(self, service: Service, message: str) -> None:
        service.hold_launches(self._delay)
        if not service.events or not service.events[0]["message"].endswith(message):
            service.event(message)

    def _drain(self, service: Service, tasks: List[Task]) -> None:
        leaving = [task for task in tasks if task.desired_status == "RUNNING"]
        _stop(service, leaving)
        if tasks:
            return
        service.emptied_at = service.emptied_at or time.monotonic()
        if time.monotonic() - service.emptied_at >= self._draining:
            service.status = "INACTIVE"

    def _report_steady(self, service: Service, steady: bool) -> None:
        if steady and not service.steady:
            service.event("has reached a steady state.")
        service.steady = steady


def _stop(service: Service, tasks: List[Task]) -> None:
    for task in tasks:
        deployment = task.deployment.id if task.deployment else ""
        task.stop("ServiceSchedulerInitiated", f"Scaling activity initiated by (deployment {deployment})")
    if tasks:
        service.event(f"has stopped {len(tasks)} running tasks: {_names(tasks)}.")


def _names(tasks: List[Task]) -> str:
    return " ".join(f"(task {task.id})" for task in tasks)
