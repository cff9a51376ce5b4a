"""A D1 database as SQL text.

Source: Cloudflare: "D1 import and export"; the form is that of wrangler's local export.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from edge.d1.store import Query, Store
from wrangler_compat.cloud.d1_queries import ran
from wrangler_compat.cloud.envelope import Refusal

_OBJECTS = r"""
    SELECT type, name, sql FROM sqlite_master
    WHERE name NOT LIKE 'sqlite\_%' ESCAPE '\' AND name NOT LIKE '\_cf\_%' ESCAPE '\' AND sql NOT NULL
    ORDER BY rowid
"""
_SEQUENCES = "SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_sequence'"


@dataclass(frozen=True, slots=True)
class DumpOptions:
    """What is wanted: some tables, or all when there are none; without the data, or nothing but the data."""

    tables: Collection[str] = ()
    no_schema: bool = False
    no_data: bool = False


async def dumped(store: Store, options: DumpOptions) -> str:
    """The statements that make the database anew. Raises `Refusal`, for virtual tables too."""
    [found] = await ran(store, [Query(_OBJECTS)])
    objects = [(str(kind), str(name), str(sql)) for kind, name, sql in found.rows]
    if any(sql.upper().startswith("CREATE VIRTUAL") for _, _, sql in objects):
        raise Refusal(400, 7500, "cannot export databases with Virtual Tables (fts5)")
    tables = [(name, sql) for kind, name, sql in objects if kind == "table" and _wanted(name, options)]
    lines = ["PRAGMA defer_foreign_keys=TRUE;"]
    for name, sql in tables:
        if not options.no_schema:
            lines.append(f"{sql};")
        if not options.no_data:
            lines += await _rows(store, name)
    if not options.no_data and not options.tables:
        lines += await _sequences(store)
    if not options.no_schema and not options.tables:
        lines += [f"{sql};" for kind, _, sql in objects if kind != "table"]
    return "\n".join(lines) + "\n"


def _wanted(name: str, options: DumpOptions) -> bool:
    return not options.tables or name in options.tables


async def _rows(store: Store, table: str) -> Sequence[str]:
    """An INSERT a row; SQLite itself writes the values, so that none is changed on the way."""
    [shape] = await ran(store, [Query("SELECT name FROM pragma_table_info(?)", (table,))])
    columns = [_quoted(str(name)) for (name,) in shape.rows]
    values = " || ',' || ".join(f"quote({column})" for column in columns)
    head = f"INSERT INTO {_quoted(table)} ({','.join(columns)}) VALUES("
    sql = f"SELECT {_literal(head)} || {values} || ');' FROM {_quoted(table)}"
    [found] = await ran(store, [Query(sql)])
    return [str(line) for (line,) in found.rows]


async def _sequences(store: Store) -> Sequence[str]:
    [found] = await ran(store, [Query(_SEQUENCES)])
    if found.rows[0][0] == 0:
        return []
    return ["DELETE FROM sqlite_sequence;", *await _rows(store, "sqlite_sequence")]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
