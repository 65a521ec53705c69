"""What process groups use of the machine: from /proc on Linux, from `ps` elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Callable, Dict, Iterator, NamedTuple, Set

_PS = ["ps", "-A", "-o", "pgid=,time=,rss="]
_PS_TIMEOUT = 5.0


@dataclass
class Usage:
    cpu_seconds: float = 0.0
    """Since the group began, of its processes that live and of those that they have waited for."""
    memory: int = 0
    """Bytes that are resident."""


class _Process(NamedTuple):
    group: int
    cpu_seconds: float
    memory: int


def of_groups(groups: Set[int]) -> Dict[int, Usage]:
    """Usage by process group id; a group that is gone uses nothing."""
    found = {group: Usage() for group in groups}
    if not groups:
        return found
    for process in _read():
        usage = found.get(process.group)
        if usage is not None:
            usage.cpu_seconds += process.cpu_seconds
            usage.memory += process.memory
    return found


def _from_proc() -> Iterator[_Process]:
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                # The program's name, in brackets, may hold anything; after it come fields 3 and on, see proc(5).
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue  # it has just ended
        own_and_waited_for = sum(int(field) for field in fields[11:15])
        yield _Process(int(fields[2]), own_and_waited_for / ticks, int(fields[21]) * page)


def _from_ps() -> Iterator[_Process]:
    try:
        done = subprocess.run(_PS, capture_output=True, text=True, timeout=_PS_TIMEOUT, check=True)
    except (OSError, subprocess.SubprocessError):
        return
    for line in done.stdout.splitlines():
        group, spent, resident = line.split()
        yield _Process(int(group), _seconds(spent), int(resident) * 1024)


def _seconds(text: str) -> float:
    """From ps's [[days-]hours:]minutes:seconds.hundredths."""
    days, _, clock = text.rpartition("-")
    seconds = 0.0
    for part in clock.split(":"):
        seconds = seconds * 60 + float(part)
    return seconds + 86400 * int(days or 0)


_read: Callable[[], Iterator[_Process]] = _from_proc if sys.platform.startswith("linux") else _from_ps
