"""One write a second to the same key: what is more is refused, as the network does.

The limit belongs to the key, not to the place: two places writing the same key share it. Deleting is
writing. A refused write does not count, so that one a second always gets through.

Source: spec kv.md section 6 (Cloudflare: KV limits, "Writes to same key: 1 per second").
"""

from __future__ import annotations

WRITE_INTERVAL_S = 1.0


class WriteRate:
    """The last write of each key, as far back as it matters."""

    def __init__(self) -> None:
        # In order of writing, oldest first: what no longer matters is at the front.
        self._written_at_s: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._written_at_s)

    def allow(self, key: str, now_s: float) -> bool:
        """Whether `key` may be written at `now_s`; if so, the write counts from now."""
        self._drop_old(now_s)
        assert self._written_at_s.get(key, now_s) <= now_s, "time went back"
        if key in self._written_at_s:
            return False
        self._written_at_s[key] = now_s
        return True

    def _drop_old(self, now_s: float) -> None:
        while self._written_at_s:
            oldest = next(iter(self._written_at_s))
            if now_s - self._written_at_s[oldest] < WRITE_INTERVAL_S:
                break
            del self._written_at_s[oldest]
