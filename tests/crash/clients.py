"""Clients that write in every way, keep a journal, and read back what is stored."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from tests.crash.ledger import Journal, Stored, value_of

PAIRS = (
    "puts",
    "awaited_puts",
    "dict",
    "rows",
    "row_and_put",
    "sync_transaction",
    "transaction",
)
_LONGEST_ALARM_MS = 400
_ALARM_LIMIT_S = 15.0  # after a restart: due alarms fire at once, the rest within their delay
_READ_BATCH = 250


class Writer:
    """One client of one round. Ends when the server does not answer any more."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        journal: Journal,
        objects: Sequence[str],
        label: str,
        on_write: Callable[[], None] = lambda: None,
    ) -> None:
        """`label` makes the client's draws its own; `on_write` hears of every answered write."""
        self._http = http
        self._journal = journal
        self._objects = objects
        self._label = label
        self._rng = random.Random(label)
        self._count = 0
        self._on_write = on_write

    async def write_until_killed(self) -> None:
        ways: list[tuple[Callable[[], Awaitable[None]], int]] = [
            (self._put, 3),
            (self._overwrite, 2),
            (self._add, 3),
            (self._add_by_rpc, 3),
            (self._row, 3),
            (self._pair, 5),
            (self._alarm, 1),
        ]
        writes, weights = zip(*ways, strict=True)
        try:
            while True:
                await self._rng.choices(writes, weights)[0]()
                self._on_write()
        except httpx.TransportError:
            pass  # the server was killed; what it had not answered counts as not acknowledged

    async def echo_until_killed(self, url: str) -> None:
        """Rows by WebSocket: the echo of an id says that its row is stored."""
        try:
            async with connect(f"{url.replace('http', 'ws', 1)}/socket?name={self._object()}") as socket:
                while True:
                    write = self._next()
                    self._journal.attempted["row"].add(write)
                    await socket.send(write)
                    assert await socket.recv() == write
                    self._journal.acknowledged["row"].add(write)
                    self._on_write()
        except (OSError, WebSocketException):
            pass  # killed: see write_until_killed

    def _next(self) -> str:
        self._count += 1
        return f"{self._label}.{self._count}"

    def _object(self) -> str:
        return self._rng.choice(self._objects)

    async def _ask(self, path: str, **query: str | int) -> Any:
        response = await self._http.get(path, params=query)
        assert response.status_code == 200, f"{path} gave {response.status_code}: {response.text}"
        return response.json()

    async def _put(self) -> None:
        key = self._next()
        self._journal.attempted["kv"].add(key)
        await self._ask("/kv/put", key=key, value=value_of(key))
        self._journal.acknowledged["kv"].add(key)

    async def _overwrite(self) -> None:
        # One key for each client over all rounds of the era, so that numbers only rise.
        era, _, client = self._label.split(".")
        key = f"turn.{era}.{client}"
        number = self._journal.tried[key] = self._journal.tried.get(key, 0) + 1
        await self._ask("/kv/put", key=key, value=number)
        self._journal.seen[key] = number

    async def _add(self, path: str = "/add") -> None:
        name = self._object()
        self._journal.adds[name] += 1
        count = await self._ask(path, name=name)
        self._journal.counts[name].append(count)

    async def _add_by_rpc(self) -> None:
        await self._add("/add_rpc")

    async def _row(self) -> None:
        write = self._next()
        self._journal.attempted["row"].add(write)
        await self._ask("/row", name=self._object(), id=write)
        self._journal.acknowledged["row"].add(write)

    async def _pair(self) -> None:
        write = self._next()
        self._journal.attempted["pair"].add(write)
        await self._ask("/pair", name=self._object(), id=write, how=self._rng.choice(PAIRS))
        self._journal.acknowledged["pair"].add(write)

    async def _alarm(self) -> None:
        write = self._next()
        delay_ms = self._rng.randrange(_LONGEST_ALARM_MS)
        due_ms = await self._ask("/alarm_in", name=f"alarm.{write}", id=write, delay_ms=delay_ms)
        self._journal.due_ms[write] = due_ms


async def read_back(http: httpx.AsyncClient, journal: Journal, objects: Iterable[str]) -> Stored:
    """What the server holds, and when the acknowledged alarms fired (waits for those to come)."""
    stored = Stored()
    for name in objects:
        content = (await http.get("/stored", params={"name": name})).raise_for_status().json()
        stored.counts[name] = content["count"]
        for side in ("rows", "left", "right"):
            getattr(stored, side).update(content[side])
    stored.values = await _values(http, [*journal.attempted["kv"], *journal.tried])
    stored.fired_ms = await _fired(http, journal)
    return stored


async def _values(http: httpx.AsyncClient, keys: list[str]) -> dict[str, str | None]:
    values: dict[str, str | None] = {}
    for start in range(0, len(keys), _READ_BATCH):
        response = await http.post("/kv/read", json=keys[start : start + _READ_BATCH])
        values |= response.raise_for_status().json()
    return values


async def _fired(http: httpx.AsyncClient, journal: Journal) -> dict[str, float]:
    """Asked in KV: the objects are left alone, so an alarm fires only if the restart armed it."""
    fired_ms: dict[str, float] = {}
    try:
        async with asyncio.timeout(_ALARM_LIMIT_S):
            while waiting := [alarm for alarm in journal.due_ms if alarm not in fired_ms]:
                values = await _values(http, [f"fired:{alarm}" for alarm in waiting])
                fired_ms |= {key.partition(":")[2]: float(at) for key, at in values.items() if at is not None}
                await asyncio.sleep(0.01)
    except TimeoutError:
        pass  # the checker names those that never fired
    return fired_ms
