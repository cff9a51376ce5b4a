"""JSON with comments and trailing commas, read by the standard parser, with positions.

The parsers on the index either take far more than wrangler does (JSON5) or lose the positions. So comments
and trailing commas become spaces of the same length and the standard library reads the rest: its line and
column are those of the file.

Source: spec wrangler.md section 1 (JSONC in both `.json` and `.jsonc`).
"""

from __future__ import annotations

import json
import re
from typing import Any

_STRING = r'"(?:\\.|[^"\\\n])*"'
# Atomic: what follows a comment must not be looked for inside of it.
_COMMENT = r"(?>//[^\n]*|/\*.*?\*/)"
_NOISE = re.compile(rf"{_STRING}|{_COMMENT}|,(?=(?:\s|{_COMMENT})*[}}\]])", re.DOTALL)
_TOKEN = re.compile(rf"{_STRING}|[{{}}\[\]:,]", re.DOTALL)
_NOT_NEWLINE = re.compile(r"[^\n]")


def strip(text: str) -> str:
    """The same text with comments and trailing commas blanked out."""
    return _NOISE.sub(_blank, text.removeprefix("\ufeff"))


def _blank(match: re.Match[str]) -> str:
    found = match.group()
    return found if found.startswith('"') else _NOT_NEWLINE.sub(" ", found)


def loads(text: str) -> Any:
    """The value; `json.JSONDecodeError` carries message, line and column."""
    stripped = strip(text)
    return json.loads(stripped, parse_constant=lambda name: _refuse(name, stripped))


def _refuse(name: str, text: str) -> Any:
    raise json.JSONDecodeError(f"{name} is not JSON", text, text.index(name))


def positions(text: str) -> dict[tuple[str | int, ...], tuple[int, int]]:
    """Line and column of every member, by its path: `("vars", "A")`, `("kv_namespaces", 0, "id")`."""
    found: dict[tuple[str | int, ...], tuple[int, int]] = {}
    path: list[str | int] = []
    expects_key = False
    source = strip(text)
    for token in _TOKEN.finditer(source):
        sign = token.group()
        at = (
            source.count("\n", 0, token.start()) + 1,
            token.start() - source.rfind("\n", 0, token.start()),
        )
        if sign[0] in '{["' and path and isinstance(path[-1], int):
            found[tuple(path)] = at  # an element begins, perhaps on a line after the bracket or comma
        if sign in "{[":
            path.append("" if sign == "{" else 0)
            expects_key = sign == "{"
            if sign == "[":
                found[tuple(path)] = at
        elif sign in "}]":
            path.pop()
            expects_key = False
        elif sign == "," and path:
            expects_key = isinstance(path[-1], str)
            if isinstance(path[-1], int):
                path[-1] += 1
                found[tuple(path)] = at
        elif sign[0] == '"' and expects_key:
            path[-1] = json.loads(sign)
            found[tuple(path)] = at
            expects_key = False
    return found
