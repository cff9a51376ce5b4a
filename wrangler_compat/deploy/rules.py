"""Which files become modules, and of which type: the `rules` of the configuration, then the defaults.

Source: wrangler's deployment-bundle/rules.ts and module-collection.ts; the globs are those of glob-to-regexp.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from edge.errors import UserError

#: By type of rule: the type of the upload's part.
MIME_TYPES = {
    "ESModule": "application/javascript+module",
    "CommonJS": "application/javascript",
    "CompiledWasm": "application/wasm",
    "Text": "text/plain",
    "Data": "application/octet-stream",
    "PythonModule": "text/x-python",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """Files that match one of `globs` are modules of type `kind`."""

    kind: str
    globs: tuple[str, ...]
    fallthrough: bool | None = None

    def matches(self, name: str) -> bool:
        return any(glob_pattern(glob).match(name) for glob in self.globs)


PYTHON = Rule("PythonModule", ("**/*.py",))
_DEFAULTS = (
    Rule("Text", ("**/*.txt", "**/*.html", "**/*.sql")),
    Rule("Data", ("**/*.bin",)),
    Rule("CompiledWasm", ("**/*.wasm", "**/*.wasm?module")),
)


def rules_in_force(configured: Sequence[Rule], *, python: bool) -> tuple[list[Rule], list[str]]:
    """The rules that count, in order, and a warning for each that replaces a default: after a rule
    without `fallthrough` no other of its type counts."""
    candidates = [*configured, *([PYTHON] if python else ()), *_DEFAULTS]
    closed: dict[str, Rule] = {}
    found, warnings = [], []
    for rule in candidates:
        first = closed.get(rule.kind)
        if first is None:
            found.append(rule)
            if not rule.fallthrough:
                closed[rule.kind] = rule
        elif first.fallthrough is None:
            warnings.append(
                f"The module rule for {', '.join(first.globs)} ({first.kind}) has no `fallthrough`, so "
                f"{', '.join(rule.globs)} is ignored. Set `fallthrough` to true to keep it, or to false to "
                "silence this warning."
            )
    return found, warnings


def configured_rules(entries: Any) -> list[Rule]:
    """`rules` of the configuration. Raises UserError when they are none."""
    if not isinstance(entries, list):
        raise UserError('The field "rules" should be an array.')
    return [_rule(index, entry) for index, entry in enumerate(entries)]


def _rule(index: int, entry: Any) -> Rule:
    kind = entry.get("type") if isinstance(entry, Mapping) else None
    globs = entry.get("globs") if isinstance(entry, Mapping) else None
    if kind not in MIME_TYPES or kind == "PythonModule":
        raise UserError(
            f'"rules[{index}]" bindings should have a string "type" field, which contains one of "ESModule", '
            '"CommonJS", "CompiledWasm", "Text", or "Data".'
        )
    if not isinstance(globs, list) or not all(isinstance(glob, str) for glob in globs):
        raise UserError(f'"rules[{index}]" bindings should have a string array "globs" field.')
    return Rule(kind, tuple(globs), entry.get("fallthrough"))


def is_excluded(name: str, globs: Iterable[str]) -> bool:
    return any(glob_pattern(glob).match(name) for glob in globs)


@cache
def glob_pattern(glob: str) -> re.Pattern[str]:
    """`*` is anything within a folder, `**/` any folders; nothing else is special."""
    parts, at = [], 0
    for stars in re.finditer(r"\*+", glob):
        parts.append(re.escape(glob[at : stars.start()]))
        at = stars.end()
        alone = (stars.start() == 0 or glob[stars.start() - 1] == "/") and glob[at : at + 1] in ("/", "")
        if len(stars[0]) > 1 and alone:
            parts.append("(?:[^/]*(?:/|$))*")
            at += 1
        else:
            parts.append("[^/]*")
    parts.append(re.escape(glob[at:]))
    return re.compile("".join(parts) + r"\Z", re.DOTALL)
