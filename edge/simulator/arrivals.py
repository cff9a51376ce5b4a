"""When users come."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from edge.errors import UserError
from edge.kernel.random import Generator


class WorkloadError(UserError):
    """A workload cannot be used; the message names what is wrong with it."""


def _poisson(count: int, window_s: float, generator: Generator) -> Iterator[float]:
    # The arrivals of a Poisson process, given their number: gaps are exponential, the last one too.
    gaps = (generator.expovariate(1.0) for _ in range(count + 1))
    state = generator.getstate()
    total = sum(gaps)
    generator.setstate(state)
    at_s = 0.0
    for _ in range(count):
        at_s += generator.expovariate(1.0) / total * window_s
        yield min(at_s, window_s)


def _constant(count: int, window_s: float, _: Generator) -> Iterator[float]:
    return (window_s * number / count for number in range(count))


def _burst(count: int, window_s: float, _: Generator) -> Iterator[float]:
    # Ten waves, each at one moment.
    waves = min(10, count)
    return (window_s * (number * waves // count) / waves for number in range(count))


_KINDS: dict[str, Callable[[int, float, Generator], Iterator[float]]] = {
    "poisson": _poisson,
    "constant": _constant,
    "burst": _burst,
}


def arrivals(kind: str, count: int, window_s: float, generator: Generator) -> Iterator[float]:
    """Seconds after the start at which `count` users come within `window_s`, in order: `poisson` (at random),
    `constant` (evenly) or `burst` (in ten waves). Raises WorkloadError, which lists the known kinds."""
    if kind not in _KINDS:
        raise WorkloadError(f'unknown arrivals "{kind}"; known: {", ".join(_KINDS)}')
    return _KINDS[kind](count, window_s, generator)
