"""What `edge dev` records: everything into a file, or the last requests for the inspector, or both."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from edge.kernel.clock import Clock
from edge.kernel.spans import Tracer
from edge.trace.fanout import Fanout
from edge.trace.lines import TraceFile
from edge.trace.recorder import Recorder

if TYPE_CHECKING:
    from starlette.routing import Route

    from edge.world import World

#: Trees a second that are recorded for the inspector alone; beyond, requests are only served.
RECORDED_PER_S = 20


class Tracing:
    """A tracer with its sinks; without sinks there is no tracer."""

    def __init__(self, tracer: Tracer | None, recorder: Recorder | None, file: TraceFile | None) -> None:
        self.tracer = tracer
        self.recorder = recorder
        self._file = file

    @classmethod
    def of(cls, clock: Clock, path: Path | None, *, pages: bool) -> Tracing:
        """Record all into the file `path`, and the last requests when the inspector's `pages` are served.
        Raises UserError when the file cannot be written."""
        recorder = Recorder() if pages else None
        file = None if path is None else TraceFile.open(path, flush_trees=True)
        sinks = [sink for sink in (recorder, file) if sink is not None]
        if not sinks:
            return cls(None, None, None)
        sink = sinks[0] if len(sinks) == 1 else Fanout(*sinks)
        limit = RECORDED_PER_S if file is None else None
        return cls(Tracer(clock, sink, limit_per_s=limit), recorder, file)

    def pages(self, world: World) -> Callable[[], list[Route]] | None:
        """The inspector's routes, made when they are first asked for; None when it is off."""
        recorder = self.recorder
        if recorder is None:
            return None

        def routes() -> list[Route]:
            from edge.server.inspector import Inspector

            return Inspector(world, recorder).routes()

        return routes

    def close(self) -> None:
        """Finish the file."""
        if self._file is not None:
            self._file.close()
