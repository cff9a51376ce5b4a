"""Date: recorded in compat_new `jsproxy_access`, the rest from ECMA-262."""

from __future__ import annotations

import math

import pytest

from edge.js.dates import JsDate, parse_ms, utc_ms
from edge.js.errors import JsException
from edge.js.proxy import jsnull

NEW_YEAR_MS = 1_704_067_200_000  # 2024-01-01T00:00:00Z


def test_texts() -> None:
    date = JsDate(NEW_YEAR_MS + 5)
    assert date.toISOString() == date.toJSON() == "2024-01-01T00:00:00.005Z"
    assert date.toUTCString() == "Mon, 01 Jan 2024 00:00:00 GMT"
    assert str(date) == "Mon Jan 01 2024 00:00:00 GMT+0000 (Coordinated Universal Time)"
    assert JsDate(-62135596800000).toISOString() == "0001-01-01T00:00:00.000Z"


def test_components() -> None:
    date = JsDate(utc_ms(2024, 1, 29, 13, 14, 15, 16))
    assert (date.getFullYear(), date.getMonth(), date.getDate(), date.getDay()) == (2024, 1, 29, 4)
    assert (date.getUTCHours(), date.getMinutes(), date.getSeconds(), date.getMilliseconds()) == (
        13,
        14,
        15,
        16,
    )
    assert date.getTimezoneOffset() == 0


def test_invalid_dates() -> None:
    date = JsDate(math.nan)
    assert (str(date), date.toJSON(), date.toUTCString()) == ("Invalid Date", jsnull, "Invalid Date")
    assert math.isnan(date.getTime())
    assert math.isnan(date.getFullYear())
    assert math.isnan(JsDate(8.64e15 + 1).getTime())
    with pytest.raises(JsException, match="^RangeError: Invalid time value$"):
        date.toISOString()


@pytest.mark.parametrize(
    ("args", "time_ms"),
    [
        ((), 42),
        ((0,), 0),
        ((1.9,), 1),
        ((-1.9,), -1),
        (("2024-01-01",), NEW_YEAR_MS),
        ((JsDate(7),), 7),
        ((2024, 0), NEW_YEAR_MS),
        ((2023, 12, 1), NEW_YEAR_MS),
        ((2024, 0, 1, 0, 0, -1), NEW_YEAR_MS - 1000),
        ((99, 0), 915148800000),
    ],
)
def test_construction(args: tuple[object, ...], time_ms: int) -> None:
    assert JsDate.js_new(42, *args).getTime() == time_ms


@pytest.mark.parametrize(
    ("text", "time_ms"),
    [
        ("2024-01-01T00:00:00.123Z", NEW_YEAR_MS + 123),
        ("2024-01-01T02:00+02:00", NEW_YEAR_MS),
        ("2024", NEW_YEAR_MS),
        ("2024-01-01T24:00:00Z", NEW_YEAR_MS + 86_400_000),
        ("Mon, 01 Jan 2024 00:00:00 GMT", NEW_YEAR_MS),
        ("Mon Jan 01 2024 00:00:00 GMT+0000 (Coordinated Universal Time)", NEW_YEAR_MS),
    ],
)
def test_parse(text: str, time_ms: int) -> None:
    assert parse_ms(text) == time_ms


@pytest.mark.parametrize("text", ["", "nope", "2024-13-01", "2024-01-01T25:00", "2024-02-30"])
def test_no_dates(text: str) -> None:
    assert math.isnan(parse_ms(text))


def test_set_time() -> None:
    date = JsDate(0)
    assert (date.setTime(5.5), date.getTime(), date.valueOf()) == (5, 5, 5)
