"""Answers as JavaScript sees them.

Source: spec runtime.md section 13; recordings `d1_basic`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edge.d1.store import Answer, Cell
from edge.js.arrays import JsArray
from edge.js.errors import error
from edge.js.objects import JsObject
from edge.js.proxy import jsnull
from edge.js.values import to_js_number


def array_of_objects(answer: Answer) -> JsObject:
    """`{success, meta, results}`, rows as objects: of two columns with one name the later one stays."""
    results = JsArray([_row(answer.columns, row) for row in answer.rows])
    return JsObject({"success": True, "meta": _meta(answer), "results": results})


#: What `run` gives; locally that is the same.
execution = array_of_objects


def first_of(answer: Answer, column: str | None) -> Any:
    """The first row or its value in `column`, null when there is no row.

    Raises Error for a column that is not there.
    """
    if not answer.rows:
        return jsnull
    row = _row(answer.columns, answer.rows[0])
    if column is None:
        return row
    if column not in row._props:
        raise error(f"D1_COLUMN_NOTFOUND: Column not found ({column})")
    return row._props[column]


def raw_rows(answer: Answer, *, with_names: bool) -> JsArray:
    """Rows as arrays, after the names of the columns if wanted."""
    rows = [JsArray([_value(cell) for cell in row]) for row in answer.rows]
    return JsArray([JsArray(list(answer.columns)), *rows] if with_names else list[Any](rows))


def total_duration_ms(answers: Sequence[Answer]) -> int | float:
    return to_js_number(float(sum(answer.meta.duration_ms for answer in answers)))


def _row(columns: Sequence[str], row: Sequence[Cell]) -> JsObject:
    return JsObject({name: _value(cell) for name, cell in zip(columns, row, strict=True)})


def _value(cell: Cell) -> Any:
    if cell is None:
        return jsnull
    return JsArray(list(cell)) if type(cell) is list else cell


def _meta(answer: Answer) -> JsObject:
    meta = answer.meta
    duration_ms = to_js_number(meta.duration_ms)
    return JsObject(
        {
            "served_by": "miniflare.db",
            "served_by_primary": True,
            "duration": duration_ms,
            "timings": JsObject({"sql_duration_ms": duration_ms}),
            "changes": meta.changes,
            "last_row_id": meta.last_row_id,
            "changed_db": meta.changed_db,
            "size_after": meta.size_after_bytes,
            "rows_read": meta.rows_read,
            "rows_written": meta.rows_written,
            "total_attempts": 1,
        }
    )
