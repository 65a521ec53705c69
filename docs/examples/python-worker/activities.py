"""Activities: ordinary code, which may do anything that the task may."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from temporalio import activity


@dataclass
class Message:
    message: str
    seconds: float = 0
    """How long the work takes; with a few of them one sees a worker drain."""


@activity.defn
async def receive_message(message: Message) -> str:
    left = message.seconds
    while left > 0:
        activity.heartbeat(left)
        await asyncio.sleep(min(left, 5))
        left -= 5
    activity.logger.info("message received")
    return f"Python received: {message.message}"
