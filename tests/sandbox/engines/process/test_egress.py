"""The way out of a sandbox: what it reaches, and what it does not."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest

from edge.kernel.clock import WallClock
from sandbox.engines.process import egress
from sandbox.engines.process.egress import Egress, Refused, refuse_own
from tests import loops
from tests.sandbox.engines.contract.houses import House
from tests.sandbox.engines.contract.programs import shell

Scene = Callable[[str], Awaitable[bytes]]


def own_address() -> str:
    """An address of this machine that is not its loopback; the loopback when it has no other."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("192.0.2.1", 9))  # nothing is sent
        except OSError:
            return "127.0.0.1"
        return str(sock.getsockname()[0])


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.1.2.3", "::1", "localhost", "app.localhost", "0.0.0.0", "::", "169.254.169.254"),
        *("fe80::1", "::ffff:127.0.0.1", "224.0.0.1", own_address()),
    ],
)
def test_this_machine_is_refused(address: str) -> None:
    with pytest.raises(Refused):
        refuse_own(address)


@pytest.mark.parametrize("address", ["192.0.2.1", "1.1.1.1", "2001:db8::1", "example.com"])
def test_others_are_not(address: str) -> None:
    refuse_own(address)


async def far_server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers with the request that it got."""
    head = await reader.readuntil(b"\r\n\r\n")
    body = head.replace(b"\r\n", b"|")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
    await writer.drain()
    writer.close()


def with_proxy(scene: Callable[[int, int], Awaitable[None]], env: dict[str, str] | None = None) -> None:
    """Run `scene` with the ports of a proxy and of a far server."""

    async def play() -> None:
        server = await asyncio.start_server(far_server, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        listener = socket.create_server(("127.0.0.1", 0))
        proxy_port = listener.getsockname()[1]
        proxy = Egress(WallClock(), env or {})
        await proxy.open(listener)
        try:
            await scene(proxy_port, port)
        finally:
            await proxy.close()
            server.close()
            await server.wait_closed()

    loops.run(play())


async def ask(port: int, request: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request.encode())
    answer = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    return answer


def test_plain_http_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress, "refuse_own", lambda _: None)

    async def scene(proxy: int, far: int) -> None:
        head = (
            f"GET http://127.0.0.1:{far}/a/b?c=d HTTP/1.1\r\nHost: x\r\nProxy-Connection: keep-alive\r\n\r\n"
        )
        answer = await ask(proxy, head)
        assert answer.endswith(b"GET /a/b?c=d HTTP/1.1|Host: x|Connection: close||")

    with_proxy(scene)


def test_a_tunnel_carries_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress, "refuse_own", lambda _: None)

    async def scene(proxy: int, far: int) -> None:
        answer = await ask(proxy, f"CONNECT 127.0.0.1:{far} HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200 OK")
        assert answer.endswith(b"GET / HTTP/1.1||")

    with_proxy(scene)


def test_a_tunnel_through_this_machines_own_proxy() -> None:
    async def scene(proxy: int, far: int) -> None:
        # The far server plays the machine's proxy: it is asked to connect, by name.
        answer = await ask(proxy, "CONNECT example.test:443 HTTP/1.1\r\n\r\n")
        assert b"200 Connection established" in answer

    async def outer() -> None:
        server = await asyncio.start_server(far_server, "127.0.0.1", 0)
        listener = socket.create_server(("127.0.0.1", 0))
        proxy = Egress(WallClock(), {"HTTPS_PROXY": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"})
        await proxy.open(listener)
        await scene(listener.getsockname()[1], 0)
        await proxy.close()
        server.close()
        await server.wait_closed()

    loops.run(outer())


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        ("GET http://127.0.0.1:{far}/ HTTP/1.1", b"403"),
        ("GET http://localhost:{far}/ HTTP/1.1", b"403"),
        ("CONNECT 127.0.0.1:{far} HTTP/1.1", b"403"),
        ("CONNECT [::1]:{far} HTTP/1.1", b"403"),
        ("CONNECT 169.254.169.254:80 HTTP/1.1", b"403"),
        ("CONNECT no-such-name.invalid:443 HTTP/1.1", b"502"),
        ("GET / HTTP/1.1", b"400"),
        ("GET https://example.com/ HTTP/1.1", b"400"),
        ("CONNECT nonsense HTTP/1.1", b"400"),
        ("nonsense", b"400"),
    ],
)
def test_what_is_refused(request_line: str, status: bytes) -> None:
    async def scene(proxy: int, far: int) -> None:
        answer = await ask(proxy, f"{request_line.format(far=far)}\r\n\r\n")
        assert answer.split(b" ")[1] == status

    with_proxy(scene)


def test_a_sandbox_with_internet_reaches_the_proxy_but_not_this_machine(house: House) -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:
        port = server.getsockname()[1]
        instance = house.start(enable_internet=True)
        for host in ("127.0.0.1", own_address()):
            command = f"curl -sS --noproxy '' -w '%{{http_code}}' http://{host}:{port}/"
            ran = house.run(shell(instance, command))
            assert ran.stdout.endswith(b"403")


def test_without_internet_there_is_no_proxy(house: House) -> None:
    ran = house.run(shell(house.start(), "env; curl -sS http://192.0.2.1/"))
    assert b"proxy" not in ran.stdout.lower()
    assert ran.code != 0
