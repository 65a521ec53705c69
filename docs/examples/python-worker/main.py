"""A Temporal worker in Python that follows the contract of temporal-fargate (docs/worker-contract.md)."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from datetime import timedelta

from temporalio.client import Client
from temporalio.envconfig import ClientConfigProfile
from temporalio.worker import Worker

from activities import receive_message
from health import forget_last_life, stay_healthy
from log_lines import log_as_json
from settings import BadEnvironment, Settings, read_settings
from workflows import MessageWorkflow

LONGEST_PAUSE_SECONDS = 30
log = logging.getLogger("worker")


async def connect(identity: str) -> Client:
    """By the official variables (TEMPORAL_ADDRESS, TEMPORAL_API_KEY, TEMPORAL_TLS...); waits for a server that is away."""
    config = ClientConfigProfile.load(disable_file=True).to_client_connect_config()
    pause = 1
    while True:
        try:
            return await Client.connect(**config, identity=identity)
        except RuntimeError as error:
            log.warning("Temporal cannot be reached: %s", error)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


async def work(settings: Settings) -> None:
    worker = Worker(
        await connect(settings.identity),
        task_queue=settings.task_queue,
        workflows=[MessageWorkflow],
        activities=[receive_message],
        max_concurrent_activities=settings.activity_slots,
        graceful_shutdown_timeout=timedelta(seconds=settings.grace_seconds),
    )
    running = asyncio.create_task(worker.run())
    alive = asyncio.create_task(stay_healthy())
    log.info("polling %s as %s", settings.task_queue, settings.identity)
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        log.info("draining: running activities have %s seconds", settings.grace_seconds)
        await worker.shutdown()
        await running
        log.info("stopped")
    finally:
        alive.cancel()


async def main() -> None:
    """Until a stop signal has been obeyed; before there is a worker it ends the program at once."""
    forget_last_life()
    working = asyncio.create_task(work(read_settings()))
    loop = asyncio.get_running_loop()
    stopping = False

    def stop() -> None:
        # A second signal must not cut off a worker that drains.
        nonlocal stopping
        if not stopping:
            stopping = True
            working.cancel()

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop)
    try:
        await working
    except asyncio.CancelledError:
        log.info("stopped before polling")


def run() -> int:
    """The exit code; after any but 0 ECS starts another task."""
    log_as_json()
    try:
        asyncio.run(main())
        return 0
    except BadEnvironment as problem:
        log.error("the worker's environment is not usable: %s", problem)
    except Exception:
        log.exception("the worker ended")
    return 1


exit_code = run()
logging.shutdown()
# Not sys.exit: threads of the SDK's native core may still want to log, and abort in an interpreter that is going down.
os._exit(exit_code)
