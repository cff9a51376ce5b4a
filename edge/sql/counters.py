"""`rowsRead` and `rowsWritten` of a statement, worked out when somebody asks.

The platform counts them inside its own build of SQLite; this one cannot. What is known is the statement's
program (EXPLAIN), how many rows it returned and how many it changed. From these the figures of simple
statements come out exactly and those of others nearly (docs/limitations.md):

- a scan reads every row of its table, a search by key one row each, through an index two;
- a change writes its row and an entry in each index it touches; a deletion counts its row alone.

Source: recording `rows_counters`; SQLite "The SQLite Bytecode Engine".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import apsw

_CREATE_TABLE = re.compile(r"\s*create\s+table\b", re.IGNORECASE)
_CREATE_INDEX = re.compile(
    r"\s*create\s+(?:unique\s+)?index\b.*?\bon\s*(\"(?:[^\"]|\"\")+\"|`(?:[^`]|``)+`|\[[^\]]+\]|\w+)",
    re.IGNORECASE | re.DOTALL,
)
_OPENS = frozenset({"OpenRead", "OpenWrite", "ReopenIdx"})
_OURS = apsw.SQLITE_PREPARE_PERSISTENT
_NOT_TABLES = frozenset({"OpenEphemeral", "OpenAutoindex", "OpenPseudo", "SorterOpen"})


class Step(NamedTuple):
    """One instruction of a program."""

    name: str
    cursor: int  # P1
    root: int  # P2, the table's page where the instruction opens one


@dataclass(frozen=True, slots=True)
class Work:
    """What a statement is known to have done."""

    sql: str
    bindings: tuple[Any, ...]
    returned: int
    changed: int
    read_only: bool


def rows_written(connection: apsw.Connection, work: Work) -> int:
    """Rows and index entries that were written."""
    if work.read_only:
        return 0
    if _CREATE_TABLE.match(work.sql):
        return 2
    if (index := _CREATE_INDEX.match(work.sql)) is not None:
        return 1 + _size(connection, _unquoted(index[1]))
    program = _program(connection, work)
    temporary = _temporary(program)
    each = sum(step.name in ("Insert", "IdxInsert") and step.cursor not in temporary for step in program)
    return work.changed * max(1, each)


def rows_read(connection: apsw.Connection, work: Work) -> int:
    """Rows and index entries that were looked at."""
    if _CREATE_TABLE.match(work.sql):
        return _size(connection, "sqlite_master")
    if (index := _CREATE_INDEX.match(work.sql)) is not None:
        return 2 * _size(connection, _unquoted(index[1])) + _size(connection, "sqlite_master")
    program = _program(connection, work)
    temporary = _temporary(program)
    roots = {
        step.cursor: step.root for step in program if step.name in ("OpenRead", "OpenWrite", "ReopenIdx")
    }
    names = {step.name for step in program if step.cursor not in temporary}
    found = max(work.returned, work.changed)
    total = 0
    for step in program:
        if step.name in ("Rewind", "Last", "Count") and step.cursor in roots:
            total += _size_of_page(connection, roots[step.cursor])
    if names & {"SeekRowid", "NotExists"} and "Rewind" not in names:
        total += found
    if names & {"SeekGE", "SeekGT", "SeekLE", "SeekLT"} and "Rewind" not in names:
        total += found * (2 if "DeferredSeek" in names else 1)
    return total


def _program(connection: apsw.Connection, work: Work) -> list[Step]:
    cursor = connection.cursor()
    try:
        rows = cursor.execute(work.sql, work.bindings, explain=1, prepare_flags=_OURS)
        return list(_steps(rows))
    except apsw.SQLError:
        return []  # the schema has changed since: nothing to tell


def _steps(rows: apsw.Cursor) -> Iterator[Step]:
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except UnicodeDecodeError:
            continue  # it loads a BLOB that the text names, and shows its bytes as if they were text
        yield Step(row[1], row[2], row[3])


def _temporary(program: list[Step]) -> frozenset[int]:
    return frozenset(step.cursor for step in program if step.name in _NOT_TABLES)


def _size_of_page(connection: apsw.Connection, page: int) -> int:
    query = "SELECT tbl_name FROM sqlite_master WHERE rootpage = ?"
    table = connection.execute(query, (page,)).get
    return 0 if table is None else _size(connection, table)


def _unquoted(name: str) -> str:
    """A name as it stands in the schema."""
    if name[0] in '"`[':
        return name[1:-1].replace(name[0] * 2, name[0])
    return name


def _size(connection: apsw.Connection, table: str) -> int:
    quoted = table.replace('"', '""')
    return int(connection.execute(f'SELECT count(*) FROM "{quoted}"').get)
