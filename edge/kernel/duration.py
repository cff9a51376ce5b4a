"""Durations as people write them: "1h", "250ms", 5, 5.5, a timedelta."""

from __future__ import annotations

import math
import re
from datetime import timedelta

_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")
_FORMS = 'write a number of seconds, or numbers with units (ms, s, m, h, d) such as "250ms" or "1h30m"'


def parse_duration(duration: str | float | timedelta) -> float:
    """`duration` in seconds; a bare number means seconds. Raises ValueError, which names the input and the
    known units, for what is negative, not finite or not a duration."""
    if isinstance(duration, timedelta):
        seconds = duration.total_seconds()
    elif isinstance(duration, str):
        seconds = _parse_text(duration)
    elif isinstance(duration, (int, float)) and not isinstance(duration, bool):
        seconds = float(duration)
    else:
        raise ValueError(f"not a duration: {duration!r}; {_FORMS}, or give a timedelta")
    if seconds < 0:
        raise ValueError(f"a duration is not negative: {duration!r}; {_FORMS}")
    if not math.isfinite(seconds):
        raise ValueError(f"a duration is finite: {duration!r}; {_FORMS}")
    return seconds


def _parse_text(text: str) -> float:
    bare = text.strip().lower()
    negative = bare.startswith("-")
    compact = re.sub(r"\s+", "", bare.removeprefix("-"))
    if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", compact):
        total_s = float(compact)
    elif re.fullmatch(rf"(?:{_PART.pattern})+", compact):
        # Milliseconds divide, so that "250ms" is exactly 0.25.
        total_s = math.fsum(_seconds(float(number), unit) for number, unit in _PART.findall(compact))
    else:
        raise ValueError(f"not a duration: {text!r}; {_FORMS}")
    return -total_s if negative and total_s else total_s


def _seconds(number: float, unit: str) -> float:
    return number / 1000 if unit == "ms" else number * _UNITS_S[unit]
