"""Spreads: the percentiles they are given by are the ones they have."""

from __future__ import annotations

import random

import pytest

from edge.network.spread import NOTHING, Spread


def sample(spread: Spread, count: int = 20_000) -> list[float]:
    generator = random.Random(1)
    return sorted(spread.draw(generator) for _ in range(count))


def test_log_normal_by_its_percentiles() -> None:
    drawn = sample(Spread(8.0, 30.0))
    assert drawn[len(drawn) // 2] == pytest.approx(8.0, rel=0.03)
    assert drawn[int(len(drawn) * 0.95)] == pytest.approx(30.0, rel=0.05)
    assert drawn[0] > 0
    assert drawn[-1] <= 8.0 * (30.0 / 8.0) ** (3.0903 / 1.6448) + 1e-9, "cut off at the 99.9th percentile"


def test_uniform_between_its_ends() -> None:
    drawn = sample(Spread(2000.0, 5000.0, uniform=True))
    assert drawn[0] >= 2000
    assert drawn[-1] <= 5000
    assert drawn[len(drawn) // 2] == pytest.approx(3500, rel=0.02)


def test_a_fixed_value_draws_nothing() -> None:
    generator = random.Random(1)
    before = generator.getstate()
    assert Spread(50.0, 50.0).draw(generator) == 50.0
    assert NOTHING.draw(generator) == 0.0
    assert generator.getstate() == before


@pytest.mark.parametrize(
    ("spread", "median"), [(Spread(8.0, 30.0), 8.0), (Spread(2.0, 4.0, uniform=True), 3.0), (NOTHING, 0.0)]
)
def test_median(spread: Spread, median: float) -> None:
    assert spread.median == median
