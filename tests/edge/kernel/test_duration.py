"""Durations as people write them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from edge.kernel.duration import parse_duration


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (5, 5.0),
        (5.5, 5.5),
        (0, 0.0),
        ("250ms", 0.25),
        ("1ms", 0.001),
        ("90s", 90.0),
        ("2m", 120.0),
        ("1h", 3600.0),
        ("1.5h", 5400.0),
        ("1d", 86_400.0),
        ("1h30m", 5400.0),
        ("1h 30m 5s", 5405.0),
        (" 2 H ", 7200.0),
        ("7", 7.0),
        (timedelta(minutes=3), 180.0),
    ],
)
def test_what_people_write(written: Any, seconds: float) -> None:
    assert parse_duration(written) == seconds


@pytest.mark.parametrize("written", ["", "h", "1 hour", "1x", "1h-5m", "1,5h", "--1s", "ms", "٣s"])
def test_text_that_is_no_duration(written: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_duration(written)
    assert str(caught.value) == (
        f"not a duration: {written!r}; write a number of seconds, or numbers with units (ms, s, m, h, d) "
        'such as "250ms" or "1h30m"'
    )


@pytest.mark.parametrize("written", [None, True, b"1h", [1]])
def test_other_values(written: Any) -> None:
    with pytest.raises(ValueError, match=r"^not a duration: .*, or give a timedelta$"):
        parse_duration(written)


@pytest.mark.parametrize("written", [-1, "-1s", -0.5, timedelta(seconds=-1)])
def test_time_does_not_go_back(written: Any) -> None:
    with pytest.raises(ValueError, match="^a duration is not negative: "):
        parse_duration(written)


@pytest.mark.parametrize("written", [float("inf"), float("nan")])
def test_durations_end(written: float) -> None:
    with pytest.raises(ValueError, match="^a duration is finite: "):
        parse_duration(written)
