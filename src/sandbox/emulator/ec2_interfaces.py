"""The network interface of a task outlives it by `task-interface` seconds, and holds its subnet, security groups and,
with a public address, the internet gateway of its VPC. The first interface of an instance goes with it.

ECS developer guide, "Fargate task networking": the interface is AWS's, and cannot be detached or changed by its user;
how long it stays: hashicorp/terraform-provider-aws #1671 and #12394 (security groups), #10934 (public addresses).
"""

from __future__ import annotations

import time
from typing import Any

from moto.ec2.models import ec2_backends

from .aws_call import Call
from .context import Sandbox
from .ec2_common import backend_of


def install(sandbox: Sandbox) -> None:
    seconds = sandbox.settings.strict["task-interface"]

    def settle_all() -> None:
        for _account, _region, backend in list(ec2_backends.iter_backends()):
            settle(backend, seconds)

    sandbox.before("ec2", "*", lambda call: settle(backend_of(call), seconds))
    sandbox.after("ec2", "TerminateInstances", end_with_instances)
    sandbox.every(max(0.05, sandbox.settings.delay / 2), settle_all)


def leave(backend: Any, interface_id: str) -> None:
    """Its task has ended."""
    interface = backend.enis.get(interface_id)
    if interface is not None:
        interface.left_at = time.monotonic()


def end_with_instances(call: Call) -> None:
    """EC2 user guide, "Terminate Amazon EC2 instances": the primary network interface is deleted; moto keeps it."""
    backend = backend_of(call)
    ended = set(call.params.get("InstanceIds") or [])
    for interface in list(backend.enis.values()):
        if interface.device_index == 0 and getattr(interface.instance, "id", None) in ended:
            del backend.enis[interface.id]


def settle(backend: Any, seconds: float) -> None:
    for interface in list(backend.enis.values()):
        left_at = getattr(interface, "left_at", None)
        if left_at is not None and time.monotonic() - left_at >= seconds:
            del backend.enis[interface.id]
