"""Time as a Worker sees it."""

from __future__ import annotations

import asyncio
import datetime
import functools
import time
from typing import Any

import pytest
from pydantic import BaseModel, create_model

from edge.kernel.clock import VirtualClock, WallClock
from edge.worker.worker_time import (
    StillTime,
    datetime_module,
    shown_clock,
    time_module,
    time_policy,
)
from tests.loops import run, run_virtual

START_S = 1_767_225_600.0  # 2026-01-01T00:00:00Z


@pytest.fixture
def shown() -> Any:
    return datetime_module(VirtualClock(START_S))


def test_the_policy_suits_the_clock_unless_one_is_wanted() -> None:
    assert time_policy(None, VirtualClock()) == "io"
    assert time_policy(None, WallClock()) == "real"
    assert time_policy("real", VirtualClock()) == "real"
    with pytest.raises(ValueError, match="there is no time policy 'frozen'; known: real, io"):
        time_policy("frozen", WallClock())


def test_time_moves_with_io_only() -> None:
    clock = VirtualClock(START_S)
    shown = time_module(clock)

    async def main() -> None:
        assert shown.time() == START_S
        assert shown.time_ns() == int(START_S) * 1_000_000_000
        started_s = shown.perf_counter()
        sum(range(10_000))
        assert shown.perf_counter() == shown.monotonic() == started_s
        await asyncio.sleep(1.25)
        assert shown.perf_counter() - started_s == 1.25
        assert shown.clock_gettime(time.CLOCK_MONOTONIC) == shown.process_time() == START_S + 1.25

    run_virtual(main(), clock)


def test_calendar_functions_take_the_worlds_time_when_given_none() -> None:
    shown = time_module(VirtualClock(START_S))
    assert shown.gmtime()[:6] == (2026, 1, 1, 0, 0, 0)
    assert shown.gmtime(0)[0] == 1970
    assert shown.localtime() == time.localtime(START_S)
    assert shown.ctime() == time.ctime(START_S)
    assert shown.asctime() == time.asctime(time.localtime(START_S))
    assert shown.strftime("%s") == str(int(START_S))
    assert shown.strftime("%Y", time.gmtime(0)) == "1970"
    assert shown.struct_time is time.struct_time


def test_sleeping_where_time_stands_still() -> None:
    shown = time_module(VirtualClock())
    shown.sleep(0)
    with pytest.raises(RuntimeError) as hangs:
        shown.sleep(2)
    assert str(hangs.value) == (
        "time.sleep(2) would never return: a Worker's clock stands still while its code runs. "
        "Use: await asyncio.sleep(2)"
    )
    with pytest.raises(ValueError, match="sleep length must be non-negative"):
        shown.sleep(-1)


def test_dates_of_the_world(shown: Any) -> None:
    now = datetime.datetime.fromtimestamp(START_S)
    assert shown.datetime.now() == shown.datetime.today() == now
    assert shown.datetime.now(datetime.UTC).isoformat() == "2026-01-01T00:00:00+00:00"
    assert shown.datetime.utcnow() == datetime.datetime(2026, 1, 1)
    assert shown.date.today() == now.date()
    assert shown.datetime.now().timestamp() == START_S


def test_values_are_the_hosts_own(shown: Any) -> None:
    made = [
        shown.datetime(2026, 2, 3),
        shown.datetime.now(),
        shown.datetime.fromisoformat("2026-02-03"),
        shown.datetime.strptime("2026", "%Y"),
        shown.datetime.combine(shown.date(2026, 1, 1), datetime.time(1)),
    ]
    assert {type(value) for value in made} == {datetime.datetime}
    assert type(shown.date(2026, 1, 1)) is type(shown.date.today()) is datetime.date


def test_isinstance_holds_both_ways(shown: Any) -> None:
    for value in (shown.datetime.now(), datetime.datetime(2026, 1, 1)):
        assert isinstance(value, shown.datetime)
        assert isinstance(value, datetime.datetime)
        assert isinstance(value, shown.date)
    assert not isinstance(datetime.date(2026, 1, 1), shown.datetime)
    assert issubclass(shown.datetime, shown.date)
    assert issubclass(datetime.datetime, shown.date)
    assert not issubclass(int, shown.date)


def test_the_classes_stand_for_the_hosts(shown: Any) -> None:
    assert shown.datetime == datetime.datetime
    assert shown.datetime == datetime_module(VirtualClock()).datetime  # type: ignore[attr-defined]
    assert shown.datetime != shown.date
    assert {shown.datetime: "found"}[datetime.datetime] == "found"
    assert repr(shown.datetime) == "<class 'datetime.datetime'>"
    assert shown.timedelta is datetime.timedelta


def test_subclasses_of_a_worker_stay_their_own(shown: Any) -> None:
    class Moment(shown.datetime):  # type: ignore[misc]
        pass

    made = Moment(2026, 1, 1)
    assert type(made) is Moment
    assert type(Moment.now()) is Moment
    assert isinstance(made, shown.datetime)
    assert not isinstance(shown.datetime.now(), Moment)
    assert Moment != datetime.datetime


def test_matching_and_dispatch(shown: Any) -> None:
    @functools.singledispatch
    def kind(value: object) -> str:
        return "other"

    kind.register(shown.datetime, lambda value: "datetime")
    assert kind(datetime.datetime(2026, 1, 1)) == kind(shown.datetime.now()) == "datetime"
    assert kind(1) == "other"


def test_pydantic_takes_the_classes_for_the_hosts(shown: Any) -> None:
    model: Any = create_model("Event", at=(shown.datetime, ...), day=(shown.date, ...))
    event = model(at="2026-01-01T00:00:00Z", day="2026-01-02")
    assert isinstance(event, BaseModel)
    assert event.at == datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    assert event.day == datetime.date(2026, 1, 2)


def test_real_time_stands_still_within_a_turn() -> None:
    still = StillTime(WallClock())

    async def main() -> None:
        first = still.now()
        time.sleep(0.01)
        assert still.now() == first == still.monotonic()
        assert still.now_ms() == int(first * 1000)
        await asyncio.sleep(0.01)
        assert still.now() >= first + 0.01

    run(main())
    assert abs(still.now() - time.time()) < 1  # outside of a loop nothing stands still


def test_real_time_in_a_virtual_world_leaves_its_timers_virtual() -> None:
    clock = VirtualClock(START_S)
    shown = shown_clock("real", clock)

    async def main() -> None:
        assert abs(shown.now() - time.time()) < 1
        rang = asyncio.Event()
        shown.call_at(shown.now() + 3600, rang.set)
        await rang.wait()
        await shown.sleep(60)
        await shown.sleep_until(shown.now() + 60)
        with shown.hold("a test"):
            assert clock.held_by == ["a test"]

    run_virtual(main(), clock)
    assert clock.elapsed_s == pytest.approx(3720, abs=1)


def test_nothing_is_shown_where_nothing_differs() -> None:
    live, virtual = WallClock(), VirtualClock()
    assert shown_clock("real", live) is live
    assert shown_clock("io", virtual) is virtual
    assert shown_clock("io", live) is not live
