"""What one start of the emulator was asked for. Nothing here changes while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, Iterable, Optional

from .strict import Strict

ACCOUNT_ID = "123456789012"
DEFAULT_REGION = "us-east-1"
PARTITION = "aws"
"""Of every ARN. Under it moto keeps what has no region."""
CHANGES = ("nat-available", "nat-deleted", "endpoint")
"""State changes that can be given a time of their own; each takes --delay otherwise."""


def parse_durations(words: Iterable[str]) -> Dict[str, float]:
    """From "name=seconds". Raises ValueError with what is wrong."""
    durations: Dict[str, float] = {}
    for word in words:
        name, _, seconds = word.partition("=")
        if name not in CHANGES:
            raise ValueError(f"no state change is named {name!r}: {', '.join(CHANGES)}")
        durations[name] = float(seconds)
    return durations


@dataclass(frozen=True)
class Settings:
    """Options of `python -m emulator`, plus what is made at the start (port, keys)."""

    delay: float
    """Seconds, the base time of every AWS state change (NAT gateway pending, service draining)."""
    tasks: str
    """'process': ECS tasks are real processes; 'simulated': they become RUNNING without one."""
    work_dir: Path
    """Folder for everything that is written to disk (blobs, task folders)."""
    image_cache: Path
    """Folder of unpacked images, which other emulators may use too."""
    temporal_address: Optional[str]
    """host:port of the Temporal server that tasks may reach."""
    strict: Strict
    """How late, forgetful and stubborn this AWS is."""
    alarm_actions: bool
    """Whether alarms scale services from the start."""
    endpoint: str
    """Base URL of this emulator, for example http://127.0.0.1:4010."""
    access_key_id: str
    secret_access_key: str
    authorization_record: Optional[str] = None
    """File for what is asked of IAM; see authorization_record.py."""
    account_id: str = ACCOUNT_ID
    region: str = DEFAULT_REGION
    front: Optional[int] = None
    """Port of a proxy on this machine that passes requests on as they are, Host header and signature included."""
    durations: Dict[str, float] = field(default_factory=dict)
    """Seconds by name of the state change, where it is not `delay`."""

    def duration(self, change: str) -> float:
        return self.durations.get(change, self.delay)
