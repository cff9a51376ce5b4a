"""Requests to an index, checked: what may be inserted, asked for and deleted.

Source: spec runtime.md section 14; Vectorize "Limits". The texts after the operation's own word are ours.
"""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edge.vectorize.logic import limits
from edge.vectorize.logic.filters import Filter, read_filter
from edge.vectorize.logic.refusal import WRONG_QUERY_VECTOR, WRONG_VECTOR, VectorizeRefused


@dataclass(frozen=True, slots=True)
class Vector:
    """A vector as it is kept: `values` are float32."""

    id: str
    values: array[float]
    namespace: str | None = None
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """How a query is answered."""

    top_k: int = limits.TOP_K_DEFAULT
    namespace: str | None = None
    return_values: bool = False
    #: `none`, `indexed` or `all`.
    return_metadata: str = "none"
    filter: Filter | None = None


def floats(numbers: Sequence[Any]) -> array[float] | None:
    """The numbers as float32; None when one is none, is not finite or does not fit."""
    try:
        values = array("f", numbers)
    except (TypeError, OverflowError):
        return None
    return values if all(map(math.isfinite, values)) else None


def read_vector(given: Mapping[str, Any], values: array[float] | None, dimensions: int | None) -> Vector:
    """A vector to insert. `dimensions` is the index's width (None: the first vector decides).

    Raises VectorizeRefused.
    """
    name = given.get("id")
    if not isinstance(name, str) or not name or len(name.encode()) > limits.ID_BYTES_MAX:
        raise VectorizeRefused(
            f"invalid vector id {json.dumps(name)}: a text of 1 to {limits.ID_BYTES_MAX} bytes", WRONG_VECTOR
        )
    if values is None:
        raise VectorizeRefused(f'invalid vector for id="{name}", values must be finite numbers', WRONG_VECTOR)
    expected = dimensions or min(max(len(values), 1), limits.DIMENSIONS_MAX)
    if len(values) != expected:
        raise VectorizeRefused(
            f'invalid vector for id="{name}", expected {expected} dimensions,'
            f" and got {len(values)} dimensions",
            WRONG_VECTOR,
        )
    metadata = given.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        raise VectorizeRefused(f'invalid metadata for id="{name}", expected an object', WRONG_VECTOR)
    if metadata is not None and len(json.dumps(metadata).encode()) > limits.METADATA_BYTES_MAX:
        raise VectorizeRefused(
            f'metadata for id="{name}" is larger than {limits.METADATA_BYTES_MAX} bytes', WRONG_VECTOR
        )
    return Vector(name, values, _namespace(given.get("namespace")), metadata or None)


def check_batch(count: int) -> None:
    """Raises VectorizeRefused for too many vectors at once, or none."""
    if not 1 <= count <= limits.BATCH_VECTORS_MAX:
        raise VectorizeRefused(f"a batch has 1 to {limits.BATCH_VECTORS_MAX} vectors, not {count}")


def read_ids(given: Any, most: int) -> list[str]:
    """Ids to get or delete. Raises VectorizeRefused."""
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise VectorizeRefused("ids must be an array of strings")
    if not 1 <= len(given) <= most:
        raise VectorizeRefused(f"1 to {most} ids at once, not {len(given)}")
    return given


def read_options(given: Mapping[str, Any]) -> Options:
    """The options of a query, as JSON has them. Raises VectorizeRefused."""
    level = given.get("returnMetadata") or "none"
    values = given.get("returnValues") or False
    if not isinstance(values, bool):
        raise VectorizeRefused("returnValues must be a boolean")
    top_k = given.get("topK", limits.TOP_K_DEFAULT)
    most = limits.TOP_K_DETAILED_MAX if values or level == "all" else limits.TOP_K_MAX
    if isinstance(top_k, bool) or not isinstance(top_k, int) or not 1 <= top_k <= most:
        raise VectorizeRefused(f"topK must be a whole number from 1 to {most}, not {json.dumps(top_k)}")
    wanted = given.get("filter")
    return Options(
        top_k=top_k,
        namespace=_namespace(given.get("namespace")),
        return_values=values,
        return_metadata=level,
        filter=None if wanted is None else read_filter(wanted),
    )


def check_query_vector(values: array[float] | None, dimensions: int) -> array[float]:
    """The vector of a query. Raises VectorizeRefused."""
    if values is None:
        raise VectorizeRefused("invalid query vector, values must be finite numbers", WRONG_QUERY_VECTOR)
    if len(values) != dimensions:
        raise VectorizeRefused(
            f"invalid query vector, expected {dimensions} dimensions, and got {len(values)} dimensions",
            WRONG_QUERY_VECTOR,
        )
    return values


def _namespace(given: Any) -> str | None:
    if given is None:
        return None
    if not isinstance(given, str) or not given or len(given.encode()) > limits.NAMESPACE_BYTES_MAX:
        raise VectorizeRefused(f"namespace must be a text of 1 to {limits.NAMESPACE_BYTES_MAX} bytes")
    return given
