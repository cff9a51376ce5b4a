"""The Cache API here and in the real runtime: the same answers, and one folder for both."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from edge.cache.binding import CacheStorage
from edge.cache.caches import Caches
from edge.http.headers import Headers
from edge.http.request import Request
from edge.http.response import Response
from edge.js.errors import JsException
from edge.js.objects import JsObject
from edge.kernel import tasks
from edge.kernel.clock import WallClock
from edge.kernel.random import RandomStreams
from tests.peers.npm import environment, peers

pytestmark = [pytest.mark.peers, pytest.mark.slow]

PLAYER = Path(__file__).parent / "cache_cases.js"
FRESH = {"cache-control": "max-age=600"}
PAST, FUTURE = "Tue, 14 Nov 2023 22:13:20 GMT", "Tue, 14 Nov 2073 22:13:20 GMT"

Case = dict[str, Any]


def put(headers: dict[str, str], status: int = 200, **match: str) -> Case:
    """A response that is put and asked for, the request having the headers `match`."""
    asked = {name.replace("_", "-"): value for name, value in match.items()}
    body = None if status == 304 else "0123456789"
    return {"put": {"status": status, "headers": headers, "body": body}, "match": {"headers": asked}}


CASES: list[Case] = [
    {"match": {}},
    put(FRESH),
    put({}),
    put({"cache-control": "no-store"}),
    put({"cache-control": "private, max-age=600"}),
    put({"cache-control": "public"}),
    put({"cache-control": "max-age=0"}),
    put({"cache-control": "s-maxage=0, max-age=600"}),
    put({"cache-control": "s-maxage=600, max-age=0"}),
    put({"cache-control": "no-cache, max-age=600"}),
    put({"cache-control": "immutable"}),
    put({"expires": FUTURE}),
    put({"expires": PAST}),
    put({"expires": "0"}),
    put({"last-modified": PAST}),
    put({**FRESH, "age": "100"}),
    put({**FRESH, "age": "1000"}),
    put({**FRESH, "set-cookie": "a=1"}),
    put({"cache-control": "max-age=600, private=Set-Cookie", "set-cookie": "a=1"}),
    put({**FRESH, "vary": "accept"}, accept="text/html"),
    put({**FRESH, "vary": "*"}),
    put({**FRESH, "x-own": "kept", "content-type": "text/own", "connection": "x-own"}),
    # Not 204: Miniflare fails on a response without a body, and so never has one.
    *(put(FRESH, status) for status in (201, 203, 206, 300, 301, 302, 303, 304, 307, 308)),
    *(put(FRESH, status) for status in (400, 403, 404, 405, 410, 414, 418, 500, 501, 503)),
    *(put({}, status) for status in (301, 302, 404)),
    put({**FRESH, "etag": '"e"'}, if_none_match='"e"'),
    put({**FRESH, "etag": 'W/"e"'}, if_none_match='"x", "e"'),
    put({**FRESH, "etag": '"e"'}, if_none_match="*"),
    put({**FRESH, "etag": '"e"'}, if_none_match='"x"'),
    put({**FRESH, "last-modified": PAST}, if_modified_since=PAST),
    put({**FRESH, "last-modified": PAST}, if_modified_since="Tue, 14 Nov 2023 22:13:19 GMT"),
    put(FRESH, range="bytes=2-4"),
    put(FRESH, range="bytes=2-"),
    put(FRESH, range="bytes=-3"),
    put(FRESH, range="bytes=-300"),
    put(FRESH, range="bytes=2-400"),
    put(FRESH, range="bytes=10-"),
    put(FRESH, range="bytes=4-2"),
    put(FRESH, range="lines=1-2"),
    put(FRESH, cache_control="no-cache"),
    put(FRESH, authorization="Bearer x"),
    {**put(FRESH), "match": {"method": "HEAD"}},
    {**put(FRESH), "match": {"method": "POST"}},
    {**put(FRESH), "match": {"method": "POST", "options": {"ignoreMethod": True}}},
    {**put(FRESH), "delete": True},
    {"delete": True},
    {"put": {"status": 200, "headers": FRESH, "body": "x", "method": "POST"}},
    {**put(FRESH), "name": "mine"},
    {**put(FRESH), "url": "not a URL"},
]
for number, case in enumerate(CASES):
    case.setdefault("url", f"https://example.com/{number}?q=1#part")
#: Made by the clock or by the transport between the runtime and Miniflare; ours has no such transport.
UNCOMPARED = {"date", "content-length", "content-encoding", "transfer-encoding"}


def theirs(cases: list[Case], folder: Path) -> list[Any]:
    modules = peers() / "node_modules"
    done = subprocess.run(
        [str(modules / ".bin" / "node"), str(PLAYER), str(folder)],
        input=json.dumps(cases).encode(),
        env=environment({"NODE_PATH": str(modules)}),
        capture_output=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return [_comparable(result) for result in json.loads(done.stdout)]


def ours(cases: list[Case], state: Path) -> list[Any]:
    async def whole() -> list[Any]:
        tasks.install(asyncio.get_running_loop())
        caches = Caches(WallClock(), RandomStreams(), state)
        try:
            return [await _play(CacheStorage(caches), case) for case in cases]
        finally:
            await caches.close()

    return [_comparable(result) for result in asyncio.run(whole())]


async def _play(caches: CacheStorage, case: Case) -> dict[str, Any]:
    cache = await caches.open(case["name"]) if "name" in case else caches.default
    result: dict[str, Any] = {}
    try:
        if "put" in case:
            given = case["put"]
            body = None if given["body"] is None else given["body"].encode()
            headers = Headers([("content-type", "text/plain;charset=UTF-8")] if body is not None else [])
            for name, value in given["headers"].items():
                headers.replace(name, value)
            method = given.get("method")
            key = Request.make(case["url"], method=method) if method else case["url"]
            result["put"] = await cache.put(key, Response.make(body, given["status"], "", headers))
            result["put"] = "undefined"
        if "match" in case:
            result["match"] = await _match(cache, case["url"], case["match"])
        if "delete" in case:
            result["delete"] = await cache.delete(case["url"])
    except JsException as error:
        result["error"] = f"{error.name}: {error.message}"
    return result


async def _match(cache: Any, url: str, asked: dict[str, Any]) -> dict[str, Any] | None:
    headers = JsObject(asked.get("headers", {}))
    init = JsObject({"headers": headers, "method": asked.get("method", "GET")})
    options = JsObject(asked["options"]) if "options" in asked else None
    found = await cache.match(Request.js_new(url, init), options)
    if found is None:
        return None
    return {
        "status": found.status,
        "headers": dict(found.headers._pairs()),
        "body": await found.text(),
    }


def _comparable(result: dict[str, Any]) -> dict[str, Any]:
    match = result.get("match")
    if match is not None:
        kept = {name: value for name, value in match["headers"].items() if name not in UNCOMPARED}
        result["match"] = {**match, "headers": kept}
    return result


def test_both_answer_the_same(tmp_path: Path) -> None:
    mine = ours(CASES, tmp_path / "mine")
    real = theirs(CASES, tmp_path / "real")
    differences = [
        (case, own, other) for case, own, other in zip(CASES, mine, real, strict=True) if own != other
    ]
    assert differences == []


def test_one_folder_for_both(tmp_path: Path) -> None:
    state = tmp_path / "state"
    folder = state / "v3"
    plain, named = {**put(FRESH), "url": "https://a/"}, {**put(FRESH), "url": "https://b/", "name": "mine"}
    asked = [{key: value for key, value in case.items() if key != "put"} for case in (plain, named)]
    theirs([plain, named], folder)
    assert [result["match"]["body"] for result in ours(asked, state)] == ["0123456789"] * 2
    written = [
        {**case, "url": "https://ours/", "put": {**case["put"], "body": "ours"}} for case in (plain, named)
    ]
    ours(written, state)
    again = [{**case, "url": "https://ours/"} for case in asked]
    assert [result["match"]["body"] for result in theirs(again, folder)] == ["ours"] * 2
