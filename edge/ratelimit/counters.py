"""Counters of calls in windows that all keys share, aligned to the wall clock.

Source: spec runtime.md section 16.
"""

from __future__ import annotations

from collections.abc import Hashable


class Counters:
    """The counters of one namespace, in memory."""

    __slots__ = ("_counts", "_windows")

    def __init__(self) -> None:
        #: By period: the number of the window, and how often each key was let through in it.
        self._windows: dict[int, int] = {}
        self._counts: dict[int, dict[Hashable, int]] = {}

    def allows(self, key: Hashable, limit: float, period_s: int, now_s: float) -> bool:
        """Count a call of `key`, if it is within `limit` in this window; calls beyond it are not counted."""
        assert period_s > 0, period_s
        window = int(now_s // period_s)
        if self._windows.get(period_s) != window:
            self._windows[period_s] = window
            self._counts[period_s] = {}
        counts = self._counts[period_s]
        count = counts.get(key, 0)
        if count >= limit:
            return False
        counts[key] = count + 1
        return True
