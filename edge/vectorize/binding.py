"""`env.<name>`: an index as JavaScript sees it.

Source: spec runtime.md section 14; Vectorize "Vectorize API".
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from edge.js.arrays import JsArray
from edge.js.errors import error, type_error
from edge.js.functions import js_method
from edge.js.json_text import parse, stringify
from edge.js.objects import JsObject, get_property, own_items
from edge.js.promise import JsPromise
from edge.js.proxy import JsNull, JsProxy
from edge.js.typed_arrays import JsTypedArray
from edge.js.webidl import to_string
from edge.vectorize.index import Index
from edge.vectorize.logic import limits
from edge.vectorize.logic.refusal import VectorizeRefused
from edge.vectorize.logic.request import (
    Options,
    Vector,
    check_batch,
    check_query_vector,
    floats,
    read_ids,
    read_options,
    read_vector,
)
from edge.vectorize.store import Match

_T = TypeVar("_T")
_LEVELS = ("none", "indexed", "all")


class VectorizeIndexImpl(JsProxy, js_name="VectorizeIndexImpl"):
    """The binding of one index."""

    __slots__ = ("_index",)

    def __init__(self, index: Index) -> None:
        self._index = index

    @js_method
    def describe(self, *_: Any) -> JsPromise:
        """`{vectorCount, dimensions, processedUpToDatetime, processedUpToMutation}`."""
        return _promise("INDEX_GET", self._describe())

    @js_method
    def insert(self, vectors: Any = None, *_: Any) -> JsPromise:
        """Add vectors; those whose id is there already change nothing. Gives `{mutationId}`."""
        return _promise("VECTOR_INSERT", self._insert("insert", vectors))

    @js_method
    def upsert(self, vectors: Any = None, *_: Any) -> JsPromise:
        """Add or replace vectors. Gives `{mutationId}`."""
        return _promise("VECTOR_UPSERT", self._insert("upsert", vectors))

    @js_method
    def query(self, vector: Any = None, options: Any = None, *_: Any) -> JsPromise:
        """The vectors nearest to `vector`: `{count, matches: [{id, score, …}]}`."""
        return _promise("VECTOR_QUERY", self._query(_numbers(vector), options))

    @js_method
    def queryById(self, vector_id: Any = None, options: Any = None, *_: Any) -> JsPromise:
        """The vectors nearest to one of the index."""
        return _promise("VECTOR_QUERY", self._query_by_id(vector_id, options))

    @js_method
    def getByIds(self, ids: Any = None, *_: Any) -> JsPromise:
        """The vectors with these ids, with their values and metadata."""
        return _promise("VECTOR_GET", self._get(ids))

    @js_method
    def deleteByIds(self, ids: Any = None, *_: Any) -> JsPromise:
        """Delete vectors. Gives `{mutationId}`."""
        return _promise("VECTOR_DELETE", self._delete(ids))

    async def _describe(self) -> JsObject:
        about = await self._index.describe()
        return JsObject(
            {
                "vectorCount": about["vectorCount"],
                "dimensions": about["dimensions"],
                "processedUpToDatetime": _datetime(about["at_ms"]),
                "processedUpToMutation": about["id"],
            }
        )

    async def _insert(self, kind: str, given: Any) -> JsObject:
        entries = _entries(given)
        check_batch(len(entries))
        dimensions = await self._index.dimensions()
        vectors: list[Vector] = []
        for fields, values in entries:
            vectors.append(read_vector(fields, values, dimensions))
            dimensions = dimensions or len(vectors[0].values)
        return JsObject({"mutationId": await self._index.insert(kind, vectors)})

    async def _query(self, values: array[float] | None, given: Any) -> JsObject:
        options = read_options(_options(given))
        dimensions = await self._index.dimensions()
        if dimensions is None:
            return _found([], options)
        return _found(await self._index.query(check_query_vector(values, dimensions), options), options)

    async def _query_by_id(self, vector_id: Any, given: Any) -> JsObject:
        if not isinstance(vector_id, str):
            raise VectorizeRefused("vectorId must be a string")
        found = await self._index.get([vector_id])
        if not found:
            raise VectorizeRefused(f"vector {json.dumps(vector_id)} is not in the index")
        return await self._query(found[0].values, given)

    async def _get(self, ids: Any) -> JsArray:
        found = await self._index.get(read_ids(_plain(ids), limits.GET_IDS_MAX))
        return JsArray([JsObject(_members(one, values=True, metadata=True)) for one in found])

    async def _delete(self, ids: Any) -> JsObject:
        wanted = read_ids(_plain(ids), limits.DELETE_IDS_MAX)
        return JsObject({"mutationId": await self._index.delete(wanted)})


def _datetime(at_ms: float | None) -> str:
    if at_ms is None:
        return ""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _promise(operation: str, work: Awaitable[Any]) -> JsPromise:
    return JsPromise.start(_said(operation, work), name=f"vectorize.{operation.lower()}")


async def _said(operation: str, work: Awaitable[_T]) -> _T:
    """A refusal in the words of the platform: the operation, its number, its text."""
    try:
        return await work
    except VectorizeRefused as refused:
        code = "" if refused.code is None else f" (code = {refused.code})"
        raise error(f"{operation}_ERROR{code}: {refused.text}") from None


def _entries(given: Any) -> list[tuple[dict[str, Any], array[float] | None]]:
    """`[{id, values, namespace?, metadata?}]`: the values apart, the rest as JSON carries it."""
    if not isinstance(given, JsArray):
        raise type_error("vectors.map is not a function")
    entries = []
    for one in given:
        if not isinstance(one, JsProxy) or isinstance(one, JsNull):
            raise type_error(f"Cannot read properties of {to_string(one)} (reading 'values')")
        rest = {name: value for name, value in own_items(one) if name != "values"}
        entries.append((_plain(JsObject(rest)), _numbers(get_property(one, "values"))))
    return entries


def _numbers(given: Any) -> array[float] | None:
    """An array or typed array as float32; None when it holds something else."""
    if given is None or isinstance(given, JsNull):
        raise type_error("object null is not iterable (cannot read property Symbol(Symbol.iterator))")
    numbers: Sequence[Any] = list(given) if isinstance(given, (JsArray, JsTypedArray)) else []
    return None if any(isinstance(one, bool) for one in numbers) else floats(numbers)


def _options(given: Any) -> dict[str, Any]:
    options = {} if given is None or isinstance(given, JsNull) else _plain(given)
    if not isinstance(options, dict):
        return {}  # a spread of something else has no members
    level = options.get("returnMetadata")
    if isinstance(level, bool):
        options["returnMetadata"] = "all" if level else "none"
    elif level and level not in _LEVELS:
        raise error(
            'Invalid returnMetadata option. Expected: true, false, "none", "indexed" or "all";'
            f" got: {to_string(get_property(given, 'returnMetadata'))}"
        )
    return options


def _plain(value: Any) -> Any:
    """What arrives on the other side of JSON."""
    text = stringify(value)
    return None if text is None else json.loads(text)


def _found(matches: Sequence[Match], options: Options) -> JsObject:
    shown = [
        JsObject({"id": match.vector.id, "score": match.score, **_members(match.vector, options=options)})
        for match in matches
    ]
    return JsObject({"count": len(shown), "matches": JsArray(shown)})


def _members(
    vector: Vector, *, values: bool = False, metadata: bool = False, options: Options | None = None
) -> dict[str, Any]:
    if options is not None:
        values, metadata = options.return_values, options.return_metadata != "none"
    members: dict[str, Any] = {} if options is not None else {"id": vector.id}
    if values:
        members["values"] = JsArray(vector.values.tolist())
    if vector.namespace is not None:
        members["namespace"] = vector.namespace
    if metadata and vector.metadata is not None:
        members["metadata"] = parse(json.dumps(vector.metadata, ensure_ascii=False))
    return members
