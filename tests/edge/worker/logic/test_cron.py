"""When cron expressions are due."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.worker.logic.cron import Cron

START = "2026-01-01T00:00"  # a Thursday


def due(cron: str, count: int = 3, after: str = START) -> list[str]:
    """The next times of an expression."""
    when_s = datetime.fromisoformat(after).replace(tzinfo=UTC).timestamp()
    found = []
    parsed = Cron.parse(cron)
    for _ in range(count):
        following_s = parsed.next_after(when_s)
        assert following_s is not None
        when_s = following_s
        found.append(datetime.fromtimestamp(when_s, UTC).strftime("%Y-%m-%dT%H:%M"))
    return found


@pytest.mark.parametrize(
    ("cron", "times"),
    [
        ("* * * * *", ["2026-01-01T00:01", "2026-01-01T00:02", "2026-01-01T00:03"]),
        ("*/30 * * * *", ["2026-01-01T00:30", "2026-01-01T01:00", "2026-01-01T01:30"]),
        ("45 * * * *", ["2026-01-01T00:45", "2026-01-01T01:45", "2026-01-01T02:45"]),
        ("10/25 0 * * *", ["2026-01-01T00:10", "2026-01-01T00:35", "2026-01-02T00:10"]),
        ("0 8-18/5 * * *", ["2026-01-01T08:00", "2026-01-01T13:00", "2026-01-01T18:00"]),
        ("0 22-1 * * *", ["2026-01-01T01:00", "2026-01-01T22:00", "2026-01-01T23:00"]),
        ("0 17 * * sun", ["2026-01-04T17:00", "2026-01-11T17:00", "2026-01-18T17:00"]),
        ("0 17 * * 1", ["2026-01-04T17:00", "2026-01-11T17:00", "2026-01-18T17:00"]),
        ("10 7 * * mon-fri", ["2026-01-01T07:10", "2026-01-02T07:10", "2026-01-05T07:10"]),
        ("10 7 * * 2-6", ["2026-01-01T07:10", "2026-01-02T07:10", "2026-01-05T07:10"]),
        ("0 0 * * SAT-MON", ["2026-01-03T00:00", "2026-01-04T00:00", "2026-01-05T00:00"]),
        ("0 15 1 * *", ["2026-01-01T15:00", "2026-02-01T15:00", "2026-03-01T15:00"]),
        ("59 23 LW * *", ["2026-01-30T23:59", "2026-02-27T23:59", "2026-03-31T23:59"]),
        ("0 18 * * 6L", ["2026-01-30T18:00", "2026-02-27T18:00", "2026-03-27T18:00"]),
        ("0 18 * * friL", ["2026-01-30T18:00", "2026-02-27T18:00", "2026-03-27T18:00"]),
        ("0 0 * * L", ["2026-01-03T00:00", "2026-01-10T00:00", "2026-01-17T00:00"]),
        ("0 0 * * MON#2", ["2026-01-12T00:00", "2026-02-09T00:00", "2026-03-09T00:00"]),
        ("0 0 * * 2#5", ["2026-03-30T00:00", "2026-06-29T00:00", "2026-08-31T00:00"]),
        ("0 0 L * *", ["2026-01-31T00:00", "2026-02-28T00:00", "2026-03-31T00:00"]),
        ("0 0 L-30 * *", ["2026-03-01T00:00", "2026-05-01T00:00", "2026-07-01T00:00"]),
        ("0 0 L-3W 1-3 *", ["2026-01-28T00:00", "2026-02-25T00:00", "2026-03-27T00:00"]),
        ("0 0 15W * *", ["2026-01-15T00:00", "2026-02-16T00:00", "2026-03-16T00:00"]),
        ("0 0 1W AUG *", ["2026-08-03T00:00", "2027-08-02T00:00", "2028-08-01T00:00"]),
        ("0 0 29 2 *", ["2028-02-29T00:00", "2032-02-29T00:00", "2036-02-29T00:00"]),
        ("0 0 13 * FRI", ["2026-01-02T00:00", "2026-01-09T00:00", "2026-01-13T00:00"]),
        ("0 0 1,15 jan,dec *", ["2026-01-15T00:00", "2026-12-01T00:00", "2026-12-15T00:00"]),
    ],
)  # fmt: skip
def test_due_times(cron: str, times: list[str]) -> None:
    assert due(cron) == times


def test_the_last_sunday_is_a_weekday_before_it() -> None:
    assert due("0 0 31W MAY *", 1, "2026-05-01T00:00") == ["2026-05-29T00:00"]  # a Sunday, and the last day


def test_never() -> None:
    assert Cron.parse("0 0 31 2 *").next_after(0.0) is None


@pytest.mark.parametrize(
    ("cron", "why"),
    [
        ("60 * * * *", "'60' is no minute (0-59)"),
        ("* 24 * * *", "'24' is no hour (0-23)"),
        ("* * 0 * *", "'0' is no day of the month (1-31)"),
        ("* * * 13 *", "'13' is no month (1-12)"),
        ("* * * * 0", "'0' is no day of the week (1-7)"),
        ("* * * * 8", "'8' is no day of the week (1-7)"),
        ("*/0 * * * *", "/0 is no step of a minute"),
        ("a-b-c * * * *", "'A-B-C' is no minute"),
        ("* * L-31 * *", "'L-31': the offset from the last day is 1 to 30"),
        ("* * * * MON#6", "'MON#6': a month has one to five of each day of the week"),
    ],
)
def test_what_is_refused(cron: str, why: str) -> None:
    with pytest.raises(ValueError) as refused:
        Cron.parse(cron)
    assert str(refused.value) == f"not a cron expression: {cron!r}: {why}"


def test_five_fields() -> None:
    with pytest.raises(ValueError, match="a cron expression has five fields, not 4: "):
        Cron.parse("* * * *")


@given(st.integers(0, 4_000_000_000), st.sampled_from(["7 3 * * *", "*/7 * L * 2", "0 12 15W * SAT#2"]))
def test_times_go_on_and_match(when_s: int, cron: str) -> None:
    parsed = Cron.parse(cron)
    found_s = parsed.next_after(when_s)
    assert found_s is not None
    assert found_s > when_s
    assert found_s % 60 == 0
    assert parsed.next_after(found_s - 60) == found_s
