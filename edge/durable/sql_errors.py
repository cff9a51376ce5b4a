"""Why an object is reset when its transaction cannot be committed.

Source: spec durable-objects.md section 6.
"""

from __future__ import annotations

import apsw

from edge.sql.errors import sql_text

_CONSTRAINTS_VIOLATED = (
    "Durable Object was reset and rolled back to its last known good state because the application left "
    "the database in a state where constraints were violated: "
)


def reset_text(failure: Exception) -> str:
    """The platform's text for a commit that failed with `failure`."""
    if isinstance(failure, apsw.ConstraintError):
        return f"{_CONSTRAINTS_VIOLATED}{failure}: SQLITE_CONSTRAINT"
    return sql_text(failure)
