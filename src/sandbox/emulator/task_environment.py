"""How a container is started: its command, its folder, its environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Dict, List

from .context import Sandbox
from .ecr import PulledImage
from .ecs_task import Container, Task
from .task_inputs import StartFailure


def command(image: PulledImage, container: Container, root: Path, architecture: str) -> List[str]:
    """Entry point and command; the task definition's win over the image's. Absolute paths name its files.

    An image for another architecture than the task's is pulled, and its program then cannot be executed: the container
    says so in its log and ends with 1 (ECS developer guide, "Task definition parameters", runtimePlatform; AWS
    re:Post, "exec format error").
    """
    config, definition = image.config.get("config") or {}, container.definition
    entry_point = definition.get("entryPoint") or config.get("Entrypoint") or []
    # As in Docker, the image's command belongs to the image's entry point.
    default = [] if definition.get("entryPoint") else config.get("Cmd") or []
    words = list(entry_point) + list(definition.get("command") or default)
    if not words:
        raise StartFailure("CannotStartContainerError: no command specified")
    if image.config.get("architecture", architecture) != architecture:
        return ["/bin/sh", "-c", 'echo "exec $0: exec format error" >&2; exit 1', words[0]]
    return [on_host(word, root) for word in words]


def on_host(path: str, root: Path) -> str:
    inside = root / path.lstrip("/")
    return str(inside) if path.startswith("/") and inside.exists() else path


def working_directory(image: PulledImage, container: Container, root: Path) -> Path:
    wanted = container.definition.get("workingDirectory") or (image.config.get("config") or {}).get("WorkingDir") or "/"
    folder = Path(os.path.realpath(root / wanted.lstrip("/")))
    if Path(os.path.realpath(root)) not in [folder, *folder.parents]:
        raise StartFailure(f"CannotStartContainerError: the working directory {wanted} leaves the image")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def environment(
    sandbox: Sandbox,
    task: Task,
    image: PulledImage,
    container: Container,
    secrets: Dict[str, str],
    endpoints: Dict[str, str],
    folder: Path,
) -> Dict[str, str]:
    """Everything that the process gets, and nothing of the emulator's own environment but PATH.

    The task's own settings win over the regions; what Fargate and the sandbox must provide wins over everything.
    """
    own = dict(pair.split("=", 1) for pair in (image.config.get("config") or {}).get("Env") or [] if "=" in pair)
    given = {entry["name"]: entry["value"] for entry in container.definition.get("environment") or []}
    provided = {
        "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
        "AWS_ENDPOINT_URL": sandbox.settings.endpoint,
        "HOSTNAME": task.attachment.host_name,
        # A container has its own home and temporary folder: nothing of the user's (profiles!) may be found.
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        # The host's programs stand in for those of the base image.
        "PATH": os.environ.get("PATH", os.defpath),
        **endpoints,
    }
    regions = {"AWS_REGION": task.region.name, "AWS_DEFAULT_REGION": task.region.name}
    return {**regions, **own, **given, **secrets, **provided}
