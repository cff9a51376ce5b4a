"""The bytes of a large object as a stream: read piece by piece, beside the loop.

The blobs are held until the end, also when the object was replaced meanwhile: whoever began to read goes
on reading what was there.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

from edge.http.streams.source import END
from edge.js.errors import error
from edge.r2.blobs import Blobs
from edge.r2.logic.entry import Piece
from edge.r2.logic.refusal import internal_error

CHUNK_BYTES = 262_144


class BlobSource:
    """Where a ReadableStream gets the bytes of an object from."""

    def __init__(self, blobs: Blobs, held: Sequence[Piece]) -> None:
        self._blobs = blobs
        self._left = _chunks(held)
        # A stream that nobody reads to its end lets go when it is forgotten.
        self._release = weakref.finalize(self, blobs.release, held)
        self._release.atexit = False

    async def pull(self) -> Any:
        if not self._left:
            self._release()
            return END
        try:
            return await self._blobs.read_beside(self._left.pop())
        except OSError as failure:
            self._release()
            raise error(f"get: {internal_error()}") from failure

    async def cancel(self, reason: Any) -> None:
        self._left.clear()
        self._release()


def _chunks(pieces: Sequence[Piece]) -> list[Piece]:
    """Pieces of a size to be read at once, the first one last."""
    found = [
        Piece(piece.blob_id, start, min(CHUNK_BYTES, piece.start + piece.length - start))
        for piece in pieces
        for start in range(piece.start, piece.start + piece.length, CHUNK_BYTES)
    ]
    return found[::-1]
