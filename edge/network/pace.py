"""How fast the bytes of one body come: as many a second as the link carries, a window at a time.

Source: `docs/latency-model.md`.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator

from edge.kernel.clock import Clock


class Pace:
    """Bytes that come one after the other from now on, each taking `byte_s` seconds."""

    __slots__ = ("_byte_s", "_clock", "_due_s")

    def __init__(self, clock: Clock, byte_s: float) -> None:
        self._clock = clock
        self._byte_s = byte_s
        self._due_s = clock.now()

    async def arrived(self, size_bytes: int) -> None:
        """Wait until the next `size_bytes` are there. They were sent, and come also while nobody waits."""
        if self._byte_s:
            self._due_s += size_bytes * self._byte_s
            await self._clock.sleep_until(self._due_s)

    async def carried(self, body: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
        """The chunks of `body`, each when it has come: a sender that has none yet loses that time."""
        async for chunk in body:
            self._due_s = max(self._due_s, self._clock.now())
            await self.arrived(len(chunk))
            yield chunk
