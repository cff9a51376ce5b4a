"""The JavaScript face: conversions, results and the exact texts, as recorded from the real runtime."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from edge.http.buffers import array_buffer, uint8array
from edge.http.streams.readable import ReadableStream
from edge.js.errors import JsException
from edge.js.objects import JsArray, JsMap, JsObject
from edge.js.promise import JsPromise
from edge.js.proxy import JsBigInt, jsnull
from edge.kernel.tasks import output_hold
from edge.kv.binding import KvNamespace
from edge.kv.open import open_namespace
from tests.edge.kv.worlds import START_S, SteppedClock
from tests.loops import run

NOW_S = int(START_S)
UNKNOWN_TYPE = 'Unknown response type. Possible types are "text", "arrayBuffer", "json", and "stream".'
UNSUPPORTED = "KV put() accepts only strings, ArrayBuffers, ArrayBufferViews, and ReadableStreams as values."
OUT_OF_RANGE = "Value out of range. Must be between -2147483648 and 2147483647 (inclusive)."

Scenario = Callable[[KvNamespace], Awaitable[None]]


def play(scenario: Scenario, directory: Path | None = None) -> None:
    async def whole() -> None:
        kv = open_namespace("ns", directory, SteppedClock())
        try:
            await scenario(kv)
        finally:
            await kv._close()

    run(whole())


def obj(**props: Any) -> JsObject:
    return JsObject(props)


def plain(value: Any) -> Any:
    """Nested JavaScript objects as Python data, null as it is."""
    if isinstance(value, JsObject):
        return {key: plain(item) for key, item in value._own_items()}
    if isinstance(value, JsMap):
        return {key: plain(value[key]) for key in value}
    if isinstance(value, JsArray):
        return [plain(item) for item in value]
    return value


async def refusal(promise: JsPromise) -> tuple[str, str]:
    with pytest.raises(JsException) as raised:
        await promise
    return raised.value.name, raised.value.message


# -- values ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("héllo", "héllo"),
        ("", ""),
        (42, "42"),
        (1.5, "1.5"),
        (2.0, "2"),
        (-7, "-7"),
        (True, "true"),
        (jsnull, "null"),
        (None, "undefined"),
        (JsBigInt(2**60), "1152921504606846976"),
        (2**60, "1152921504606846976"),
        ("\ud83c", "\ufffd"),
        (array_buffer(b"ab"), "ab"),
        (uint8array(b"mv"), "mv"),
    ],
)
def test_put_coerces_primitives_and_takes_buffers(value: Any, text: str) -> None:
    async def scenario(kv: KvNamespace) -> None:
        assert await kv.put("k", value) is None
        assert await kv.get("k") == text

    play(scenario)


@pytest.mark.parametrize(
    "value", [JsArray([1]), JsObject({"a": 1}), JsMap(), {"a": 1}, [1], b"ab", {1}, object()]
)
def test_put_refuses_objects(value: Any) -> None:
    async def scenario(kv: KvNamespace) -> None:
        assert await refusal(kv.put("k", value)) == ("TypeError", UNSUPPORTED)
        assert await kv.get("k") is jsnull

    play(scenario)


def test_put_reads_streams_to_their_end() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    async def scenario(kv: KvNamespace) -> None:
        await kv.put("k", ReadableStream.from_chunks(chunks()))
        assert await kv.get("k") == "one two"

    play(scenario)


def test_get_types() -> None:
    async def scenario(kv: KvNamespace) -> None:
        text = '{"a": [1, 2.5, null, true, "x"], "b": {"c": {}}, "keys": 3}'
        value = {"a": [1, 2.5, jsnull, True, "x"], "b": {"c": {}}, "keys": 3}
        await kv.put("j", text)
        for options in (None, jsnull, "text", obj(), obj(type="text"), obj(type=None), {"type": "text"}):
            assert await kv.get("j", options) == text
        for options in ("json", obj(type="json"), {"type": "json"}, obj(type="json", cacheTtl=60)):
            assert plain(await kv.get("j", options)) == value
        assert plain(await kv.get("j", type="json")) == value
        assert (await kv.get("j", "arrayBuffer")).to_bytes() == text.encode()
        stream = await kv.get("j", "stream")
        assert isinstance(stream, ReadableStream)
        assert await stream.read_all() == text.encode()
        assert await kv.get("j", "text", obj(type="json")) == text, "the third argument is ignored"

    play(scenario)


@pytest.mark.parametrize("type_name", ["bogus", "", 5, True, obj(type="bogus"), obj(type=jsnull)])
def test_unknown_type_is_refused_only_when_the_key_exists(type_name: Any) -> None:
    async def scenario(kv: KvNamespace) -> None:
        assert await kv.get("k", type_name) is jsnull
        assert plain(await kv.getWithMetadata("k", type_name)) == ALL_NULL
        await kv.put("k", "v")
        assert await refusal(kv.get("k", type_name)) == ("TypeError", UNKNOWN_TYPE)
        assert await refusal(kv.getWithMetadata("k", type_name)) == ("TypeError", UNKNOWN_TYPE)

    play(scenario)


def test_bytes_as_text_and_json() -> None:
    async def scenario(kv: KvNamespace) -> None:
        await kv.put("b", uint8array(b"\x00\x01\xfe"))
        assert await kv.get("b") == "\0\x01\ufffd"
        assert (await kv.get("b", "arrayBuffer")).to_bytes() == b"\x00\x01\xfe"
        assert await refusal(kv.get("b", "json")) == (
            "SyntaxError",
            "Unexpected token '\0', \"\0\x01\ufffd\" is not valid JSON",
        )

    play(scenario)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("1e3", 1000),
        ("true", True),
        ("null", jsnull),
        ('"s"', "s"),
        ("[]", []),
        ("[1,[2]]", [1, [2]]),
    ],
)
def test_json_scalars(text: str, value: Any) -> None:
    async def scenario(kv: KvNamespace) -> None:
        await kv.put("k", text)
        assert plain(await kv.get("k", "json")) == value

    play(scenario)


# -- keys --------------------------------------------------------------------------------------------

KEY_ERRORS = [
    ("", "TypeError", "Key name cannot be empty."),
    (".", "TypeError", '"." is not allowed as a key name.'),
    ("..", "TypeError", '".." is not allowed as a key name.'),
    (
        "x" * 513,
        "Error",
        "KV {method} failed: 414 UTF-8 encoded length of 513 exceeds key length limit of 512.",
    ),
    (
        "é" * 257,
        "Error",
        "KV {method} failed: 414 UTF-8 encoded length of 514 exceeds key length limit of 512.",
    ),
]


@pytest.mark.parametrize(("key", "name", "message"), KEY_ERRORS)
def test_key_errors(key: str, name: str, message: str) -> None:
    async def scenario(kv: KvNamespace) -> None:
        calls = [("GET", kv.get(key)), ("GET", kv.getWithMetadata(key))]
        calls += [("PUT", kv.put(key, "v")), ("DELETE", kv.delete(key))]
        for method, promise in calls:
            assert await refusal(promise) == (name, message.format(method=method))

    play(scenario)


def test_keys_are_coerced() -> None:
    async def scenario(kv: KvNamespace) -> None:
        await kv.put(5, "five")
        assert await kv.get("5") == "five"
        await kv.put(None, "u")
        assert await kv.get("undefined") == "u"
        await kv.put(jsnull, "n")
        assert await kv.get("null") == "n"
        assert await refusal(kv.put(JsArray([]), "v")) == ("TypeError", "Key name cannot be empty.")
        await kv.put("d:a", "v")
        assert await kv.delete(JsArray(["d:a"])) is None
        assert await kv.get("d:a") is jsnull
        assert await kv.get(["d:a"]) is jsnull, "a Python list is opaque: its text is the key"

    play(scenario)


@pytest.mark.parametrize(
    "key",
    [
        "a/b",
        "a b",
        "a%20b",
        "?x=1",
        "#h",
        "ü",
        "🎉",
        "a\nb",
        "...",
        "a\\b",
        "a+b",
        "a&b=c",
        " lead",
        "\t",
        "y" * 512,
    ],
)
def test_odd_keys(key: str) -> None:
    async def scenario(kv: KvNamespace) -> None:
        await kv.put(key, "v:" + key)
        assert await kv.get(key) == "v:" + key

    play(scenario)


def test_missing_arguments() -> None:
    async def scenario(kv: KvNamespace) -> None:
        start = "on 'KvNamespace': parameter"
        assert await refusal(kv.delete()) == (
            "TypeError",
            f"Failed to execute 'delete' {start} 1 is not of type 'string'.",
        )
        assert await refusal(kv.put()) == (
            "TypeError",
            f"Failed to execute 'put' {start} 1 is not of type 'string'.",
        )
        assert (await refusal(kv.get()))[0] == "TypeError"
        assert (await refusal(kv.put("k")))[0] == "TypeError"

    play(scenario)


# -- metadata and expiration -------------------------------------------------------------------------

ALL_NULL = {"value": jsnull, "metadata": jsnull, "cacheStatus": jsnull}


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        (obj(a=1, n=jsnull, l=JsArray([1, "x"])), {"a": 1, "n": jsnull, "l": [1, "x"]}),
        (0, 0),
        ("", ""),
        (False, False),
        (jsnull, jsnull),
        (None, jsnull),
        ("s", "s"),
        (1.25, 1.25),
        (JsArray([1]), [1]),
        (obj(k="é🎉"), {"k": "é🎉"}),
    ],
)
def test_metadata(metadata: Any, expected: Any) -> None:
    async def scenario(kv: KvNamespace) -> None:
        await kv.put("k", "v", obj(metadata=metadata))
        result = await kv.getWithMetadata("k")
        assert plain(result) == {"value": "v", "metadata": expected, "cacheStatus": jsnull}
        assert [key for key, _ in result._own_items()] == ["value", "metadata", "cacheStatus"]

    play(scenario)


def test_put_forgets_metadata_and_expiration() -> None:
    async def scenario(kv: KvNamespace) -> None:
        await kv.put("k", "v", obj(metadata=1, expirationTtl=60))
        await kv.put("k", "w")
        assert plain(await kv.getWithMetadata("k")) == {
            "value": "w",
            "metadata": jsnull,
            "cacheStatus": jsnull,
        }
        assert plain(await kv.list())["keys"] == [{"name": "k"}]

    play(scenario)


@pytest.mark.parametrize("options", [obj(metadata=1), {"metadata": 1}])
def test_options_may_be_an_object_or_a_python_dict(options: Any) -> None:
    async def scenario(kv: KvNamespace) -> None:
        await kv.put("k", "v", options)
        assert plain(await kv.getWithMetadata("k"))["metadata"] == 1
        await kv.put("named", "v", metadata=2)
        assert plain(await kv.getWithMetadata("named"))["metadata"] == 2

    play(scenario)


@pytest.mark.parametrize(
    ("options", "name", "message"),
    [
        (
            obj(expirationTtl=0),
            "Error",
            "400 Invalid expiration_ttl of 0. Please specify integer greater than 0.",
        ),
        (
            obj(expirationTtl="abc"),
            "Error",
            "400 Invalid expiration_ttl of 0. Please specify integer greater than 0.",
        ),
        (
            obj(expirationTtl=30),
            "Error",
            "400 Invalid expiration_ttl of 30. Expiration TTL must be at least 60.",
        ),
        (
            obj(expirationTtl=59.9),
            "Error",
            "400 Invalid expiration_ttl of 59. Expiration TTL must be at least 60.",
        ),
        (
            obj(expiration=0),
            "Error",
            "400 Invalid expiration of 0. Please specify integer greater than the current number of seconds"
            " since the UNIX epoch.",
        ),
        (
            obj(expiration=NOW_S + 10),
            "Error",
            f"400 Invalid expiration of {NOW_S + 10}."
            " Expiration times must be at least 60 seconds in the future.",
        ),
        (obj(metadata="x" * 1023), "Error", "413 Metadata length of 1025 exceeds limit of 1024."),
        (obj(expiration=4102444800), "TypeError", OUT_OF_RANGE),
        (obj(expiration=4102444800.7), "TypeError", OUT_OF_RANGE),
        (obj(expiration=2**40), "TypeError", OUT_OF_RANGE),
    ],
)
def test_bad_options(options: JsObject, name: str, message: str) -> None:
    async def scenario(kv: KvNamespace) -> None:
        expected = message if name == "TypeError" else f"KV PUT failed: {message}"
        assert await refusal(kv.put("k", "v", options)) == (name, expected)
        assert await kv.get("k") is jsnull

    play(scenario)


def test_expiration_is_cut_to_whole_seconds_and_shown_in_lists() -> None:
    async def scenario(kv: KvNamespace) -> None:
        await kv.put("a", "v", obj(expiration=2_000_000_000, metadata=obj(m=1)))
        await kv.put("b", "v", obj(expiration=2_000_000_000.7))
        await kv.put("c", "v", obj(expiration="2000000000"))
        await kv.put("d", "v", obj(expirationTtl=60.9))
        await kv.put("e", "v", obj(expirationTtl=100, expiration=1))
        assert plain(await kv.list()) == {
            "keys": [
                {"name": "a", "expiration": 2_000_000_000, "metadata": {"m": 1}},
                {"name": "b", "expiration": 2_000_000_000},
                {"name": "c", "expiration": 2_000_000_000},
                {"name": "d", "expiration": NOW_S + 60},
                {"name": "e", "expiration": NOW_S + 100},
            ],
            "list_complete": True,
            "cacheStatus": jsnull,
        }

    play(scenario)


@pytest.mark.parametrize(("cache_ttl", "shown"), [(10, 10), (29.9, 29), ("x", 0), (jsnull, 0), (-1, -1)])
def test_cache_ttl_has_a_minimum(cache_ttl: Any, shown: int) -> None:
    async def scenario(kv: KvNamespace) -> None:
        text = f"400 Invalid cache_ttl of {shown}. Cache TTL must be at least 30."
        options = obj(cacheTtl=cache_ttl)
        assert await refusal(kv.get("k", options)) == ("Error", f"KV GET failed: {text}")
        assert await refusal(kv.get(JsArray(["k"]), options)) == ("Error", f"KV GET_BULK failed: {text}")
        assert await kv.get("k", obj(cacheTtl=30)) is jsnull

    play(scenario)


def test_value_too_large() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(26):
            yield b"x" * 1024 * 1024

    async def scenario(kv: KvNamespace) -> None:
        await kv.put("big", "x" * (1 << 20))
        assert await refusal(kv.put("big", array_buffer(b"x" * 26214401))) == (
            "Error",
            "KV PUT failed: 413 Value length of 26214401 exceeds limit of 26214400.",
        )
        assert await refusal(kv.put("big", ReadableStream.from_chunks(chunks()))) == (
            "Error",
            "KV PUT failed: 413 Value length of 27262976 exceeds limit of 26214400.",
        )
        assert len(await kv.get("big")) == 1 << 20

    play(scenario)


# -- bulk --------------------------------------------------------------------------------------------


async def filled(kv: KvNamespace) -> None:
    await kv.put("bg:a", "1", obj(metadata=obj(m=1)))
    await kv.put("bg:b", "[2]")
    await kv.put("bg:c", "text")


def keys(*names: Any) -> JsArray:
    return JsArray(list(names))


def test_bulk_get() -> None:
    async def scenario(kv: KvNamespace) -> None:
        await filled(kv)
        texts = await kv.get(keys("bg:a", "bg:b", "bg:zz"))
        assert isinstance(texts, JsMap)
        assert plain(texts) == {"bg:a": "1", "bg:b": "[2]", "bg:zz": jsnull}
        assert plain(await kv.get(keys("bg:a", "bg:b", "bg:zz"), "json")) == {
            "bg:a": 1,
            "bg:b": [2],
            "bg:zz": jsnull,
        }
        assert plain(await kv.get(keys("bg:a"), obj(type="json"))) == {"bg:a": 1}
        assert list(await kv.get(keys("bg:c", "bg:zz", "bg:a", "bg:c"))) == ["bg:c", "bg:zz", "bg:a"]
        assert plain(await kv.get(keys(*(f"n{i}" for i in range(100))))) == {
            f"n{i}": jsnull for i in range(100)
        }

    play(scenario)


def test_bulk_get_with_metadata() -> None:
    async def scenario(kv: KvNamespace) -> None:
        await filled(kv)
        assert plain(await kv.getWithMetadata(keys("bg:a", "bg:b", "bg:zz"))) == {
            "bg:a": {"value": "1", "metadata": {"m": 1}},
            "bg:b": {"value": "[2]", "metadata": jsnull},
            "bg:zz": jsnull,
        }
        assert plain(await kv.getWithMetadata(keys("bg:a"), "json")) == {
            "bg:a": {"value": 1, "metadata": {"m": 1}}
        }

    play(scenario)


@pytest.mark.parametrize(
    ("text", "type_name", "value"), [("", "text", ""), ("0", "json", 0), ("false", "json", False)]
)
def test_bulk_loses_the_metadata_of_falsy_values(text: str, type_name: str, value: Any) -> None:
    async def scenario(kv: KvNamespace) -> None:
        await kv.put("k", text, obj(metadata=1))
        assert plain(await kv.getWithMetadata(keys("k"), type_name)) == {"k": value}

    play(scenario)


def test_bulk_drops_integer_like_keys() -> None:
    async def scenario(kv: KvNamespace) -> None:
        for name in ("1", "2x", "007", "10", "4294967295", "__proto__"):
            await kv.put(name, "v" + name, obj(metadata=1))
        assert plain(await kv.get(keys("10", "2x", "1", "007", "3", "4294967295", "__proto__"))) == {
            "2x": "v2x",
            "007": "v007",
            "4294967295": "v4294967295",
        }
        assert plain(await kv.get(keys("1", 10))) == {}
        assert plain(await kv.getWithMetadata(keys("1", "2x"))) == {"2x": {"value": "v2x", "metadata": 1}}
        assert await kv.get("1") == "v1"

    play(scenario)


@pytest.mark.parametrize(
    ("names", "options", "message"),
    [
        ([], None, "400 You must request a minimum of 1 key"),
        (["n"] * 101, None, "400 You can request a maximum of 100 keys"),
        (["bg:a", ""], None, "400 Key names must not be empty"),
        (["."], None, '400 Illegal key name ".". Please use a different name.'),
        (["x" * 513], None, "414 UTF-8 encoded length of 513 exceeds key length limit of 512."),
        (["bg:c"], "json", "400 At least one of the requested keys corresponds to a non-json value"),
        (["bg:c", ""], "json", "400 At least one of the requested keys corresponds to a non-json value"),
        (["bg:c"], "arrayBuffer", '400 "arrayBuffer" is not a valid type. Use "json" or "text"'),
        (["bg:c"], "bogus", '400 "bogus" is not a valid type. Use "json" or "text"'),
    ],
)
def test_bulk_refusals(names: list[str], options: Any, message: str) -> None:
    async def scenario(kv: KvNamespace) -> None:
        await filled(kv)
        expected = ("Error", f"KV GET_BULK failed: {message}")
        assert await refusal(kv.get(keys(*names), options)) == expected
        assert await refusal(kv.getWithMetadata(keys(*names), options)) == expected

    play(scenario)


def test_bulk_size_is_limited() -> None:
    async def scenario(kv: KvNamespace) -> None:
        await kv.put("half", "x" * 13107200)
        await kv.put("other", "x" * 13107201)
        assert await refusal(kv.get(keys("half", "other"))) == (
            "Error",
            "KV GET_BULK failed: 413 Total size of request exceeds the limit of 25MB",
        )
        assert len(await kv.get(keys("half"))) == 1

    play(scenario)


# -- list --------------------------------------------------------------------------------------------


def test_list() -> None:
    async def scenario(kv: KvNamespace) -> None:
        for name in ("l:b", "l:a", "l:B", "l:10", "l:%"):
            await kv.put(name, "v")
        first = await kv.list(prefix="l:", limit=2)
        assert plain(first) == {
            "keys": [{"name": "l:%"}, {"name": "l:10"}],
            "list_complete": False,
            "cursor": "bDoxMA==",
            "cacheStatus": jsnull,
        }
        assert [key for key, _ in first._own_items()] == ["keys", "list_complete", "cursor", "cacheStatus"]
        rest = await kv.list(obj(prefix="l:", cursor=first.cursor))
        assert plain(rest) == {
            "keys": [{"name": "l:B"}, {"name": "l:a"}, {"name": "l:b"}],
            "list_complete": True,
            "cacheStatus": jsnull,
        }
        for options in (None, jsnull, obj(), obj(prefix=jsnull, cursor=jsnull), obj(limit=0), obj(limit=-1)):
            assert len((await kv.list(options)).keys) == 5
        assert plain(await kv.list(obj(prefix="l:", cursor="!!!not base64")))["keys"] == []
        assert plain(await kv.list(obj(prefix="zzz"))) == {
            "keys": [],
            "list_complete": True,
            "cacheStatus": jsnull,
        }

    play(scenario)


def test_list_refusals() -> None:
    async def scenario(kv: KvNamespace) -> None:
        assert await refusal(kv.list(obj(limit=1001))) == (
            "Error",
            "KV GET failed: 400 Invalid key_count_limit of 1001. Please specify an integer less than 1000.",
        )
        assert await refusal(kv.list(obj(prefix="x" * 513))) == (
            "Error",
            "KV GET failed: 414 UTF-8 encoded length of 513 exceeds key length limit of 512.",
        )
        assert await refusal(kv.list(obj(limit=2**31))) == ("TypeError", OUT_OF_RANGE)

    play(scenario)


# -- promises, gates, failures -----------------------------------------------------------------------


def test_hot_reads_are_settled_at_once(tmp_path: Path) -> None:
    async def scenario(kv: KvNamespace) -> None:
        await kv.put("k", '{"a":1}')
        await kv.get("missing")
        for promise in (
            kv.get("k"),
            kv.get("missing"),
            kv.get("k", "json"),
            kv.getWithMetadata("k"),
            kv.get(keys("k", "missing")),
            kv.get(""),
        ):
            assert promise.settled
        assert not kv.put("k", "w").settled

    play(scenario, tmp_path)


def test_concurrent_writes(tmp_path: Path) -> None:
    async def scenario(kv: KvNamespace) -> None:
        await asyncio.gather(*[kv.put("cw", str(i)) for i in range(5)])
        assert await kv.get("cw") == "4"
        await asyncio.gather(kv.get("cw"), kv.get("cw-missing"), kv.delete("cw"))
        assert await kv.get("cw") is jsnull

    play(scenario, tmp_path)


def test_writes_wait_for_the_output_gate() -> None:
    async def scenario(kv: KvNamespace) -> None:
        gate: list[asyncio.Future[None]] = [asyncio.get_running_loop().create_future()]
        token = output_hold.set(lambda: gate[0] if gate else None)
        put, deleted, bulk = kv.put("k", "v"), kv.delete("other"), kv.get(keys("k"))
        assert [promise.settled for promise in (put, deleted, bulk)] == [False] * 3
        assert await kv.get("k") is jsnull, "plain reads do not wait"
        gate.pop().set_result(None)
        await asyncio.gather(put, deleted)
        assert plain(await bulk) == {"k": "v"}
        assert await kv.get("k") == "v"
        output_hold.reset(token)

    play(scenario)


def test_writes_of_a_broken_object_never_happen() -> None:
    async def scenario(kv: KvNamespace) -> None:
        gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        token = output_hold.set(lambda: gate)
        put = kv.put("k", "v")
        gate.set_exception(JsException("Error", "storage broke"))
        assert await refusal(put) == ("Error", "storage broke")
        output_hold.reset(token)
        assert await kv.get("k") is jsnull

    play(scenario)


def test_buffers_are_taken_as_they_are_when_put_is_called() -> None:
    async def scenario(kv: KvNamespace) -> None:
        gate: list[asyncio.Future[None]] = [asyncio.get_running_loop().create_future()]
        token = output_hold.set(lambda: gate[0] if gate else None)
        buffer = uint8array(b"before")
        put = kv.put("k", buffer)
        buffer[0] = ord("X")
        gate.pop().set_result(None)
        await put
        output_hold.reset(token)
        assert await kv.get("k") == "before"

    play(scenario)


def test_storage_failures_are_told_with_status_500(tmp_path: Path) -> None:
    blocked = tmp_path / "v3"
    blocked.write_text("a file where a directory should be")

    async def scenario(kv: KvNamespace) -> None:
        calls = [("GET", kv.get("k")), ("GET", kv.getWithMetadata("k")), ("GET_BULK", kv.get(keys("k")))]
        calls += [("PUT", kv.put("k", "v")), ("DELETE", kv.delete("k")), ("GET", kv.list())]
        for method, promise in calls:
            name, message = await refusal(promise)
            assert name == "Error"
            assert message.startswith(f"KV {method} failed: 500 ")
            assert str(blocked) in message

    play(scenario, tmp_path)


def test_looks_like_the_binding() -> None:
    async def scenario(kv: KvNamespace) -> None:
        assert str(kv) == "[object KvNamespace]"
        assert kv.constructor.name == "KvNamespace"
        with pytest.raises(AttributeError):
            kv.deleteBulk  # only behind an experimental flag

    play(scenario)
