"""Many keys in one call: all or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.loops import run
from tests.wrangler_compat.cloud.calls import Calls, calling

KV = "/storage/kv/namespaces"
GOOD = {"key": "good", "value": "v"}


async def namespace(calls: Calls) -> str:
    made = await calls.ok("POST", KV, json={"title": "t"})
    return f"{KV}/{made['id']}"


@pytest.mark.parametrize(
    ("bad", "text"),
    [
        ({"key": ""}, "Key names must not be empty"),
        ({"key": "k" * 513}, "exceeds key length limit of 512"),
        ({"key": 1}, "a 'key' and a 'value' that are texts"),
        ({"value": None}, "a 'key' and a 'value' that are texts"),
        ({"base64": True, "value": "%"}, "not valid base64"),
        ({"expiration_ttl": 10}, "Expiration TTL must be at least 60"),
        ({"expiration": 10}, "Invalid expiration of 10"),
        ({"expiration": "soon"}, "expiration must be a number of seconds"),
        ({"metadata": "m" * 1025}, "Metadata length of 1027 exceeds limit of 1024"),
    ],
)
def test_one_bad_pair_spoils_all(bad: dict[str, Any], text: str) -> None:
    async def check() -> None:
        async with calling() as calls:
            at = await namespace(calls)
            status, _, said = await calls.no("PUT", f"{at}/bulk", json=[GOOD, {**GOOD, "key": "bad", **bad}])
            assert status in (400, 413, 414)
            assert text in said
            assert await calls.ok("GET", f"{at}/keys") == []

    run(check())


def test_values_in_base64_and_as_json() -> None:
    async def check() -> None:
        async with calling() as calls:
            at = await namespace(calls)
            pairs = [
                {"key": "bytes", "value": "AP8=", "base64": True},
                {"key": "json", "value": '{"a": [1]}', "metadata": {"m": "ü"}},
            ]
            await calls.ok("PUT", f"{at}/bulk", json=pairs)
            assert (await calls.raw("GET", f"{at}/values/bytes")).content == b"\0\xff"
            wanted = {"keys": ["json", "none"], "type": "json", "withMetadata": True}
            found = await calls.ok("POST", f"{at}/bulk/get", json=wanted)
            assert found == {"values": {"json": {"value": {"a": [1]}, "metadata": {"m": "ü"}}, "none": None}}
            status, _, text = await calls.no("POST", f"{at}/bulk/get", json={**wanted, "keys": ["bytes"]})
            assert (status, text) == (400, "the value of 'bytes' is not valid JSON")

    run(check())


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/bulk"), ("POST", "/bulk/delete")])
def test_both_ways_to_delete(method: str, path: str) -> None:
    async def check() -> None:
        async with calling() as calls:
            at = await namespace(calls)
            await calls.ok("PUT", f"{at}/bulk", json=[GOOD, {**GOOD, "key": "other"}])
            assert (await calls.no(method, at + path, json=["good", ""]))[0] == 400
            assert len(await calls.ok("GET", f"{at}/keys")) == 2
            await calls.ok(method, at + path, json=["good"])
            assert await calls.ok("GET", f"{at}/keys") == [{"name": "other"}]

    run(check())


def test_bodies_that_are_wrong() -> None:
    async def check() -> None:
        async with calling() as calls:
            at = await namespace(calls)
            assert (await calls.no("PUT", f"{at}/bulk", content=b"{"))[2].endswith("is not valid JSON")
            assert (await calls.no("PUT", f"{at}/bulk", json={}))[2].endswith("an array of key-value pairs")
            assert (await calls.no("PUT", f"{at}/bulk", json=[GOOD] * 10_001))[0] == 400
            assert (await calls.no("POST", f"{at}/bulk/get", json={"keys": []}))[0] == 400
            assert (await calls.no("POST", f"{at}/bulk/get", json=["key"]))[2].endswith("a JSON object")

    run(check())
