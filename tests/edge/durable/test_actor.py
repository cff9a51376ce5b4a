"""One thread of control: order, critical sections, reset."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from edge.durable.host import DurableHost
from edge.durable.stub import DurableObjectStub
from edge.js.errors import JsException
from edge.kernel.clock import VirtualClock
from tests.edge.durable.code import Code, hosting
from tests.loops import run_virtual

RESET = "Durable Object reset because its code was updated."


class Room:
    """Writes down what happens; `clock` and `log` are the test's."""

    clock: VirtualClock
    log: list[str]
    constructions = 0

    def __init__(self, ctx: Any, env: Any) -> None:
        self.ctx = ctx
        self.count = 0
        type(self).constructions += 1

    async def note(self, label: str) -> int:
        self.log.append(label)
        self.count += 1
        return self.count

    async def slow(self, label: str, delay_s: float) -> str:
        self.log.append(f"{label} begins")
        await self.clock.sleep(delay_s)
        self.log.append(f"{label} ends")
        return label

    async def block(self, label: str, delay_s: float) -> str:
        found: str = await self.ctx.blockConcurrencyWhile(lambda: self.slow(label, delay_s))
        return found

    async def block_with_loose_end(self) -> None:
        async def inside() -> None:
            self.loose = asyncio.create_task(self.slow("loose", 1))

        await self.ctx.blockConcurrencyWhile(inside)

    async def nest(self) -> None:
        async def outer() -> None:
            self.log.append("outer")
            await self.block("inner", 1)
            self.log.append("outer again")

        await self.ctx.blockConcurrencyWhile(outer)

    async def block_and_lose_a_task(self) -> None:
        async def inside() -> None:
            task = asyncio.create_task(self.clock.sleep(60))
            task.cancel()
            await task

        await self.ctx.blockConcurrencyWhile(inside)

    async def block_and_fail(self) -> str:
        async def inside() -> None:
            raise ValueError("inside")

        try:
            await self.ctx.blockConcurrencyWhile(inside)
        except Exception:
            self.log.append("noticed")
        return "went on"

    async def abort(self, reason: str) -> None:
        try:
            self.ctx.abort(reason)
        except Exception:
            self.log.append("caught")

    async def background(self, delay_s: float) -> None:
        self.ctx.waitUntil(self.slow("background", delay_s))

    async def fail(self) -> None:
        raise ValueError("mine")

    def timed_out(self) -> Any:
        async def inside() -> None:
            async with asyncio.timeout(1):
                await self.clock.sleep(5)

        return inside()


@pytest.fixture
def room() -> type[Room]:
    return type("Room", (Room,), {"clock": VirtualClock(), "log": []})


def drive(room: type[Room], script: Any) -> Any:
    async def main() -> Any:
        async with hosting(room, room.clock) as host:
            return await script(host, host.namespace().getByName("a"))

    return run_virtual(main(), room.clock)


def text(failure: BaseException) -> str:
    assert isinstance(failure, JsException)
    return failure.message.splitlines()[-1]


def test_calls_on_one_stub_arrive_in_their_order(room: type[Room]) -> None:
    async def script(host: DurableHost, stub: DurableObjectStub) -> Any:
        return await asyncio.gather(*(stub.note(str(number)) for number in range(20)))

    assert drive(room, script) == list(range(1, 21))
    assert room.log == [str(number) for number in range(20)]


def test_events_interleave_where_they_wait(room: type[Room]) -> None:
    async def script(host: DurableHost, stub: DurableObjectStub) -> None:
        await asyncio.gather(stub.slow("a", 2), stub.slow("b", 1))

    drive(room, script)
    assert room.log == ["a begins", "b begins", "b ends", "a ends"]


def test_a_critical_section_keeps_all_others_out_and_then_in_order(room: type[Room]) -> None:
    async def script(host: DurableHost, stub: DurableObjectStub) -> Any:
        calls = [stub.slow("early", 0.5), stub.block("x", 3), stub.block("y", 1), stub.note("z")]
        return await asyncio.gather(*calls)

    assert drive(room, script) == ["early", "x", "y", 1]
    assert room.log == [
        "early begins", "x begins", "x ends",
        # y and z were at the gate before early's timer rang.
        "y begins", "y ends", "z", "early ends",
    ]  # fmt: skip


def test_events_that_arrive_at_a_closed_gate_keep_their_order(room: type[Room]) -> None:
    async def script(host: DurableHost, stub: DurableObjectStub) -> Any:
        section = stub.block("x", 3)
        await room.clock.sleep(1)
        waiting = [stub.note(str(number)) for number in range(5)]
        await room.clock.sleep(1)
        waiting += [host.namespace().getByName("a").note("other stub"), stub.note("last")]
        return await asyncio.gather(section, *waiting)

    assert drive(room, script) == ["x", 1, 2, 3, 4, 5, 6, 7]
    assert room.log == ["x begins", "x ends", "0", "1", "2", "3", "4", "other stub", "last"]


def test_a_task_left_by_a_section_runs_with_the_others_afterwards(room: type[Room]) -> None:
    async def script(host: DurableHost, stub: DurableObjectStub) -> None:
        await asyncio.gather(stub.block_with_loose_end(), stub.note("next"))
        await room.clock.sleep(2)

    drive(room, script)
    assert room.log == ["next", "loose begins", "loose ends"] or room.log == [
        "loose begins",
        "next",
        "loose ends",
    ]


def test_sections_nest(room: type[Room]) -> None:
    async def script(host: DurableHost, stub: DurableObjectStub) -> None:
        await asyncio.gather(stub.nest(), stub.note("other"))

    drive(room, script)
    assert room.log == ["outer", "inner begins", "inner ends", "outer again", "other"]


def test_a_failing_section_resets_the_object(room: type[Room]) -> None:
    async def script(host: DurableHost, stub: DurableObjectStub) -> list[str]:
        await stub.note("one")
        failures = await asyncio.gather(
            stub.block_and_fail(), stub.slow("bystander", 5), stub.note("late"), return_exceptions=True
        )
        with pytest.raises(JsException) as again:
            await stub.note("never")
        assert again.value is not failures[0] or text(again.value) == "ValueError: inside"
        fresh = await host.namespace().getByName("a").note("new")
        assert fresh == 1
        return [text(failure) for failure in failures]

    assert drive(room, script) == ["ValueError: inside"] * 3
    assert room.log == ["one", "new"]
    assert room.constructions == 2


def test_a_section_that_waits_for_a_cancelled_task_fails_like_any(room: type[Room]) -> None:
    async def script(host: DurableHost, stub: DurableObjectStub) -> str:
        with pytest.raises(JsException) as raised:
            await stub.block_and_lose_a_task()
        assert await host.namespace().getByName("a").note("new") == 1
        return text(raised.value)

    assert drive(room, script) == "asyncio.exceptions.CancelledError"
    assert room.clock.elapsed_s == 0


def test_a_section_of_half_a_minute_resets_the_object(room: type[Room]) -> None:
    async def script(host: DurableHost, stub: DurableObjectStub) -> Any:
        with pytest.raises(JsException) as raised:
            await stub.block("long", 31)
        return raised.value.message, raised.value.overloaded, room.clock.elapsed_s

    assert drive(room, script) == (
        "A call to blockConcurrencyWhile() in a Durable Object waited for too long. The call was canceled "
        "and the Durable Object was reset.",
        True,
        30.0,
    )


def test_abort_cannot_be_caught_and_breaks_the_stub(room: type[Room]) -> None:
    async def script(host: DurableHost, stub: DurableObjectStub) -> list[Any]:
        calls = (stub.slow("bystander", 9), stub.abort("why"), stub.note("same turn"))
        failures: list[Any] = [*await asyncio.gather(*calls, return_exceptions=True)]
        failures += await asyncio.gather(stub.note("same stub"), return_exceptions=True)
        flags = {getattr(failure, "durableObjectReset", None) for failure in failures}
        return [
            [str(failure) for failure in failures],
            flags,
            await host.namespace().getByName("a").note("new"),
        ]

    assert drive(room, script) == [["Error: why"] * 4, {True}, 1]
    assert room.log == ["bystander begins", "new"]


def test_errors_of_methods_are_remote_and_break_nothing(room: type[Room]) -> None:
    async def script(host: DurableHost, stub: DurableObjectStub) -> Any:
        with pytest.raises(JsException) as raised:
            await stub.fail()
        return text(raised.value), raised.value.remote, await stub.note("still here")

    assert drive(room, script) == ("ValueError: mine", True, 1)


def test_background_work_keeps_the_object_in_memory(room: type[Room]) -> None:
    async def script(host: DurableHost, stub: DurableObjectStub) -> Any:
        await stub.background(15)
        await room.clock.sleep(12)
        before = host.blockers(str(stub.id)), host.evict(str(stub.id))
        await room.clock.sleep(4)
        return before, host.blockers(str(stub.id)), host.evict(str(stub.id))

    assert drive(room, script) == ((["a waitUntil() is pending"], False), [], True)


def test_a_loose_timer_stands_against_hibernation_but_not_against_eviction(room: type[Room]) -> None:
    class Ticking(room):  # type: ignore[misc, valid-type]
        async def tick(self) -> None:
            asyncio.get_running_loop().create_task(self.slow("tick", 1000))

    async def script(host: DurableHost, stub: DurableObjectStub) -> Any:
        await stub.tick()
        await room.clock.sleep(60)
        kept = host.blockers(str(stub.id)), host.state(str(stub.id)).value
        await room.clock.sleep(85)
        return kept, host.state(str(stub.id)).value

    assert drive(Ticking, script) == ((["a timer or an outgoing call is pending"], "idle"), "evicted")
    assert Ticking.log == ["tick begins"]


def test_asyncio_timeout_works_inside_handlers(room: type[Room]) -> None:
    async def script(host: DurableHost, stub: DurableObjectStub) -> Any:
        with pytest.raises(JsException) as raised:
            await stub.timed_out()
        return text(raised.value), room.clock.elapsed_s, await stub.note("fine")

    assert drive(room, script) == ("TimeoutError", 1.0, 1)


class Unlucky:
    """Fails to be constructed once for each name but `ok`."""

    counts: dict[str, int] = {}

    def __init__(self, ctx: Any, env: Any) -> None:
        name = ctx.id.name
        self.counts[name] = self.counts.get(name, 0) + 1
        self.tries = self.counts[name]
        if self.tries == 1:
            raise ValueError("constructor failed")

    async def hi(self) -> int:
        return self.tries


def test_a_failed_constructor_is_not_tried_again_before_the_object_was_idle() -> None:
    clock = VirtualClock()
    Unlucky.counts = {}

    async def main() -> Any:
        async with hosting(Unlucky, clock) as host:
            failures = []
            for delay_s in (0.0, 0.0, 1.0, 9.5):
                await clock.sleep(delay_s)
                with pytest.raises(JsException) as raised:
                    await host.namespace().getByName("a").hi()
                failures.append(text(raised.value))
            await clock.sleep(12)
            return failures, await host.namespace().getByName("a").hi()

    assert run_virtual(main(), clock) == (["ValueError: constructor failed"] * 4, 2)


class Preparing:
    """Its constructor blocks until it has read its state."""

    clock: VirtualClock

    def __init__(self, ctx: Any, env: Any) -> None:
        self.ready = False

        async def prepare() -> None:
            await self.clock.sleep(3)
            self.ready = True

        ctx.blockConcurrencyWhile(prepare)

    async def is_ready(self) -> bool:
        return self.ready


def test_evicting_an_object_whose_constructor_failed_gives_it_another_try() -> None:
    Unlucky.counts = {}

    async def main() -> Any:
        async with hosting(Unlucky) as host:
            stub = host.namespace().getByName("a")
            with pytest.raises(JsException):
                await stub.hi()
            return host.evict(str(stub.id)), await host.namespace().getByName("a").hi()

    assert run_virtual(main()) == (True, 2)


def test_no_event_before_what_the_constructor_blocks_on() -> None:
    Preparing.clock = clock = VirtualClock()

    async def main() -> Any:
        async with hosting(Preparing, clock) as host:
            stub = host.namespace().getByName("a")
            return await asyncio.gather(stub.is_ready(), stub.is_ready())

    assert run_virtual(main(), clock) == [True, True]


def test_new_code_waits_for_the_events_of_the_old(room: type[Room]) -> None:
    newer = type("Room", (room,), {})

    async def script(host: DurableHost, stub: DurableObjectStub) -> Any:
        running = stub.slow("old", 5)
        await room.clock.sleep(1)
        await host.reload(Code(newer))
        first_of_new = host.namespace().getByName("a").note("new")
        return await running, await first_of_new, await stub.note("same stub, new code")

    assert drive(room, script) == ("old", 1, 2)
    assert room.log == ["old begins", "old ends", "new", "same stub, new code"]


def test_events_of_the_old_code_have_half_a_minute(room: type[Room]) -> None:
    """They may wait for what only the new code can do: then neither would ever go on."""
    newer = type("Room", (room,), {})

    async def script(host: DurableHost, stub: DurableObjectStub) -> Any:
        running = stub.slow("old", 500)
        await room.clock.sleep(1)
        await host.reload(Code(newer))
        count = await host.namespace().getByName("a").note("new")
        with pytest.raises(JsException) as raised:
            await running
        return count, raised.value.message, room.clock.elapsed_s

    assert drive(room, script) == (1, RESET, 31.0)
    assert room.log == ["old begins", "new"]


def test_closing_cuts_off_the_old_code_too(room: type[Room]) -> None:
    async def script(host: DurableHost, stub: DurableObjectStub) -> Any:
        running = stub.slow("old", 500)
        await room.clock.sleep(0)
        await host.reload(Code(type("Room", (room,), {})))
        await host.close(2.0)
        with pytest.raises(JsException) as raised:
            await running
        return raised.value.message, room.clock.elapsed_s

    message, elapsed_s = drive(room, script)
    assert message == RESET
    assert elapsed_s <= 2.0


def test_closing_waits_for_events_for_the_grace_period(room: type[Room]) -> None:
    async def script(host: DurableHost, stub: DurableObjectStub) -> Any:
        quick, endless = stub.slow("quick", 0.5), stub.slow("endless", 500)
        await room.clock.sleep(0)
        await host.close(2.0)
        with pytest.raises(JsException) as raised:
            await endless
        return await quick, raised.value.message, room.clock.elapsed_s

    assert drive(room, script) == ("quick", RESET, 2.0)


def test_an_object_may_call_itself_while_it_waits() -> None:
    class Caller:
        host: DurableHost

        def __init__(self, ctx: Any, env: Any) -> None:
            self.me = ctx.id

        async def outer(self) -> int:
            found: int = await self.host.namespace().get(self.me).inner()
            return found + 1

        async def inner(self) -> int:
            return 1

    async def main() -> Any:
        async with hosting(Caller) as host:
            Caller.host = host
            return await host.namespace().getByName("a").outer()

    assert run_virtual(main()) == 2


def test_an_id_of_another_class_makes_a_stub_that_refuses(room: type[Room]) -> None:
    async def script(host: DurableHost, stub: DurableObjectStub) -> Any:
        async with hosting(Unlucky) as other:
            foreign = host.namespace().get(other.namespace().idFromName("a"))
            with pytest.raises(JsException) as raised:
                await foreign.note("x")
            return str(raised.value)

    assert drive(room, script) == "TypeError: Durable Object ID is not valid for this namespace."
