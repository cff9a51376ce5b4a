"""Reading typed fields; what does not fit becomes a finding with wrangler's text.

Source: spec wrangler.md section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wrangler_compat.config.diagnostics import MISSING, Diagnostics, Place, dotted, shown
from wrangler_compat.config.environment import Environment


class Fields:
    """Typed access to the settings of one environment."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.diagnostics: Diagnostics = environment.diagnostics

    def raw(self, key: str) -> Any:
        return self.environment.settings.get(key, MISSING)

    def error(self, message: str, key: str, *rest: str | int) -> None:
        self.diagnostics.error(message, *self.environment.place(key), *rest)

    def warn(self, message: str, key: str, *rest: str | int) -> None:
        self.diagnostics.warn(message, *self.environment.place(key), *rest)

    def string(self, key: str) -> str | None:
        value = self.raw(key)
        if value is MISSING:
            return None
        if isinstance(value, str):
            return value
        self.error(f'Expected "{key}" to be of type string but got {shown(value)}.', key)
        return None

    def strings(self, key: str) -> tuple[str, ...]:
        value = self.raw(key)
        if value is MISSING:
            return ()
        if _is_strings(value):
            return tuple(value)
        self.error(f'Expected "{key}" to be of type string array but got {shown(value)}.', key)
        return ()

    def table(self, key: str) -> dict[str, Any]:
        value = self.raw(key)
        if value is MISSING:
            return {}
        if isinstance(value, dict):
            return value
        self.error(f'The field "{key}" should be an object but got {shown(value)}.', key)
        return {}

    def entries(self, key: str) -> list[tuple[int, dict[str, Any]]]:
        """The objects of an array, with their indices."""
        value = self.raw(key)
        if value is MISSING:
            return []
        if not isinstance(value, list):
            self.error(f'The field "{key}" should be an array but got {shown(value)}.', key)
            return []
        for index, entry in enumerate(value):
            if not isinstance(entry, dict):
                self.error(f'"{key}[{index}]" should be an object but got {shown(entry)}.', key, index)
        return [(index, entry) for index, entry in enumerate(value) if isinstance(entry, dict)]

    def warn_unexpected(
        self, found: dict[str, Any], known: frozenset[str], key: str, *rest: str | int
    ) -> None:
        unexpected = [name for name in found if name not in known]
        if unexpected:
            names = ",".join(f'"{name}"' for name in unexpected)
            place: Place = (key, *rest)
            self.warn(f"Unexpected fields found in {dotted(place)} field: {names}", key, *rest, unexpected[0])

    def one_of(self, value: Any, allowed: Sequence[str], field: str, default: str) -> str:
        if value is MISSING:
            return default
        if isinstance(value, str) and value in allowed:
            return value
        choices = ",".join(f'"{choice}"' for choice in allowed)
        key, _, rest = field.partition(".")
        self.error(f'Expected "{field}" field to be one of [{choices}] but got {shown(value)}.', key, rest)
        return default


def _is_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
