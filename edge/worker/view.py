"""What a Worker sees of the host's time and randomness: everything as it is, or the world's.

A live world shows the host's modules untouched, at no cost; a world in virtual time shows its own clock and
draws from its own seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edge.kernel.clock import Clock, VirtualClock
from edge.kernel.random import RandomStreams
from edge.worker.modules import Provided


@dataclass(frozen=True, slots=True)
class WorkerView:
    """`shown` is the clock that code reads (None: the world's own), `modules` are shown in the place of the
    host's."""

    shown: Clock | None = None
    modules: Mapping[str, Provided] = field(default_factory=dict)


_AS_IT_IS = WorkerView()


def worker_view(policy: str | None, clock: Clock, random: RandomStreams) -> WorkerView:
    """The view of a world's Workers: `policy` is `real`, `io`, or None for what suits the clock. Raises
    ValueError for another."""
    is_virtual = isinstance(clock, VirtualClock)
    if not is_virtual and policy in (None, "real"):
        return _AS_IT_IS
    from edge.worker.worker_random import random_modules
    from edge.worker.worker_time import shown_clock, time_modules, time_policy

    chosen = time_policy(policy, clock)
    shown = shown_clock(chosen, clock)
    modules = random_modules(random, clock) if is_virtual else {}
    return WorkerView(shown, modules if chosen == "real" else {**modules, **time_modules(shown)})
