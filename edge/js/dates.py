"""JavaScript Date: a point in time in milliseconds since the epoch. The time zone of a Worker is UTC.

Source: ECMA-262 Date objects.
"""

from __future__ import annotations

import datetime
import math
import re
from typing import Any

from edge.js.errors import range_error
from edge.js.proxy import JsNull, JsProxy, jsnull
from edge.js.values import to_js_number
from edge.js.webidl import to_number

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MAX_MS = 8.64e15
_ISO = re.compile(
    r"([+-]\d{6}|\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?"
)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class JsDate(JsProxy, js_name="Date"):
    """A date; `_ms` is NaN for an invalid one."""

    __slots__ = ("_ms",)

    def __init__(self, time_ms: float) -> None:
        valid = math.isfinite(time_ms) and abs(time_ms) <= _MAX_MS
        self._ms: float = math.trunc(time_ms) if valid else math.nan

    @classmethod
    def js_new(cls, now_ms: int, *args: Any) -> JsDate:
        """`new Date(...args)` at `now_ms`: nothing, milliseconds, a text, a Date, or components."""
        if not args:
            return cls(now_ms)
        if len(args) > 1:
            return cls(utc_ms(*args))
        (value,) = args
        if isinstance(value, JsDate):
            return cls(value._ms)
        return cls(parse_ms(value) if isinstance(value, str) else to_number(value))

    @property
    def _datetime(self) -> datetime.datetime:
        if math.isnan(self._ms):
            raise range_error("Invalid time value")
        return _EPOCH + datetime.timedelta(milliseconds=self._ms)

    def getTime(self) -> int | float:
        return to_js_number(float(self._ms))

    valueOf = getTime

    def setTime(self, time_ms: Any) -> int | float:
        self._ms = JsDate(to_number(time_ms))._ms
        return self.getTime()

    def _component(self, name: str) -> int | float:
        return math.nan if math.isnan(self._ms) else int(getattr(self._datetime, name))

    def getFullYear(self) -> int | float:
        return self._component("year")

    def getMonth(self) -> int | float:
        return self._component("month") - 1

    def getDate(self) -> int | float:
        return self._component("day")

    def getDay(self) -> int | float:
        return math.nan if math.isnan(self._ms) else self._datetime.isoweekday() % 7

    def getHours(self) -> int | float:
        return self._component("hour")

    def getMinutes(self) -> int | float:
        return self._component("minute")

    def getSeconds(self) -> int | float:
        return self._component("second")

    def getMilliseconds(self) -> int | float:
        return math.nan if math.isnan(self._ms) else self._datetime.microsecond // 1000

    getUTCFullYear, getUTCMonth, getUTCDate, getUTCDay = getFullYear, getMonth, getDate, getDay
    getUTCHours, getUTCMinutes, getUTCSeconds = getHours, getMinutes, getSeconds
    getUTCMilliseconds = getMilliseconds

    def getTimezoneOffset(self) -> int:
        return 0

    def toISOString(self) -> str:
        """Raises RangeError `Invalid time value` for an invalid date."""
        return self._datetime.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0") + f".{self.getMilliseconds():03d}Z"

    def toJSON(self, *_: Any) -> str | JsNull:
        return jsnull if math.isnan(self._ms) else self.toISOString()

    def toUTCString(self) -> str:
        if math.isnan(self._ms):
            return "Invalid Date"
        when = self._datetime
        day = f"{_DAYS[when.weekday()]}, {when:%d} {_MONTHS[when.month - 1]} {when.year:04d}"
        return f"{day} {when:%H:%M:%S} GMT"

    toGMTString = toUTCString

    def toDateString(self) -> str:
        if math.isnan(self._ms):
            return "Invalid Date"
        when = self._datetime
        return f"{_DAYS[when.weekday()]} {_MONTHS[when.month - 1]} {when:%d} {when.year:04d}"

    def __str__(self) -> str:
        if math.isnan(self._ms):
            return "Invalid Date"
        return f"{self.toDateString()} {self._datetime:%H:%M:%S} GMT+0000 (Coordinated Universal Time)"

    __repr__ = __str__


def utc_ms(year: Any, month: Any = 0, *rest: Any) -> float:
    """`Date.UTC(year, month, day, hours, minutes, seconds, ms)`: components may overflow."""
    parts = [to_number(part) for part in (year, month, *rest)][:7]
    if not all(map(math.isfinite, parts)):
        return math.nan
    numbers = [int(part) for part in parts] + [1, 0, 0, 0, 0][len(parts) - 2 :]
    years, months = divmod(numbers[1], 12)
    whole_year = numbers[0] + (1900 if 0 <= numbers[0] <= 99 else 0) + years
    if not datetime.MINYEAR <= whole_year <= datetime.MAXYEAR:
        return math.nan
    start = datetime.datetime(whole_year, months + 1, 1, tzinfo=datetime.UTC)
    days, hours, minutes, seconds, milliseconds = numbers[2:7]
    whole_days = (start - _EPOCH).days + days - 1
    return (((whole_days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000.0 + milliseconds


def parse_ms(text: str) -> float:
    """`Date.parse(text)`: the ISO format and what `toUTCString`/`toString` write; else NaN."""
    match = _ISO.fullmatch(text.strip())
    if match is None:
        return _parse_rfc_ms(text)
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    month, day = month or "01", day or "01"
    try:
        start = datetime.datetime(int(year), int(month), int(day), tzinfo=datetime.UTC)
    except ValueError:
        return math.nan
    clock = (int(hour or 0), int(minute or 0), int(second or 0))
    if clock[0] > 24 or clock[1] > 59 or clock[2] > 59 or (clock[0] == 24 and any(clock[1:])):
        return math.nan
    time_ms = (start - _EPOCH).days * 86_400_000.0
    time_ms += ((clock[0] * 60 + clock[1]) * 60 + clock[2]) * 1000 + int(((fraction or "") + "000")[:3])
    return time_ms - _zone_ms(zone)


def _zone_ms(zone: str | None) -> int:
    if zone is None or zone == "Z":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[4:6])
    return (-minutes if zone[0] == "-" else minutes) * 60_000


def _parse_rfc_ms(text: str) -> float:
    from email.utils import parsedate_to_datetime

    try:
        when = parsedate_to_datetime(re.sub(r"\(.*\)", "", text).replace("GMT+", "+").strip())
    except (ValueError, TypeError, IndexError):
        return math.nan
    if when.tzinfo is None:
        when = when.replace(tzinfo=datetime.UTC)
    return (when - _EPOCH).total_seconds() * 1000
