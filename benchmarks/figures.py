"""Measured figures, and what is made of them: medians of rounds and ratios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True, slots=True)
class Load:
    """One round of one route: requests (or echoes) a second and their latency."""

    rps: float
    p50_ms: float
    p99_ms: float
    errors: int


@dataclass(slots=True)
class Standing:
    """What was measured of one contender."""

    name: str
    start_s: list[float] = field(default_factory=list)
    change_s: list[float] = field(default_factory=list)
    idle_pss_mib: float = 0.0
    idle_rss_mib: float = 0.0
    loads: dict[str, list[Load]] = field(default_factory=dict)

    def load(self, route: str) -> Load | None:
        """The median round of a route; errors are added up, for one is too many."""
        rounds = self.loads.get(route)
        if not rounds:
            return None
        return Load(
            rps=median(one.rps for one in rounds),
            p50_ms=median(one.p50_ms for one in rounds),
            p99_ms=median(one.p99_ms for one in rounds),
            errors=sum(one.errors for one in rounds),
        )

    def as_json(self) -> dict[str, Any]:
        """All rounds and their medians, for `--json`."""
        medians = {route: self.load(route) for route in self.loads}
        return asdict(self) | {"medians": {route: asdict(load) for route, load in medians.items() if load}}


def ratio(own: Load | None, peer: Load | None) -> float | None:
    """How many times the peer's throughput; None when one of them is missing."""
    return own.rps / peer.rps if own and peer and peer.rps else None


def median_or_none(values: Sequence[float]) -> float | None:
    return median(values) if values else None
