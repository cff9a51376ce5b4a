"""Fault scripts: a TOML file of `[[fault]]` tables, or the same as Python dictionaries.

Times count from the start of the world. A time may be a range, `at = ["5m", "20m"]`: then the seed chooses.

Source: `docs/faults.md`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from edge.errors import UserError
from edge.kernel.duration import parse_duration
from edge.kernel.random import RandomStreams
from edge.network.errors import FaultError, unknown
from edge.network.faults.fault import ANYWHERE, CLIENT, Fault, Window
from edge.network.faults.kinds import DURATIONS, KINDS, OPERATIONS, TIMING
from edge.network.places import HINTS, find_place

FaultTable = Mapping[str, Any]
#: Keys that take a whole number, and which.
_WHOLE: dict[str, tuple[int, float]] = {"times": (1, math.inf), "status": (400, 599), "code": (1, 255)}


def read_script(path: Path) -> list[FaultTable]:
    """The tables of a script. Raises FaultError."""
    import tomllib

    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise FaultError(f"the fault script cannot be read: {error.strerror}", file=path) from None
    except tomllib.TOMLDecodeError as error:
        raise FaultError(f"not TOML: {error}", file=path) from None
    for key in data:
        if key != "fault":
            raise FaultError(unknown("key", key, ["fault"]), file=path)
    tables = data.get("fault", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise FaultError("write each fault as a [[fault]] table", file=path)
    return tables


def make_faults(
    tables: Iterable[FaultTable],
    start_s: float,
    random: RandomStreams,
    *,
    first: int = 1,
    file: Path | None = None,
) -> list[Fault]:
    """The faults of `tables`; `start_s` is what their times count from, `first` the number of the first.

    Raises FaultError, which names the fault and the key, and lists what is known.
    """
    return [_fault(table, number, start_s, random, file) for number, table in enumerate(tables, first)]


def _fault(table: FaultTable, number: int, start_s: float, random: RandomStreams, file: Path | None) -> Fault:
    try:
        kind = table.get("kind")
        if not isinstance(kind, str):
            raise _Wrong(f'a fault needs a kind = "…", one of {", ".join(sorted(KINDS))}')
        if kind not in KINDS:
            raise _Wrong(unknown("fault", kind, KINDS))
        options = _options(kind, table, random, str(number))
        window = _window(options, start_s)
    except _Wrong as wrong:
        raise FaultError(f"fault {number}: {wrong}", file=file) from None
    return Fault(kind, options, window, random, f"{number}:{kind}")


class _Wrong(Exception):
    """What is wrong with a fault."""


def _options(kind: str, table: FaultTable, random: RandomStreams, label: str) -> dict[str, Any]:
    _, needs, may = KINDS[kind]
    known = (*needs, *may, *TIMING)
    options: dict[str, Any] = {}
    for key, value in table.items():
        if key == "kind":
            continue
        if key not in known:
            raise _Wrong(unknown(f"key of {kind}", key, known))
        if key == "operation":
            operations = OPERATIONS[kind.partition("_")[0]]
            if value not in operations:
                raise _Wrong(unknown("operation", str(value), operations))
        options[key] = _value(key, value, random, f"fault:{label}:{key}")
    for key in needs:
        if key not in options:
            raise _Wrong(f"{kind} needs {key}")
    return options


def _value(key: str, value: Any, random: RandomStreams, label: str) -> Any:
    if key in DURATIONS:
        return _duration(key, value, random, label)
    if key == "between":
        return _between(value)
    if key == "place":
        return _place(value)
    if key == "probability":
        return _probability(value)
    if key in _WHOLE:
        return _whole(key, value)
    if not isinstance(value, str) or not value:
        raise _Wrong(f"{key}: write a text, not {value!r}")
    return value


def _duration(key: str, value: Any, random: RandomStreams, label: str) -> float:
    try:
        if isinstance(value, (list, tuple)) and len(value) == 2:
            low_s, high_s = (parse_duration(end) for end in value)
            if high_s < low_s:
                raise _Wrong(f"{key}: {value[1]!r} is before {value[0]!r}")
            return random.stream(label).uniform(low_s, high_s)
        return parse_duration(value)
    except ValueError as error:
        raise _Wrong(f"{key}: {error}") from None


def _between(value: Any) -> tuple[str, str]:
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise _Wrong(f'between: write two ends such as ["SYD", "*"], not {value!r}')
    one, other = (_end(end) for end in value)
    return one, other


def _end(value: Any) -> str:
    if value in (ANYWHERE, CLIENT) or value in HINTS:
        return str(value)
    return _place(value)


def _place(value: Any) -> str:
    try:
        return find_place(str(value)).code
    except UserError as error:
        raise _Wrong(error.message) from None


def _probability(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise _Wrong(f"probability: write a number from 0 to 1, not {value!r}")
    return float(value)


def _whole(key: str, value: Any) -> int:
    low, high = _WHOLE[key]
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        limits = f"of {low} or more" if high == math.inf else f"from {low} to {high}"
        raise _Wrong(f"{key}: write a whole number {limits}, not {value!r}")
    return value


def _window(options: dict[str, Any], start_s: float) -> Window:
    every_s = options.pop("every", None)
    lasts_s = options.pop("for", math.inf)
    if every_s is not None and not 0 < lasts_s <= every_s:
        raise _Wrong('a fault that comes "every" so often needs a "for" that is shorter')
    return Window(start_s + options.pop("at", 0.0), lasts_s, every_s)
