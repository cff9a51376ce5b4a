"""Cron triggers by the world's clock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.config import WorkerConfig
from edge.errors import ConfigError
from edge.kernel.clock import VirtualClock
from edge.worker.cron_triggers import CronTriggers
from edge.worker.service import ScheduledResult
from tests.loops import run_virtual


def worker(name: str, *crons: str) -> WorkerConfig:
    return WorkerConfig(name, Path(), None, "2026-03-17", crons=crons)


class Log:
    """A world that notes what it was asked to run."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.runs: list[tuple[str | None, str, float]] = []
        self._error = error

    async def __call__(self, cron: str, time_ms: float, *, worker: str | None = None) -> ScheduledResult:
        self.runs.append((worker, cron, time_ms))
        return ScheduledResult("ok" if self._error is None else "exception", False, self._error)


def test_they_ring_on_time() -> None:
    clock, log = VirtualClock(), Log()
    start_ms = clock.now_ms()

    async def main() -> None:
        triggers = CronTriggers(clock, log)
        triggers.arm([worker("a", "*/20 * * * *", "0 0 31 2 *"), worker("b", "30 * * * *")])
        await clock.advance("1h")
        triggers.arm([worker("b", "0 * * * *")])
        await clock.advance("1h")
        triggers.close()
        await clock.advance("1d")

    run_virtual(main(), clock)
    minutes = [(name, cron, (time_ms - start_ms) / 60_000) for name, cron, time_ms in log.runs]
    assert minutes == [
        ("a", "*/20 * * * *", 20),
        ("b", "30 * * * *", 30),
        ("a", "*/20 * * * *", 40),
        ("a", "*/20 * * * *", 60),
        ("b", "0 * * * *", 120),
    ]


def test_a_handler_that_raises_is_logged_and_rings_again(caplog: pytest.LogCaptureFixture) -> None:
    clock, log = VirtualClock(), Log(ValueError("broken"))

    async def main() -> None:
        CronTriggers(clock, log).arm([worker("a", "0 * * * *")])
        await clock.advance("2h")

    run_virtual(main(), clock)
    assert len(log.runs) == 2
    assert [record.getMessage() for record in caplog.records] == ["scheduled '0 * * * *' of a raised"] * 2


def test_a_malformed_trigger_is_named() -> None:
    triggers = CronTriggers(VirtualClock(), Log())
    with pytest.raises(ConfigError) as refused:
        triggers.arm([worker("a", "hourly")])
    assert str(refused.value) == (
        "the Worker \"a\" has a wrong trigger: a cron expression has five fields, not 1: 'hourly'"
    )


@pytest.mark.edge(config="cron")
async def test_in_a_world(world: Any) -> None:
    await world.advance("3h")
    assert await world.kv("RUNS").keys() == [f"0 * * * * 2026-01-01T0{hour}:00:00" for hour in (1, 2, 3)]
