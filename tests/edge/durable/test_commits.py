"""Writes become durable together, and nothing that depends on them leaves before."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from edge.durable.host import DurableHost
from edge.js.arrays import JsArray
from edge.js.errors import JsException
from edge.js.objects import JsObject
from edge.kernel.clock import WallClock
from edge.kernel.tasks import before_output, spawn
from tests.edge.durable.code import hosting
from tests.loops import run, run_virtual

#: How often an object writes that never pauses; each of them is a commit of its own.
WRITES = 20


class Ledger:
    sent: list[str]

    def __init__(self, ctx: Any, env: Any) -> None:
        self.ctx = ctx
        self.storage = ctx.storage

    async def put(self, key: str, value: Any, unconfirmed: bool = False) -> str:
        options = JsObject({"allowUnconfirmed": True}) if unconfirmed else None
        await self.storage.put(key, value, options)
        return "answer"

    async def get(self, key: str) -> Any:
        return await self.storage.get(key)

    async def put_and_fail(self) -> None:
        await self.storage.put("a", 1)
        raise ValueError("after the write")

    async def put_and_send(self) -> None:
        await self.storage.put("a", 1)
        await before_output()
        self.sent.append("sent")

    async def send_and_go_on_writing(self) -> None:
        await self.storage.put("0", 0)
        sending = spawn(self.put_and_send(), name="sending")
        for number in range(WRITES):
            await self.storage.put(str(number), number)
            await asyncio.sleep(0)
            self.sent.append(str(number))
        await sending

    async def put_twice_with_a_wait(self) -> None:
        await self.storage.put("a", 1)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await self.storage.put("b", 2)

    async def put_sync_put_abort(self) -> None:
        await self.storage.put("kept", 1)
        await self.storage.sync()
        self.storage.put("lost", 2)
        self.ctx.abort("stop")

    async def send_inside_a_transaction(self) -> str:
        async def inside(txn: Any) -> str:
            await txn.put("a", 1)
            await before_output()
            return "did not wait for itself"

        found: str = await self.storage.transaction(inside)
        return found

    async def break_a_constraint(self) -> None:
        sql = self.storage.sql
        sql.exec("CREATE TABLE p (id INTEGER PRIMARY KEY)")
        sql.exec("CREATE TABLE c (p INTEGER REFERENCES p(id) DEFERRABLE INITIALLY DEFERRED)")
        sql.exec("INSERT INTO c VALUES (5)")


class Disk:
    """Fails when it is told to."""

    def __init__(self) -> None:
        self.fails = False
        self.commits = 0

    def __call__(self) -> None:
        self.commits += 1
        if self.fails:
            raise OSError("the disk is gone")


def drive(script: Any, tmp_path: Path | None = None) -> Any:
    """Run on real time with files, or on virtual time in memory."""

    async def main() -> Any:
        clock = WallClock() if tmp_path is not None else None
        async with hosting(Ledger, clock, directory=tmp_path) as host:
            host.commit_hook = Disk()
            return await script(host, host.namespace().getByName("a"))

    Ledger.sent = []
    return run(main()) if tmp_path is not None else run_virtual(main())


@pytest.fixture(params=["files", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    return tmp_path if request.param == "files" else None


def disk(host: DurableHost) -> Disk:
    assert isinstance(host.commit_hook, Disk)
    return host.commit_hook


def test_concurrent_writers_share_a_commit(place: Path | None) -> None:
    async def script(host: DurableHost, stub: Any) -> int:
        await stub.get("x")
        before = disk(host).commits
        await asyncio.gather(*(stub.put(str(number), number) for number in range(16)))
        return disk(host).commits - before

    assert drive(script, place) == 1


def test_events_that_arrive_during_a_commit_share_the_next(tmp_path: Path) -> None:
    async def script(host: DurableHost, stub: Any) -> int:
        first = stub.put("first", 1)
        actor = host.actor(stub.id)
        while actor.commits.in_flight is None:
            await asyncio.sleep(0)
        late = [stub.put(str(number), number) for number in range(16)]
        assert not any(promise.settled for promise in late)
        await asyncio.gather(first, *late)
        return disk(host).commits

    assert drive(script, tmp_path) == 2


def test_a_wait_between_writes_splits_them(place: Path | None) -> None:
    async def script(host: DurableHost, stub: Any) -> int:
        await stub.put_twice_with_a_wait()
        return disk(host).commits

    assert drive(script, place) == 2


def test_reads_commit_nothing(place: Path | None) -> None:
    async def script(host: DurableHost, stub: Any) -> int:
        await stub.get("x")
        return disk(host).commits

    assert drive(script, place) == 0


def test_what_is_written_later_does_not_hold_back_what_was_said(place: Path | None) -> None:
    async def script(host: DurableHost, stub: Any) -> tuple[int, int]:
        await stub.send_and_go_on_writing()
        return Ledger.sent.index("sent"), disk(host).commits

    when, commits = drive(script, place)
    assert commits >= WRITES
    assert when < WRITES / 2, Ledger.sent


@pytest.mark.parametrize("call", ["put", "put_and_fail", "put_and_send"])
def test_a_failed_commit_leaks_nothing(place: Path | None, call: str) -> None:
    async def script(host: DurableHost, stub: Any) -> Any:
        await stub.put("a", "before")
        disk(host).fails = True
        work = stub.put("a", "after") if call == "put" else getattr(stub, call)()
        others = [stub.get("a"), stub.put("b", 1)]
        failures: list[Any] = await asyncio.gather(work, *others, return_exceptions=True)
        disk(host).fails = False
        with pytest.raises(JsException) as broken:
            await stub.get("a")
        fresh = host.namespace().getByName("a")
        flags = {failure.durableObjectReset for failure in failures}
        return [str(failure) for failure in failures], str(broken.value), flags, await fresh.get("a")

    failures, broken, flags, stored = drive(script, place)
    assert failures == ["Error: the disk is gone"] * 3
    assert broken == "Error: the disk is gone"
    assert flags == {True}
    assert stored == "before"
    assert Ledger.sent == []


def test_a_disk_that_hangs_resets_the_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Callers hear of it in time; the next life begins once the write has ended, and sees it."""
    monkeypatch.setattr("edge.durable.commits.OUTPUT_LIMIT_S", 0.05)
    disk_goes_on = threading.Event()

    async def script(host: DurableHost, stub: Any) -> Any:
        host.commit_hook = disk_goes_on.wait
        with pytest.raises(JsException) as raised:
            await stub.put("a", "late")
        after = asyncio.ensure_future(host.namespace().getByName("a").get("a"))
        await asyncio.sleep(0)
        assert not after.done()
        disk_goes_on.set()
        reset = raised.value
        return reset.message, reset.overloaded, reset.durableObjectReset, await after

    message = "Durable Object storage operation exceeded timeout which caused object to be reset."
    assert drive(script, tmp_path) == (message, True, True, "late")


def test_unconfirmed_writes_do_not_hold_the_answer(place: Path | None) -> None:
    async def script(host: DurableHost, stub: Any) -> Any:
        disk(host).fails = True
        answer = await stub.put("a", 1, True)
        with pytest.raises(JsException) as raised:
            await stub.put("b", 1)
        return answer, str(raised.value)

    assert drive(script, place) == ("answer", "Error: the disk is gone")


def test_unconfirmed_writes_are_not_lost_by_eviction_or_by_closing(tmp_path: Path) -> None:
    async def script(host: DurableHost, stub: Any) -> Any:
        await stub.put("a", 1, True)
        evicted = host.evict(str(stub.id))
        return evicted

    async def read(host: DurableHost, stub: Any) -> Any:
        return await stub.get("a")

    assert drive(script, tmp_path) is False
    assert drive(read, tmp_path) == 1


def test_an_exception_does_not_undo_writes(place: Path | None) -> None:
    async def script(host: DurableHost, stub: Any) -> Any:
        with pytest.raises(JsException, match="after the write"):
            await stub.put_and_fail()
        return await stub.get("a")

    assert drive(script, place) == 1


def test_abort_loses_what_was_not_committed(place: Path | None) -> None:
    async def script(host: DurableHost, stub: Any) -> Any:
        with pytest.raises(JsException, match="stop"):
            await stub.put_sync_put_abort()
        fresh = host.namespace().getByName("a")
        return await fresh.get("kept"), await fresh.get("lost")

    assert drive(script, place) == (1, None)


def test_output_inside_a_transaction_does_not_wait_for_it(place: Path | None) -> None:
    async def script(host: DurableHost, stub: Any) -> Any:
        return await stub.send_inside_a_transaction()

    assert drive(script, place) == "did not wait for itself"


def test_a_constraint_that_is_violated_at_the_commit_resets_the_object(place: Path | None) -> None:
    async def script(host: DurableHost, stub: Any) -> Any:
        with pytest.raises(JsException) as raised:
            await stub.break_a_constraint()
        return raised.value.message

    assert drive(script, place) == (
        "Durable Object was reset and rolled back to its last known good state because the application "
        "left the database in a state where constraints were violated: FOREIGN KEY constraint failed: "
        "SQLITE_CONSTRAINT"
    )


def test_what_one_object_sends_to_another_waits_for_its_writes(tmp_path: Path) -> None:
    class Sender(Ledger):
        other: Any

        async def put_then_call(self) -> Any:
            await self.storage.put("a", 1)
            return JsArray(await asyncio.gather(*(self.other.note(number) for number in range(3))))

    class Receiver:
        def __init__(self, ctx: Any, env: Any) -> None:
            self.notes: list[int] = []

        async def note(self, number: int) -> Any:
            self.notes.append(number)
            return len(self.notes)

    async def main() -> Any:
        async with hosting(Receiver) as receivers, hosting(Sender, WallClock(), directory=tmp_path) as host:
            Sender.other = receivers.namespace().getByName("r")
            host.commit_hook = Disk()
            counts = await host.namespace().getByName("a").put_then_call()
            host.commit_hook = failing = Disk()
            failing.fails = True
            with pytest.raises(JsException):
                await host.namespace().getByName("b").put_then_call()
            return list(counts), await Sender.other.note(99)

    assert run(main()) == ([1, 2, 3], 4)
