"""Alarms: delivery, retries, what the handler sees, restarts."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from edge.durable.host import DurableHost
from edge.js.errors import JsException
from edge.js.objects import JsObject
from edge.js.proxy import jsnull
from edge.kernel.clock import VirtualClock
from tests.edge.durable.code import Code, hosting
from tests.loops import run_virtual


class Bell:
    """Rings; fails the first `failures` times; may set another alarm while ringing."""

    clock: VirtualClock
    failures = 0
    again_after_ms: int | None = None
    rings: list[tuple[float, int, bool]]
    seen: list[Any]
    ending = ""

    def __init__(self, ctx: Any, env: Any) -> None:
        self.ctx = ctx
        self.storage = ctx.storage

    async def alarm(self, info: Any) -> None:
        cls = type(self)
        self.rings.append((round(self.clock.elapsed_s, 3), info.retryCount, info.isRetry))
        self.seen.append((await self.storage.getAlarm(), self.ctx.id.name))
        if self.again_after_ms is not None:
            await self.storage.setAlarm(self.clock.now_ms() + self.again_after_ms)
            cls.again_after_ms = None
        if self.ending == "abort":
            self.ctx.abort("stop", JsObject({"retryAlarm": False}))
        if self.ending == "delete":
            await self.storage.deleteAlarm()
        if self.ending == "deleteAll":
            await self.storage.deleteAll()
        if self.ending == "sleep":
            await self.clock.sleep(16 * 60)
        if cls.failures:
            cls.failures -= 1
            raise ValueError("the bell broke")

    async def ring_in(self, delay_ms: int) -> None:
        await self.storage.setAlarm(self.clock.now_ms() + delay_ms)

    async def stored(self) -> Any:
        found = await self.storage.getAlarm()
        return None if found is jsnull else found - round(self.clock.now() * 1000)

    async def cancel(self) -> None:
        await self.storage.deleteAlarm()

    async def block_s(self, duration_s: float) -> None:
        await self.ctx.blockConcurrencyWhile(lambda: self.clock.sleep(duration_s))


@pytest.fixture
def bell() -> type[Bell]:
    return type("Bell", (Bell,), {"clock": VirtualClock(), "rings": [], "seen": []})


def drive(bell: type[Bell], script: Any, directory: Path | None = None) -> Any:
    async def main() -> Any:
        async with hosting(bell, bell.clock, directory=directory) as host:
            return await script(host, host.namespace().getByName("b"))

    return run_virtual(main(), bell.clock)


def test_an_alarm_rings_once_at_its_time(bell: type[Bell]) -> None:
    async def script(host: DurableHost, stub: Any) -> Any:
        await stub.ring_in(5000)
        before = await stub.stored()
        await bell.clock.sleep(60)
        return before, await stub.stored(), host.alarms.scheduled()

    assert drive(bell, script) == (5000, None, [])
    assert bell.rings == [(5.0, 0, False)]
    assert bell.seen == [(jsnull, "b")]


def test_a_new_time_replaces_the_old_one(bell: type[Bell]) -> None:
    async def script(host: DurableHost, stub: Any) -> None:
        await stub.ring_in(5000)
        await stub.ring_in(9000)
        await bell.clock.sleep(60)

    drive(bell, script)
    assert [at for at, _, _ in bell.rings] == [9.0]


def test_a_deleted_alarm_does_not_ring(bell: type[Bell]) -> None:
    async def script(host: DurableHost, stub: Any) -> Any:
        await stub.ring_in(5000)
        await stub.cancel()
        await bell.clock.sleep(60)
        return await stub.stored()

    assert drive(bell, script) is None
    assert bell.rings == []


def test_a_failing_alarm_is_retried_with_growing_delays(bell: type[Bell]) -> None:
    bell.failures = 2

    async def script(host: DurableHost, stub: Any) -> Any:
        await stub.ring_in(1000)
        await bell.clock.sleep(60)
        return await stub.stored()

    assert drive(bell, script) is None
    (first, _, _), (second, *retry), (third, *retry_again) = bell.rings
    assert first == 1.0
    assert 2.0 <= second - first <= 2.5
    assert 4.0 <= third - second <= 5.0
    assert (retry, retry_again) == ([1, True], [2, True])


def test_after_six_retries_it_is_given_up(bell: type[Bell], caplog: pytest.LogCaptureFixture) -> None:
    bell.failures = 100

    async def script(host: DurableHost, stub: Any) -> Any:
        await stub.ring_in(1000)
        await bell.clock.sleep(3600)
        return await stub.stored(), host.alarms.scheduled()

    with caplog.at_level(logging.ERROR, logger="edge.durable"):
        assert drive(bell, script) == (None, [])
    assert [count for _, count, _ in bell.rings] == list(range(7))
    assert "given up after 6 retries" in caplog.text


def test_the_handler_may_set_the_next_alarm(bell: type[Bell]) -> None:
    bell.again_after_ms = 3000

    async def script(host: DurableHost, stub: Any) -> Any:
        await stub.ring_in(1000)
        await bell.clock.sleep(2)
        left = await stub.stored()
        await bell.clock.sleep(60)
        return left

    assert drive(bell, script) == 2000
    assert [at for at, _, _ in bell.rings] == [1.0, 4.0]


def test_a_next_alarm_that_is_due_at_once_rings_after_the_handler(bell: type[Bell]) -> None:
    bell.again_after_ms = 0

    async def script(host: DurableHost, stub: Any) -> None:
        await stub.ring_in(1000)
        await bell.clock.sleep(10)

    drive(bell, script)
    assert [at for at, _, _ in bell.rings] == [1.0, 1.0]


def test_a_failing_handler_that_set_a_new_alarm_is_not_retried(bell: type[Bell]) -> None:
    bell.failures, bell.again_after_ms = 1, 30_000

    async def script(host: DurableHost, stub: Any) -> None:
        await stub.ring_in(1000)
        await bell.clock.sleep(100)

    drive(bell, script)
    assert bell.rings == [(1.0, 0, False), (31.0, 0, False)]


def test_deleting_inside_the_handler_leaves_the_running_alarm(bell: type[Bell]) -> None:
    bell.failures, bell.ending = 1, "delete"

    async def script(host: DurableHost, stub: Any) -> None:
        await stub.ring_in(1000)
        await bell.clock.sleep(100)

    drive(bell, script)
    assert [count for _, count, _ in bell.rings] == [0, 1]


def test_delete_all_inside_the_handler_takes_back_a_new_alarm(bell: type[Bell]) -> None:
    bell.again_after_ms, bell.ending = 30_000, "deleteAll"

    async def script(host: DurableHost, stub: Any) -> Any:
        await stub.ring_in(1000)
        await bell.clock.sleep(100)
        return await stub.stored()

    assert drive(bell, script) is None
    assert [at for at, _, _ in bell.rings] == [1.0]


def test_abort_may_give_up_the_alarm(bell: type[Bell]) -> None:
    bell.ending = "abort"

    async def script(host: DurableHost, stub: Any) -> Any:
        await stub.ring_in(1000)
        await bell.clock.sleep(100)
        return await host.namespace().getByName("b").stored(), host.alarms.scheduled()

    assert drive(bell, script) == (None, [])
    assert len(bell.rings) == 1


def test_a_handler_has_a_quarter_of_an_hour(bell: type[Bell], caplog: pytest.LogCaptureFixture) -> None:
    bell.ending = "sleep"

    async def script(host: DurableHost, stub: Any) -> None:
        await stub.ring_in(1000)
        await bell.clock.sleep(15 * 60 + 10)
        bell.ending = ""
        await bell.clock.sleep(15 * 60)

    drive(bell, script)
    assert "Alarm exceeded its allowed execution time" in caplog.text
    assert 901 + 2 <= bell.rings[1][0] <= 901 + 2.5
    assert bell.rings[1][1:] == (1, True)


def test_alarms_survive_a_restart_and_ring_late_rather_than_not(bell: type[Bell], tmp_path: Path) -> None:
    async def set_it(host: DurableHost, stub: Any) -> None:
        await stub.ring_in(5000)

    async def wait(host: DurableHost, stub: Any) -> list[str]:
        await bell.clock.sleep(1)
        return host.alarms.scheduled()

    drive(bell, set_it, tmp_path)
    bell.clock.elapsed_s += 3600
    assert drive(bell, wait, tmp_path) == []
    assert bell.rings == [(3600.0, 0, False)]
    assert bell.seen == [(jsnull, "b")]


def test_a_class_without_a_handler_cannot_set_alarms() -> None:
    class Mute:
        def __init__(self, ctx: Any, env: Any) -> None:
            self.storage = ctx.storage

        async def ring_in(self) -> None:
            await self.storage.setAlarm(1)

    async def main() -> str:
        async with hosting(Mute) as host:
            with pytest.raises(JsException) as raised:
                await host.namespace().getByName("b").ring_in()
            return str(raised.value)

    assert run_virtual(main()) == (
        "TypeError: Your Durable Object class must have an alarm() handler in order to call setAlarm()"
    )


def test_an_alarm_can_be_run_early(bell: type[Bell]) -> None:
    async def script(host: DurableHost, stub: Any) -> Any:
        nothing = await host.run_alarm(str(stub.id))
        await stub.ring_in(5000)
        rang = await host.run_alarm(str(stub.id))
        return nothing, rang, await stub.stored(), host.alarms.scheduled()

    assert drive(bell, script) == (False, True, None, [])
    assert bell.rings == [(0.0, 0, False)]


def test_an_alarm_wakes_an_object_that_was_put_away(bell: type[Bell]) -> None:
    async def script(host: DurableHost, stub: Any) -> Any:
        await stub.ring_in(60_000)
        await bell.clock.sleep(30)
        state = host.state(str(stub.id)).value
        await bell.clock.sleep(31)
        return state

    assert drive(bell, script) == "evicted"
    assert [at for at, _, _ in bell.rings] == [60.0]


def test_new_code_does_not_wait_for_a_handler_that_waits(bell: type[Bell]) -> None:
    bell.ending = "sleep"

    async def script(host: DurableHost, stub: Any) -> Any:
        await stub.ring_in(1000)
        await bell.clock.sleep(5)
        bell.ending = ""
        await host.reload(Code(bell))
        asked_s = bell.clock.elapsed_s
        await stub.stored()
        waited_s = bell.clock.elapsed_s - asked_s
        await bell.clock.sleep(10)
        return waited_s, await stub.stored()

    waited_s, stored = drive(bell, script)
    assert waited_s <= 1.0
    assert stored is None
    (first, second) = bell.rings
    assert first[0] == 1.0
    assert second[0] <= 9.0, "what was cut off rings again"
    assert second[1:] == (0, False), "and that is not counted"


def test_closing_does_not_wait_for_a_handler_that_waits(bell: type[Bell], tmp_path: Path) -> None:
    bell.ending = "sleep"

    async def main() -> float:
        async with hosting(bell, bell.clock, directory=tmp_path) as host:
            await host.namespace().getByName("b").ring_in(1000)
            await bell.clock.sleep(5)
            before_s = bell.clock.elapsed_s
            await host.close()
            return bell.clock.elapsed_s - before_s

    assert run_virtual(main(), bell.clock) <= 1.0
    bell.ending = ""

    async def later(host: DurableHost, stub: Any) -> None:
        await bell.clock.sleep(1)

    drive(bell, later, tmp_path)
    assert len(bell.rings) == 2, "the alarm rings after the restart"


def test_closing_does_not_wait_for_a_handler_that_begins_meanwhile(bell: type[Bell], tmp_path: Path) -> None:
    bell.ending = "sleep"

    async def main() -> float:
        async with hosting(bell, bell.clock, directory=tmp_path) as host:
            stub = host.namespace().getByName("b")
            await stub.ring_in(1000)
            blocked = stub.block_s(3.0)  # the alarm waits in line
            await bell.clock.sleep(2)
            before_s = bell.clock.elapsed_s
            await host.close()
            await blocked
            return bell.clock.elapsed_s - before_s

    waited_s = run_virtual(main(), bell.clock)
    assert waited_s == pytest.approx(2.0, abs=0.1), "a second until it begins, one more"
