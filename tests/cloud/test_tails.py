"""Tails over their real WebSocket: filters, several listeners, ends."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.cloud.running import RunningCloud, running_cloud
from tests.loops import run
from tests.wrangler_compat.cloud.workers.uploads import upload_of

SOURCE = """
import asyncio
from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        print(request.method, request.url)
        return Response("fine")
"""


class Listener:
    """A client of the API of one Worker, `loud`."""

    def __init__(self, cloud: RunningCloud, client: httpx.AsyncClient) -> None:
        self.cloud = cloud
        self.client = client
        self.at = f"{cloud.url}/accounts/{cloud.account_id}/workers/scripts/loud"
        self.token = {"authorization": f"Bearer {cloud.token}"}

    async def deploy(self) -> None:
        files = upload_of({"entry.py": SOURCE}, compatibility_flags=["python_workers"])
        assert (await self.client.put(self.at, files=files, headers=self.token)).status_code == 200

    async def open(self, *filters: dict[str, Any]) -> dict[str, Any]:
        body = {"filters": list(filters)}
        response = await self.client.post(f"{self.at}/tails", json=body, headers=self.token)
        found: dict[str, Any] = response.json()["result"]
        return found

    async def tails(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.client.get(f"{self.at}/tails", headers=self.token)).json()[
            "result"
        ]
        return found

    async def ask(self, method: str, path: str) -> None:
        headers = {"host": "loud.localhost"}
        assert (await self.client.request(method, self.cloud.origin + path, headers=headers)).text == "fine"


def test_tails() -> None:
    async def check() -> None:
        async with running_cloud(serve=True) as cloud, httpx.AsyncClient() as client:
            loud = Listener(cloud, client)
            await loud.deploy()
            every, posts = await loud.open(), await loud.open({"method": ["POST"]})
            async with (
                connect(every["url"], subprotocols=["trace-v1"]) as one,
                connect(posts["url"], subprotocols=["trace-v1"]) as two,
            ):
                await loud.ask("GET", "/a")
                await loud.ask("POST", "/b")
                heard = [json.loads(await one.recv())["logs"][0]["message"] for _ in range(2)]
                assert heard == [["GET http://loud.localhost/a"], ["POST http://loud.localhost/b"]]
                assert json.loads(await two.recv())["event"]["request"]["method"] == "POST"
                closed = await client.delete(f"{loud.at}/tails/{posts['id']}", headers=loud.token)
                assert closed.json()["success"]
                with pytest.raises(ConnectionClosed):
                    await two.recv()
                assert [tail["id"] for tail in await loud.tails()] == [every["id"]]
            while await loud.tails():  # a client that leaves takes its tail with it
                await asyncio.sleep(0)

    run(check())


def test_sockets_that_are_refused() -> None:
    async def check() -> None:
        async with running_cloud(serve=True) as cloud, httpx.AsyncClient() as client:
            loud = Listener(cloud, client)
            await loud.deploy()
            tail = await loud.open()
            for url, protocols in ((tail["url"], None), (tail["url"] + "x", ["trace-v1"])):
                with pytest.raises(InvalidStatus) as refused:
                    async with connect(url, subprotocols=protocols):  # type: ignore[arg-type]
                        pass
                assert refused.value.response.status_code == 403
            gone = await client.delete(f"{loud.at}/tails/nonsense", headers=loud.token)
            assert gone.status_code == 404

    run(check())
