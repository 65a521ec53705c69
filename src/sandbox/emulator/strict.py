"""How late, forgetful and stubborn this AWS is: one number per behaviour, in seconds; 0 turns a behaviour off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Iterable

FACTORS: Dict[str, float] = {
    "ec2-use": 0.5,
    "ec2-id": 1,
    "ec2-tag": 2,
    "ec2-deleted": 1,
    "nat-deleted": 10,
    "task-interface": 1,
    "role": 2,
    "service-linked-role": 1,
    "cluster": 1,
    "bucket": 0.5,
    "bucket-name": 1,
    "secret-name": 1,
    "throttle": 0.02,
}
"""Every knob, with its time as a multiple of --delay. What each does stands where it is carried out."""


@dataclass(frozen=True)
class Strict:
    seconds: Dict[str, float]

    def __getitem__(self, name: str) -> float:
        return self.seconds[name]


def parse_strict(words: Iterable[str], delay: float) -> Strict:
    """From "on", "off" and "name=seconds", each overriding those before it; off at first. Raises ValueError with what is wrong."""
    seconds = dict.fromkeys(FACTORS, 0.0)
    for word in words:
        name, _, value = word.partition("=")
        if word == "on":
            seconds = {one: factor * delay for one, factor in FACTORS.items()}
        elif word == "off":
            seconds = dict.fromkeys(FACTORS, 0.0)
        elif name not in FACTORS:
            raise ValueError(f"unknown strictness {name!r}; known: on, off, {', '.join(FACTORS)}")
        else:
            seconds[name] = float(value)
            if not 0 <= seconds[name] < float("inf"):
                raise ValueError(f"{word!r} is not a number of seconds")
    return Strict(seconds)
