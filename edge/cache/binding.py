"""The global `caches`, and a cache, as JavaScript sees them.

Sources: Cloudflare's "Cache" page; spec runtime.md section 7 (texts of workerd's api/cache.c++).
"""

from __future__ import annotations

import logging
from contextlib import closing
from typing import TYPE_CHECKING, Any, NoReturn

from edge.cache.logic.conditions import NotSatisfiable, byte_range, not_modified
from edge.cache.logic.freshness import kept, with_age
from edge.cache.store import Stored
from edge.http.headers import Headers
from edge.http.init import member
from edge.http.request import Request
from edge.http.response import Response
from edge.http.subrequests import spend
from edge.js.errors import type_error
from edge.js.functions import js_method
from edge.js.promise import JsPromise
from edge.js.proxy import JsProxy
from edge.js.webidl import to_string
from edge.kernel.spans import span
from edge.kernel.tasks import before_output, output_hold

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from edge.cache.caches import Caches

NAME_CHARACTERS_MAX = 1024
BODY_BYTES_MAX = 512 * 1024 * 1024
_MS = 1000
_log = logging.getLogger("edge.worker")


class Cache(JsProxy, js_name="Cache"):
    """One cache, at whichever place the caller is."""

    __slots__ = ("_caches", "_name")

    def __init__(self, caches: Caches, name: str) -> None:
        self._caches = caches
        self._name = name

    @js_method
    def match(self, request: Any = None, options: Any = None, *_: Any) -> JsPromise:
        """The stored response, undefined when there is none; never asks the origin."""
        return _started("cache.match", self._match(request, options))

    @js_method
    def put(self, request: Any = None, response: Any = None, *_: Any) -> JsPromise:
        """Store a response for as long as its headers say. Rejects with TypeError for what cannot be."""
        return _started("cache.put", self._put(request, response))

    @js_method
    def delete(self, request: Any = None, options: Any = None, *_: Any) -> JsPromise:
        """Whether a response was there, at this place."""
        return _started("cache.delete", self._delete(request, options))

    def add(self, *_: Any) -> NoReturn:
        raise _unimplemented("add", "Cache")

    def addAll(self, *_: Any) -> NoReturn:
        raise _unimplemented("addAll", "Cache")

    def keys(self, *_: Any) -> NoReturn:
        raise _unimplemented("keys", "Cache")

    def matchAll(self, *_: Any) -> NoReturn:
        raise _unimplemented("matchAll", "Cache")

    async def _match(self, source: Any, options: Any) -> Response | None:
        request = _request(source)
        with span("cache.match", url=request.url) as traced:
            traced.tag(cache="miss")
            if request.method != "GET" and not member(options, "ignoreMethod"):
                return None
            await self._caches.take("lookup")
            cache, key = self._caches.at_hand(self._name), _key(request)
            now_ms = cache.clock.now_ms()
            stored = await cache.run(lambda store: store.get(key, now_ms))
            if stored is None:
                return None
            traced.tag(cache="hit")
            return _answer(request, stored, now_ms)

    async def _put(self, source: Any, response: Any) -> None:
        request = _request(source)
        if not isinstance(response, Response):
            raise type_error("Failed to execute 'put' on 'Cache': parameter 2 is not of type 'Response'.")
        _refuse(request, response)
        key = _key(request)
        if response.status == 304:
            _log.warning("Ignored a 304 response passed to cache.put(): it has nothing to store.")
            return
        body = await response.read_bytes()
        if output_hold.get() is not None:
            await before_output()
        with span("cache.put", url=request.url) as traced:
            await self._caches.take("store")
            traced.tag(stored=await self._store(key, request, response, body))

    async def _store(self, key: str, request: Request, response: Response, body: bytes) -> bool:
        cache = self._caches.at_hand(self._name)
        now_ms = cache.clock.now_ms()
        # As on Cloudflare: what may not be stored is passed over in silence.
        found = kept(
            dict(request.headers.raw_items()), response.status, response.headers.raw_items(), now_ms / _MS
        )
        if found is None or len(body) > BODY_BYTES_MAX:
            return False
        stored = Stored(response.status, found.headers, body, now_ms)
        expires_ms = now_ms + int(found.ttl_s * _MS)
        if expires_ms <= now_ms:
            await cache.run(lambda store: store.delete(key, now_ms))
            return False
        await cache.run(lambda store: store.put(key, stored, expires_ms))
        return True

    async def _delete(self, source: Any, options: Any) -> bool:
        request = _request(source)
        if request.method != "GET" and not member(options, "ignoreMethod"):
            return False
        key = _key(request)
        if output_hold.get() is not None:
            await before_output()
        with span("cache.delete", url=request.url):
            await self._caches.take("lookup")
            cache = self._caches.at_hand(self._name)
            now_ms = cache.clock.now_ms()
            return await cache.run(lambda store: store.delete(key, now_ms))


class CacheStorage(JsProxy, js_name="CacheStorage"):
    """The global `caches`."""

    __slots__ = ("_caches", "default")

    def __init__(self, caches: Caches) -> None:
        self._caches = caches
        self.default = Cache(caches, "default")

    @js_method
    def open(self, name: Any = None, *_: Any) -> JsPromise:
        """The cache of that name, apart from all others."""
        text = to_string(name)
        if len(text) > NAME_CHARACTERS_MAX:
            return JsPromise.rejected(type_error("Cache name is too long."))
        return JsPromise.resolved(Cache(self._caches, f"named:{text}"))

    def match(self, *_: Any) -> NoReturn:
        raise _unimplemented("match", "CacheStorage")

    def has(self, *_: Any) -> NoReturn:
        raise _unimplemented("has", "CacheStorage")

    def delete(self, *_: Any) -> NoReturn:
        raise _unimplemented("delete", "CacheStorage")

    def keys(self, *_: Any) -> NoReturn:
        raise _unimplemented("keys", "CacheStorage")


def _started(name: str, operation: Coroutine[Any, Any, Any]) -> JsPromise:
    return JsPromise.start(_counted(operation), name=name)


async def _counted(operation: Coroutine[Any, Any, Any]) -> Any:
    with closing(operation):
        spend()
        return await operation


def _request(source: Any) -> Request:
    return source if isinstance(source, Request) else Request.js_new(source)


def _key(request: Request) -> str:
    own = member(request.cf, "cacheKey")
    return request.url.partition("#")[0] if own is None else to_string(own)


def _refuse(request: Request, response: Response) -> None:
    """Raises TypeError, or Error, for what the platform refuses in words."""
    if response.type == "error":
        raise type_error("Cache is unable to store an error response.")
    if response._web_socket is not None:
        raise type_error("Cannot cache WebSocket upgrade response.")
    if request.method != "GET":
        raise type_error("Cannot cache response to non-GET request.")
    if response.status == 206:
        raise type_error("Cannot cache response to a range request (206 Partial Content).")
    if "*" in (response.headers.get_str("vary") or ""):
        raise type_error("Cannot cache response with 'Vary: *' header.")


def _answer(request: Request, stored: Stored, now_ms: int) -> Response:
    asked = dict(request.headers.raw_items())
    lines = with_age(stored.headers, max(0, now_ms - stored.put_ms) / _MS)
    headers = Headers([*lines, ("cf-cache-status", "HIT")])
    try:
        wanted = byte_range(asked.get("range"), len(stored.body))
    except NotSatisfiable:
        unsatisfied = [("content-range", f"bytes */{len(stored.body)}"), ("cf-cache-status", "HIT")]
        return Response.make(None, 416, "", Headers(unsatisfied))
    if not_modified(asked, dict(headers.raw_items())):
        return Response.make(None, 304, "", headers)
    if wanted is None:
        return Response.make(stored.body, stored.status, "", headers)
    first, last = wanted
    headers.replace("content-range", f"bytes {first}-{last}/{len(stored.body)}")
    headers.replace("content-length", str(last - first + 1))
    return Response.make(stored.body[first : last + 1], 206, "", headers)


def _unimplemented(method: str, owner: str) -> Exception:
    return type_error(f"Failed to execute '{method}' on '{owner}': the method is not implemented.")
