"""When a cron expression is due, as Cloudflare reads it: five fields, UTC, Quartz's days of the week.

    minute (0-59)  hour (0-23)  day of month (1-31)  month (1-12 or JAN-DEC)  day of week (1-7 or SUN-SAT)

A field is `*`, or a list of values, ranges `a-b` (which may go round the end: `22-2`) and steps (`*/15`,
`10/20`, `8-18/2`). Besides:

    day of month   L last day, L-3 the third before it, 15W the weekday nearest to the 15th, LW, L-3W
    day of week    FRIL or 6L the month's last Friday, MON#2 its second Monday, L Saturday

When both days are restricted, either will do.

Sources: Cloudflare "Cron Triggers"; cloudflare/saffron, which the platform uses (90c2af8).
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_ITEM = re.compile(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/(\d+))?")
_LAST_DAY = re.compile(r"L(?:-(\d+))?(W?)")
_YEARS_AHEAD = 28  # after which weekdays and leap years repeat

DayTest = Callable[[date], bool]


@dataclass(frozen=True, slots=True)
class _Field:
    """What one field may hold."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    def value(self, text: str) -> int:
        if text in self.names:
            return self.low + self.names.index(text)
        if not text.isdecimal() or not self.low <= int(text) <= self.high:
            raise ValueError(f"{text!r} is no {self.name} ({self.low}-{self.high})")
        return int(text)

    def values(self, text: str) -> frozenset[int]:
        """The values of a list."""
        return frozenset(value for item in text.split(",") for value in self._item(item))

    def _item(self, text: str) -> list[int]:
        match = _ITEM.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is no {self.name}")
        star, first, last, step = match.groups()
        low = self.low if star else self.value(first)
        high = self.high if star or (step and not last) else self.value(last or first)
        if step is not None and not 1 <= int(step) <= self.high:
            raise ValueError(f"/{step} is no step of a {self.name}")
        around = range(low, high + 1 if low <= high else high + self.high - self.low + 2)
        return [(value - self.low) % (self.high - self.low + 1) + self.low for value in around][
            :: int(step or 1)
        ]


_MINUTE = _Field("minute", 0, 59)
_HOUR = _Field("hour", 0, 23)
_DAY = _Field("day of the month", 1, 31)
_MONTH = _Field("month", 1, 12, tuple(_MONTHS))
_WEEKDAY = _Field("day of the week", 1, 7, tuple(_WEEKDAYS))


@dataclass(frozen=True, slots=True)
class Cron:
    """An expression, read."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: frozenset[int]
    days: tuple[DayTest, ...]  # any of them will do; none: every day

    @classmethod
    def parse(cls, text: str) -> Cron:
        """Raises ValueError, which names the part that is wrong."""
        fields = text.upper().split()
        if len(fields) != 5:
            raise ValueError(f"a cron expression has five fields, not {len(fields)}: {text!r}")
        minute, hour, day, month, weekday = fields
        try:
            tests = [_month_day(day) if day != "*" else None, _week_day(weekday) if weekday != "*" else None]
            return cls(
                tuple(sorted(_MINUTE.values(minute))),
                tuple(sorted(_HOUR.values(hour))),
                _MONTH.values(month),
                tuple(test for test in tests if test is not None),
            )
        except ValueError as wrong:
            raise ValueError(f"not a cron expression: {text!r}: {wrong}") from None

    def next_after(self, when_s: float) -> float | None:
        """The first time after `when_s` (seconds since the epoch); None when there is never one."""
        start = datetime.fromtimestamp(when_s, UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        day = start.date()
        end = day + timedelta(days=366 * _YEARS_AHEAD)
        while day < end:
            if day.month not in self.months:
                day = _next_month(day)
                continue
            if self._on(day) and (found := self._time_of(day, start)) is not None:
                assert found.timestamp() > when_s, "time goes on"
                return found.timestamp()
            day += timedelta(days=1)
        return None

    def _on(self, day: date) -> bool:
        return not self.days or any(test(day) for test in self.days)

    def _time_of(self, day: date, start: datetime) -> datetime | None:
        """The first time of `day` that is not before `start`."""
        first = (start.hour, start.minute) if day == start.date() else (0, 0)
        for hour in self.hours:
            for minute in self.minutes:
                if (hour, minute) >= first:
                    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
        return None


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _days_in(day: date) -> int:
    return monthrange(day.year, day.month)[1]


def _month_day(text: str) -> DayTest:
    if (match := _LAST_DAY.fullmatch(text)) is not None:
        offset = 0 if match[1] is None else int(match[1])
        if match[1] is not None and not 1 <= offset <= 30:
            raise ValueError(f"{text!r}: the offset from the last day is 1 to 30")
        nearest = bool(match[2])
        return lambda day: _matches(day, _days_in(day) - offset, nearest=nearest)
    if text.endswith("W"):
        wanted = _DAY.value(text[:-1])
        return lambda day: _matches(day, wanted, nearest=True)
    days = _DAY.values(text)
    return lambda day: day.day in days


def _matches(day: date, wanted: int, *, nearest: bool) -> bool:
    """Whether `day` is the day `wanted` of its month, or the weekday nearest to that in the month."""
    last = _days_in(day)
    if not 1 <= wanted <= last:
        return False
    if nearest:
        weekday = day.replace(day=wanted).isoweekday()
        if weekday == 6:
            wanted += -1 if wanted > 1 else 2
        elif weekday == 7:
            wanted += 1 if wanted < last else -2
    return day.day == wanted


def _week_day(text: str) -> DayTest:
    if text == "L":
        text = "SAT"
    if text.endswith("L"):
        last = _WEEKDAY.value(text[:-1])
        return lambda day: _number(day) == last and day.day + 7 > _days_in(day)
    name, sharp, count = text.partition("#")
    if sharp:
        wanted = _WEEKDAY.value(name)
        if count not in ("1", "2", "3", "4", "5"):
            raise ValueError(f"{text!r}: a month has one to five of each day of the week")
        return lambda day: _number(day) == wanted and (day.day - 1) // 7 + 1 == int(count)
    days = _WEEKDAY.values(text)
    return lambda day: _number(day) in days


def _number(day: date) -> int:
    """1 for Sunday to 7 for Saturday."""
    return day.isoweekday() % 7 + 1
