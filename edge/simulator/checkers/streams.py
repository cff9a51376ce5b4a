"""Chunks of a stream come out as they went in: in order, none missing, none twice."""

from __future__ import annotations

from collections import deque
from typing import Any
from weakref import WeakKeyDictionary

from edge.http.streams.controller import ReadableStreamDefaultController
from edge.http.streams.source import END
from edge.http.streams.transform import Handover
from edge.kernel.clock import Clock
from edge.simulator.checker import Broken, Checker
from edge.simulator.seams import Seams


class Streams(Checker):
    """Remembers the chunks that are inside each stream."""

    name = "streams"
    promise = "what is read from a stream is what was written, chunk for chunk, to the last"

    def __init__(self, clock: Clock, broken: Broken) -> None:
        super().__init__(clock, broken)
        self._controllers: WeakKeyDictionary[Any, deque[Any]] = WeakKeyDictionary()
        self._handovers: dict[Handover, deque[Any]] = {}

    def listen(self, seams: Seams) -> None:
        seams.around(ReadableStreamDefaultController, "enqueue", self._on_enqueue)
        seams.around(ReadableStreamDefaultController, "pull", self._on_pull)
        seams.around(ReadableStreamDefaultController, "cancel", self._on_end)
        seams.around(ReadableStreamDefaultController, "error", self._on_end)
        seams.around(Handover, "write", self._on_write)
        seams.around(Handover, "pull", self._on_pull)
        for name in ("abort", "cancel"):
            seams.around(Handover, name, self._on_end)

    def _inside(self, stream: Any) -> deque[Any]:
        if isinstance(stream, Handover):
            return self._handovers.setdefault(stream, deque())
        return self._controllers.setdefault(stream, deque())

    def _forget(self, stream: Any) -> None:
        if isinstance(stream, Handover):
            self._handovers.pop(stream, None)
        else:
            self._controllers.pop(stream, None)

    def _on_enqueue(self, original: Any) -> Any:
        def enqueue(controller: Any, chunk: Any = None) -> None:
            self._inside(controller).append(chunk)
            original(controller, chunk)

        return enqueue

    def _on_write(self, original: Any) -> Any:
        async def write(handover: Handover, chunk: Any) -> None:
            self._inside(handover).append(chunk)
            await original(handover, chunk)

        return write

    def _on_pull(self, original: Any) -> Any:
        async def pull(stream: Any) -> Any:
            chunk = await original(stream)
            inside = self._inside(stream)
            self.checked += 1
            if chunk is END:
                self._forget(stream)
                if inside:
                    self.broke(f"a stream ended with {len(inside)} chunk(s) never delivered")
            elif not inside or inside[0] is not chunk:
                known = any(other is chunk for other in inside)
                self.broke("a chunk came before an earlier one" if known else "a chunk came twice")
            else:
                inside.popleft()
            return chunk

        return pull

    def _on_end(self, original: Any) -> Any:
        def end(stream: Any, *args: Any) -> Any:
            self._forget(stream)
            return original(stream, *args)

        return end
