"""The control endpoints under /_sandbox/: health, calls, inventory, reset, settle and faults."""

from __future__ import annotations

import json
import random
from typing import Dict

from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.moto_api._internal import mock_random

from .calls import CallLog
from .context import Reply, Sandbox
from .faults import Faults, parse_fault
from .inventory import backends, collect

PREFIX = "/_sandbox/"
SEED = 20260101
"""Ids of the things that every account has from the start (the default VPC) are the same after each reset."""


def reset_all(sandbox: Sandbox, calls: CallLog, faults: Faults) -> None:
    """Back to the state of a fresh start; the start's keys stay."""
    with sandbox.lock:
        BackendDict.reset()
        reset_model_data()
        mock_random.seed(SEED)
        for _region, _backend in backends("ec2"):
            pass
        mock_random.seed(random.SystemRandom().getrandbits(64))
        sandbox.reset()
        faults.clear()
        calls.clear()


def install_control(sandbox: Sandbox, calls: CallLog, faults: Faults) -> None:
    def health(_method: str, _rest: str, _query: Dict[str, str], _body: bytes) -> Reply:
        return 200, {"status": "ok"}

    def call_log(method: str, _rest: str, query: Dict[str, str], _body: bytes) -> Reply:
        if method == "DELETE":
            calls.clear()
            return 200, {"calls": []}
        return 200, {"calls": calls.since(int(query.get("since", "0")))}

    def inventory(_method: str, _rest: str, _query: Dict[str, str], _body: bytes) -> Reply:
        return 200, collect(sandbox)

    def reset(method: str, _rest: str, _query: Dict[str, str], _body: bytes) -> Reply:
        if method != "POST":
            return 405, {"error": "POST resets the emulator"}
        reset_all(sandbox, calls, faults)
        return 200, {"status": "reset"}

    def settle(method: str, _rest: str, _query: Dict[str, str], _body: bytes) -> Reply:
        if method != "POST":
            return 405, {"error": "POST lets what is late catch up"}
        sandbox.settle()
        return 200, {"status": "settled"}

    def fault(method: str, _rest: str, _query: Dict[str, str], body: bytes) -> Reply:
        if method == "DELETE":
            faults.clear()
            return 200, {"status": "cleared"}
        try:
            faults.add(parse_fault(json.loads(body or b"{}")))
        except (ValueError, TypeError, AttributeError) as error:
            return 400, {"error": str(error)}
        return 200, {"status": "set"}

    sandbox.route(f"{PREFIX}health", health)
    sandbox.route(f"{PREFIX}calls", call_log)
    sandbox.route(f"{PREFIX}inventory", inventory)
    sandbox.route(f"{PREFIX}reset", reset)
    sandbox.route(f"{PREFIX}settle", settle)
    sandbox.route(f"{PREFIX}fault", fault)
