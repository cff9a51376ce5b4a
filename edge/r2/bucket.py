"""One bucket: rows in SQLite, bytes in files.

Strongly consistent: what was put is seen by everybody who asks afterwards. A put writes the bytes, then
the row; the bytes that the row before pointed at go last.

Source: spec runtime.md section 12, wrangler.md sections 5.4 and 5.5.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import AsyncIterable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import apsw

from edge.kernel.clock import Clock
from edge.kernel.random import RandomStreams
from edge.r2.blobs import Blobs, Written
from edge.r2.logic.conditions import Condition
from edge.r2.logic.entry import ALGORITHM_TITLES, Checksum, Entry, HttpMetadata, Piece
from edge.r2.logic.limits import check_key, check_metadata, check_size
from edge.r2.logic.listing import ListOptions, Page
from edge.r2.logic.parts import ChosenPart, Part
from edge.r2.logic.ranges import RangeWanted, Stretch, pieces
from edge.r2.logic.refusal import PreconditionFailed, R2Refused, bad_digest, internal_error
from edge.r2.objects import Objects, create_tables
from edge.r2.source import BlobSource
from edge.r2.uploads import Uploads
from edge.sql.database import SqlDatabase
from edge.sql.lane import Lane

Body = bytes | AsyncIterable[bytes]
Freed = list[str]  # ids of blobs that nobody needs any more

#: Up to here bytes are read along with the row; longer ones are streamed.
_READ_ALONG_BYTES = 65_536

_log = logging.getLogger("edge.r2")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class PutOptions:
    """What is stored beside the bytes, and on what condition."""

    http: HttpMetadata = field(default_factory=HttpMetadata)
    custom: dict[str, str] = field(default_factory=dict)
    condition: Condition | None = None
    checksum: Checksum | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """An object that was asked for: its bytes, or the pieces of blobs that hold them (held until read).

    Both are None when the condition of the request did not hold.
    """

    entry: Entry
    stretch: Stretch
    data: bytes | None = None
    pieces: Sequence[Piece] | None = None


class Bucket:
    """Objects by key: the database at `path` and the blobs in `folder`, or memory when they are None."""

    def __init__(
        self,
        path: Path | None,
        folder: Path | None,
        clock: Clock,
        random: RandomStreams,
        *,
        durable: bool = True,
    ) -> None:
        self.blobs = Blobs(folder, clock, random, durable=durable)
        self._clock = clock
        self._random = random
        self._database = SqlDatabase(path, synchronous="FULL" if durable else "NORMAL")
        self._objects = Objects(self._database)
        self._uploads = Uploads(self._database, self._objects)
        self._lane = Lane(clock, inline=path is None)
        self._where = "in memory" if path is None else str(path)
        self._ready = False
        self._closed = False

    async def head(self, key: str) -> Entry | None:
        """What is known of an object. Raises `R2Refused`, as all methods do."""
        check_key(key)
        return await self._read(lambda: self._objects.get(key))

    async def get(
        self, key: str, condition: Condition | None = None, wanted: RangeWanted | None = None
    ) -> Found | None:
        """An object with its bytes, None when there is none."""
        check_key(key)
        return await self._read(lambda: self._get(key, condition, wanted))

    def source(self, held: Sequence[Piece]) -> BlobSource:
        """The bytes of pieces that `get` gave."""
        return BlobSource(self.blobs, held)

    async def put(self, key: str, body: Body, options: PutOptions) -> Entry | None:
        """Store an object, durable on return; None when the condition does not hold."""
        check_key(key)
        check_metadata(options.custom)
        checksum = options.checksum
        written = await self._write_blob(body, {"md5", *([checksum.algorithm] if checksum else ())})
        entry = Entry(
            key,
            written.blob_id,
            self._random.bytes("r2.version", 16).hex(),
            written.size_bytes,
            written.digests["md5"],
            self._clock.now_ms(),
            # The MD5 is always known; another one if it was asked for.
            written.digests if checksum else {"md5": written.digests["md5"]},
            options.http,
            options.custom,
        )
        try:
            _check_written(written, checksum)
            await self._write(lambda: ((), self._objects.put(entry, options.condition)))
        except PreconditionFailed:
            self.blobs.delete([written.blob_id])
            return None
        except R2Refused:
            self.blobs.delete([written.blob_id])
            raise
        return entry

    async def delete(self, keys: Sequence[str]) -> None:
        """Remove objects, also ones that are not there; durable on return."""
        for key in keys:
            check_key(key)
        await self._write(lambda: ((), self._objects.delete(keys)))

    async def list(self, options: ListOptions) -> Page:
        """A page of the bucket's objects."""
        return await self._read(lambda: self._objects.list(options))

    async def create_upload(self, key: str, http: HttpMetadata, custom: dict[str, str]) -> str:
        """Begin a multipart upload; gives its id."""
        check_key(key)
        upload_id = self._secret("r2.upload_id")

        def create() -> tuple[str, Freed]:
            self._uploads.create(key, upload_id, http, custom)
            return upload_id, []

        return await self._write(create)

    async def put_part(self, key: str, upload_id: str, number: int, body: Body) -> str:
        """Store a part of a multipart upload; gives its etag."""
        check_key(key)
        written = await self._write_blob(body, {"md5"})
        etag = self._secret("r2.part_etag")
        part = Part(number, written.blob_id, written.size_bytes, etag, written.digests["md5"])
        try:
            await self._write(lambda: ((), self._uploads.put_part(key, upload_id, part)))
        except R2Refused:
            self.blobs.delete([written.blob_id])
            raise
        return etag

    async def complete_upload(self, key: str, upload_id: str, parts: Sequence[ChosenPart]) -> Entry:
        """Make an object of parts."""
        check_key(key)
        version, now_ms = self._random.bytes("r2.version", 16).hex(), self._clock.now_ms()
        return await self._write(
            lambda: self._uploads.complete(key, upload_id, parts, version=version, now_ms=now_ms)
        )

    async def abort_upload(self, key: str, upload_id: str) -> None:
        """Give up a multipart upload."""
        check_key(key)
        await self._write(lambda: ((), self._uploads.abort(key, upload_id)))

    async def close(self) -> None:
        """Finish what is under way and close the file; every later use raises `R2Refused`."""
        self._closed = True
        await self._lane.drain()
        self._database.close()
        self.blobs.close()

    # -- on the lane

    def _get(self, key: str, condition: Condition | None, wanted: RangeWanted | None) -> Found | None:
        entry = self._objects.get(key)
        if entry is None:
            return None
        whole = Stretch(0, entry.size_bytes)
        if condition is not None and not condition.holds((entry.etag, entry.uploaded_ms)):
            return Found(entry, whole)
        stretch = whole if wanted is None else wanted.of(entry.size_bytes)
        found = pieces(self._objects.parts(entry), stretch)
        if stretch.length > _READ_ALONG_BYTES:
            self.blobs.hold(found)
            return Found(entry, stretch, pieces=found)
        try:
            return Found(entry, stretch, data=self.blobs.read(found))
        except FileNotFoundError:
            return None  # a row without its file is no object

    async def _read(self, work: Callable[[], _T]) -> _T:
        return await self._on_lane(work)

    async def _write(self, work: Callable[[], tuple[_T, Freed]]) -> _T:
        """Run `work` in a transaction, then remove the blobs that it names beside its result."""

        def transaction() -> _T:
            self._database.begin()
            try:
                result, freed = work()
                self._database.commit()
            except BaseException:
                self._database.rollback()
                raise
            self.blobs.delete(freed)
            return result

        return await self._on_lane(transaction)

    async def _on_lane(self, work: Callable[[], _T]) -> _T:
        def prepared() -> _T:
            if not self._ready:
                create_tables(self._database)
                self._ready = True
            return work()

        if self._closed:
            raise internal_error()
        try:
            return await self._lane.run(prepared)
        except (apsw.Error, OSError) as failure:
            raise self._storage_failed(failure) from failure

    async def _write_blob(self, body: Body, algorithms: set[str]) -> Written:
        try:
            return await self.blobs.write(body, sorted(algorithms))
        except OSError as failure:
            raise self._storage_failed(failure) from failure

    def _storage_failed(self, failure: Exception) -> R2Refused:
        # The platform tells the Worker nothing more; whoever runs it should know.
        _log.error("R2 storage failed: %s (%s)", failure, self._where)
        return internal_error()

    def _secret(self, label: str) -> str:
        return base64.urlsafe_b64encode(self._random.bytes(label, 128)).rstrip(b"=").decode()


def _check_written(written: Written, checksum: Checksum | None) -> None:
    check_size(written.size_bytes)
    if checksum is not None and written.digests[checksum.algorithm] != checksum.hex_digest:
        title = ALGORITHM_TITLES[checksum.algorithm]
        raise bad_digest(title, checksum.hex_digest, written.digests[checksum.algorithm])
