"""Why an operation on an object's storage fails, and why an object is reset, in the platform's words.

What the application did wrong has SQLite's words. A file that is damaged is nothing that the application can
mend: it gets `internal error` with a reference, under which the log says which file it is and what to do.

Source: spec durable-objects.md section 6; workerd 1.20261117.1 with files that were cut off and overwritten.
"""

from __future__ import annotations

import base64
import hashlib
import logging
from typing import TYPE_CHECKING

import apsw

from edge.js.errors import JsException, error
from edge.sql.database import DAMAGED
from edge.sql.errors import sql_error, sql_text

if TYPE_CHECKING:
    from edge.durable.database import Database

_log = logging.getLogger("edge.durable")
_CONSTRAINTS_VIOLATED = (
    "Durable Object was reset and rolled back to its last known good state because the application left "
    "the database in a state where constraints were violated: "
)
_REFERENCE_CHARS = 24


def reset_error(failure: Exception, database: Database) -> JsException:
    """The error of a commit that failed with `failure`."""
    if is_damage(failure):
        return internal_error(failure, database)
    violated = isinstance(failure, apsw.ConstraintError)
    text = f"{_CONSTRAINTS_VIOLATED}{failure}: SQLITE_CONSTRAINT" if violated else sql_text(failure)
    return error(text, durableObjectReset=True)


def storage_error(failure: Exception, database: Database) -> JsException:
    """The error of an operation that failed with `failure`, other than a query that the application wrote."""
    if is_damage(failure):
        return internal_error(failure, database)
    problem = sql_error(failure)
    if database.has_lost_transaction:
        problem.durableObjectReset = True
    return problem


def query_error(failure: Exception, database: Database) -> JsException:
    """The error of a query of the application: always in SQLite's words."""
    problem = sql_error(failure)
    if is_damage(failure):
        _log.error(f"%s: {DAMAGED}", problem.message, failure, database.path)
    return problem


def is_damage(failure: Exception) -> bool:
    """Whether the file is no database any more, or a part of it is none."""
    return isinstance(failure, (apsw.NotADBError, apsw.CorruptError))


def internal_error(failure: Exception, database: Database) -> JsException:
    """What the application is told of a file that cannot be used; whoever runs it finds it in the log."""
    text = f"{failure} {database.path}"
    digest = base64.b32hexencode(hashlib.sha256(text.encode()).digest()).decode().lower()
    told = f"internal error; reference = {digest[:_REFERENCE_CHARS]}"
    what = DAMAGED if is_damage(failure) else "%s: %s"
    _log.error(f"%s: {what}", told, failure, database.path)
    return error(told)
