"""Patterns of the AWS API models, which are Java's, as Python takes them."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import List, Pattern

ESCAPE = re.compile(r"\\(p\{(\w+)\}|.)(-?)")
"""With a hyphen that follows: Java takes it for itself after a class of characters, Python for a range."""
CATEGORY = re.compile(r"\\p\{(\w+)\}")
SURROGATES = "\\uD800\\uDC00-\\uDBFF\\uDFFF"
"""How the models write every character beyond the basic plane."""
BEYOND = "\\U00010000-\\U0010FFFF"
ASCII = {"w": "A-Za-z0-9_", "d": "0-9"}
"""Java's \\w and \\d know ASCII only, Python's all of Unicode."""


@lru_cache(maxsize=None)
def compiled(pattern: str) -> Pattern[str]:
    in_class = _class_positions(pattern)

    def translate(match: "re.Match[str]") -> str:
        whole, category, hyphen = match.groups()
        characters = of_category(category) if category else ASCII.get(whole)
        if characters is None:
            return match.group(0)
        return characters + hyphen.replace("-", r"\-") if in_class[match.start()] else f"[{characters}]{hyphen}"

    return re.compile(ESCAPE.sub(translate, pattern).replace(SURROGATES, BEYOND))


def _class_positions(pattern: str) -> List[bool]:
    """For each character, whether it stands inside of [ and ]."""
    inside, escaped, positions = False, False, []
    for character in pattern:
        positions.append(inside)
        if escaped or character == "\\":
            escaped = not escaped
        elif character in "[]":
            inside = character == "["
    return positions


@lru_cache(maxsize=None)
def of_category(name: str) -> str:
    """The characters of a Unicode category as ranges of a class; those beyond the basic plane count for every one."""
    if name == "Print":
        return " -~"
    ranges, start = [], None
    for code in range(0x10001):
        member = code < 0x10000 and unicodedata.category(chr(code)).startswith(name)
        if member and start is None:
            start = code
        elif not member and start is not None:
            ranges.append(f"\\u{start:04x}-\\u{code - 1:04x}")
            start = None
    return "".join(ranges) + BEYOND
