"""Starts emulators for tests as forks of one process that has loaded moto and the models of its services already.

Loading them takes 3 seconds of processor time, more than most test files need for all of their calls. Reads one JSON
object per line of standard input, with the `arguments` of `python -m emulator` and the `log` for its standard error or
null, and answers each with the line in which that emulator says that it listens, and with its pid; with {} when it ended
before. The emulators end with this process.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from typing import Any, Dict, List, Optional

from emulator import __main__ as emulator
from emulator.aws_call import SERVICES, Service
from emulator.model_patterns import CATEGORY, of_category
from emulator.moto_call import app_of
from moto.core.errors import ErrorLookupFactory
from moto.core.routing import PROTOCOL_ROUTERS, get_service_router
from moto.core.utils import get_service_model, service_name_from_moto_package_name
from moto.moto_api._internal import mock_random


def main() -> None:
    for service in SERVICES.values():
        load(service)
    # Nothing of this is garbage, and looking at it would copy its pages.
    gc.freeze()
    # The system forgets forks that have ended, so that nobody takes them for running.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    inputs: List[int] = []
    rest = b""
    # sys.stdin is left alone: its buffer would go to the forks.
    while chunk := os.read(0, 65536):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            print(json.dumps(start(**json.loads(line), inputs=inputs)), flush=True)


def load(service: Service) -> None:
    """All that the first calls of a service would make and later ones find made."""
    model = get_service_model(service.model)
    router = get_service_router(service.model)
    for protocol in model.metadata.get("protocols", [model.protocol]):
        if protocol in PROTOCOL_ROUTERS:
            router._get_router(protocol)
    app_of(service.module)
    ErrorLookupFactory().for_service(model)
    service_name_from_moto_package_name(service.module)
    for shape in model._shape_resolver._shape_map.values():
        for category in CATEGORY.findall(shape.get("pattern", "")):
            of_category(category)


def start(arguments: List[str], log: Optional[str], inputs: List[int]) -> Dict[str, Any]:
    """What the emulator says of itself; its standard input, which ends with this process, is added to `inputs`."""
    its_input, keeper = os.pipe()
    said, its_output = os.pipe()
    pid = os.fork()
    if pid == 0:
        for end in (*inputs, keeper, said):
            os.close(end)
        run(arguments, log, its_input, its_output)
    inputs.append(keeper)
    os.close(its_input)
    os.close(its_output)
    with open(said, encoding="utf-8") as output:
        line = output.readline()
    return {"pid": pid, **json.loads(line)} if line else {}


def run(arguments: List[str], log: Optional[str], its_input: int, its_output: int) -> None:
    """Is the emulator; does not return."""
    os.dup2(its_input, 0)
    os.dup2(its_output, 1)
    os.close(its_input)
    os.close(its_output)
    if log is not None:
        os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # Otherwise every fork would make the same ids.
    mock_random.seed()
    sys.argv = ["emulator", *arguments]
    try:
        emulator.main()
    finally:
        sys.stderr.flush()
        os._exit(1)


main()
