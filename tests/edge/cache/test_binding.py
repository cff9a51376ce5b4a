"""`caches`, as a Worker's JavaScript space has it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.cache.binding import Cache, CacheStorage
from edge.cache.caches import Caches
from edge.http.headers import Headers
from edge.http.request import Request
from edge.http.response import Response
from edge.js.errors import JsException
from edge.js.objects import JsObject
from edge.kernel.clock import VirtualClock
from edge.kernel.random import RandomStreams
from edge.network.here import at_place
from edge.sql.location import blob_folder, object_path
from tests.loops import run_virtual

URL = "https://example.com/a"
Script = Callable[[CacheStorage, VirtualClock], Any]


def using(script: Script, directory: Path | None = None) -> Any:
    """What `script` gives, in virtual time."""

    clock = VirtualClock()

    async def whole() -> Any:
        caches = Caches(clock, RandomStreams(1), directory)
        try:
            return await script(CacheStorage(caches), clock)
        finally:
            await caches.close()

    return run_virtual(whole(), clock)


def answer(body: str = "body", status: int = 200, **headers: str) -> Response:
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Response.make(body.encode(), status, "", Headers(pairs or [("cache-control", "max-age=60")]))


def asking(**headers: str) -> Request:
    return Request.make(URL, headers=Headers([(k.replace("_", "-"), v) for k, v in headers.items()]))


async def text(cache: Cache, source: Any = URL) -> str | None:
    found = await cache.match(source)
    return None if found is None else await found.text()


def test_a_response_comes_back_until_its_time_is_over() -> None:
    async def script(caches: CacheStorage, clock: VirtualClock) -> None:
        cache = caches.default
        assert await cache.match(URL) is None
        await cache.put(URL, answer(cache_control="max-age=60", content_type="text/x", etag='"e"'))
        await clock.advance(59)
        found = await cache.match(URL)
        headers = found.headers
        assert (found.status, await found.text()) == (200, "body")
        assert headers.get("content-type") == "text/x"
        assert headers.get("cf-cache-status") == "HIT"
        assert headers.get("age") == "59"
        await clock.advance(1)
        assert await cache.match(URL) is None

    using(script)


def test_a_later_response_takes_the_place_of_the_first() -> None:
    async def script(caches: CacheStorage, clock: VirtualClock) -> None:
        cache = caches.default
        await cache.put(URL, answer("one"))
        await cache.put(URL + "#part", answer("two"))
        assert await text(cache) == "two"
        await cache.put(URL, answer("three", cache_control="no-store"))
        assert await text(cache) == "two"
        await cache.put(URL, answer("four", cache_control="max-age=0"))
        assert await text(cache) is None

    using(script)


def test_deleting() -> None:
    async def script(caches: CacheStorage, clock: VirtualClock) -> None:
        cache = caches.default
        assert await cache.delete(URL) is False
        await cache.put(URL, answer())
        assert await cache.delete(Request.make(URL, method="POST")) is False
        assert await cache.delete(Request.make(URL, method="POST"), JsObject({"ignoreMethod": True})) is True
        assert await cache.match(URL) is None
        await cache.put(URL, answer())
        await clock.advance(61)
        assert await cache.delete(URL) is False

    using(script)


def test_named_caches_are_apart() -> None:
    async def script(caches: CacheStorage, clock: VirtualClock) -> None:
        await (await caches.open("one")).put(URL, answer("one"))
        await caches.default.put(URL, answer("default"))
        assert await text(await caches.open("one")) == "one"
        assert await text(await caches.open("two")) is None
        assert await text(await caches.open("default")) is None
        assert await text(caches.default) == "default"

    using(script)


def test_each_place_has_its_own() -> None:
    async def script(caches: CacheStorage, clock: VirtualClock) -> None:
        with at_place("SYD"):
            await caches.default.put(URL, answer("sydney"))
        with at_place("AMS"):
            assert await text(caches.default) is None
            await caches.default.put(URL, answer("amsterdam"))
            assert await caches.default.delete(URL) is True
        with at_place("SYD"):
            assert await text(caches.default) == "sydney"

    using(script)


def test_keys() -> None:
    async def script(caches: CacheStorage, clock: VirtualClock) -> None:
        cache = caches.default
        keyed = Request.js_new(URL, JsObject({"cf": JsObject({"cacheKey": "mine"})}))
        await cache.put(keyed, answer("keyed"))
        assert await text(cache) is None
        assert await text(cache, keyed) == "keyed"
        assert await cache.match(Request.make(URL, method="HEAD")) is None
        await cache.put(URL, answer("plain"))
        ignoring = JsObject({"ignoreMethod": True})
        found = await cache.match(Request.make(URL, method="HEAD"), ignoring)
        assert await found.text() == "plain"

    using(script)


@pytest.mark.parametrize(
    ("asked", "status", "body", "content_range"),
    [
        (asking(if_none_match='W/"e"'), 304, "", None),
        (asking(if_none_match='"other"'), 200, "0123456789", None),
        (asking(range="bytes=2-4"), 206, "234", "bytes 2-4/10"),
        (asking(range="bytes=-2"), 206, "89", "bytes 8-9/10"),
        (asking(range="bytes=10-"), 416, "", "bytes */10"),
    ],
)
def test_what_a_request_may_ask(asked: Request, status: int, body: str, content_range: str | None) -> None:
    async def script(caches: CacheStorage, clock: VirtualClock) -> None:
        await caches.default.put(URL, answer("0123456789", cache_control="max-age=9", etag='"e"'))
        found = await caches.default.match(asked)
        assert (found.status, await found.text()) == (status, body)
        assert found.headers.get_str("content-range") == content_range
        assert found.headers.get("cf-cache-status") == "HIT"

    using(script)


WEB_SOCKET = Response.make(None, 101, web_socket=object())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("source", "response", "message"),
    [
        (Request.make(URL, method="POST"), answer(), "Cannot cache response to non-GET request."),
        (URL, answer(status=206), "Cannot cache response to a range request (206 Partial Content)."),
        (URL, answer(vary="accept, *"), "Cannot cache response with 'Vary: *' header."),
        (URL, WEB_SOCKET, "Cannot cache WebSocket upgrade response."),
        (URL, Response.error(), "Cache is unable to store an error response."),
        ("/a", answer(), "Invalid URL: /a"),
        (URL, "text", "Failed to execute 'put' on 'Cache': parameter 2 is not of type 'Response'."),
    ],
)
def test_what_cannot_be_put(source: Any, response: Any, message: str) -> None:
    async def script(caches: CacheStorage, clock: VirtualClock) -> None:
        with pytest.raises(JsException) as caught:
            await caches.default.put(source, response)
        assert (caught.value.name, caught.value.message) == ("TypeError", message)

    using(script)


def test_a_304_is_ignored(caplog: pytest.LogCaptureFixture) -> None:
    async def script(caches: CacheStorage, clock: VirtualClock) -> None:
        await caches.default.put(URL, Response.make(None, 304, "", Headers([("cache-control", "max-age=9")])))
        assert await caches.default.match(URL) is None

    using(script)
    assert "Ignored a 304 response" in caplog.text


def test_names_and_what_workerd_has_not() -> None:
    async def script(caches: CacheStorage, clock: VirtualClock) -> None:
        with pytest.raises(JsException, match=r"Cache name is too long."):
            await caches.open("x" * 1025)
        for call in (caches.match, caches.has, caches.delete, caches.keys):
            with pytest.raises(JsException, match="the method is not implemented"):
                call(URL)
        for call in (caches.default.add, caches.default.addAll, caches.default.keys, caches.default.matchAll):
            with pytest.raises(JsException, match="the method is not implemented"):
                call(URL)

    using(script)


def test_it_lies_where_wrangler_dev_has_it(tmp_path: Path) -> None:
    async def fill(caches: CacheStorage, clock: VirtualClock) -> None:
        await caches.default.put(URL, answer("kept"))
        await (await caches.open("x")).put(URL, answer("named"))

    async def look(caches: CacheStorage, clock: VirtualClock) -> list[str | None]:
        return [await text(caches.default), await text(await caches.open("x"))]

    using(fill, tmp_path)
    assert using(look, tmp_path) == ["kept", "named"]
    assert object_path(tmp_path, "cache", "miniflare-CacheObject", "default").is_file()
    (blob,) = blob_folder(tmp_path, "cache", "named:x").iterdir()
    assert (blob.parent.parent.name, blob.read_text(), len(blob.name)) == ("named_x", "named", 80)
    blob.unlink()
    assert using(look, tmp_path) == ["kept", None]


def test_a_replaced_body_leaves_no_file(tmp_path: Path) -> None:
    async def script(caches: CacheStorage, clock: VirtualClock) -> None:
        for body in ("one", "two"):
            await caches.default.put(URL, answer(body))

    using(script, tmp_path)
    (blob,) = blob_folder(tmp_path, "cache", "default").iterdir()
    assert blob.read_text() == "two"
