"""One simulated user: asks, waits, thinks, and has the time of everything noted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from edge.js.errors import JsException
from edge.kernel.clock import Clock
from edge.kernel.duration import parse_duration
from edge.kernel.random import Generator
from edge.simulator.measurements import Measurements
from edge.testing.client import Client
from edge.testing.reply import Reply
from edge.testing.socket import ClientSocket, SocketClosed, UpgradeRefused

_T = TypeVar("_T")
_RETRY_AFTER_S = 0.5

#: What a connection raises that does not come about, or breaks, or stays silent.
LOST = (UpgradeRefused, SocketClosed, JsException, TimeoutError)


class InvariantBroken(Exception):
    """Something happened that must not; the message says what."""


class Reporter(Protocol):
    """Who hears of a broken invariant."""

    def broken(self, invariant: str, what: str) -> None: ...


@dataclass(slots=True)
class User:
    """What a workload's `session` works with. `number` counts users from 0; `random` is this user's own."""

    number: int
    place: str | None
    random: Generator
    client: Client
    clock: Clock
    measurements: Measurements
    reporter: Reporter

    @property
    def now(self) -> float:
        """Seconds of the world's time since the epoch."""
        return self.clock.now()

    async def get(self, path: str, **options: Any) -> Reply:
        return await self.request("GET", path, **options)

    async def post(self, path: str, **options: Any) -> Reply:
        return await self.request("POST", path, **options)

    async def put(self, path: str, **options: Any) -> Reply:
        return await self.request("PUT", path, **options)

    async def delete(self, path: str, **options: Any) -> Reply:
        return await self.request("DELETE", path, **options)

    async def request(
        self, method: str, path: str, *, route: str | None = None, retries: int = 0, **options: Any
    ) -> Reply:
        """Ask and read the answer to its end; a status from 500 on and 429 is asked again up to `retries`
        times. `route` is the name in the report: the path without its query unless given. Other options are
        those of `Client.request`."""
        name = f"{method} {route or path.partition('?')[0]}"
        for attempt in range(retries + 1):
            if attempt:
                self.measurements.count("retries")
                await self.clock.sleep(_RETRY_AFTER_S * 2 ** (attempt - 1))
            reply = await self._ask(name, method, path, options)
            if reply.status < 500 and reply.status != 429:
                break
        return reply

    async def _ask(self, name: str, method: str, path: str, options: dict[str, Any]) -> Reply:
        start_s = self.clock.monotonic()
        async with self.client.stream(method, path, **options) as reply:
            try:
                await reply.read()
            except JsException as failure:
                self.measurements.failed(f"{name}: {failure}")
        self.measurements.count("requests")
        self.measurements.took(name, self.clock.monotonic() - start_s)
        self._note_stream(name, reply)
        if reply.status >= 500 or reply.status == 429:
            body = reply.text if reply._content is not None else ""
            self.measurements.failed(f"{name}: {reply.status} {gist(body)}".rstrip())
        return reply

    def _note_stream(self, name: str, reply: Reply) -> None:
        if len(reply.chunks) > 1:
            self.measurements.took(f"{name} · first chunk", reply.first_chunk_s)
            for gap_s in reply.gaps_s:
                self.measurements.took(f"{name} · gap", gap_s)

    @asynccontextmanager
    async def websocket(
        self, path: str, *, route: str | None = None, **options: Any
    ) -> AsyncIterator[ClientSocket]:
        """A WebSocket for the time of the block. Raises UpgradeRefused, and what the way there raises."""
        name = f"WS {route or path.partition('?')[0]}"
        start_s = self.clock.monotonic()
        socket = self.client(raise_errors=True).websocket(path, **options)
        self.measurements.count("connections")
        try:
            await socket.__aenter__()
        except (UpgradeRefused, JsException) as refusal:
            self.measurements.failed(f"{name}: {gist(str(refusal))}")
            raise
        self.measurements.took(name, self.clock.monotonic() - start_s)
        try:
            yield socket
        finally:
            # Leaves without waiting for what the close sets off: other users' turns are not this one's.
            if not socket.is_closed:
                await socket.close()

    async def think(self, mean: str | float) -> None:
        """Do nothing for an exponentially distributed time ("5s", seconds), ten times the mean at most."""
        mean_s = parse_duration(mean)
        await self.clock.sleep(min(self.random.expovariate(1.0) * mean_s, 10 * mean_s))

    async def wait(self, duration: str | float) -> None:
        """Do nothing for exactly so long."""
        await self.clock.sleep(parse_duration(duration))

    def choose(self, among: Sequence[_T]) -> _T:
        """One of `among`, each as likely."""
        return among[self.random.randrange(len(among))]

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Note how long the block takes, under `name`; not when it raises."""
        start_s = self.clock.monotonic()
        yield
        self.measurements.took(name, self.clock.monotonic() - start_s)

    def count(self, name: str) -> None:
        """Count something in the report."""
        self.measurements.count(name)

    def check(self, condition: object, what: str) -> None:
        """An invariant of the workload's own: the run ends, and says `what`, unless `condition` holds."""
        if not condition:
            self.reporter.broken("workload", what)
            raise InvariantBroken(what)


def gist(text: str) -> str:
    """The last line of what may be a traceback, not too long."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:100] if lines else ""
