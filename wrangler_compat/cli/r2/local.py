"""A bucket on this machine, beside whatever else has it open: `edge dev`, `wrangler dev`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import apsw

from edge.errors import UserError
from edge.kernel.clock import WallClock
from edge.kernel.random import RandomStreams
from edge.r2.bucket import Bucket, PutOptions
from edge.r2.logic.entry import HttpMetadata, Piece
from edge.r2.logic.refusal import R2Refused
from edge.r2.open import bucket_path
from edge.sql.location import blob_folder
from wrangler_compat.cli.loop import running
from wrangler_compat.cli.state_failure import state_failure

_CHUNK_BYTES = 1024 * 1024
_T = TypeVar("_T")


@contextmanager
def local_bucket(name: str, state_dir: Path) -> Iterator[LocalBucket]:
    """The bucket `name` below `state_dir`."""
    path = bucket_path(state_dir, name)
    with running() as runner:
        bucket = Bucket(path, blob_folder(state_dir, "r2", name), WallClock(), RandomStreams())
        try:
            yield LocalBucket(bucket, runner, name, path)
        finally:
            runner.run(bucket.close())


class LocalBucket:
    """What the commands do with it. Reading makes nothing: where no data is, there is no object."""

    def __init__(self, bucket: Bucket, runner: asyncio.Runner, name: str, path: Path) -> None:
        self._bucket = bucket
        self._runner = runner
        self._name = name
        self._path = path

    def get(self, key: str, write: Callable[[bytes], object]) -> bool:
        """Give the bytes of an object to `write`, piece by piece; False when there is none."""
        return self._run("get", self._get(key, write)) if self._path.exists() else False

    def put(self, key: str, body: BinaryIO, http: HttpMetadata) -> None:
        """Store all of `body`; it is on disk on return, or nothing has changed."""
        self._run("put", self._bucket.put(key, _chunks(body), PutOptions(http)))

    def delete(self, key: str) -> None:
        """Remove an object, also when it is not there."""
        if self._path.exists():
            self._run("delete", self._bucket.delete([key]))

    async def _get(self, key: str, write: Callable[[bytes], object]) -> bool:
        found = await self._bucket.get(key)
        if found is None:
            return False
        if found.data is not None:
            write(found.data)
            return True
        assert found.pieces is not None, "without a condition there is always a body"
        try:
            for piece in found.pieces:
                for start in range(piece.start, piece.start + piece.length, _CHUNK_BYTES):
                    length = min(_CHUNK_BYTES, piece.start + piece.length - start)
                    write(await self._bucket.blobs.read_beside(Piece(piece.blob_id, start, length)))
        finally:
            self._bucket.blobs.release(found.pieces)
        return True

    def _run(self, operation: str, work: Coroutine[Any, Any, _T]) -> _T:
        try:
            return self._runner.run(work)
        except R2Refused as refusal:
            cause = refusal.__cause__
            if isinstance(cause, (apsw.Error, OSError)):
                raise state_failure(f'the R2 bucket "{self._name}"', self._path, cause) from refusal
            raise UserError(f"{operation}: {refusal}") from None


async def _chunks(body: BinaryIO) -> AsyncIterator[bytes]:
    while chunk := body.read(_CHUNK_BYTES):
        yield chunk
