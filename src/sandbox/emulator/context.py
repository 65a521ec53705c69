"""The one object that the service modules share: settings, the lock, operations, control routes, timers, credentials."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Tuple

from .authorization_record import AuthorizationRecord
from .aws_call import After, Answer, Before, Call
from .settings import Settings

Reply = Tuple[int, Any]
"""HTTP status and a value that json.dumps takes."""
Handler = Callable[[str, str, Dict[str, str], bytes], Reply]
"""(method, rest of the path after the registered part, query, body) -> Reply"""
Kinds = Dict[str, Dict[str, Dict[str, Any]]]
"""kind -> id -> fields, one service's part of the inventory: {"vpc": {"vpc-1": {"tags": {...}}}}"""


@dataclass(frozen=True)
class Route:
    handler: Handler
    public: bool


@dataclass(frozen=True)
class Credential:
    secret: str
    token: Optional[str]
    """Session token that a request must carry in x-amz-security-token, or None."""
    principal: str
    """'operator' for the key of this start, otherwise an ARN."""


@dataclass(frozen=True)
class Timer:
    seconds: float
    run: Callable[[], None]


class Sandbox:
    """Shared by all modules of one emulator process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.lock = threading.RLock()
        """Held while an AWS call is carried out and while a timer runs: moto's backends are not thread safe."""
        self.record = AuthorizationRecord(settings.authorization_record)
        self._before: Dict[Tuple[str, str], List[Before]] = {}
        self._answers: Dict[Tuple[str, str], List[Answer]] = {}
        self._after: Dict[Tuple[str, str], List[After]] = {}
        self.control: Dict[str, Route] = {}
        self.control_prefixes: Dict[str, Route] = {}
        self.inventories: Dict[str, Callable[[], Kinds]] = {}
        self._own = Credential(settings.secret_access_key, None, "operator")
        self._credentials: Dict[str, Credential] = {}
        self._timers: List[Timer] = []
        self._on_reset: List[Callable[[], None]] = []
        self._on_settle: List[Callable[[], None]] = []
        self._on_exit: List[Callable[[], None]] = []
        self._stopping = threading.Event()

    # --- AWS operations -------------------------------------------------------------------------------------------

    def before(self, service: str, operation: str, check: Before) -> None:
        """Runs `check` before the operation; it raises AwsError to refuse. Several run in order of registration.

        The operation "*" stands for all of the service; such checks run first.
        """
        self._before.setdefault((service, operation), []).append(check)

    def answer(self, service: str, operation: str, answer: Answer) -> None:
        """Answers the operation instead of moto: `answer(call, forward)` returns the output as the AWS model names it.

        `forward()` carries the call out as it would be without this answer (moto, or the answer registered before)
        and returns the parsed output; it raises AwsError when that refuses.
        """
        self._answers.setdefault((service, operation), []).append(answer)

    def after(self, service: str, operation: str, run: After) -> None:
        """Runs after the operation ("*": any of the service) has succeeded and before its answer is sent."""
        self._after.setdefault((service, operation), []).append(run)

    def checks(self, call: Call) -> List[Before]:
        return self._before.get((call.service, "*"), []) + self._before.get((call.service, call.operation), [])

    def answers(self, call: Call) -> List[Answer]:
        return self._answers.get((call.service, call.operation), [])

    def followers(self, call: Call) -> List[After]:
        return self._after.get((call.service, "*"), []) + self._after.get((call.service, call.operation), [])

    # --- control routes -------------------------------------------------------------------------------------------

    def route(self, path: str, handler: Handler, public: bool = False) -> None:
        """Answers exactly this path. `public` skips the key check: the path itself must be unguessable then."""
        self.control[path] = Route(handler, public)

    def route_prefix(self, prefix: str, handler: Handler, public: bool = False) -> None:
        """Answers every path that starts with prefix; the handler gets the rest of the path."""
        self.control_prefixes[prefix] = Route(handler, public)

    def find_route(self, path: str) -> Optional[Tuple[Route, str]]:
        """The route for a path and what of the path its handler gets."""
        if path in self.control:
            return self.control[path], ""
        matches = [prefix for prefix in self.control_prefixes if path.startswith(prefix)]
        if not matches:
            return None
        longest = max(matches, key=len)
        return self.control_prefixes[longest], path[len(longest):]

    # --- inventory ------------------------------------------------------------------------------------------------

    def inventory(self, service: str, collect: Callable[[], Kinds]) -> None:
        """Registers one service's part of GET /_sandbox/inventory; collect is called with the lock held."""
        self.inventories[service] = collect

    # --- credentials ----------------------------------------------------------------------------------------------

    def add_credentials(self, access_key_id: str, secret: str, token: Optional[str], principal: str) -> None:
        """Makes the door accept one more key, for example that of a task role."""
        self._credentials[access_key_id] = Credential(secret, token, principal)

    def remove_credentials(self, access_key_id: str) -> None:
        self._credentials.pop(access_key_id, None)

    def credential(self, access_key_id: str) -> Optional[Credential]:
        if access_key_id == self.settings.access_key_id:
            return self._own
        return self._credentials.get(access_key_id)

    # --- time -----------------------------------------------------------------------------------------------------

    def every(self, seconds: float, run: Callable[[], None]) -> None:
        """Runs `run` about every `seconds` in the one background thread, with the lock held.

        An exception is printed to stderr and does not end the timer. Long work belongs in a thread of its own.
        """
        self._timers.append(Timer(seconds, run))

    def start_timers(self) -> None:
        threading.Thread(target=self._run_timers, name="timers", daemon=True).start()

    def _run_timers(self) -> None:
        due = [time.monotonic() + timer.seconds for timer in self._timers]
        while due and not self._stopping.wait(max(0.0, min(due) - time.monotonic())):
            for index, timer in enumerate(self._timers):
                if due[index] > time.monotonic():
                    continue
                with self.lock:
                    try:
                        timer.run()
                    except Exception:  # noqa: BLE001 one failed tick must not stop the clock
                        traceback.print_exc(file=sys.stderr)
                due[index] = time.monotonic() + timer.seconds

    # --- life -----------------------------------------------------------------------------------------------------

    def on_reset(self, run: Callable[[], None]) -> None:
        """Called by POST /_sandbox/reset, with the lock held, after moto's own state is gone."""
        self._on_reset.append(run)

    def on_settle(self, run: Callable[[], None]) -> None:
        """Called by POST /_sandbox/settle and by a reset, with the lock held: what is late catches up at once."""
        self._on_settle.append(run)

    def settle(self) -> None:
        for run in self._on_settle:
            run()

    def on_exit(self, run: Callable[[], None]) -> None:
        """Called once when the emulator ends, in reverse order of registration."""
        self._on_exit.append(run)

    def reset(self) -> None:
        """Runs the reset hooks and forgets every key but the start's own."""
        self._credentials.clear()
        self.settle()
        for run in self._on_reset:
            run()

    def close(self) -> None:
        """Stops the timers and runs the exit hooks; each one runs even when another fails."""
        self._stopping.set()
        while self._on_exit:
            run = self._on_exit.pop()
            try:
                run()
            except Exception:  # noqa: BLE001
                traceback.print_exc(file=sys.stderr)
