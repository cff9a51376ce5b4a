"""Serving under uvicorn, and the certificate for TLS."""

from __future__ import annotations

import asyncio
import socket
import ssl
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
from tests.edge.server.door import FakeWorld
from tests.loops import run


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
