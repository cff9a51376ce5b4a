"""One entry of an array of bindings, checked as wrangler checks it.

Source: spec wrangler.md section 2; texts of wrangler 4.164.0.
"""

from __future__ import annotations

from typing import Any

from edge.r2.logic.names import RULE as BUCKET_RULE
from edge.r2.logic.names import is_bucket_name
from wrangler_compat.config.diagnostics import MISSING, shown
from wrangler_compat.config.fields import Fields
from wrangler_compat.config.schema import FIELDS


class Section:
    """One entry of an array of bindings."""

    def __init__(self, fields: Fields, key: str, index: int, entry: dict[str, Any]) -> None:
        self.fields = fields
        self.key = key
        self.index = index
        self.entry = entry

    @property
    def named(self) -> str:
        return self.fields.named(self.key, self.index)

    def required(self, name: str, rule: str) -> str | None:
        """A field that must be a string; None when it is not, which is said."""
        value = self.entry.get(name, MISSING)
        if isinstance(value, str):
            return value
        self.wrong(rule)
        return None

    def optional(self, name: str, rule: str = "") -> None:
        """Say so when a field is there and no string."""
        value = self.entry.get(name, MISSING)
        if value is not MISSING and not isinstance(value, str):
            self.wrong(rule or f'bindings should, optionally, have a string "{name}" field')

    def first(self, *names: str) -> str | None:
        """The first of these fields that is there and not empty."""
        return next(
            (value for name in names if isinstance(value := self.entry.get(name), str) and value), None
        )

    def check_bucket_name(self, name: str, equals: str = "=") -> None:
        value = self.entry.get(name)
        if isinstance(value, str) and value and not is_bucket_name(value):
            self.fields.error(
                f"{self.named}.{name}{equals}{shown(value)} is invalid. {BUCKET_RULE}",
                self.key,
                self.index,
            )

    def wrong(self, rule: str, value: Any = None) -> None:
        """An error with the rule, and what was found instead."""
        found = shown(self.entry if value is None else value)
        self.fields.error(f'"{self.named}" {rule} but got {found}.', self.key, self.index)

    def close(self) -> None:
        """What holds for every entry."""
        self.fields.warn_unexpected(self.entry, FIELDS[self.key], self.key, self.index)
        remote = self.entry.get("remote", False)
        if not isinstance(remote, bool):
            self.wrong('should, optionally, have a boolean "remote" field')
        elif remote:
            self.fields.misfit(
                f'"{self.named}" has "remote": true, and remote bindings are not emulated.',
                self.key,
                self.index,
            )
