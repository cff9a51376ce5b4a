"""What is not the client's doing is answered in the envelope, too."""

from __future__ import annotations

import httpx
import pytest

from edge.kernel.clock import WallClock
from edge.kernel.random import RandomStreams
from tests.loops import run
from tests.wrangler_compat.cloud.calls import Calls, calling, refusal
from wrangler_compat.cloud.app import api
from wrangler_compat.cloud.cloud import Cloud


def test_storage_that_fails() -> None:
    async def check() -> None:
        async with calling() as calls:
            made = await calls.ok("POST", "/storage/kv/namespaces", json={"title": "t"})
            await calls.cloud.kv_store(calls.account, made["id"]).close()
            at = f"/storage/kv/namespaces/{made['id']}"
            assert (await calls.no("PUT", f"{at}/values/k", content=b"v"))[:2] == (500, 10001)
            calls.cloud.catalogue.change("DROP TABLE kv_namespaces")
            assert (await calls.no("GET", at))[:2] == (500, 10001)

    run(check())


def test_a_mistake_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    async def check() -> None:
        cloud = Cloud(None, WallClock(), RandomStreams(1))
        transport = httpx.ASGITransport(app=api(cloud), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://cloud/client/v4") as client:
            calls = Calls(cloud, client)
            monkeypatch.setattr(cloud.workers.scripts, "all", lambda account_id: 1 / 0)
            assert refusal(await calls.raw("GET", "/workers/scripts"))[:2] == (500, 10013)
        await cloud.close()

    run(check())
