"""The minutes of CloudWatch: once in each, services publish their metrics, and then alarms are evaluated and act.

A minute takes twice --delay in real seconds: 60 of them with the delay that AWS itself has. The clock can be stopped, and
then minutes pass only when they are told to, at once and without anything being waited for:
`POST /_sandbox/minutes {"pass": 12}`. `DELETE /_sandbox/minutes` lets it run again, from where it was stopped.
"""

from __future__ import annotations

import json
import math
import time
from datetime import datetime, timezone
from typing import Callable, Dict, List, Sequence

from .context import Reply, Sandbox
from .health import REFERENCE_DELAY

SECONDS = 60
"""Seconds of a minute, as periods and cooldowns are given in them."""
LOOKS = 5
"""How often in a minute the clock is looked at, within SOONEST and LATEST."""
SOONEST, LATEST = 0.05, 1.0
"""Real seconds."""
SHORTEST = SOONEST
"""Real seconds of a minute, however short --delay is: more often nobody looks."""
CAUGHT_UP = 5
"""Minutes that are published at most when a busy machine was late; those before them stay without data."""

Publisher = Callable[[Sequence[datetime]], None]
"""Called with a moment in the middle of each minute that has passed: one, or more on a machine that was late."""

_clocks: Dict[int, "Minutes"] = {}


def of(sandbox: Sandbox) -> Minutes:
    """The one clock of this emulator."""
    if id(sandbox) not in _clocks:
        _clocks[id(sandbox)] = Minutes(sandbox)
    return _clocks[id(sandbox)]


class Minutes:
    def __init__(self, sandbox: Sandbox) -> None:
        self.length = max(SHORTEST, SECONDS * sandbox.settings.delay / REFERENCE_DELAY)
        """Real seconds of a minute."""
        self.publishers: List[Publisher] = []
        self.evaluators: List[Callable[[], None]] = []
        """Called after the publishers, once whatever number of minutes has passed."""
        self._stopped, self._ahead = False, 0.0
        self._under_way = self._number(time.time())
        sandbox.every(min(max(self.length / LOOKS, SOONEST), LATEST), self._look)
        sandbox.on_reset(self._reset)
        sandbox.route("/_sandbox/minutes", self._control)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._now(), timezone.utc)

    def _now(self) -> float:
        """Seconds since 1970. A stopped clock stands a little after the beginning of a minute."""
        return (self._under_way + 0.25) * self.length if self._stopped else time.time() + self._ahead

    def real(self, seconds: float) -> float:
        """How many real seconds these seconds of CloudWatch take."""
        return seconds * self.length / SECONDS

    def period(self, moment: datetime, seconds: float) -> int:
        """The number of the period of this length in which the moment lies; periods of all alarms are aligned."""
        return math.floor(moment.replace(tzinfo=timezone.utc).timestamp() / self.real(seconds))

    def _number(self, seconds: float) -> int:
        return math.floor(seconds / self.length)

    def _look(self) -> None:
        if not self._stopped and self._number(self._now()) > self._under_way:
            self._pass(self._number(self._now()) - self._under_way)

    def _pass(self, count: int) -> None:
        self._under_way += count
        passed = range(self._under_way - min(count, CAUGHT_UP), self._under_way)
        middles = [datetime.fromtimestamp((number + 0.5) * self.length, timezone.utc) for number in passed]
        for publish in self.publishers:
            publish(middles)
        for evaluate in self.evaluators:
            evaluate()

    def _control(self, method: str, _rest: str, _query: Dict[str, str], body: bytes) -> Reply:
        if method == "POST":
            self._stopped = True
            for _ in range(int(json.loads(body or b"{}").get("pass", 0))):
                self._pass(1)
        elif method == "DELETE" and self._stopped:
            self._ahead = self._now() - time.time()
            self._stopped = False
        return 200, {"minuteSeconds": self.length, "stopped": self._stopped, "now": self._now()}

    def _reset(self) -> None:
        self._stopped, self._ahead = False, 0.0
        self._under_way = self._number(time.time())
