"""How late, forgetful and stubborn this AWS is: one number per behaviour, in seconds; 0 turns a behaviour off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Iterable

FACTORS: Dict[str, float] = {
    "ec2-use": 0.5,
    "ec2-id": 0.75,
    "ec2-tag": 1.5,
    "ec2-deleted": 1,
    "nat-deleted": 10,
    "task-interface": 1,
    "task-pull": 1,
    "service-draining": 1,
    "role": 2,
    "role-at-start": 2,
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
    """From "on", "on=delay", "off" and "name=seconds", each overriding those before it; on at first.

    Raises ValueError with what is wrong.
    """
    seconds: Dict[str, float] = {}
    for word in ("on", *words):
        name, _, value = word.partition("=")
        if name == "on":
            seconds = {one: factor * (float(value) if value else delay) for one, factor in FACTORS.items()}
        elif word == "off":
            seconds = dict.fromkeys(FACTORS, 0.0)
        elif name not in FACTORS:
            raise ValueError(f"unknown strictness {name!r}; known: on, off, {', '.join(FACTORS)}")
        else:
            seconds[name] = float(value)
        if not all(0 <= time < float("inf") for time in seconds.values()):
            raise ValueError(f"{word!r} is not a number of seconds")
    return Strict(seconds)
