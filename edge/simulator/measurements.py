"""What a run measured: durations by name, counts by name, in memory that does not grow with the run."""

from __future__ import annotations

from typing import Any

from edge.simulator.sketch import Sketch

NAMES_MAX = 200  # more routes than that are counted together
OTHER = "(others)"


class Measurements:
    """Durations are seconds of the world's time."""

    __slots__ = ("counts", "durations", "errors")

    def __init__(self) -> None:
        self.durations: dict[str, Sketch] = {}
        self.counts: dict[str, int] = {}
        self.errors: dict[str, int] = {}

    def took(self, name: str, duration_s: float) -> None:
        """An operation `name` took so long."""
        sketch = self.durations.get(name)
        if sketch is None:
            if len(self.durations) >= NAMES_MAX:
                name = OTHER
            sketch = self.durations.setdefault(name, Sketch())
        sketch.add(duration_s)

    def count(self, name: str, times: int = 1) -> None:
        """Something happened."""
        self.counts[name] = self.counts.get(name, 0) + times

    def failed(self, what: str) -> None:
        """Something went wrong for a user; `what` says it in words that repeat."""
        if what not in self.errors and len(self.errors) >= NAMES_MAX:
            what = OTHER
        self.errors[what] = self.errors.get(what, 0) + 1

    def merge(self, other: Measurements) -> None:
        """Add what another run measured."""
        for name, sketch in other.durations.items():
            self.durations.setdefault(name, Sketch()).merge(sketch)
        for name, times in other.counts.items():
            self.count(name, times)
        for what, times in other.errors.items():
            self.errors[what] = self.errors.get(what, 0) + times

    def as_json(self) -> dict[str, Any]:
        """Plain data, durations in milliseconds."""
        return {
            "operations": {name: _row(self.durations[name]) for name in sorted(self.durations)},
            "counts": dict(sorted(self.counts.items())),
            "errors": dict(sorted(self.errors.items())),
        }


def _row(sketch: Sketch) -> dict[str, float]:
    return {
        "count": sketch.count,
        "p50_ms": round(sketch.quantile(0.50) * 1000, 3),
        "p95_ms": round(sketch.quantile(0.95) * 1000, 3),
        "p99_ms": round(sketch.quantile(0.99) * 1000, 3),
        "max_ms": round(sketch.highest * 1000, 3),
    }
