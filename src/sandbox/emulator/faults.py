"""Faults on purpose: failures, refusals, delays, cut connections and signals at a chosen AWS call."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional

from .aws_call import AwsError, Call, Response
from .fault_answers import ANSWERS, GARBLED, failure
from .iam_action import action_of

LASTING = ("expired", "denied")
"""From the call they fire at on: credentials stay expired for every call, and an action stays denied."""
BEFORE = ("error", "delay", "hang", *ANSWERS)
"""Act before the call is carried out, which then is not, or later."""
KINDS = (*BEFORE, "late", "garbled", "close", "signal")
ALIASES = {"close-before": ("close", True), "close-after": ("close", False)}


class ConnectionCut(ConnectionError):
    """The connection is to be closed without an answer."""


@dataclass
class Fault:
    """Fires at the `after`-th matching call from now on, and at the `times` - 1 matching ones after it.

    Changes that AWS refuses do not count: they are made again, and how often is up to the moment.
    """

    kind: str
    service: Optional[str] = None
    operation: Optional[str] = None
    region: Optional[str] = None
    key: Optional[str] = None
    """Key of an S3 object."""
    role: Optional[str] = None
    """Name of the role whose calls match; left out, it is the operator's calls that do."""
    mutating: bool = False
    """Count mutating calls only."""
    dry_run: bool = False
    """Count EC2's dry runs, and nothing else."""
    after: int = 1
    times: int = 1
    before: bool = False
    """Act before the call is carried out (it then is not carried out), instead of after it and before its answer."""
    status: Optional[int] = None
    code: str = "InternalError"
    message: str = "An injected fault."
    seconds: float = 0.0
    pid: int = 0
    signal: str = "SIGKILL"
    seen: int = field(default=0, init=False)
    denied: Optional[str] = field(default=None, init=False)
    """The IAM action of the call that a `denied` fault has fired at."""

    @property
    def acts_before(self) -> bool:
        return self.before or self.kind in BEFORE

    @property
    def lasts(self) -> bool:
        """It has fired, and goes on."""
        return self.kind in LASTING and self.seen >= self.after

    def matches(self, call: Call) -> bool:
        if not self._is_caller(call.principal):
            return False
        if self.lasts:
            return self.kind == "expired" or action_of(call) == self.denied
        return (
            (self.service is None or self.service == call.service)
            and (self.operation is None or self.operation == call.operation)
            and self.dry_run == call.dry_run
            and (self.region is None or self.region == call.region)
            and (self.key is None or self.key == call.params.get("Key"))
            and (call.mutating or not self.mutating)
        )

    def _is_caller(self, principal: str) -> bool:
        return ":assumed-role/" not in principal if self.role is None else f":assumed-role/{self.role}/" in principal


def parse_fault(value: Dict[str, Any]) -> Fault:
    """A fault from the body of POST /_sandbox/fault; raises ValueError with the reason."""
    kind = str(value.get("kind", ""))
    cut, before = ALIASES.get(kind, (kind, bool(value.get("before", False))))
    if cut not in KINDS:
        raise ValueError(f"unknown kind {kind!r}; known: {', '.join((*KINDS, *ALIASES))}")
    match = value.get("match") or {}
    fault = Fault(
        kind=cut,
        service=match.get("service"),
        operation=match.get("operation"),
        region=match.get("region"),
        key=match.get("key"),
        role=match.get("role"),
        mutating=bool(value.get("mutating", False)),
        dry_run=bool(match.get("dryRun", False)),
        after=int(value.get("after", 1)),
        times=int(value.get("times", sys.maxsize if cut in LASTING else 1)),
        before=before,
        status=value.get("status"),
        code=str(value.get("code", Fault.code)),
        message=str(value.get("message", Fault.message)),
        seconds=float(value.get("seconds", 0)),
        pid=int(value.get("pid", 0)),
        signal=str(value.get("signal", Fault.signal)),
    )
    if fault.kind == "signal" and (fault.pid <= 1 or not hasattr(signal, fault.signal)):
        raise ValueError("a signal fault needs the pid of a process and the name of a signal")
    return fault


class Faults:
    """The faults that are set. `before` and `after` are called around the carrying out of each call."""

    def __init__(self) -> None:
        self._faults: List[Fault] = []
        self._lock = threading.Lock()
        self._cleared = threading.Event()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._cleared.clear()
            self._faults.append(fault)

    def clear(self) -> None:
        """Removes all faults and lets hanging calls go on."""
        with self._lock:
            self._faults.clear()
            self._cleared.set()

    def lasting(self, call: Call) -> Optional[AwsError]:
        """The refusal of a fault that has fired before; AWS refuses so before it looks at anything else."""
        with self._lock:
            fault = next((fault for fault in self._faults if fault.lasts and fault.matches(call)), None)
        return None if fault is None else failure(fault.kind, call)

    def due(self, call: Call, before: bool) -> List[Fault]:
        """Counts the call, and returns the faults that fire at it before it is carried out, or after that."""
        fired = []
        with self._lock:
            for fault in self._faults:
                if fault.acts_before == before and fault.matches(call):
                    fault.seen += 1
                    if fault.seen == fault.after and fault.kind == "denied":
                        fault.denied = action_of(call)
                    if fault.after <= fault.seen < fault.after + fault.times:
                        fired.append(fault)
        return fired

    def before(self, fired: List[Fault], call: Call) -> None:
        """Acts before the call is carried out. Raises AwsError or ConnectionCut when it must not be."""
        for fault in fired:
            if fault.kind == "delay":
                time.sleep(fault.seconds)
            elif fault.kind == "hang":
                self._cleared.wait()
            elif fault.kind == "error":
                raise AwsError(fault.code, fault.message, fault.status or 400)
            elif fault.kind in ANSWERS:
                raise failure(fault.kind, call)
            else:
                self._strike(fault)

    def after(self, fired: List[Fault], response: Response) -> Response:
        """Acts after the call was carried out and before its answer is sent: returns what is sent."""
        for fault in fired:
            if fault.kind == "late":
                time.sleep(fault.seconds)
            elif fault.kind == "garbled":
                response = Response(fault.status or 200, [("Content-Type", "text/html")], GARBLED)
            else:
                self._strike(fault)
        return response

    @staticmethod
    def _strike(fault: Fault) -> None:
        if fault.kind == "signal":
            try:
                os.kill(fault.pid, getattr(signal, fault.signal))
            except ProcessLookupError:
                pass  # it has ended by itself: the connection is cut all the same
        raise ConnectionCut(f"fault {fault.kind}")
