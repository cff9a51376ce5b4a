"""What is wrong with a configuration, as data, and in wrangler's shape.

Source: spec wrangler.md section 2.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

#: Where something stands: the path of keys and indices.
Place = tuple[str | int, ...]


class _Missing:
    def __repr__(self) -> str:
        return "undefined"


#: A key that is not there, where `None` is JSON's null.
MISSING = _Missing()


def shown(value: Any) -> str:
    """A value as JSON.stringify writes it."""
    if value is MISSING:
        return "undefined"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def dotted(place: Place) -> str:
    """`kv_namespaces[0].id`, the way messages name a field."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


@dataclass(frozen=True, slots=True)
class Finding:
    """One message and the place it is about."""

    message: str
    place: Place = ()


@dataclass(slots=True)
class Diagnostics:
    """Errors and warnings under one heading; an environment's are nested."""

    heading: str
    #: What stands before a message about a place: file, line and column.
    located: Callable[[Place], str] = lambda place: ""
    errors: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    children: list[Diagnostics] = field(default_factory=list)

    def error(self, message: str, *place: str | int) -> None:
        self.errors.append(Finding(message, place))

    def warn(self, message: str, *place: str | int) -> None:
        self.warnings.append(Finding(message, place))

    def child(self, heading: str) -> Diagnostics:
        nested = Diagnostics(heading, self.located)
        self.children.append(nested)
        return nested

    def first_error(self) -> Finding | None:
        """The error to point at."""
        for group in (self, *self.children):
            if group.errors:
                return group.errors[0]
        return None

    @property
    def has_errors(self) -> bool:
        return self.first_error() is not None

    @property
    def has_warnings(self) -> bool:
        return bool(self.warnings) or any(child.has_warnings for child in self.children)

    def render_errors(self) -> str:
        return self._render("errors")

    def render_warnings(self) -> str:
        return self._render("warnings")

    def _render(self, kind: str) -> str:
        lines = [self.heading]
        lines += [_item(self.located(found.place) + found.message) for found in getattr(self, kind)]
        for child in self.children:
            if (child.errors if kind == "errors" else child.warnings) or child.children:
                lines.append(_item(child._render(kind), "  "))
        return "\n".join(lines)


def _item(message: str, indent: str = "    ") -> str:
    first, *rest = message.split("\n")
    return "\n".join([f"  - {first}", *(f"{indent}{line}" if line else "" for line in rest)])
