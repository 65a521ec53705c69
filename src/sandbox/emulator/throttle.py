"""Mutating calls are throttled by token bucket, each service with the error name of its own.

EC2 API reference, "Request throttling for the Amazon EC2 API"; ECS API reference, "Request throttling"; names in
fault_answers.py. A bucket holds CAPACITY calls and gets one back every `throttle` seconds; AWS's own, for a fresh account,
are about five times as large.
"""

from __future__ import annotations

import time
from typing import Dict, Tuple

from .aws_call import Call
from .context import Sandbox
from .fault_answers import failure

CAPACITY = 10
SERVICES = ("ec2", "ecs", "iam")


def install(sandbox: Sandbox) -> None:
    throttle = Throttle(sandbox.settings.strict["throttle"])
    sandbox.on_settle(throttle.clear)
    for service in SERVICES:
        sandbox.before(service, "*", throttle.take)


class Throttle:
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._buckets: Dict[Tuple[str, str], Tuple[float, float]] = {}

    def clear(self) -> None:
        self._buckets.clear()

    def take(self, call: Call) -> None:
        if not self._seconds or not call.mutating:
            return
        now, key = time.monotonic(), (call.service, call.region)
        tokens, at = self._buckets.get(key, (CAPACITY, now))
        tokens = min(CAPACITY, tokens + (now - at) / self._seconds)
        self._buckets[key] = (tokens - 1 if tokens >= 1 else tokens, now)
        if tokens < 1:
            raise failure("throttle", call)
