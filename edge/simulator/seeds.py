"""Many seeds on all cores."""

from __future__ import annotations

import multiprocessing
import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait

from edge.errors import UserError
from edge.simulator.outcome import Outcome

_RANGE = re.compile(r"(\d+)\.\.(\d+)")

#: Runs one seed; has to be picklable.
RunSeed = Callable[[int], Outcome]


class SeedsError(UserError):
    """Not a range of seeds."""


def parse_seeds(text: str) -> Sequence[int]:
    """`1..200` (both included), `7`, or `3,5,8`. Raises SeedsError."""
    bare = text.replace(" ", "")
    if (match := _RANGE.fullmatch(bare)) is not None and int(match[1]) <= int(match[2]):
        return range(int(match[1]), int(match[2]) + 1)
    if re.fullmatch(r"\d+(,\d+)*", bare):
        return [int(number) for number in bare.split(",")]
    raise SeedsError(f'not seeds: "{text}"; write a range such as 1..200, a number, or numbers with commas')


def run_seeds(run: RunSeed, seeds: Sequence[int], jobs: int | None = None) -> Iterator[Outcome]:
    """Run each seed in one of `jobs` processes (one for each core unless given) and give the outcomes as they
    end; after the first that is not ok nothing new is begun."""
    left = iter(seeds)
    jobs = jobs or os.cpu_count() or 1
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        running: dict[Future[Outcome], int] = {}
        for seed in left:
            running[pool.submit(run, seed)] = seed
            if len(running) == jobs:
                break
        stopped = False
        while running:
            # Which ends first is real time's business; each outcome is its seed's alone.
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=running.__getitem__):
                del running[future]
                outcome = future.result()
                stopped = stopped or not outcome.ok
                if not stopped and (seed := next(left, None)) is not None:  # type: ignore[assignment]
                    running[pool.submit(run, seed)] = seed
                yield outcome
