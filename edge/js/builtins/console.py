"""`console`: what Workers log, into Python's logger `edge.console`.

Source: Console standard; workerd prints one line a call.
"""

from __future__ import annotations

import logging
from typing import Any

from edge.js.builtins.objects import members
from edge.js.errors import JsException
from edge.js.json_text import stringify
from edge.js.objects import JsObject
from edge.js.proxy import JsNull, JsProxy
from edge.js.webidl import to_string

_log = logging.getLogger("edge.console")
_LEVELS = {
    "log": logging.INFO,
    "info": logging.INFO,
    "debug": logging.DEBUG,
    "trace": logging.DEBUG,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}


def shown(value: Any) -> str:
    """A value as the console writes it: texts as they are, plain data as JSON."""
    if isinstance(value, JsException):
        return value.stack
    if isinstance(value, JsProxy):
        try:
            text = stringify(value)
        except JsException:  # a circle or a bigint: its type is all that can be said
            text = None
        return str(value) if text in (None, "{}") else str(text)
    if value is None or isinstance(value, (bool, int, float, str, JsNull)):
        return to_string(value)
    return str(value)


def console_object() -> JsObject:
    """`console` with its levels, `assert`, counters and `table` (as JSON)."""
    counts: dict[str, int] = {}

    def at(level: int) -> Any:
        return lambda *values: _log.log(level, "%s", " ".join(shown(value) for value in values))

    def check(condition: Any = False, *values: Any) -> None:
        if not condition:
            _log.error("%s", " ".join(["Assertion failed:", *(shown(value) for value in values)]))

    def count(label: Any = "default") -> None:
        counts[label] = counts.get(label, 0) + 1
        _log.info("%s: %d", label, counts[label])

    made = members(
        count=count,
        countReset=lambda label="default": counts.pop(label, None),
        table=at(logging.INFO),
        dir=at(logging.INFO),
        group=at(logging.INFO),
        groupEnd=lambda: None,
        **{name: at(level) for name, level in _LEVELS.items()},
    )
    return JsObject({**made, **{"assert": members(check)["check"]}})
