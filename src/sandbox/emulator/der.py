"""As much of DER (X.690), the binary form of certificates, as taking one apart and putting it together again needs."""

from __future__ import annotations

from typing import Iterable, List, Tuple

SEQUENCE = 0x30
BIT_STRING = 0x03


def members(value: bytes) -> List[bytes]:
    """The values, each with its tag and length, inside a constructed one."""
    found: List[bytes] = []
    position, end = _content(value, 0)
    while position < end:
        _, after = _content(value, position)
        found.append(value[position:after])
        position = after
    return found


def sequence(values: Iterable[bytes]) -> bytes:
    return _encode(SEQUENCE, b"".join(values))


def bit_string(content: bytes) -> bytes:
    return _encode(BIT_STRING, b"\0" + content)


def _content(value: bytes, position: int) -> Tuple[int, int]:
    """Where the content of the value that starts at `position` begins and ends."""
    length, start = value[position + 1], position + 2
    if length & 0x80:
        count = length & 0x7F
        length, start = int.from_bytes(value[start : start + count], "big"), start + count
    return start, start + length


def _encode(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content
