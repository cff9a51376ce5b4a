"""One value at a time: expiry, metadata, names that are no names, pages of keys."""

from __future__ import annotations

from edge.kernel.clock import VirtualClock
from tests.loops import run, run_virtual
from tests.wrangler_compat.cloud.calls import calling

KV = "/storage/kv/namespaces"


def test_a_value_expires() -> None:
    clock = VirtualClock()

    async def check() -> None:
        async with calling(clock=clock) as calls:
            at = f"{KV}/{(await calls.ok('POST', KV, json={'title': 't'}))['id']}"
            await calls.ok("PUT", f"{at}/values/k", content=b"v", params={"expiration_ttl": 60})
            expires_s = clock.now_ms() // 1000 + 60
            assert await calls.ok("GET", f"{at}/keys") == [{"name": "k", "expiration": expires_s}]
            assert (await calls.raw("GET", f"{at}/values/k")).headers["expiration"] == str(expires_s)
            await clock.advance("61s")
            assert await calls.no("GET", f"{at}/values/k") == (404, 10009, "get: 'key not found'")

    run_virtual(check(), clock)


def test_refusals_are_the_stores() -> None:
    async def check() -> None:
        async with calling() as calls:
            at = f"{KV}/{(await calls.ok('POST', KV, json={'title': 't'}))['id']}"
            long, short = f"{at}/values/{'k' * 513}", {"expiration_ttl": "59"}
            assert (await calls.no("PUT", long, content=b"v"))[0] == 414
            assert (await calls.no("PUT", f"{at}/values/k", content=b"v", params=short))[0] == 400
            assert (await calls.no("PUT", f"{at}/values/k", params={"expiration": "x"}))[0] == 400
            form = {"value": (None, "v"), "metadata": (None, "{")}
            assert (await calls.no("PUT", f"{at}/values/k", files=form))[2] == "metadata must be valid JSON"
            del form["value"]
            assert "lacks the field" in (await calls.no("PUT", f"{at}/values/k", files=form))[2]
            broken = {"content-type": "multipart/form-data; boundary=x"}
            assert (await calls.no("PUT", f"{at}/values/k", content=b"--x", headers=broken))[0] == 400
            assert await calls.ok("GET", f"{at}/keys") == []

    run(check())


def test_pages_of_keys() -> None:
    async def check() -> None:
        async with calling() as calls:
            at = f"{KV}/{(await calls.ok('POST', KV, json={'title': 't'}))['id']}"
            pairs = [{"key": f"{prefix}{number}", "value": "v"} for prefix in "ab" for number in range(5)]
            await calls.ok("PUT", f"{at}/bulk", json=pairs)
            first = (await calls.raw("GET", f"{at}/keys", params={"prefix": "b", "limit": 3})).json()
            assert first["result"] == [{"name": "b0"}, {"name": "b1"}, {"name": "b2"}]
            more = {"prefix": "b", "cursor": first["result_info"]["cursor"]}
            second = (await calls.raw("GET", f"{at}/keys", params=more)).json()
            assert second["result"] == [{"name": "b3"}, {"name": "b4"}]
            assert second["result_info"] == {"count": 2, "cursor": ""}
            await calls.ok("DELETE", f"{at}/values/b0")
            await calls.ok("DELETE", f"{at}/values/never-there")
            assert len(await calls.ok("GET", f"{at}/keys")) == 9

    run(check())
