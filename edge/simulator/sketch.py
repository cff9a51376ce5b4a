"""Quantiles of any number of durations in bounded memory."""

from __future__ import annotations

import math

_GROWTH = 1.02  # buckets grow by 2 %, so a quantile is right within 1 %
_LOG_GROWTH = math.log(_GROWTH)
_SMALLEST_S = 1e-6  # a microsecond and less is one bucket


class Sketch:
    """A histogram with logarithmic buckets: about 1,300 of them from a microsecond to a day."""

    __slots__ = ("buckets", "count", "highest", "total")

    def __init__(self) -> None:
        self.buckets: dict[int, int] = {}
        self.count = 0
        self.total = 0.0
        self.highest = 0.0

    def add(self, value: float) -> None:
        """Count one value; below a microsecond it counts as 0."""
        bucket = 0 if value <= _SMALLEST_S else 1 + int(math.log(value / _SMALLEST_S) / _LOG_GROWTH)
        self.buckets[bucket] = self.buckets.get(bucket, 0) + 1
        self.count += 1
        self.total += value
        self.highest = max(self.highest, value)

    def quantile(self, share: float) -> float:
        """The value that `share` (0 to 1) of all do not exceed, within 1 %; 0 without values."""
        if not self.count:
            return 0.0
        rank = max(1, math.ceil(share * self.count))
        seen = 0
        for bucket in sorted(self.buckets):
            seen += self.buckets[bucket]
            if seen >= rank:
                return min(_middle(bucket), self.highest)
        return self.highest

    @property
    def mean(self) -> float:
        return self.total / self.count if self.count else 0.0

    def merge(self, other: Sketch) -> None:
        """Count what `other` counted, too."""
        for bucket, count in other.buckets.items():
            self.buckets[bucket] = self.buckets.get(bucket, 0) + count
        self.count += other.count
        self.total += other.total
        self.highest = max(self.highest, other.highest)


def _middle(bucket: int) -> float:
    return 0.0 if bucket == 0 else _SMALLEST_S * math.exp((bucket - 0.5) * _LOG_GROWTH)
