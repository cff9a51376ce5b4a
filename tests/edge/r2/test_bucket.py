"""Buckets on disk: files and rows, streams, failures; in real threads where that matters."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.http.streams.readable import ReadableStream
from edge.js.errors import JsException
from edge.kernel.clock import VirtualClock, WallClock
from edge.kernel.random import RandomStreams
from edge.r2.binding import R2Bucket
from edge.r2.open import bucket_path, open_bucket
from tests.edge.r2.worlds import using
from tests.loops import run, run_virtual

LARGE = os.urandom(700_000)


def blobs(directory: Path) -> list[Path]:
    return sorted((directory / "v3/r2/b/blobs").iterdir())


def rows(directory: Path) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(bucket_path(directory, "b"))
    found = connection.execute("SELECT * FROM _mf_objects").fetchall()
    connection.close()
    return found


def test_layout_is_miniflares(tmp_path: Path) -> None:
    using(lambda b: b.put("k", "hello", sha1="aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"), tmp_path)
    (row,) = rows(tmp_path)
    (file,) = blobs(tmp_path)
    key, blob_id, version, size, etag, uploaded, checksums, http, custom = row
    assert file.name == blob_id
    assert len(file.name) == 80
    assert int(file.name[64:], 16) == uploaded == 1_767_225_600_000
    assert file.read_bytes() == b"hello"
    assert (key, size, etag, http, custom) == ("k", 5, "5d41402abc4b2a76b9719d911017c592", "{}", "{}")
    assert checksums == '{"sha1":"aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"}'
    assert len(str(version)) == 32


def test_data_outlives_the_process(tmp_path: Path) -> None:
    using(lambda b: b.put("k", "hello"), tmp_path)

    async def read(b: R2Bucket) -> str:
        return str(await (await b.get("k")).text())

    assert using(read, tmp_path) == "hello"


def test_old_bytes_go_with_their_row(tmp_path: Path) -> None:
    async def script(b: R2Bucket) -> None:
        await b.put("k", "1")
        await b.put("k", "2")
        assert [file.read_bytes() for file in blobs(tmp_path)] == [b"2"]
        for refused in (b.put("k", "3", md5="0" * 32), b.put("k", "3" * 5, customMetadata={"a": "b" * 3000})):
            with pytest.raises(JsException):
                await refused
        await b.put("k", "4", onlyIf={"etagMatches": "nope"})
        assert [file.read_bytes() for file in blobs(tmp_path)] == [b"2"]
        await b.delete("k")
        assert blobs(tmp_path) == []

    using(script, tmp_path)


def test_a_broken_stream_leaves_nothing(tmp_path: Path) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"begun"
        raise OSError("the client went away")

    async def script(b: R2Bucket) -> None:
        with pytest.raises(JsException, match="internal error"):
            await b.put("k", ReadableStream.from_chunks(chunks(), 10))
        assert blobs(tmp_path) == []
        assert (await b.list()).objects.length == 0

    using(script, tmp_path)


def test_large_objects_are_streamed(tmp_path: Path) -> None:
    async def script() -> None:
        bucket = open_bucket("b", tmp_path, WallClock(), RandomStreams(), durable=False)
        source = ReadableStream.from_chunks(_slices(LARGE, 100_000), len(LARGE))
        assert (await bucket.put("k", source)).size == len(LARGE)
        sizes = [len(chunk) async for chunk in (await bucket.get("k")).body.chunks()]
        assert sizes == [262_144, 262_144, len(LARGE) - 2 * 262_144]
        part = await bucket.get("k", {"range": {"offset": 10, "length": 300_000}})
        assert (await part.bytes()).to_bytes() == LARGE[10:300_010]
        await bucket._close()

    run(script())


async def _slices(data: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def test_who_began_to_read_reads_on(tmp_path: Path) -> None:
    async def script(b: R2Bucket) -> None:
        await b.put("k", ReadableStream.from_bytes(LARGE))
        chunks = (await b.get("k")).body.chunks()
        read = await anext(chunks)
        await b.put("k", "new")
        assert len(blobs(tmp_path)) == 2
        async for chunk in chunks:
            read += chunk
        assert read == LARGE
        assert len(blobs(tmp_path)) == 1

    using(script, tmp_path)


@pytest.mark.parametrize("how", ["cancelled", "forgotten", "closed"])
def test_what_is_not_read_to_its_end_goes_too(tmp_path: Path, how: str) -> None:
    async def script(b: R2Bucket) -> None:
        await b.put("k", ReadableStream.from_bytes(LARGE))
        got = await b.get("k")
        await b.delete("k")
        assert len(blobs(tmp_path)) == 1
        if how == "cancelled":
            await got.body.cancel()
        elif how == "forgotten":
            del got
            gc.collect()
        else:
            await b._close()
        assert blobs(tmp_path) == []

    using(script, tmp_path)


def test_a_row_without_its_file_is_no_object(tmp_path: Path) -> None:
    async def script(b: R2Bucket) -> object:
        await b.put("k", "x")
        blobs(tmp_path)[0].unlink()
        return await b.get("k")

    assert str(using(script, tmp_path)) == "null"


def test_many_at_once(tmp_path: Path) -> None:
    async def script() -> None:
        bucket = open_bucket("b", tmp_path, WallClock(), RandomStreams(), durable=False)
        await asyncio.gather(*(bucket.put(f"k{number % 5}", str(number)) for number in range(40)))
        assert len(blobs(tmp_path)) == 5
        found = await asyncio.gather(*(bucket.get(f"k{number}") for number in range(5)))
        for number, got in enumerate(found):
            assert int(await got.text()) % 5 == number
        await bucket._close()

    run(script())


def test_storage_that_fails_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    bucket_path(tmp_path, "b").mkdir(parents=True)

    async def script() -> None:
        bucket = open_bucket("b", tmp_path, VirtualClock(), RandomStreams(1))
        with pytest.raises(JsException) as caught:
            await bucket.head("k")
        assert caught.value.message == "head: We encountered an internal error. Please try again. (10001)"

    with caplog.at_level(logging.ERROR, "edge.r2"):
        run_virtual(script())
    assert str(tmp_path) in caplog.text


def test_a_closed_bucket() -> None:
    async def script() -> None:
        bucket = open_bucket("b", None, VirtualClock(), RandomStreams(1))
        await bucket._close()
        with pytest.raises(JsException, match="internal error"):
            await bucket.head("k")

    run_virtual(script())
