"""The servers themselves: start, serve, stop; HTTP/2 over TLS."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import warnings
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from edge.http.request import Request
from edge.http.response import Response
from edge.kernel.clock import VirtualClock, WallClock
from edge.kernel.tasks import spawn
from edge.server.app import FrontDoor
from edge.server.certificate import self_signed
from edge.server.serve import UvicornServer
from edge.server.serve_hypercorn import HypercornServer
from tests.edge.server.door import FakeWorld
from tests.loops import run


async def echo(request: Request) -> Response:
    return Response.make(f"{request.method} {request.url} ".encode() + await request.read_bytes())


def bound() -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    listener.setblocking(False)
    return listener


@pytest.mark.slow
def test_uvicorn_finishes_what_is_under_way() -> None:
    async def check() -> None:
        started = asyncio.Event()

        async def slow(request: Request) -> Response:
            started.set()
            await asyncio.sleep(0.3)
            return Response.make(b"done")

        listener = bound()
        port = listener.getsockname()[1]
        server = UvicornServer(FrontDoor(FakeWorld(slow), WallClock()), listener, grace_s=5)
        ready = asyncio.Event()
        serving = spawn(server.serve(ready.set), name="server")
        await ready.wait()
        async with httpx.AsyncClient() as client:
            answer = spawn(client.get(f"http://127.0.0.1:{port}/"), name="client")
            await started.wait()
            server.stop()
            assert (await answer).text == "done"
        await serving
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)

    run(check())


async def with_hypercorn(talk: Callable[[int], object], *, tls: bool) -> None:
    listener = bound()
    server = HypercornServer(FrontDoor(FakeWorld(echo), WallClock()), listener, grace_s=1, tls=tls)
    ready = asyncio.Event()
    serving = spawn(server.serve(ready.set), name="server")
    await ready.wait()
    try:
        await talk(listener.getsockname()[1])  # type: ignore[misc]
    finally:
        server.stop()
        await serving
        with warnings.catch_warnings():
            # hypercorn 0.18 leaves its QUIC transport open when it stops; our process ends then.
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


@pytest.mark.slow
def test_hypercorn_speaks_http_2_over_tls() -> None:
    async def talk(port: int) -> None:
        async with httpx.AsyncClient(http2=True, verify=False) as client:
            response = await client.post(f"https://127.0.0.1:{port}/a?b=1", content=b"body")
            assert response.http_version == "HTTP/2"
            assert response.text == f"POST https://127.0.0.1:{port}/a?b=1 body"
            assert (await client.get(f"https://127.0.0.1:{port}/")).status_code == 200

    run(with_hypercorn(talk, tls=True))


@pytest.mark.slow
def test_hypercorn_speaks_plain_http_1_1() -> None:
    async def talk(port: int) -> None:
        async with httpx.AsyncClient() as client:
            response = await client.get(f"http://127.0.0.1:{port}/x")
            assert (response.http_version, response.text) == ("HTTP/1.1", f"GET http://127.0.0.1:{port}/x ")

    run(with_hypercorn(talk, tls=False))


def test_the_certificate_is_for_this_machine(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, VirtualClock())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    assert key.stat().st_mode & 0o077 == 0
    from cryptography import x509

    names = x509.load_pem_x509_certificate(certificate.read_bytes()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert names.value.get_values_for_type(x509.DNSName) == ["localhost"]
