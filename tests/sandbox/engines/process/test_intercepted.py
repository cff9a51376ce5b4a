"""A Worker that answers what a container sends out: `interceptOutboundHttp` and `interceptOutboundHttps`."""

from __future__ import annotations

import asyncio
import datetime
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable

import pytest

from edge.containers.egress import Egress as Rules
from edge.containers.engine import StartFailed
from edge.kernel.clock import WallClock
from sandbox.engines.process.authority import Authority
from sandbox.engines.process.egress import Egress
from tests import loops
from tests.sandbox.engines.answering import Answering


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


def test_without_the_extra_a_start_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(StartFailed, match="needs the extra: pip install"):
        Authority.of(WallClock())
