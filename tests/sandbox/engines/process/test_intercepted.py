"""A Worker that answers what a container sends out: `interceptOutboundHttp` and `interceptOutboundHttps`."""

from __future__ import annotations

import asyncio
import datetime
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from edge.containers.egress import Egress as Rules
from edge.http.headers import Headers
from edge.http.request import Request
from edge.http.response import Response
from edge.http.streams.readable import ReadableStream
from edge.js.errors import error
from edge.kernel.clock import WallClock
from sandbox.engines.process.authority import CA_FILE, Authority
from sandbox.engines.process.egress import Egress
from tests import loops
from tests.sandbox.engines.contract.houses import House
from tests.sandbox.engines.contract.programs import run


class Answering:
    """A Worker that tells what it was asked."""

    async def fetch(self, request: Request) -> Response:
        body = await request.read_bytes()
        if request.url.endswith("/fails"):
            raise error("it failed")
        if request.url.endswith("/stream"):
            return Response.make(ReadableStream.from_chunks(_chunks()), 200)
        told = f"{request.method} {request.url} {request.headers.get_str('x-a')} {body.decode()}"
        return Response.make(told.encode(), 201, "", Headers([("x-from", "worker")]))


async def _chunks() -> Any:
    for word in (b"one ", b"two"):
        await asyncio.sleep(0)
        yield word


def through_proxy(
    ask: Callable[[int, Authority], Awaitable[None]], *addresses: str, scheme: str = "http"
) -> None:
    """`ask` a proxy of a container without internet whose requests to `addresses` a Worker answers."""

    async def play() -> None:
        rules = Rules()
        for address in addresses:
            rules.intercept(address, Answering(), scheme)
        authority = Authority(datetime.datetime.now(datetime.UTC))
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        proxy = Egress(WallClock(), {}, rules=rules, authority=authority, internet=False)
        await proxy.open(listener)
        try:
            await ask(port, authority)
        finally:
            await proxy.close()

    loops.run(play())


async def sent(port: int, text: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text.encode())
    answer = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    return answer


@pytest.mark.parametrize("address", ["api.test", "api.test:80", "*"])
def test_a_worker_answers(address: str) -> None:
    async def ask(port: int, _: Authority) -> None:
        answer = await sent(port, "GET http://api.test/a?b HTTP/1.1\r\nHost: api.test\r\nX-A: 1\r\n\r\n")
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 201 ")
        assert b"x-from: worker" in head
        assert body == b"GET http://api.test/a?b 1 "

    through_proxy(ask, address)


@pytest.mark.parametrize(
    "framing", ["Content-Length: 4\r\n\r\nbody", "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"]
)
def test_bodies_go_both_ways(framing: str) -> None:
    async def ask(port: int, _: Authority) -> None:
        answer = await sent(port, f"POST http://api.test:8000/x HTTP/1.1\r\nHost: api.test\r\n{framing}")
        assert answer.endswith(b"POST http://api.test:8000/x None body")
        streamed = await sent(port, "GET http://api.test:8000/stream HTTP/1.1\r\nHost: api.test\r\n\r\n")
        assert b"4\r\none \r\n" in streamed
        assert streamed.endswith(b"3\r\ntwo\r\n0\r\n\r\n")

    through_proxy(ask, "api.test:8000")


def test_what_fails() -> None:
    async def ask(port: int, _: Authority) -> None:
        failed = await sent(port, "GET http://api.test/fails HTTP/1.1\r\nHost: api.test\r\n\r\n")
        assert failed.startswith(b"HTTP/1.1 502 ")
        assert failed.endswith(b"it failed\n")
        nobody = await sent(port, "GET http://other.test/ HTTP/1.1\r\nHost: other.test\r\n\r\n")
        assert b"This container has no internet." in nobody
        own = await sent(port, "GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert own.startswith(b"HTTP/1.1 403 ")
        elsewhere = await sent(port, "GET http://api.test:81/ HTTP/1.1\r\nHost: api.test\r\n\r\n")
        assert b"This container has no internet." in elsewhere

    through_proxy(ask, "api.test:80", "localhost")


@pytest.mark.parametrize("host", ["api.test", "192.0.2.7"])
def test_encrypted_requests_are_answered_under_the_containers_authority(host: str) -> None:
    async def ask(port: int, authority: Authority) -> None:
        context = ssl.create_default_context(cadata=authority.pem.decode())
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"CONNECT {host}:443 HTTP/1.1\r\n\r\n".encode())
        assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
        await writer.start_tls(context, server_hostname=host)
        writer.write(f"GET /a HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        answer = await asyncio.wait_for(reader.read(), 30)
        assert answer.endswith(f"GET https://{host}/a None ".encode())
        writer.close()

    through_proxy(ask, "*", scheme="https")


ASKS = """
import os, sys, urllib.request
print(urllib.request.urlopen("http://api.test/x").read().decode())
print(urllib.request.urlopen("https://api.test/y", cafile=sys.argv[1]).read().decode())
try:
    urllib.request.urlopen("http://example.test/")
except OSError as failure:
    print(failure.code)
"""


def test_programs_of_a_container_without_internet(house: House) -> None:
    rules = Rules()
    for scheme in ("http", "https"):
        rules.intercept("api.test", Answering(), scheme)
    instance = house.start(labels={"sandbox-server": "1"}, egress=rules)
    ran = house.run(run(instance, "python3", "-W", "ignore", "-c", ASKS, CA_FILE))
    lines = ran.stdout.decode().splitlines()
    assert [line.rsplit(" ", 2)[0] for line in lines[:2]] == [
        "GET http://api.test/x",
        "GET https://api.test/y",
    ], ran
    assert lines[2] == "403"
