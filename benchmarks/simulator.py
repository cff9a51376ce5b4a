"""How fast the simulator is: python -m benchmarks.simulator"""

from __future__ import annotations

import asyncio
import random
import resource
import time
from typing import Any

from edge.kernel.clock import VirtualClock
from edge.kernel.loop import VirtualLoop
from edge.kernel.schedule import begin_strand
from tests.edge.simulator.probes import PROBE, run_probe

WAKE_UPS = 200_000
CHAT = PROBE.parent / "chat.py"


def wake_ups_per_s(sleepers: int, order: random.Random | None) -> float:
    """Timers that wake a task, in a second of processor time."""
    clock = VirtualClock()
    rounds = WAKE_UPS // sleepers

    async def sleeper(number: int) -> None:
        begin_strand()
        for turn in range(rounds):
            await clock.sleep(1.0 + (number * 7 + turn) % 101 / 100)

    async def main() -> None:
        await asyncio.gather(*(sleeper(number) for number in range(sleepers)))

    loop = VirtualLoop(clock, order)
    start_s = time.process_time()
    loop.run_until_complete(main())
    took_s = time.process_time() - start_s
    loop.close()
    return rounds * sleepers / took_s


def chat(**changes: Any) -> str:
    """An hour of chat, unless `changes` say otherwise."""
    settings = {"workload": CHAT, "sessions": 1000, "duration_s": 3600.0} | changes
    start_s = time.process_time()
    outcome = run_probe(**settings)
    assert outcome.ok, (outcome.violations, outcome.problems)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (
        f"{outcome.real_s:.1f} s ({time.process_time() - start_s:.1f} s of processor time), {peak_mb:.0f} MB"
    )


if __name__ == "__main__":
    for sleepers in (1, 100, 1000):
        fifo = wake_ups_per_s(sleepers, None)
        seeded = wake_ups_per_s(sleepers, random.Random(1))
        print(f"{sleepers} sleepers: {fifo:,.0f} wake-ups a second in order, {seeded:,.0f} with a seed")
    print("an hour of 1,000 chat sessions:", chat())
    print("with spans:", chat(spans=True))
    print("without distance:", chat(profile="none"))
    for hours in (6, 12, 24):
        print(
            f"{hours} hours at 250 sessions an hour:", chat(sessions=250 * hours, duration_s=3600.0 * hours)
        )
