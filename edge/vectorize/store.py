"""One index on disk: its definition, its vectors, and the mutations that have not been processed yet.

A mutation is kept when it is acknowledged and becomes visible when it is due; what is due is processed before
anything is read, in order, so no timer runs and time may jump.

Source: spec runtime.md section 14 (mutations are asynchronous).
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.sql.database import SqlDatabase
from edge.vectorize.logic.definition import Definition, Metric, indexed
from edge.vectorize.logic.request import Options, Vector
from edge.vectorize.search import Snapshot

_SCHEMA = """
CREATE TABLE IF NOT EXISTS about (key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS vectors (key INTEGER PRIMARY KEY, id TEXT UNIQUE, namespace TEXT, data BLOB,
  metadata TEXT, properties TEXT);
CREATE TABLE IF NOT EXISTS mutations (seq INTEGER PRIMARY KEY, id TEXT, kind TEXT, due_ms REAL);
CREATE TABLE IF NOT EXISTS pending (seq INTEGER, id TEXT, namespace TEXT, data BLOB, metadata TEXT);
CREATE INDEX IF NOT EXISTS pending_seq ON pending (seq);
"""


@dataclass(frozen=True, slots=True)
class Match:
    """A vector that a query found; `metadata` is what was asked for of it."""

    vector: Vector
    score: float


class Store:
    """The index in the file `path`, or in memory. All of it is synchronous, for one caller at a time."""

    def __init__(self, path: Path | None, *, synchronous: str = "FULL") -> None:
        self._database = SqlDatabase(path, synchronous=synchronous)
        self._snapshot: Snapshot | None = None
        self._definition: Definition | None = None
        self._open = False

    @property
    def definition(self) -> Definition | None:
        """What the index is; None before its first vector when nobody created it."""
        if self._definition is None:
            kept = self._about("definition")
            if kept is not None:
                self._definition = Definition(kept["dimensions"], Metric(kept["metric"]), kept["properties"])
        return self._definition

    def define(self, definition: Definition) -> None:
        """Set what the index is."""
        kept = {
            "dimensions": definition.dimensions,
            "metric": definition.metric.value,
            "properties": None if definition.properties is None else dict(definition.properties),
        }
        self._set_about("definition", kept)
        self._database.commit()
        self._definition = definition

    def insert(self, kind: str, vectors: Sequence[Vector], mutation_id: str, due_ms: float) -> None:
        """Take in an `insert` or `upsert` that shows at `due_ms` of the world's clock. Durable on return."""
        if self.definition is None:
            self.define(Definition(len(vectors[0].values)))
        seq = self._mutation(kind, mutation_id, due_ms)
        self._sql(
            "INSERT INTO pending VALUES (?, ?, ?, ?, ?)",
            [(seq, one.id, one.namespace, one.values.tobytes(), _text(one.metadata)) for one in vectors],
        )
        self._database.commit()

    def delete(self, ids: Sequence[str], mutation_id: str, due_ms: float) -> None:
        """Take in a deletion that shows at `due_ms`. Durable on return."""
        seq = self._mutation("delete", mutation_id, due_ms)
        self._sql("INSERT INTO pending (seq, id) VALUES (?, ?)", [(seq, one) for one in ids])
        self._database.commit()

    def get(self, ids: Sequence[str], now_ms: float) -> list[Vector]:
        """The vectors with these ids, in the order of the ids."""
        self._process(now_ms)
        found = (self._vector("id = ?", one) for one in dict.fromkeys(ids))
        return [vector for vector in found if vector is not None]

    def query(self, values: array[float], options: Options, now_ms: float) -> list[Match]:
        """The nearest vectors, nearest first."""
        self._process(now_ms)
        assert self.definition is not None, "a query is checked against the dimensions"
        found = self._rows(self.definition).nearest(values, self.definition.metric, options)
        return [Match(self._shown(key, options), score) for key, score in found]

    def describe(self, now_ms: float) -> dict[str, Any]:
        """`vectorCount`, `dimensions` and what was processed last."""
        self._process(now_ms)
        last = self._about("processed") or {"id": "", "at_ms": None}
        dimensions = 0 if self.definition is None else self.definition.dimensions
        return {
            "vectorCount": self.count(),
            "dimensions": dimensions,
            "id": last["id"],
            "at_ms": last["at_ms"],
        }

    def count(self) -> int:
        """How many vectors have been processed."""
        return int(self._sql("SELECT count(*) FROM vectors")[0][0])

    def close(self) -> None:
        self._database.close()

    # -- mutations

    def _mutation(self, kind: str, mutation_id: str, due_ms: float) -> int:
        rows = self._sql("SELECT max(due_ms) FROM mutations")
        due_ms = max(due_ms, rows[0][0] or 0.0)  # none overtakes another
        self._sql("INSERT INTO mutations (id, kind, due_ms) VALUES (?, ?, ?)", [(mutation_id, kind, due_ms)])
        return int(self._database.connection.last_insert_rowid())

    def _process(self, now_ms: float) -> None:
        columns = "SELECT seq, id, kind, due_ms FROM mutations"
        due = self._sql(f"{columns} WHERE due_ms <= ? ORDER BY seq", [(now_ms,)])
        for seq, mutation_id, kind, due_ms in due:
            for _, *row in self._sql("SELECT * FROM pending WHERE seq = ?", [(seq,)]):
                self._apply(kind, *row)
            self._sql("DELETE FROM pending WHERE seq = ?", [(seq,)])
            self._sql("DELETE FROM mutations WHERE seq = ?", [(seq,)])
            self._set_about("processed", {"id": mutation_id, "at_ms": due_ms})
        if due:
            self._snapshot = None
            self._database.commit()

    def _apply(self, kind: str, name: str, namespace: str | None, data: bytes, metadata: str | None) -> None:
        if kind == "delete":
            self._sql("DELETE FROM vectors WHERE id = ?", [(name,)])
            return
        assert self.definition is not None, "there are vectors"
        properties = indexed(json.loads(metadata), self.definition.properties) if metadata else {}
        change = (
            "UPDATE SET namespace = excluded.namespace, data = excluded.data, metadata = excluded.metadata,"
            " properties = excluded.properties"
        )
        self._sql(
            "INSERT INTO vectors (id, namespace, data, metadata, properties) VALUES (?, ?, ?, ?, ?)"
            f" ON CONFLICT (id) DO {change if kind == 'upsert' else 'NOTHING'}",
            [(name, namespace, data, metadata, _text(properties))],
        )

    # -- reading

    def _rows(self, definition: Definition) -> Snapshot:
        if self._snapshot is None:
            rows = self._sql("SELECT key, namespace, data, properties FROM vectors ORDER BY key")
            self._snapshot = Snapshot.of(
                [(key, namespace, data, json.loads(text)) for key, namespace, data, text in rows],
                definition.dimensions,
            )
        return self._snapshot

    def _shown(self, key: int, options: Options) -> Vector:
        vector = self._vector("key = ?", key, properties=options.return_metadata == "indexed")
        assert vector is not None, "the snapshot is of what is stored"
        return vector

    def _vector(self, where: str, value: object, *, properties: bool = False) -> Vector | None:
        column = "properties" if properties else "metadata"
        rows = self._sql(f"SELECT id, namespace, data, {column} FROM vectors WHERE {where}", [(value,)])
        if not rows:
            return None
        name, namespace, data, metadata = rows[0]
        values = array("f")
        values.frombytes(data)
        return Vector(name, values, namespace, json.loads(metadata) if metadata else None)

    # -- the file

    def _about(self, key: str) -> Any:
        rows = self._sql("SELECT value FROM about WHERE key = ?", [(key,)])
        return json.loads(rows[0][0]) if rows else None

    def _set_about(self, key: str, value: Any) -> None:
        self._sql("INSERT OR REPLACE INTO about VALUES (?, ?)", [(key, json.dumps(value))])

    def _sql(self, sql: str, rows: Sequence[tuple[Any, ...]] = ((),)) -> list[tuple[Any, ...]]:
        if not self._open:
            self._open = True
            for statement in _SCHEMA.strip().split(";\n"):
                self._database.connection.execute(statement)
        if not sql.startswith("SELECT"):
            self._database.begin()
        return list(self._database.connection.executemany(sql, rows))


def _text(metadata: Any) -> str | None:
    return None if metadata is None else json.dumps(metadata, ensure_ascii=False)
