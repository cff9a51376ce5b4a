"""Types of variables and secrets.

Without an environment a variable may have any of the values that the file gives it, as in `wrangler types`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wrangler_compat.env_types.bindings import Typed


def variable_types(
    tables: Sequence[Mapping[str, Any]], secrets: Sequence[str], *, strict: bool
) -> Iterator[Typed]:
    """The variables of the first table, with the values that they have in all; then the secrets, which are
    strings and come before variables. `strict` writes texts, numbers and booleans as literals."""
    for name, value in tables[0].items():
        if name not in secrets:
            values = [value, *(table[name] for table in tables[1:] if name in table)]
            written, part = _union(values, strict)
            yield Typed(name, written, part)
    for name in secrets:
        yield Typed(name, "str", remark="secret")


def _union(values: Sequence[Any], strict: bool) -> tuple[str, str]:
    literals: list[str] = []
    others: list[str] = []
    for value in values:
        literal = _literal(value) if strict else None
        if literal is not None:
            literals.append(literal)
        else:
            others.append(_plain(value))
    if "Any" in others:
        return "Any", ""
    alternatives = [f"Literal[{', '.join(dict.fromkeys(literals))}]"] if literals else []
    alternatives += dict.fromkeys(others)
    return " | ".join(alternatives), "json_value" if "JsonProxy" in others else ""


def _literal(value: Any) -> str | None:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool | int):
        return repr(value)
    return None


def _plain(value: Any) -> str:
    if value is None:
        return "Any"
    for kind in (str, bool, int, float):
        if isinstance(value, kind):
            return kind.__name__
    return "JsonProxy"
