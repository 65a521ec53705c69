"""Workflows: deterministic, and run in the SDK's sandbox, so what activities need is imported as passed through."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities import Message, receive_message


@workflow.defn
class MessageWorkflow:
    """Hands the message to an activity and returns what that answers."""

    @workflow.run
    async def run(self, message: Message) -> str:
        return await workflow.execute_activity(
            receive_message,
            message,
            start_to_close_timeout=timedelta(minutes=10),
            heartbeat_timeout=timedelta(seconds=30),
            retry_policy=RetryPolicy(maximum_attempts=5),
        )
