"""What was changed, call by call: enough to make the same account again in another emulator, of a later version too.

POST /_sandbox/recording begins, GET answers what was recorded since, a reset ends it. Only calls of the operator that succeeded
are kept, in an order in which they can be repeated. Things get other ids then: `answer` tells which ones these had.
"""

from __future__ import annotations

import base64
import threading
from typing import Any, Dict, List, Optional

from moto.core.utils import get_service_model

from .aws_call import SERVICES, Call, Response, read
from .context import Reply, Sandbox
from .control import PREFIX
from .redaction import Redaction

REDACTION = Redaction(
    of_blob=lambda blob: {"base64": base64.b64encode(blob).decode("ascii")},
    # Variables of a container: whoever may describe its task definition reads them.
    shown=frozenset({"environment"}),
)


class Recording:
    def __init__(self, sandbox: Sandbox) -> None:
        self._entries: Optional[List[Dict[str, Any]]] = None
        """None while nothing is recorded: the layers of images are large."""
        self._lock = threading.Lock()
        sandbox.route(f"{PREFIX}recording", self._control)
        sandbox.on_reset(self._end)

    def add(self, call: Call, response: Response) -> None:
        """Before the answer goes out: whatever needs it is then recorded later."""
        with self._lock:
            if self._entries is None or not call.mutating or response.status >= 400 or call.principal != "operator":
                return
            model = get_service_model(SERVICES[call.service].model).operation_model(call.operation)
            self._entries.append(
                {
                    "service": call.service,
                    "operation": call.operation,
                    "params": REDACTION.copy(call.params, model.input_shape),
                    "answer": REDACTION.copy(read(call, response), model.output_shape),
                }
            )

    def _control(self, method: str, _rest: str, _query: Dict[str, str], _body: bytes) -> Reply:
        with self._lock:
            if method == "POST":
                self._entries = []
            return 200, {"calls": list(self._entries or [])}

    def _end(self) -> None:
        with self._lock:
            self._entries = None
