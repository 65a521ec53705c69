"""Writes down what was asked of IAM, each thing once, so that policies can be tried on all of it afterwards.

For the project's own tests: AUTHORIZATION_RECORD names the file, to which all emulators of a run append. A line is a JSON
object: who asked (`command` and `stack` of the program, or `role` with its `policies` and `boundary` at that moment), and
`operation`, `action`, `resource` and `context`; or `problem` instead of the last three, for an operation without rules.
"""

from __future__ import annotations

import json
import os
import re
import threading
from typing import Any, Dict, Iterable, Optional, Set

from .authorization import Authorization, Context

COMMAND = re.compile(r"\bmd/command#(\S+)")
STACK = re.compile(r"\bmd/stack#(\S+)")
RANDOM = re.compile(
    r"(?<=-data-)\d{12}-[\w-]+/(?:[^\"\\]|\\.)*|[0-9a-f]{8,}(-[0-9a-f]{4,})*|secret:[^:]*?-\w{6}\b|:\d+\b|scalable-target/\w+"
)
"""Keys of data, ids, digests and revisions: a thing by another name of that kind is no other question."""


class AuthorizationRecord:
    def __init__(self, path: Optional[str]) -> None:
        self._path = path
        self._seen: Set[str] = set()
        self._lock = threading.Lock()

    @property
    def is_on(self) -> bool:
        return self._path is not None

    def add(self, who: Dict[str, Any], operation: str, asked: Iterable[Authorization], context: Context) -> None:
        for one in asked:
            facts = {"action": one.action, "resource": one.resource, "context": {**context, **one.context}}
            self._write({**who, "operation": operation, **facts})

    def add_problem(self, who: Dict[str, Any], operation: str, problem: str) -> None:
        self._write({**who, "operation": operation, "problem": problem})

    def _write(self, entry: Dict[str, Any]) -> None:
        line = json.dumps(entry, sort_keys=True)
        key = RANDOM.sub("#", line)
        with self._lock:
            if self._path is None or key in self._seen:
                return
            self._seen.add(key)
        # One write to a file that is opened for appending: lines of several emulators do not mix.
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, f"{line}\n".encode())
        finally:
            os.close(file)


def command_of(agent: str) -> Optional[Dict[str, Any]]:
    """The program's command that made a request, by its user agent; None for everybody else's requests."""
    command, stack = COMMAND.search(agent), STACK.search(agent)
    return {"command": command[1].replace("_", " "), "stack": stack[1] if stack else ""} if command else None
