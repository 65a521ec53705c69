"""Everything stored that could be billed or found later, per service and kind, for comparing two moments."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Dict, Iterator, List, Tuple

from moto.backends import get_backend

from .context import Sandbox
from .settings import ACCOUNT_ID, DEFAULT_REGION

GLOBAL_REGION = "aws"
"""moto's region name for services without regions."""


def backends(module: str) -> Iterator[Tuple[str, Any]]:
    """(region, backend) of one moto package for all regions in use; the default region always counts as in use."""
    account = get_backend(module)[ACCOUNT_ID]
    first = DEFAULT_REGION if DEFAULT_REGION in account else GLOBAL_REGION
    account[first]  # noqa: B018 creates the backend
    for region in sorted(account.keys()):
        yield region, account[region]


def key(region: str, identifier: str) -> str:
    """Names a thing; outside the default region with the region before it."""
    return identifier if region in (DEFAULT_REGION, GLOBAL_REGION) else f"{region}/{identifier}"


def tag_map(tags: List[Dict[str, str]]) -> Dict[str, str]:
    """[{'Key': k, 'Value': v}] in any letter case -> {k: v}, sorted."""
    pairs = ((tag.get("Key", tag.get("key", "")), tag.get("Value", tag.get("value", ""))) for tag in tags)
    return dict(sorted(pairs))


def digest(value: Any) -> str:
    """A short hash of something that must not be shown or is too long to compare by eye."""
    raw = value if isinstance(value, bytes) else json.dumps(value, sort_keys=True, default=str).encode("utf-8")
    return hashlib.sha256(raw).hexdigest()[:16]


def collect(sandbox: Sandbox) -> Dict[str, Any]:
    """The whole inventory: service -> kind -> id -> fields. Empty kinds are left out."""
    whole: Dict[str, Any] = {}
    for service, kinds in sorted(sandbox.inventories.items()):
        found = {kind: dict(sorted(things.items())) for kind, things in sorted(kinds().items()) if things}
        if found:
            whole[service] = found
    return whole
