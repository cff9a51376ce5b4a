"""`env.<name>`: a KV namespace as JavaScript sees it.

Arguments are converted as workerd converts them (what a Worker passes is coerced, not refused), results
are JavaScript values. A read that memory can answer gives a settled promise and costs no task.

Source: spec kv.md sections 1 to 5 and corrections; recordings `kv`, `kv_old_style`.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Coroutine
from typing import Any

from edge.http.buffers import array_buffer, buffer_bytes, decode_text, encode_text
from edge.http.streams.readable import ReadableStream
from edge.http.subrequests import allowance, spend
from edge.js.errors import JsException, error, type_error
from edge.js.functions import js_method
from edge.js.json_text import parse, stringify
from edge.js.objects import JsArray, JsMap, JsObject, get_property, is_array_index
from edge.js.promise import JsPromise
from edge.js.proxy import JsBigInt, JsNull, JsProxy, jsnull
from edge.js.webidl import MISSING, to_int32, to_string, wrong_type
from edge.kernel.spans import Tag, current_span, span, tag
from edge.kernel.tasks import before_output, output_hold
from edge.kv.errors import KvStorageError
from edge.kv.logic.entry import ABSENT, Entry
from edge.kv.logic.keys import check_key, well_formed
from edge.kv.logic.listing import ListedKey, Page
from edge.kv.logic.options import PutOptions
from edge.kv.logic.refusal import KeyNameRejected, KvRefused
from edge.kv.namespace import BulkValue, Namespace

_OWNER = "KvNamespace"
_UNKNOWN_TYPE = 'Unknown response type. Possible types are "text", "arrayBuffer", "json", and "stream".'
_UNSUPPORTED_VALUE = (
    "KV put() accepts only strings, ArrayBuffers, ArrayBufferViews, and ReadableStreams as values."
)


class KvNamespace(JsProxy, js_name="KvNamespace"):
    """The binding of one namespace."""

    __slots__ = ("_namespace",)

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace

    @js_method
    def get(self, key: Any = MISSING, options: Any = None, *ignored: Any) -> JsPromise:
        """A value by its key, or a Map of values for an array of keys; a missing one is null."""
        if type(key) is str and (options is None or options == "text"):
            entry = self._namespace.peek(key)
            # A key that memory knows was checked before.
            if entry is not None and current_span.get() is None:
                own = allowance.get()
                if own is None or own.take():
                    return JsPromise.resolved(jsnull if entry is ABSENT else decode_text(entry.value))
        return _started("get", self._get, key, options)

    @js_method
    def getWithMetadata(self, key: Any = MISSING, options: Any = None, *ignored: Any) -> JsPromise:
        """Like `get`, with the metadata beside each value."""
        return _started("get", self._get_with_metadata, key, options)

    @js_method
    def put(self, key: Any = MISSING, value: Any = MISSING, options: Any = None, *ignored: Any) -> JsPromise:
        """Store a value; resolves once it is durable."""
        return _started("put", self._put, key, value, options)

    @js_method
    def delete(self, key: Any = MISSING, *ignored: Any) -> JsPromise:
        """Remove a key; resolves once that is durable."""
        return _started("delete", self._delete, key)

    @js_method
    def list(self, options: Any = None, *ignored: Any) -> JsPromise:
        """A page of the namespace's keys."""
        return _started("list", self._list, options)

    async def _close(self) -> None:
        await self._namespace.close()

    async def _get(self, key: Any, options: Any) -> Any:
        if isinstance(key, JsArray):
            return await self._get_bulk(key, options, with_metadata=False)
        name = _key("get", key, "string or Array")
        type_name, cache_ttl_s = _read_options(options)
        entry = await self._namespace.get_with_metadata(name, cache_ttl_s)
        tag(found=entry is not None)
        return jsnull if entry is None else _value(entry, type_name)

    async def _get_with_metadata(self, key: Any, options: Any) -> Any:
        if isinstance(key, JsArray):
            return await self._get_bulk(key, options, with_metadata=True)
        name = _key("getWithMetadata", key, "Array or string")
        type_name, cache_ttl_s = _read_options(options)
        entry = await self._namespace.get_with_metadata(name, cache_ttl_s)
        tag(found=entry is not None)
        value = jsnull if entry is None else _value(entry, type_name)
        metadata = jsnull if entry is None else _metadata(entry.metadata_json)
        return JsObject({"value": value, "metadata": metadata, "cacheStatus": jsnull})

    async def _get_bulk(self, keys: JsArray, options: Any, *, with_metadata: bool) -> JsMap:
        names = [well_formed(to_string(key)) for key in keys]
        type_name, cache_ttl_s = _read_options(options)
        decode = _json_of_bulk if type_name == "json" else str
        try:
            await before_output()
            found = await self._namespace.get_bulk(names, type_name, cache_ttl_s, decode)
        except KvRefused as refused:
            raise _failure("GET_BULK", refused) from None
        except KvStorageError as failed:
            raise _failure("GET_BULK", KvRefused(500, str(failed))) from failed
        kept = [(name, answer) for name, answer in found.items() if _survives_bulk(name)]
        return JsMap((name, _bulk_value(answer, with_metadata)) for name, answer in kept)

    async def _put(self, key: Any, value: Any, options: Any) -> None:
        name = _key("put", key, "string")
        put_options = _put_options(options)
        if value is MISSING:
            raise wrong_type("put", _OWNER, 2, "string or Object")
        check_key(name)
        data = _stored_form(value)
        if output_hold.get() is not None:
            await before_output()
        await self._namespace.put(name, data, put_options)

    async def _delete(self, key: Any) -> None:
        name = _key("delete", key, "string")
        check_key(name)
        if output_hold.get() is not None:
            await before_output()
        await self._namespace.delete(name)

    async def _list(self, options: Any) -> JsObject:
        limit = get_property(options, "limit")
        page = await self._namespace.list(
            _text_option(options, "prefix") or "",
            0 if limit is None else to_int32(limit),
            _text_option(options, "cursor"),
        )
        return _listing(page)


#: What failures call an operation: workerd calls a failed list a failed GET.
_METHODS = {"get": "GET", "list": "GET", "put": "PUT", "delete": "DELETE"}


def _started(name: str, operation: Any, *arguments: Any) -> JsPromise:
    work = _told(_METHODS[name], operation, *arguments)
    if current_span.get() is not None:
        work = _traced(name, arguments[0], work)
    return JsPromise.start(work, name=f"kv.{name}")


async def _traced(name: str, subject: Any, work: Coroutine[Any, Any, Any]) -> Any:
    """`work` in a span; `subject` is what it was called with first: a key, keys or a list's options."""
    tags: dict[str, Tag] = {}
    if name == "list":
        tags["prefix"] = _text_option(subject, "prefix") or ""
    elif isinstance(subject, JsArray):
        tags["keys"] = len(subject)
    else:
        tags["key"] = str(subject)
    with span(f"kv.{name}", **tags):
        return await work


async def _told(method: str, operation: Any, *arguments: Any) -> Any:
    """The operation, its refusals in JavaScript's form."""
    spend()
    try:
        return await operation(*arguments)
    except KeyNameRejected as rejected:
        raise type_error(rejected.text) from None
    except KvRefused as refused:
        raise _failure(method, refused) from None
    except KvStorageError as failed:
        raise _failure(method, KvRefused(500, str(failed))) from failed


def _failure(method: str, refused: KvRefused) -> JsException:
    return error(f"KV {method} failed: {refused.status} {refused.text}")


def _key(method: str, key: Any, expected: str) -> str:
    if key is MISSING:
        raise wrong_type(method, _OWNER, 1, expected)
    return well_formed(to_string(key))


def _read_options(options: Any) -> tuple[str | None, int | None]:
    """The type and the cacheTtl in seconds, from a type's name or an options object."""
    if options is None or isinstance(options, JsNull):
        return None, None
    if isinstance(options, (str, bool, int, float)):
        return to_string(options), None
    type_name, cache_ttl_s = get_property(options, "type"), get_property(options, "cacheTtl")
    return (
        None if type_name is None else to_string(type_name),
        None if cache_ttl_s is None else to_int32(cache_ttl_s),
    )


def _put_options(options: Any) -> PutOptions:
    if options is None or isinstance(options, JsNull):
        return PutOptions()
    if isinstance(options, (str, bool, int, float)):
        raise wrong_type("put", _OWNER, 3, "PutOptions")
    expiration_s = get_property(options, "expiration")
    expiration_ttl_s = get_property(options, "expirationTtl")
    metadata = get_property(options, "metadata")
    return PutOptions(
        None if expiration_s is None else to_int32(expiration_s),
        None if expiration_ttl_s is None else to_int32(expiration_ttl_s),
        None if metadata is None or isinstance(metadata, JsNull) else _metadata_json(metadata),
    )


def _metadata_json(metadata: Any) -> str:
    text = stringify(metadata)
    if not isinstance(text, str):  # a function, say: workerd sends the word "undefined", which is not JSON
        raise KvRefused(500, "Internal Server Error")
    return well_formed(text)


def _text_option(options: Any, name: str) -> str | None:
    value = get_property(options, name)
    return None if value is None or isinstance(value, JsNull) else well_formed(to_string(value))


def _stored_form(value: Any) -> bytes | AsyncIterable[bytes]:
    """What put() stores: objects are refused, primitives become their text."""
    if isinstance(value, str):
        return encode_text(value)
    if isinstance(value, ReadableStream):
        return value.chunks()
    data = buffer_bytes(value)
    if data is not None:
        return data
    if value is None or isinstance(value, (bool, int, float, JsBigInt, JsNull)):
        return to_string(value).encode()
    raise type_error(_UNSUPPORTED_VALUE)


def _value(entry: Entry, type_name: str | None) -> Any:
    if type_name is None or type_name == "text":
        return decode_text(entry.value)
    if type_name == "json":
        return parse(decode_text(entry.value))
    if type_name == "arrayBuffer":
        return array_buffer(entry.value)
    if type_name == "stream":
        return ReadableStream.from_bytes(entry.value)
    raise type_error(_UNKNOWN_TYPE)


def _metadata(metadata_json: str | None) -> Any:
    return jsnull if metadata_json is None else parse(metadata_json)


def _json_of_bulk(text: str) -> Any:
    try:
        return parse(text)
    except JsException:
        raise KvRefused(400, "At least one of the requested keys corresponds to a non-json value") from None


def _bulk_value(answer: BulkValue | None, with_metadata: bool) -> Any:
    if answer is None:
        return jsnull
    # Falsy values ("", 0, false, null) come without their metadata: the storage side tests the value.
    if not with_metadata or not _truthy(answer.value):
        return answer.value
    return JsObject({"value": answer.value, "metadata": _metadata(answer.metadata_json)})


def _truthy(value: Any) -> bool:
    return isinstance(value, JsProxy) or bool(value)


def _survives_bulk(key: str) -> bool:
    """Whether a bulk read's Map keeps `key`.

    The storage side answers with a plain object and the runtime copies its named properties into the
    Map. Array indices ("0", "10") are not named properties, and assigning `__proto__` makes none: such
    keys are lost, though a single get finds them.
    """
    return key != "__proto__" and not is_array_index(key)


def _listing(page: Page) -> JsObject:
    listing: dict[str, Any] = {
        "keys": JsArray([_listed(key) for key in page.keys]),
        "list_complete": page.cursor is None,
    }
    if page.cursor is not None:
        listing["cursor"] = page.cursor
    listing["cacheStatus"] = jsnull
    return JsObject(listing)


def _listed(key: ListedKey) -> JsObject:
    listed: dict[str, Any] = {"name": key.name}
    if key.expiration_ms is not None:
        listed["expiration"] = key.expiration_ms // 1000
    if key.metadata_json is not None:
        listed["metadata"] = parse(key.metadata_json)
    return JsObject(listed)
