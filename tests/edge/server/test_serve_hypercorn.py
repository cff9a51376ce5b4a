"""HTTP/1.1, HTTP/2, HTTP/3 and WebSockets through hypercorn."""

from __future__ import annotations

import asyncio
import gc
import ssl
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from edge.errors import UserError
from edge.http.request import Request
from edge.http.response import Response
from edge.http.websocket import WebSocketPair
from edge.kernel.clock import WallClock
from edge.kernel.tasks import spawn
from edge.server.app import FrontDoor
from edge.server.serve_hypercorn import HypercornServer
from tests.edge.server.door import FakeWorld
from tests.edge.server.test_serve import bound
from tests.loops import run

pytestmark = pytest.mark.slow

Talk = Callable[[int], Awaitable[None]]


async def answer(request: Request) -> Response:
    if request.headers.get_str("upgrade") is None:
        return Response.make(f"{request.method} {request.url} ".encode() + await request.read_bytes())
    client, server = WebSocketPair()._ends
    server.accept()
    server.addEventListener("message", lambda event: server.send(f"got {event.data}"))
    return Response.make(None, 101, "", None, client)


async def served(talk: Talk, *, tls: bool) -> None:
    listener = bound()
    server = HypercornServer(FrontDoor(FakeWorld(answer), WallClock()), listener, grace_s=1, tls=tls)
    ready = asyncio.Event()
    serving = spawn(server.serve(ready.set), name="server")
    await ready.wait()
    try:
        await talk(listener.getsockname()[1])
    finally:
        server.stop()
        await serving


def serve(talk: Talk, *, tls: bool) -> None:
    with warnings.catch_warnings():
        # hypercorn 0.18 leaves its QUIC transport open when it stops; our process ends then.
        warnings.simplefilter("ignore", ResourceWarning)
        run(served(talk, tls=tls))
        gc.collect()


def test_http_2_over_tls() -> None:
    async def talk(port: int) -> None:
        async with httpx.AsyncClient(http2=True, verify=False) as client:
            response = await client.post(f"https://127.0.0.1:{port}/a?b=1", content=b"body")
            assert response.http_version == "HTTP/2"
            assert response.text == f"POST https://127.0.0.1:{port}/a?b=1 body"
            assert (await client.get(f"https://127.0.0.1:{port}/")).status_code == 200

    serve(talk, tls=True)


def test_plain_http_1_1() -> None:
    async def talk(port: int) -> None:
        async with httpx.AsyncClient() as client:
            response = await client.get(f"http://127.0.0.1:{port}/x")
            assert (response.http_version, response.text) == ("HTTP/1.1", f"GET http://127.0.0.1:{port}/x ")

    serve(talk, tls=False)


@pytest.mark.parametrize("tls", [False, True])
def test_websockets(tls: bool) -> None:
    async def talk(port: int) -> None:
        context = None
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        scheme = "wss" if tls else "ws"
        async with connect(f"{scheme}://127.0.0.1:{port}/", ssl=context, proxy=None) as client:
            await client.send("hi")
            assert await client.recv() == "got hi"

    serve(talk, tls=tls)


def test_http_3() -> None:
    pytest.importorskip("aioquic", reason="HTTP/3 needs the extra `http3` (aioquic)")
    from aioquic.asyncio import QuicConnectionProtocol
    from aioquic.asyncio import connect as connect_quic
    from aioquic.h3.connection import H3_ALPN, H3Connection
    from aioquic.h3.events import DataReceived, HeadersReceived
    from aioquic.quic.configuration import QuicConfiguration

    class Client(QuicConnectionProtocol):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.http = H3Connection(self._quic)
            self.status, self.body, self.ended = b"", b"", asyncio.Event()

        def quic_event_received(self, event: Any) -> None:
            for found in self.http.handle_event(event):
                if isinstance(found, HeadersReceived):
                    self.status = dict(found.headers)[b":status"]
                elif isinstance(found, DataReceived):
                    self.body += found.data
                if getattr(found, "stream_ended", False):
                    self.ended.set()

    async def talk(port: int) -> None:
        configuration = QuicConfiguration(
            alpn_protocols=H3_ALPN, verify_mode=ssl.CERT_NONE, server_name="localhost"
        )
        async with connect_quic(
            "127.0.0.1", port, configuration=configuration, create_protocol=Client
        ) as client:
            assert isinstance(client, Client)
            stream = client._quic.get_next_available_stream_id()
            names = {
                b":method": b"GET",
                b":scheme": b"https",
                b":authority": b"localhost",
                b":path": b"/h3?x",
            }
            client.http.send_headers(stream, list(names.items()), end_stream=True)
            client.transmit()
            await asyncio.wait_for(client.ended.wait(), 10)
            assert (client.status, client.body) == (b"200", b"GET https://localhost/h3?x ")

    serve(talk, tls=True)


def test_a_certificate_that_is_none_is_told_before_anything_is_served(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("no key")
    door = FrontDoor(FakeWorld(answer), WallClock())
    with (
        bound() as listener,
        pytest.raises(UserError, match=r"--cert .*gone\.pem and --key .* cannot be used"),
    ):
        HypercornServer(
            door, listener, grace_s=1, tls=True, certificate=tmp_path / "gone.pem", key=tmp_path / "key.pem"
        )
