"""Durations that vary: how they are written in a profile, and how one is drawn.

Two forms: `{p50_ms = 8, p95_ms = 35}` is log-normal, as measured latencies usually are (a long tail to the
slow side), cut off at its 99.9th percentile; `{min_ms = 2000, max_ms = 5000}` is uniform, for sources that
give a range and no more. A bare number never varies.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Protocol

_Z95: Final = 1.6448536269514722  # standard normal deviate of the 95th percentile
_Z_MAX: Final = 3.090232306167813  # of the 99.9th


class Generator(Protocol):
    """What a draw needs of `random.Random`."""

    def gauss(self, mu: float, sigma: float) -> float: ...

    def uniform(self, a: float, b: float) -> float: ...


@dataclass(frozen=True, slots=True)
class Spread:
    """Log-normal by its median and 95th percentile, or uniform between `low` and `high`."""

    low: float
    high: float
    uniform: bool = False

    @property
    def median(self) -> float:
        return (self.low + self.high) / 2 if self.uniform else self.low

    def draw(self, generator: Generator) -> float:
        """One value, in the unit that the spread was given in."""
        if self.low == self.high:
            return self.low
        if self.uniform:
            return generator.uniform(self.low, self.high)
        z = max(-_Z_MAX, min(_Z_MAX, generator.gauss(0.0, 1.0)))
        return self.low * math.exp(z * math.log(self.high / self.low) / _Z95)


NOTHING: Final = Spread(0.0, 0.0)
