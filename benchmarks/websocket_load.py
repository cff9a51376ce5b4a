"""Drive a WebSocket echo: each connection sends 32 bytes, waits for the echo, sends again.

Runs as a process of its own (`python -m benchmarks.websocket_load URL CONNECTIONS SECONDS`), so that the
driver has a core to itself. Every message is the same, so both frames are constants and a round trip
costs the driver a comparison and a write: it can drive servers that are faster than a WebSocket library.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import asdict
from time import perf_counter
from typing import cast
from urllib.parse import urlsplit

import uvloop

from benchmarks.figures import Load

_MESSAGE = b"x" * 32
_MASK = b"\x21\x42\x63\x84"
_FRAME = (
    bytes([0x81, 0x80 | len(_MESSAGE)])
    + _MASK
    + bytes(byte ^ _MASK[index % 4] for index, byte in enumerate(_MESSAGE))
)
_ECHO = bytes([0x81, len(_MESSAGE)]) + _MESSAGE
_WARM_UP_S = 1.0
_HANDSHAKE_LIMIT_S = 30.0


class Meter:
    """Counts what all connections see, once the warm-up is over."""

    def __init__(self) -> None:
        self.latencies_s: list[float] = []
        self.measuring = False
        self.errors = 0


class EchoClient(asyncio.Protocol):
    """One connection of the closed loop."""

    def __init__(self, url: str, meter: Meter) -> None:
        self._url = urlsplit(url)
        self._meter = meter
        self._received = b""
        self._sent_at = 0.0
        self.stopped = False
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        target = self._url.path + (f"?{self._url.query}" if self._url.query else "")
        transport.write(
            f"GET {target} HTTP/1.1\r\nHost: {self._url.netloc}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        if data == _ECHO and not self._received and self.opened.done():
            self._echoed()
        else:
            self._received += data
            self._assemble()

    def _assemble(self) -> None:
        """What did not come as exactly one echo: the handshake, or a frame in pieces."""
        if not self.opened.done():
            head, end, self._received = self._received.partition(b"\r\n\r\n")
            if not end:
                self._received = head
            elif head.startswith(b"HTTP/1.1 101 "):
                self.opened.set_result(None)
            else:
                self.opened.set_exception(RuntimeError(f"no upgrade: {head.splitlines()[0].decode()}"))
        elif self._received == _ECHO:
            self._received = b""
            self._echoed()
        elif not _ECHO.startswith(self._received):
            self._meter.errors += 1
            self._transport.abort()

    def _echoed(self) -> None:
        if self._meter.measuring:
            self._meter.latencies_s.append(perf_counter() - self._sent_at)
        if not self.stopped:
            self.send()

    def send(self) -> None:
        self._sent_at = perf_counter()
        self._transport.write(_FRAME)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(error or RuntimeError("closed before the upgrade"))
        elif not self.stopped:
            self._meter.errors += 1

    def stop(self) -> None:
        self.stopped = True
        self._transport.abort()


async def measure(url: str, connections: int, duration_s: float) -> Load:
    """Open all connections, then echo on all of them at once."""
    meter = Meter()
    loop = asyncio.get_running_loop()
    parts = urlsplit(url)
    clients = [
        (
            await loop.create_connection(
                lambda: EchoClient(url, meter), parts.hostname or "", parts.port or 80
            )
        )[1]
        for _ in range(connections)
    ]
    async with asyncio.timeout(_HANDSHAKE_LIMIT_S):
        await asyncio.gather(*(client.opened for client in clients))
    for client in clients:
        client.send()
    await asyncio.sleep(_WARM_UP_S)
    meter.measuring, started = True, perf_counter()
    await asyncio.sleep(duration_s)
    elapsed_s = perf_counter() - started
    for client in clients:
        client.stop()
    return _load(meter, elapsed_s)


def _load(meter: Meter, elapsed_s: float) -> Load:
    latencies_s = sorted(meter.latencies_s)
    if not latencies_s:
        raise RuntimeError("no message came back")
    return Load(
        rps=round(len(latencies_s) / elapsed_s, 1),
        p50_ms=round(latencies_s[len(latencies_s) // 2] * 1000, 3),
        p99_ms=round(latencies_s[len(latencies_s) * 99 // 100] * 1000, 3),
        errors=meter.errors,
    )


def drive(base_url: str, path: str, *, connections: int, duration_s: float) -> Load:
    """Load of one echo route, driven from another process. Raises RuntimeError when that fails."""
    url = base_url.replace("http", "ws", 1) + path
    command = [sys.executable, "-m", "benchmarks.websocket_load", url, str(connections), str(duration_s)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise RuntimeError(f"WebSocket driver failed on {url}: {run.stderr.strip().splitlines()[-1]}")
    return Load(**json.loads(run.stdout))


if __name__ == "__main__":
    _url, _connections, _duration_s = sys.argv[1:]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(asdict(runner.run(measure(_url, int(_connections), float(_duration_s))))))
