"""SQLite's errors with the texts of the platform: message, offset, code name, extended code name.

Source: spec durable-objects.md section 6; recordings `statement_errors`, `limits`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import apsw

from edge.js.errors import JsException, error
from edge.sql.logic.rules import WRONG_BINDINGS


def _names(mapping: Mapping[Any, Any]) -> dict[int, str]:
    # apsw maps both ways in one dict.
    return {code: name for code, name in mapping.items() if isinstance(code, int)}


_CODES = _names(apsw.mapping_result_codes)
_EXTENDED = _names(apsw.mapping_extended_result_codes)


def sql_text(failure: Exception) -> str:
    """`near "bunk": syntax error at offset 9: SQLITE_ERROR`."""
    if isinstance(failure, apsw.BindingsError):
        return WRONG_BINDINGS
    result = getattr(failure, "result", None)
    if result is None:
        return str(failure)
    offset = getattr(failure, "error_offset", -1)
    extended = getattr(failure, "extendedresult", result)
    text = str(failure)
    if offset >= 0:
        text += f" at offset {offset}"
    text += f": {_CODES.get(result, 'SQLITE_ERROR')}"
    if extended != result and extended in _EXTENDED:
        text += f" (extended: {_EXTENDED[extended]})"
    return text


def sql_error(failure: Exception) -> JsException:
    return error(sql_text(failure))
