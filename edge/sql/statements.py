"""User SQL, cut into statements: only the last one of a text may have parameters.

Source: spec durable-objects.md section 6.
"""

from __future__ import annotations

import apsw

from edge.js.errors import error
from edge.sql.logic import rules

_BLANKS = " \t\r\n\f"


def statements(sql: str) -> list[str]:
    """The text cut into statements. Raises Error when there is none, or none after the last semicolon but
    a comment."""
    found: list[str] = []
    start = 0
    for position in rules.semicolons(sql):
        # A trigger has semicolons inside; SQLite knows where it ends.
        piece = sql[start : position + 1]
        if rules.has_statement(piece) and apsw.complete(piece):
            found.append(piece.lstrip(_BLANKS))  # offsets count from where the statement begins
            start = position + 1
    rest = sql[start:]
    if not found or rest.strip(_BLANKS + ";"):
        if not rules.has_statement(rest):
            raise error(rules.NO_STATEMENT)
        found.append(rest.lstrip(_BLANKS))
    return found
