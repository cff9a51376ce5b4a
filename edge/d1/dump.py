"""A database as SQL that makes it anew: what D1 exports.

Source: the dumps of wrangler 4.164's local mode (`d1 export --local`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator
from typing import Any

import apsw

_TABLES = (
    "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND sql NOT NULL "
    "ORDER BY tbl_name = 'sqlite_sequence', rowid"
)
_REST = (
    "SELECT name, sql FROM sqlite_schema WHERE sql NOT NULL AND type IN ('index', 'trigger', 'view') "
    "ORDER BY type COLLATE NOCASE"
)
_HIDDEN = ("_cf_", "sqlite_")
_BREAKS = re.compile(r"'|\n|\r")
_ESCAPES = {"'": "''", "\n": "\\n", "\r": "\\r"}


class CannotDump(Exception):
    """The database has something that a dump cannot have."""


def dump(
    connection: apsw.Connection, *, tables: Collection[str] = (), schema: bool = True, data: bool = True
) -> Iterator[str]:
    """The statements that make a database: those of `tables` (none named: all), with the schema, the data
    or both. Read inside of a transaction they are of one moment. Raises CannotDump, apsw.Error."""
    yield "PRAGMA defer_foreign_keys=TRUE;"
    for name, sql in list(connection.execute(_TABLES)):
        if tables and name not in tables:
            continue
        if schema:
            yield from _definition(name, sql)
        if data and (name == "sqlite_sequence" or not name.startswith(_HIDDEN)):
            yield from _rows(connection, name)
    if schema:
        for name, sql in list(connection.execute(_REST)):
            if not tables or name in tables:
                yield f"{sql};"


def _definition(name: str, sql: str) -> Iterator[str]:
    if name == "sqlite_sequence":
        yield "DELETE FROM sqlite_sequence;"
    elif name.startswith("sqlite_stat"):
        yield "ANALYZE sqlite_schema;"
    elif sql.startswith("CREATE VIRTUAL TABLE"):
        raise CannotDump("D1 Export error: cannot export databases with Virtual Tables (fts5)")
    elif not name.startswith(_HIDDEN):
        quoted = re.match("CREATE TABLE ['\"]", sql) is not None
        yield f"CREATE TABLE IF NOT EXISTS {sql[13:]};" if quoted else f"{sql};"


def _rows(connection: apsw.Connection, table: str) -> Iterator[str]:
    columns = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({_name(table)})")]
    names = [_name(column) for column in columns]
    start = f"INSERT INTO {_name(table)} ({','.join(names)}) VALUES("
    for row in connection.execute(f"SELECT {', '.join(names)} FROM {_name(table)}"):
        yield f"{start}{','.join(map(_literal, row))});"


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    if isinstance(value, float):
        if math.isinf(value):
            return "9e999" if value > 0 else "-9e999"
        return repr(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    return str(value)


def _text(value: str) -> str:
    quoted = "'" + _BREAKS.sub(lambda found: _ESCAPES[found[0]], value) + "'"
    if "\r" in value:
        quoted = f"replace({quoted},'\\r',char(13))"
    if "\n" in value:
        quoted = f"replace({quoted},'\\n',char(10))"
    return quoted


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
