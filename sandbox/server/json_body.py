"""JSON as it travels to and from a sandbox: a file of 1 MiB is one text in it, so it has to be quick."""

from __future__ import annotations

import json
from typing import Any

import orjson


def written(value: Any) -> bytes:
    """JSON in UTF-8. Halves of characters, as names of files may have them, become question marks."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def read(data: str | bytes) -> Any:
    """The value. Raises ValueError for what is no JSON."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:  # it refuses halves of characters, which are JSON all the same
        return json.loads(data)
