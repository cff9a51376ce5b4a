"""Uploads that are cut off: a client says how much will come, sends half of it, and goes away."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx

from tests.cloud.running import RunningCloud, running_cloud
from tests.loops import run
from tests.wrangler_compat.cloud.workers.uploads import upload_of


async def half_sent(cloud: RunningCloud, request: httpx.Request) -> None:
    """Send the head and half of the body of a request, then cut the connection."""
    body = request.read()
    lines = [f"{request.method} {request.url.raw_path.decode()} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    reader, writer = await asyncio.open_connection("127.0.0.1", request.url.port)
    writer.write("\r\n".join([*lines, "", ""]).encode() + body[: len(body) // 2])
    await writer.drain()
    writer.write_eof()
    await reader.read()  # whatever it says, and that it closes
    writer.close()


def test_nothing_is_half_applied(tmp_path: Path) -> None:
    async def check() -> None:
        async with (
            running_cloud(tmp_path) as cloud,
            httpx.AsyncClient(headers={"authorization": f"Bearer {cloud.token}"}) as client,
        ):
            account = f"{cloud.url}/accounts/{cloud.account_id}"
            title = {"title": "t"}
            kv = (await client.post(f"{account}/storage/kv/namespaces", json=title)).json()["result"]["id"]
            bulk = f"{account}/storage/kv/namespaces/{kv}/bulk"
            pairs = [{"key": f"key {number}", "value": "v" * 1000} for number in range(1000)]
            await half_sent(cloud, client.build_request("PUT", bulk, json=pairs))

            await client.post(f"{account}/r2/buckets", json={"name": "first"})
            key = f"{account}/r2/buckets/first/objects/key"
            await client.put(key, content=b"old")
            await half_sent(cloud, client.build_request("PUT", key, content=b"x" * 3_000_000))

            script = f"{account}/workers/scripts/hello"
            large = upload_of({"entry.py": "pass\n" * 100_000})
            await half_sent(cloud, client.build_request("PUT", script, files=large))

            keys = (await client.get(f"{account}/storage/kv/namespaces/{kv}/keys")).json()
            assert keys["result"] == []
            assert (await client.get(key)).content == b"old"
            assert len(list(tmp_path.rglob("r2/first/blobs/*"))) == 1
            assert (await client.get(f"{account}/workers/scripts")).json()["result"] == []

    run(check())
