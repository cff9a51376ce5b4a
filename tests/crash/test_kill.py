"""kill -9 at any moment: what a client saw answered is there after the restart.

A failure prints its seed; replay it with CRASH_SEED=… (the schedule of kills and the clients' writes are
drawn from it; where exactly a kill hits is up to the machine).
"""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.crash.clients import Writer, read_back
from tests.crash.ledger import Journal, violations
from tests.crash.server import CrashServer
from tests.loops import run

_CLIENTS = 10
_SOCKETS = 2
_ROUNDS_PER_ERA = 10  # then new objects and keys, so that reading back stays quick
#: A server dies after so many answered writes, at most; how long that takes is up to the machine.
_WRITES_MAX = 120
_LONGEST_RESPITE_S = 0.005  # so that it does not always die at the moment of an answer
_LONGEST_START_S = 0.5
_SEED = int(os.environ.get("CRASH_SEED", "2026"))


class Countdown:
    """Tells when so many writes were answered."""

    def __init__(self, writes: int) -> None:
        self._left = writes
        self.over = asyncio.Event()
        self._look()

    def one(self) -> None:
        self._left -= 1
        self._look()

    def _look(self) -> None:
        if self._left <= 0:
            self.over.set()


@dataclass
class Era:
    """A few rounds that share objects and a journal."""

    number: int
    journal: Journal = field(default_factory=Journal)

    @property
    def objects(self) -> list[str]:
        return [f"era{self.number}.{index}" for index in range(4)]


class CrashTest:
    """Rounds of: start, compare with the journal, write, die."""

    def __init__(self, server: CrashServer, seed: int) -> None:
        self._server = server
        self._rng = random.Random(seed)
        self._eras: list[Era] = []
        self.kills = 0

    async def run(self, kills: int) -> None:
        self._server.launch()
        await self._server.ready()
        while self.kills < kills:
            if self.kills // _ROUNDS_PER_ERA >= len(self._eras):
                self._eras.append(Era(len(self._eras)))
            await self._round(self._eras[-1])
            await self._restart()
            await self._compare(self._eras[-1])
        for era in self._eras:
            await self._compare(era)
        self._server.ask_to_stop()
        assert await self._server.stopped() == 0, self._server.log_end()

    async def _round(self, era: Era) -> None:
        """Clients write; the server dies under them."""
        async with httpx.AsyncClient(base_url=self._server.url, timeout=30, trust_env=False) as http:
            round_label = f"{era.number}.{self.kills}"
            countdown = Countdown(self._rng.randrange(_WRITES_MAX))
            writers = [
                Writer(http, era.journal, era.objects, f"{round_label}.{client}", countdown.one)
                for client in range(_CLIENTS + _SOCKETS)
            ]
            async with asyncio.TaskGroup() as group:
                for writer in writers[:_CLIENTS]:
                    group.create_task(writer.write_until_killed())
                for writer in writers[_CLIENTS:]:
                    group.create_task(writer.echo_until_killed(self._server.url))
                await countdown.over.wait()
                await asyncio.sleep(self._rng.random() * _LONGEST_RESPITE_S)
                if self._rng.random() < 0.1:  # in the middle of an orderly stop
                    self._server.ask_to_stop()
                    await asyncio.sleep(self._rng.random() * 0.1)
                self._server.kill()
                self.kills += 1

    async def _restart(self) -> None:
        self._server.launch()
        if self._rng.random() < 0.1:  # killed again while it recovers
            await asyncio.sleep(self._rng.random() * _LONGEST_START_S)
            self._server.kill()
            self.kills += 1
            self._server.launch()
        await self._server.ready()

    async def _compare(self, era: Era) -> None:
        async with httpx.AsyncClient(base_url=self._server.url, timeout=30, trust_env=False) as http:
            found = violations(era.journal, await read_back(http, era.journal, era.objects))
        assert not found, f"after {self.kills} kills, CRASH_SEED={_SEED}:\n" + "\n".join(found[:20])

    @property
    def acknowledged(self) -> int:
        return sum(era.journal.writes for era in self._eras)


def _survives(folder: Path, kills: int) -> CrashTest:
    server = CrashServer(folder)
    test = CrashTest(server, _SEED)
    try:
        run(test.run(kills))
    finally:
        server.kill()
    for file in server.state.rglob("*.sqlite"):
        with sqlite3.connect(file) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)], file
        database.close()
    return test


def test_ten_kills_lose_nothing(tmp_path: Path) -> None:
    test = _survives(tmp_path, kills=10)
    assert test.acknowledged > 200  # else the clients had nothing to lose


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_hundred_kills_lose_nothing(tmp_path: Path) -> None:
    test = _survives(tmp_path, kills=200)
    assert test.kills >= 200
    assert test.acknowledged > 5000
