"""WebSockets of a Worker that runs in the cloud, through the real server."""

from __future__ import annotations

import httpx
from websockets.asyncio.client import connect

from tests.cloud.running import running_cloud
from tests.loops import run
from tests.wrangler_compat.cloud.workers.uploads import upload_of

ECHO = """
from js import WebSocketPair
from pyodide.ffi import create_proxy
from workers import Response, WorkerEntrypoint


class Default(WorkerEntrypoint):
    async def fetch(self, request):
        client, server = WebSocketPair.new().object_values()
        server.accept()
        server.addEventListener("message", create_proxy(lambda event: server.send(f"echo {event.data}")))
        return Response(None, status=101, web_socket=client)
"""


def test_an_echo() -> None:
    async def check() -> None:
        async with running_cloud(serve=True) as cloud, httpx.AsyncClient() as client:
            flags = {"compatibility_flags": ["python_workers"]}
            made = await client.put(
                f"{cloud.url}/accounts/{cloud.account_id}/workers/scripts/echo",
                files=upload_of({"entry.py": ECHO}, **flags),
                headers={"authorization": f"Bearer {cloud.token}"},
            )
            assert made.json()["success"], made.text
            port = int(cloud.origin.rpartition(":")[2])
            async with connect("ws://echo.localhost/", host="127.0.0.1", port=port) as socket:
                await socket.send("hello")
                assert await socket.recv() == "echo hello"

    run(check())
