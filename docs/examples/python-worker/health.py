"""The file by which the container's health check knows that this worker polls."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

FILE = Path(tempfile.gettempdir(), "worker-alive")
INTERVAL_SECONDS = 2
"""The health check takes a file of 30 seconds ago for a worker that is stuck."""


def forget_last_life() -> None:
    """A container that ECS restarted in place finds the file of its last life."""
    FILE.unlink(missing_ok=True)


async def stay_healthy() -> None:
    """Touches the file on the event loop, which so shows that it turns; for ever, also while the worker drains."""
    while True:
        FILE.touch()
        await asyncio.sleep(INTERVAL_SECONDS)
