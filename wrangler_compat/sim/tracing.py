"""Where the spans of a simulation go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.trace.lines import TraceFile


@contextmanager
def trace_to(path: str | None) -> Iterator[TraceFile | None]:
    """A trace file for the time of the block, or nothing. Raises UserError when it cannot be written."""
    if path is None:
        yield None
        return
    file = TraceFile.open(Path(path))
    try:
        yield file
    finally:
        file.close()
