"""Durations as `sleep_after` takes them (spec section 3.1)."""

from __future__ import annotations

import re

from sandbox.container.errors import ContainerError

_FORM = re.compile(r"(\d+)([smh])", re.ASCII)
_UNIT_S = {"s": 1, "m": 60, "h": 3600}


def seconds_of(expression: object) -> float:
    """Seconds of a number, or of a text such as "30s", "10m", "2h". Raises ContainerError."""
    if isinstance(expression, (int, float)) and not isinstance(expression, bool):
        return expression
    found = _FORM.fullmatch(expression) if isinstance(expression, str) else None
    if found is None:
        raise ContainerError(f"invalid time expression {expression}")
    return int(found[1]) * _UNIT_S[found[2]]
