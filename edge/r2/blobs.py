"""The bytes of objects: immutable files, named by chance, below one folder; or memory.

A file is written before the row that names it and removed after that row is gone. Whoever reads one keeps
it until the end of the reading.

Source: spec wrangler.md section 5.4.
"""

from __future__ import annotations

import functools
import threading
from collections import Counter
from collections.abc import AsyncIterable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.kernel.clock import Clock
from edge.kernel.random import RandomStreams
from edge.kernel.threads import offload
from edge.r2.logic.entry import Piece
from edge.r2.writer import BlobWriter


@dataclass(frozen=True, slots=True)
class Written:
    """A new blob: its id, its size and its digests in hexadecimal."""

    blob_id: str
    size_bytes: int
    digests: dict[str, str]


class Blobs:
    """The blobs of one bucket."""

    def __init__(
        self, folder: Path | None, clock: Clock, random: RandomStreams, *, durable: bool = True
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._random = random
        self._durable = durable
        self._memory: dict[str, bytes] = {}
        self._lock = threading.Lock()
        self._readers: Counter[str] = Counter()
        self._doomed: set[str] = set()

    async def write(self, body: bytes | AsyncIterable[bytes], algorithms: Iterable[str]) -> Written:
        """Store a body under a new id, durable on return. Raises OSError, or what the body raises; then
        nothing is left of it."""
        blob_id = self._new_id()
        writer = BlobWriter(None if self._folder is None else self._folder / blob_id, algorithms)
        try:
            if isinstance(body, bytes):
                await self._beside(functools.partial(self._write_all, writer, body))
            else:
                async for chunk in body:
                    await self._beside(functools.partial(writer.write, chunk))
                await self._beside(functools.partial(self._write_all, writer, b""))
        except BaseException:
            writer.abandon()
            raise
        if self._folder is None:
            self._memory[blob_id] = writer.kept
        return Written(blob_id, writer.size_bytes, writer.digests())

    def _write_all(self, writer: BlobWriter, rest: bytes) -> None:
        writer.write(rest)
        writer.finish(durable=self._durable)

    def hold(self, pieces: Sequence[Piece]) -> None:
        """Keep blobs that are about to be read, until `release`."""
        with self._lock:
            self._readers.update(piece.blob_id for piece in pieces)

    def release(self, pieces: Sequence[Piece]) -> None:
        """The reading is over."""
        with self._lock:
            self._readers.subtract(piece.blob_id for piece in pieces)
            free = {piece.blob_id for piece in pieces if self._readers[piece.blob_id] <= 0}
            self._readers = +self._readers
            free &= self._doomed
            self._doomed -= free
        for blob_id in free:
            self._remove(blob_id)

    def delete(self, blob_ids: Iterable[str]) -> None:
        """Remove blobs, those that are being read once that is over."""
        with self._lock:
            doomed = set(blob_ids)
            read = {blob_id for blob_id in doomed if self._readers[blob_id] > 0}
            self._doomed |= read
        for blob_id in doomed - read:
            self._remove(blob_id)

    def read(self, pieces: Iterable[Piece]) -> bytes:
        """Pieces joined. Raises OSError when a blob is not there."""
        return b"".join(self._read(piece) for piece in pieces)

    async def read_beside(self, piece: Piece) -> bytes:
        """A piece, read beside the loop."""
        if self._folder is None:
            return self._read(piece)
        return await offload(self._clock, lambda: self._read(piece))

    def close(self) -> None:
        """Remove what waits for readers: nobody reads on."""
        with self._lock:
            doomed, self._doomed = self._doomed, set()
        for blob_id in doomed:
            self._remove(blob_id)
        self._memory.clear()

    def _read(self, piece: Piece) -> bytes:
        if self._folder is None:
            if piece.blob_id not in self._memory:
                raise FileNotFoundError(piece.blob_id)
            return self._memory[piece.blob_id][piece.start : piece.start + piece.length]
        with (self._folder / piece.blob_id).open("rb", buffering=0) as file:
            file.seek(piece.start)
            return file.read(piece.length)

    def _remove(self, blob_id: str) -> None:
        if self._folder is None:
            self._memory.pop(blob_id, None)
        else:
            (self._folder / blob_id).unlink(missing_ok=True)

    def _new_id(self) -> str:
        # Miniflare's form: 32 random bytes and the time in ms as 8 bytes, in hexadecimal.
        return self._random.bytes("r2.blob_id", 32).hex() + f"{self._clock.now_ms():016x}"

    async def _beside(self, work: Callable[[], None]) -> None:
        if self._folder is None:
            work()
        else:
            await offload(self._clock, work)
