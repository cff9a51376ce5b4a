"""One fault of a script: what, where, and when."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edge.kernel.random import RandomStreams
from edge.network.places import HINTS, places

ANYWHERE = "*"
CLIENT = "client"


@dataclass(frozen=True, slots=True)
class Window:
    """From `at_s` (seconds since the epoch) for `lasts_s` seconds, again every `every_s` (None: once)."""

    at_s: float
    lasts_s: float = math.inf
    every_s: float | None = None

    def open(self, now_s: float) -> bool:
        """Whether the fault is in force."""
        since_s = now_s - self.at_s
        if since_s < 0:
            return False
        return (since_s if self.every_s is None else since_s % self.every_s) < self.lasts_s

    def begun(self, now_s: float) -> int:
        """How many times it has begun until now."""
        since_s = now_s - self.at_s
        if since_s < 0:
            return 0
        return 1 if self.every_s is None else int(since_s // self.every_s) + 1

    def beginning(self, number: int) -> float | None:
        """When it begins after it has begun `number` times; None: it does not come again."""
        if number == 0:
            return self.at_s
        return None if self.every_s is None else self.at_s + number * self.every_s


class Fault:
    """A fault in force while its window is open; `stop()` ends it for good."""

    __slots__ = ("_chance", "hits", "kind", "options", "stopped", "window")

    def __init__(
        self, kind: str, options: dict[str, Any], window: Window, random: RandomStreams, label: str
    ) -> None:
        self.kind = kind
        self.options = options
        self.window = window
        self.hits = 0
        self._chance = random.stream(f"fault:{label}")
        self.stopped = False

    def stop(self) -> None:
        """It does not happen any more."""
        self.stopped = True

    def in_force(self, now_s: float) -> bool:
        """Whether it can happen now."""
        return not self.stopped and self.window.open(now_s)

    def strikes(self, now_s: float) -> bool:
        """Whether it happens now, to somebody it is meant for: by chance, and not more often than asked."""
        return self.in_force(now_s) and self.happens()

    def happens(self) -> bool:
        """The same of a fault that is known to be in force, as it is when it begins."""
        if self.stopped:
            return False
        times = self.options.get("times")
        if times is not None and self.hits >= times:
            return False
        probability = self.options.get("probability", 1.0)
        if probability < 1.0 and self._chance.random() >= probability:
            return False
        self.hits += 1
        return True

    def joins(self, source: str, target: str) -> bool:
        """Whether it is about the way between these places, in whichever direction."""
        one, other = self.options["between"]
        return (_covers(one, source) and _covers(other, target)) or (
            _covers(other, source) and _covers(one, target)
        )

    def names(self, given: Mapping[str, str | tuple[str, ...] | None]) -> bool:
        """Whether it is meant for what has these properties (several values: one of them will do). A key
        that the script leaves out matches everything."""
        for key, value in given.items():
            wanted = self.options.get(key)
            if wanted is not None and wanted not in (value if isinstance(value, tuple) else (value,)):
                return False
        return True


def _covers(selector: str, place: str) -> bool:
    """`selector` is a code, a region, `client` or `*` (every place)."""
    if selector == ANYWHERE:
        return place != CLIENT
    if selector == place:
        return True
    regions = HINTS.get(selector)
    return regions is not None and place != CLIENT and places()[place].region in regions
