"""What the task definition tells the worker; see docs/worker-contract.md for all of it."""

from __future__ import annotations

import json
import os
import socket
import urllib.request
from dataclasses import dataclass
from typing import Mapping, Optional


class BadEnvironment(Exception):
    """Names every variable that is missing, so that nobody has to deploy once for each."""


@dataclass(frozen=True)
class Settings:
    task_queue: str
    identity: str
    """`<stack>/<ECS task id>/<first 12 digits of the image's digest>`: by it the deployment is proven."""
    activity_slots: int
    """How many activities at once suit the task's CPU."""
    grace_seconds: float
    """How long running activities may go on after SIGTERM: three quarters of the time before SIGKILL."""


def read_settings(env: Mapping[str, str] = os.environ) -> Settings:
    needed = ["TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_TASK_QUEUE"]
    missing = [name for name in needed if not env.get(name)]
    if missing:
        raise BadEnvironment(f"not set: {', '.join(missing)}")
    digest = env.get("TEMPORAL_FARGATE_IMAGE_DIGEST", "").removeprefix("sha256:")[:12] or "local"
    task_id = _task_id(env.get("ECS_CONTAINER_METADATA_URI_V4")) or socket.gethostname()
    return Settings(
        task_queue=env["TEMPORAL_TASK_QUEUE"],
        identity=f"{env.get('TEMPORAL_FARGATE_STACK', 'local')}/{task_id}/{digest}",
        activity_slots=int(env.get("TEMPORAL_FARGATE_ACTIVITY_SLOTS", 100)),
        # ECS waits 30 seconds where a task definition names no time.
        grace_seconds=float(env.get("TEMPORAL_FARGATE_STOP_TIMEOUT", 30)) * 3 / 4,
    )


def _task_id(metadata_uri: Optional[str]) -> Optional[str]:
    """The end of the task's ARN, by the ECS agent; the worker runs without its answer too."""
    if not metadata_uri:
        return None
    try:
        with urllib.request.urlopen(f"{metadata_uri}/task", timeout=2) as answer:
            return str(json.load(answer)["TaskARN"]).rsplit("/", 1)[-1]
    except (OSError, ValueError, KeyError):
        return None
