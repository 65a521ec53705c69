"""What one start of the emulator was asked for. Nothing here changes while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from .strict import Strict

ACCOUNT_ID = "123456789012"
DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True)
class Settings:
    """Options of `python -m emulator`, plus what is made at the start (port, keys)."""

    delay: float
    """Seconds, the base time of every AWS state change (NAT gateway pending, service draining)."""
    tasks: str
    """'process': ECS tasks are real processes; 'simulated': they become RUNNING without one."""
    work_dir: Path
    """Folder for everything that is written to disk (blobs, unpacked images, task folders)."""
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
