"""`python -m emulator`: starts the emulator and prints one JSON line on stdout when it listens."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import signal
import string
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from werkzeug.serving import make_server

from .calls import CallLog
from .context import Sandbox
from .control import install_control, reset_all
from .faults import Faults
from .http_handler import Handler
from .server import Application
from .services import install_all
from .settings import CHANGES, Settings, parse_durations
from .strict import FACTORS, parse_strict

LOOPBACK = "127.0.0.1"


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="emulator", description="A strict AWS emulator on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--front", type=int, metavar="PORT", help="of a proxy on this machine, whose name requests may carry as well")
    parser.add_argument("--temporal-address", help="host:port of the Temporal server")
    parser.add_argument("--delay", type=float, default=1.0, help="seconds, the base time of every state change")
    parser.add_argument(
        "--duration",
        action="append",
        default=[],
        metavar="CHANGE=SECONDS",
        help=f"of one state change, instead of --delay. CHANGE is one of {', '.join(CHANGES)}",
    )
    parser.add_argument("--tasks", choices=("process", "simulated"), default="process")
    parser.add_argument("--alarm-actions", action="store_true", help="let alarms scale services from the start")
    parser.add_argument(
        "--strict",
        action="append",
        default=[],
        metavar="on|on=DELAY|off|NAME=SECONDS",
        help=f"AWS's lags and refusals; on, the default: all, in proportion to --delay or to one of their own. NAME is one of {', '.join(FACTORS)}",
    )
    parser.add_argument("--work-dir", type=Path, help="kept at the end; without it a temporary folder is made and removed")
    parser.add_argument("--image-cache", type=Path, help="folder of unpacked images, shared with other emulators; the work dir's own without it")
    parser.add_argument("--exit-with-stdin", action="store_true", help="end when standard input closes")
    arguments = parser.parse_args()
    try:
        arguments.strict = parse_strict(arguments.strict, arguments.delay)
        arguments.duration = parse_durations(arguments.duration)
    except ValueError as error:
        parser.error(str(error))
    return arguments


def new_access_key_id() -> str:
    """Twenty characters like a key id of AWS; S for sandbox instead of A, so that no scanner takes it for a real one."""
    return "SKIA" + "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(16))


def main() -> None:
    arguments = parse_arguments()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    # The socket exists before the application does: the settings hold its port.
    server = make_server(LOOPBACK, arguments.port, _starting, threaded=True, request_handler=Handler)
    work_dir = arguments.work_dir or Path(tempfile.mkdtemp(prefix="temporal-fargate-emulator-"))
    work_dir.mkdir(parents=True, exist_ok=True)
    settings = Settings(
        delay=arguments.delay,
        tasks=arguments.tasks,
        strict=arguments.strict,
        alarm_actions=arguments.alarm_actions,
        work_dir=work_dir,
        image_cache=arguments.image_cache or work_dir / "images",
        temporal_address=arguments.temporal_address,
        endpoint=f"http://{LOOPBACK}:{server.port}",
        front=arguments.front,
        durations=arguments.duration,
        access_key_id=new_access_key_id(),
        secret_access_key=secrets.token_urlsafe(30),
        authorization_record=os.environ.get("AUTHORIZATION_RECORD"),
    )
    sandbox, calls, faults = Sandbox(settings), CallLog(), Faults()
    install_all(sandbox)
    install_control(sandbox, calls, faults)
    reset_all(sandbox, calls, faults)
    server.app = Application(sandbox, calls, faults)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="server", daemon=True).start()
    sandbox.start_timers()
    if arguments.exit_with_stdin:
        threading.Thread(target=_await_end_of_input, args=(stop,), name="stdin", daemon=True).start()
    announce(server.port, settings)
    stop.wait()
    faults.clear()
    server.shutdown()
    sandbox.close()
    if arguments.work_dir is None:
        shutil.rmtree(work_dir, ignore_errors=True)
    # All state was in memory: taking the interpreter and moto's modules down in order would only cost a second.
    sys.stderr.flush()
    os._exit(0)


def announce(port: int, settings: Settings) -> None:
    line = {
        "port": port,
        "endpoint": settings.endpoint,
        "accessKeyId": settings.access_key_id,
        "secretAccessKey": settings.secret_access_key,
        "region": settings.region,
        "accountId": settings.account_id,
    }
    print(json.dumps(line), flush=True)


def _await_end_of_input(stop: threading.Event) -> None:
    while sys.stdin.buffer.read(4096):
        pass
    stop.set()


def _starting(_environ: Any, start_response: Any) -> Any:
    start_response("503 Service Unavailable", [("Content-Length", "0")])
    return []


if __name__ == "__main__":
    main()
