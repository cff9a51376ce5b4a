"""A client of the sandbox's server for tests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from edge.http.headers import Headers
from edge.http.request import Request
from edge.http.response import Response
from edge.http.streams.readable import ReadableStream
from edge.kernel.clock import WallClock
from edge.kernel.random import RandomStreams
from sandbox.server.server import SandboxServer
from tests.loops import run
from tests.sandbox.server.local import LocalInstance


class Refused(Exception):
    """The server answered with an ErrorResponse."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(f"{status} {body['code']}: {body['message']}")
        self.status = status
        self.code = body["code"]
        self.body = body


class Api:
    """Calls a server in the same process."""

    def __init__(self, server: SandboxServer, instance: Any) -> None:
        self.server = server
        self.instance = instance

    async def send(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> Response:
        payload = body if isinstance(body, bytes | ReadableStream | None) else json.dumps(body).encode()
        found = Headers(list({"content-type": "application/json", **(headers or {})}.items()))
        return await self.server(
            Request.make(f"http://localhost:3000{path}", method=method, headers=found, payload=payload)
        )

    async def json(self, method: str, path: str, body: Any = None) -> Any:
        response = await self.send(method, path, body)
        value = json.loads(await response.read_bytes())
        if response.status != 200:
            assert response.status == value["httpStatus"]
            raise Refused(response.status, value)
        return value

    async def post(self, path: str, /, **body: Any) -> Any:
        return await self.json("POST", f"/api/{path}", body)

    async def get(self, path: str) -> Any:
        return await self.json("GET", f"/api/{path}")

    async def delete(self, path: str) -> Any:
        return await self.json("DELETE", f"/api/{path}")

    async def exec(self, command: str, session: str | None = "main", **options: Any) -> Any:
        return await self.post("execute", command=command, sessionId=session, **options)

    async def events(self, method: str, path: str, /, **body: Any) -> AsyncIterator[dict[str, Any]]:
        response = await self.send(method, f"/api/{path}", body if method == "POST" else None)
        if response.status != 200:
            raise Refused(response.status, json.loads(await response.read_bytes()))
        assert response.headers.get_str("content-type") == "text/event-stream"
        payload = response.take_payload()
        assert isinstance(payload, ReadableStream)
        async for chunk in payload.chunks():
            assert chunk.startswith(b"data: ")
            assert chunk.endswith(b"\n\n")
            yield json.loads(chunk[6:])


def with_api(folder: Path, body: Callable[[Api], Awaitable[None]]) -> None:
    """Run `body` against the server of a container of its own."""

    async def main() -> None:
        async with LocalInstance(folder) as instance:
            server = SandboxServer(instance, WallClock(), RandomStreams(1))
            async with asyncio.timeout(60):
                await body(Api(server, instance))
            await server.close()

    run(main())
