"""What an index is: its dimensions, its metric, the properties that can be filtered.

Source: spec runtime.md section 14; Vectorize "Create indexes", "Metadata filtering".
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from edge.vectorize.logic.limits import INDEXED_BYTES

Scalar = str | float | bool | None


class Metric(enum.StrEnum):
    """How near two vectors are."""

    COSINE = "cosine"
    EUCLIDEAN = "euclidean"
    DOT_PRODUCT = "dot-product"

    @property
    def nearest_is_largest(self) -> bool:
        """Cosine grows with similarity; the distance and the negative dot product fall."""
        return self is Metric.COSINE


@dataclass(frozen=True, slots=True)
class Definition:
    """An index as it was created. `properties` (path to `string`, `number` or `boolean`) are what can be
    filtered; None: every text, number and boolean, as in an index that nobody created."""

    dimensions: int
    metric: Metric = Metric.COSINE
    properties: Mapping[str, str] | None = None


def indexed(metadata: Mapping[str, Any], properties: Mapping[str, str] | None) -> dict[str, Scalar]:
    """The part of `metadata` that can be filtered: paths such as `author.name`, texts cut to 64 bytes."""
    found = dict(_scalars(metadata, ""))
    if properties is None:
        return found
    named = {path: kind for path, kind in properties.items() if path in found}
    return {path: found[path] for path, kind in named.items() if _is(found[path], kind)}


def cut(text: str) -> str:
    """The first 64 bytes, ending at a whole character."""
    return text.encode()[:INDEXED_BYTES].decode(errors="ignore")


def _scalars(metadata: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Scalar]]:
    for key, value in metadata.items():
        if isinstance(value, Mapping):
            yield from _scalars(value, f"{prefix}{key}.")
        elif isinstance(value, str):
            yield prefix + key, cut(value)
        elif isinstance(value, (bool, int, float)):
            yield prefix + key, value


def _is(value: Scalar, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return kind == ("string" if isinstance(value, str) else "number")
