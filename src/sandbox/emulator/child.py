"""Child processes that cannot outlive the emulator."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

_PR_SET_PDEATHSIG = 1


def _die_with_parent() -> Optional[Callable[[], None]]:
    """On Linux a function for the child that makes the kernel kill it when the thread that started it ends.

    The thread that starts a child must therefore wait for it. Elsewhere only --exit-with-stdin and SIGTERM clean up.
    """
    if not sys.platform.startswith("linux"):
        return None
    prctl, emulator = ctypes.CDLL(None).prctl, os.getpid()

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != emulator:
            os._exit(1)

    return ask


def start(argv: List[str], cwd: Path, env: Dict[str, str], output: Any) -> "subprocess.Popen[bytes]":
    """Starts argv in a process group of its own with exactly this environment. Raises OSError."""
    return subprocess.Popen(
        argv,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_die_with_parent(),
    )


def signal_group(process: "subprocess.Popen[bytes]", number: int) -> None:
    """Signals the whole group; fine when it is gone."""
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        pass  # macOS answers EPERM for a group of zombies
