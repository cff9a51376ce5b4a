"""Reading typed fields; what does not fit becomes a finding with wrangler's text.

Source: spec wrangler.md section 2; texts of wrangler 4.164.0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wrangler_compat.config.diagnostics import MISSING, Diagnostics, Place, dotted, shown
from wrangler_compat.config.environment import Environment
from wrangler_compat.config.schema import KEYS, Scope

#: JavaScript's `typeof`, by which wrangler tells types apart.
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict, list, type(None)),
}


class Fields:
    """Typed access to the settings of one environment.

    `in_force` is False for the top level while an environment is in force: wrangler checks it too, but it
    need not fit the project.
    """

    def __init__(self, environment: Environment, *, in_force: bool = True) -> None:
        self.environment = environment
        self._in_force = in_force
        self.diagnostics: Diagnostics = environment.diagnostics

    def raw(self, key: str) -> Any:
        return self.environment.settings.get(key, MISSING)

    def error(self, message: str, key: str, *rest: str | int) -> None:
        """`key` is written wrongly. What is inherited was said where it stands."""
        if not self.environment.inherits(key):
            self.diagnostics.error(message, *self.environment.place(key), *rest)

    def warn(self, message: str, key: str, *rest: str | int) -> None:
        if not self.environment.inherits(key):
            self.diagnostics.warn(message, *self.environment.place(key), *rest)

    def misfit(self, message: str, key: str, *rest: str | int) -> None:
        """`key` does not fit the project, or what is emulated."""
        if self._in_force:
            self.diagnostics.error(message, *self.environment.place(key), *rest)

    def named(self, key: str, *rest: str | int) -> str:
        """How messages name a field; those that are not inherited with their environment."""
        place: Place = (key, *rest)
        if self.environment.name is not None and key in KEYS and KEYS[key].scope is Scope.OWN:
            place = ("env", self.environment.name, *place)
        return dotted(place)

    def expect(
        self, value: Any, kind: str, field: str, place: tuple[Any, ...], *, choices: Sequence[str] = ()
    ) -> bool:
        """Whether `value` is of type `kind` (JavaScript's `typeof`) and among `choices`; absent is fine."""
        if value is MISSING:
            return True
        if not is_type(value, kind):
            self.error(f'Expected "{field}" to be of type {kind} but got {shown(value)}.', *place)
            return False
        if choices and value not in choices:
            names = ",".join(f'"{choice}"' for choice in choices)
            self.error(f'Expected "{field}" field to be one of [{names}] but got {shown(value)}.', *place)
            return False
        return True

    def expect_array(self, value: Any, kind: str, field: str, place: tuple[Any, ...]) -> bool:
        """Whether all elements of `value` are of type `kind`; absent is fine."""
        if value is MISSING:
            return True
        if not isinstance(value, list):
            self.error(f'Expected "{field}" to be an array of {kind}s but got {shown(value)}', *place)
            return False
        checked = [
            self.expect(item, kind, f"{field}.[{index}]", (*place, index)) for index, item in enumerate(value)
        ]
        return all(checked)

    def string(self, key: str) -> str | None:
        value = self.raw(key)
        return value if self.expect(value, "string", key, (key,)) and value is not MISSING else None

    def boolean(self, key: str) -> None:
        self.expect(self.raw(key), "boolean", key, (key,))

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
        self.error(f'The field "{self.named(key)}" should be an object but got {shown(value)}.', key)
        return {}

    def entries(self, key: str, what: str = "") -> list[tuple[int, dict[str, Any]]]:
        """The objects of an array, with their indices; `what` is wrangler's other name for the bindings."""
        value = self.raw(key)
        if value is MISSING:
            return []
        if not isinstance(value, list):
            self.error(f'The field "{self.named(key)}" should be an array but got {shown(value)}.', key)
            return []
        for index, entry in enumerate(value):
            if not isinstance(entry, dict):
                self.error(f'"{what or key}" bindings should be objects, but got {shown(entry)}', key, index)
        return [(index, entry) for index, entry in enumerate(value) if isinstance(entry, dict)]

    def warn_unexpected(
        self, found: Mapping[str, Any], known: frozenset[str], key: str, *rest: str | int
    ) -> None:
        unexpected = [name for name in found if name not in known]
        if unexpected:
            names = ",".join(f'"{name}"' for name in unexpected)
            text = f"Unexpected fields found in {self.named(key, *rest)} field: {names}"
            self.warn(text, key, *rest, unexpected[0])

    def one_of(self, value: Any, allowed: Sequence[str], field: str, default: str) -> str:
        """`value` where it is among `allowed`, else `default`."""
        key, _, rest = field.partition(".")
        fits = self.expect(value, "string", field, (key, rest), choices=allowed)
        return str(value) if fits and value is not MISSING else default


def is_type(value: Any, kind: str) -> bool:
    """Whether JavaScript's `typeof` of a value from JSON is `kind`."""
    return isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _is_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
