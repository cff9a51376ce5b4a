"""A bucket as it is reached from afar, and with what goes wrong on the way.

Each operation goes to where the bucket lives and back; bytes follow at the pace of the link. A world without
distance and faults never uses this.

Source: `docs/latency-model.md`; `docs/faults.md`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from edge.http.streams.source import END, Source
from edge.kernel.clock import Clock
from edge.network.faults.faults import Faults
from edge.network.faults.storage import StorageTrouble
from edge.network.home import Home
from edge.network.network import Network
from edge.network.pace import Pace
from edge.r2.bucket import Body, Bucket, Found, PutOptions
from edge.r2.logic.conditions import Condition
from edge.r2.logic.entry import Entry, HttpMetadata, Piece
from edge.r2.logic.listing import ListOptions, Page
from edge.r2.logic.parts import ChosenPart
from edge.r2.logic.ranges import RangeWanted
from edge.r2.logic.refusal import R2Refused, internal_error

_T = TypeVar("_T")


class FarBucket:
    """The operations of `edge.r2.bucket.Bucket`, with the time they take and the faults they meet."""

    def __init__(
        self, bucket: Bucket, clock: Clock, home: Home | None, trouble: StorageTrouble | None
    ) -> None:
        self._bucket = bucket
        self._clock = clock
        self._home = home
        self._trouble = trouble

    async def head(self, key: str) -> Entry | None:
        """See `Bucket.head`."""
        return await self._visit("head", lambda: self._bucket.head(key))

    async def get(
        self, key: str, condition: Condition | None = None, wanted: RangeWanted | None = None
    ) -> Found | None:
        """See `Bucket.get`. Bytes that are read along with the row are there when it returns."""
        found = await self._visit("read", lambda: self._bucket.get(key, condition, wanted), "get")
        if found is not None and found.data is not None:
            await self._pace().arrived(len(found.data))
        return found

    def source(self, held: Sequence[Piece]) -> Source:
        """See `Bucket.source`: the bytes come one after the other from now on."""
        return _PacedSource(self._bucket.source(held), self._pace())

    async def put(self, key: str, body: Body, options: PutOptions) -> Entry | None:
        """See `Bucket.put`."""

        async def put() -> Entry | None:
            return await self._bucket.put(key, await self._carried(body), options)

        return await self._visit("write", put, "put")

    async def delete(self, keys: Sequence[str]) -> None:
        """See `Bucket.delete`."""
        await self._visit("delete", lambda: self._bucket.delete(keys))

    async def list(self, options: ListOptions) -> Page:
        """See `Bucket.list`."""
        return await self._visit("list", lambda: self._bucket.list(options))

    async def create_upload(self, key: str, http: HttpMetadata, custom: dict[str, str]) -> str:
        """See `Bucket.create_upload`."""
        return await self._visit("write", lambda: self._bucket.create_upload(key, http, custom), "put")

    async def put_part(self, key: str, upload_id: str, number: int, body: Body) -> str:
        """See `Bucket.put_part`."""

        async def put() -> str:
            return await self._bucket.put_part(key, upload_id, number, await self._carried(body))

        return await self._visit("write", put, "put")

    async def complete_upload(self, key: str, upload_id: str, parts: Sequence[ChosenPart]) -> Entry:
        """See `Bucket.complete_upload`."""
        return await self._visit("write", lambda: self._bucket.complete_upload(key, upload_id, parts), "put")

    async def abort_upload(self, key: str, upload_id: str) -> None:
        """See `Bucket.abort_upload`."""
        await self._visit("delete", lambda: self._bucket.abort_upload(key, upload_id))

    async def close(self) -> None:
        """See `Bucket.close`."""
        await self._bucket.close()

    async def _visit(self, what: str, work: Callable[[], Awaitable[_T]], operation: str = "") -> _T:
        """`what` is the profile's key, `operation` the fault script's word for it, the same if left out."""
        failed = None if self._trouble is None else await self._trouble.meet(operation or what)
        if failed is not None:
            text = failed.options.get("text")
            raise internal_error() if text is None else R2Refused(10001, text)
        if self._home is None:
            return await work()
        return await self._home.visit(what, getattr(self._home.network.profile.r2, what), work)

    async def _carried(self, body: Body) -> Body:
        """A body at the bucket: bytes once all have come, a stream as they come."""
        if not isinstance(body, bytes):
            return self._pace().carried(body)
        await self._pace().arrived(len(body))
        return body

    def _pace(self) -> Pace:
        return Pace(self._clock, 0.0 if self._home is None else _byte_s(self._home))


def far_bucket(
    bucket: Bucket, clock: Clock, network: Network | None, faults: Faults | None, names: tuple[str, str]
) -> FarBucket:
    """A bucket where the profile says that it is; `names` are its own and its binding's."""
    home = None if network is None else Home.of(network, "r2", network.profile.r2, names)
    trouble = None if faults is None else StorageTrouble(faults, "r2", "bucket", names)
    return FarBucket(bucket, clock, home, trouble)


def _byte_s(home: Home) -> float:
    """Seconds a byte takes between here and the bucket: as the link carries it, or a window a round trip."""
    network, r2 = home.network, home.network.profile.r2
    by_link_s = 1e-6 / r2.mb_per_s if r2.mb_per_s else 0.0
    round_trip_s = network.round_trip_s(network.here(), home.place)
    return max(by_link_s, round_trip_s / (r2.window_kb * 1e3) if r2.window_kb else 0.0)


class _PacedSource:
    """Chunks of an object that come at a pace (`edge.http.streams.source.Source`)."""

    __slots__ = ("_pace", "_source")

    def __init__(self, source: Source, pace: Pace) -> None:
        self._source = source
        self._pace = pace

    async def pull(self) -> Any:
        chunk = await self._source.pull()
        if chunk is not END:
            await self._pace.arrived(len(chunk))
        return chunk

    async def cancel(self, reason: Any) -> None:
        await self._source.cancel(reason)
