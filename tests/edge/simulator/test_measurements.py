"""Sketches are right within 1 %, and stay small."""

from __future__ import annotations

import random

import pytest

from edge.simulator.measurements import NAMES_MAX, OTHER, Measurements
from edge.simulator.sketch import Sketch


@pytest.mark.parametrize("share", [0.01, 0.5, 0.95, 0.99, 0.999])
def test_quantiles_are_right_within_one_percent(share: float) -> None:
    generator = random.Random(1)
    values = [generator.lognormvariate(-3, 2) for _ in range(20_000)]
    sketch = Sketch()
    for value in values:
        sketch.add(value)
    exact = sorted(values)[int(share * len(values))]
    assert sketch.quantile(share) == pytest.approx(exact, rel=0.02)
    assert sketch.highest == max(values)
    assert sketch.mean == pytest.approx(sum(values) / len(values))


def test_memory_does_not_grow_with_the_number_of_values() -> None:
    generator = random.Random(1)
    sketch = Sketch()
    for _ in range(200_000):
        sketch.add(generator.uniform(0, 86_400))
    assert sketch.count == 200_000
    assert len(sketch.buckets) < 1300


def test_nothing_and_zero() -> None:
    sketch = Sketch()
    assert (sketch.quantile(0.5), sketch.mean, sketch.highest) == (0.0, 0.0, 0.0)
    sketch.add(0.0)
    assert (sketch.count, sketch.quantile(0.99)) == (1, 0.0)


def test_merging_counts_both() -> None:
    one, other = Measurements(), Measurements()
    one.took("get", 1.0)
    other.took("get", 3.0)
    other.took("put", 2.0)
    other.count("retries", 2)
    other.failed("GET /: 500")
    one.merge(other)
    assert one.durations["get"].count == 2
    assert one.durations["get"].highest == 3.0
    assert one.as_json()["counts"] == {"retries": 2}
    assert one.as_json()["errors"] == {"GET /: 500": 1}


def test_too_many_names_are_counted_together() -> None:
    measurements = Measurements()
    for number in range(NAMES_MAX + 50):
        measurements.took(f"GET /{number}", 0.1)
        measurements.failed(f"GET /{number}: 500")
    assert len(measurements.durations) == NAMES_MAX + 1
    assert measurements.durations[OTHER].count == 50
    assert measurements.errors[OTHER] == 50
