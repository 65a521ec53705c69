"""The log of AWS calls received, kept in memory and free of secrets."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict, dataclass
from typing import Any, Dict, List, Optional

from moto.core.utils import get_service_model

from .aws_call import SERVICES, Call
from .redaction import Redaction

REDACTION = Redaction(of_blob=lambda blob: {"bytes": len(blob)})


@dataclass
class Entry:
    """One AWS call. The field names are those of GET /_sandbox/calls."""

    n: int
    at: int
    """Milliseconds since the epoch when the call arrived."""
    service: str
    operation: str
    params: Any
    principal: str
    mutating: bool
    agent: str
    status: Optional[int] = None
    """HTTP status of the answer; None while the call runs or when it was cut off before it was carried out."""
    error: Optional[str] = None
    fault: Optional[str] = None
    """Kind of the fault that struck this very call."""


class CallLog:
    """Calls in the order of their arrival, numbered from 1 since the start or the last clear."""

    def __init__(self) -> None:
        self._entries: List[Entry] = []
        self._lock = threading.Lock()

    def begin(self, call: Call) -> Entry:
        with self._lock:
            entry = Entry(
                n=len(self._entries) + 1,
                at=int(time.time() * 1000),
                service=call.service,
                operation=call.operation,
                params=_safe_params(call),
                principal=call.principal,
                mutating=call.mutating,
                agent=call.environ.get("HTTP_USER_AGENT", ""),
            )
            self._entries.append(entry)
            return entry

    def since(self, number: int) -> List[Dict[str, Any]]:
        """The calls after call `number`."""
        with self._lock:
            return [asdict(entry) for entry in self._entries[max(0, number):]]

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()


def _safe_params(call: Call) -> Any:
    if call.problem is not None or call.service not in SERVICES or not call.known:
        return {"unparsed": True}
    shape = get_service_model(SERVICES[call.service].model).operation_model(call.operation).input_shape
    return REDACTION.copy(call.params, shape)
