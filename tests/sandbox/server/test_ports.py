"""Waiting for ports."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from edge.http.request import Request
from edge.http.response import Response
from edge.js.errors import JsException
from tests.sandbox.server.api import Api, Refused, with_api


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def test_a_port_becomes_ready(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        port = free_port()
        events = api.events("POST", "port-watch", port=port, mode="http", path="/up", interval=20)
        assert await anext(events) == {"type": "watching", "port": port}
        answers = [b"HTTP/1.1 500 No\r\n\r\n", b"what?\r\n", b"HTTP/1.1 204 Fine\r\n\r\n"]
        asked = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append(await reader.readline())
            writer.write(answers[min(len(asked), 3) - 1])
            writer.close()
            await writer.wait_closed()

        async with await asyncio.start_server(serve, "127.0.0.1", port):
            assert await anext(events) == {"type": "ready", "port": port, "statusCode": 204}
            assert asked[0] == b"GET /up HTTP/1.1\r\n"
            assert len(asked) == 3
            with pytest.raises(StopAsyncIteration):
                await anext(events)
        with socket.create_server(("127.0.0.1", port)):  # nobody accepts, and nobody has to
            tcp = [event["type"] async for event in api.events("POST", "port-watch", port=port, mode="tcp")]
            assert tcp == ["watching", "ready"]

    with_api(tmp_path, body)


def test_a_process_that_ends_before_its_port_listens(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        await api.post("process/start", command="exit 3", processId="p")
        port = free_port()
        found = [
            event async for event in api.events("POST", "port-watch", port=port, processId="p", interval=20)
        ]
        assert found[-1] == {"type": "process_exited", "port": port, "exitCode": 3}

    with_api(tmp_path, body)


def test_a_port_served_without_a_socket(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        async def answer(request: Request) -> Response:
            return Response.make(None, 200 if request.url.endswith("/ok") else 404)

        api.instance.services[8080] = answer
        found = [event async for event in api.events("POST", "port-watch", port=8080, path="/ok")]
        assert found[-1] == {"type": "ready", "port": 8080, "statusCode": 200}
        tcp = [event async for event in api.events("POST", "port-watch", port=8080.0, mode="tcp")]
        assert tcp[-1] == {"type": "ready", "port": 8080}

    with_api(tmp_path, body)


def test_bad_ports(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        for port in (0, 65536, "80", 1.5, None, float("inf"), True):
            with pytest.raises(Refused) as caught:
                await anext(api.events("POST", "port-watch", port=port))
            assert caught.value.status == 400
        with pytest.raises(Refused, match="mode must be http or tcp"):
            await anext(api.events("POST", "port-watch", port=80, mode="udp"))

    with_api(tmp_path, body)


def test_a_container_that_goes_breaks_the_wait(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        events = api.events("POST", "port-watch", port=free_port(), interval=20)
        await anext(events)
        await api.instance.destroy()
        with pytest.raises(JsException, match="Network connection lost"):
            await anext(events)

    with_api(tmp_path, body)
