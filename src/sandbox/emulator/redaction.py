"""Copies of what a call was given or has answered, as JSON and without secrets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Callable, FrozenSet, Optional

from botocore.model import Shape

HIDDEN = "***"
SECRET_MEMBERS = frozenset({"SecretString", "SecretBinary", "SSECustomerKey", "CopySourceSSECustomerKey"})


@dataclass(frozen=True)
class Redaction:
    of_blob: Callable[[bytes], Any]
    """What stands for bytes."""
    shown: FrozenSet[str] = frozenset()
    """Members that are copied although the model of AWS has them as sensitive."""

    def copy(self, value: Any, shape: Optional[Shape], name: str = "") -> Any:
        """A value that json.dumps takes. Hidden is what the model has as sensitive, and SECRET_MEMBERS in any case."""
        if value is None:
            return None
        sensitive = shape is not None and shape.metadata.get("sensitive") and name not in self.shown
        if name in SECRET_MEMBERS or sensitive:
            return HIDDEN
        if isinstance(value, (bytes, bytearray)):
            return self.of_blob(bytes(value))
        if shape is not None and shape.type_name == "blob":
            return self.of_blob(str(value).encode("utf-8"))
        if isinstance(value, dict):
            return {str(key): self.copy(item, _member(shape, key), str(key)) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.copy(item, getattr(shape, "member", None)) for item in value]
        if isinstance(value, datetime):
            return value.isoformat()
        return value


def _member(shape: Optional[Shape], key: str) -> Optional[Shape]:
    if shape is None:
        return None
    if shape.type_name == "map":
        return shape.value
    return shape.members.get(key) if shape.type_name == "structure" else None
