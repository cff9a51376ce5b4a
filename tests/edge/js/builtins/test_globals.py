"""The other globals: recorded in compat_new and http `module_surface`, the rest from the standards."""

from __future__ import annotations

import logging
import math
from typing import Any

import pytest

from edge.errors import UnsupportedError
from edge.js.builtins.globals import build_globals
from edge.js.convert import to_js
from edge.js.errors import JsException
from edge.js.json_text import stringify
from edge.js.objects import JsObject
from edge.kernel.clock import VirtualClock
from edge.kernel.random import RandomStreams
from tests.loops import run

BAD_BASE64 = "atob() called with invalid base64-encoded data."


@pytest.fixture
def js() -> Any:
    return JsObject(build_globals(VirtualClock(), RandomStreams(1)))


def test_object(js: Any) -> None:
    value = to_js({"a": 1, "b": 2})
    assert js.Object.keys(value).to_py() == ["a", "b"]
    assert js.Object.values(value).to_py() == [1, 2]
    assert js.Object.entries(value).to_py() == [["a", 1], ["b", 2]]
    assert js.Object.fromEntries(js.Object.entries(value)).to_py() == {"a": 1, "b": 2}
    assert js.Object.fromEntries({"x": 2.0}.items()).to_py() == {"x": 2}
    assert js.Object.fromEntries(js.Map.new([["k", 1]])).to_py() == {"k": 1}
    assert js.Object.assign(js.Object.new(), value, {"c": 3}).to_py() == {"a": 1, "b": 2, "c": 3}
    assert (js.Object.hasOwn(value, "a"), js.Object.is_(math.nan, math.nan)) == (True, True)
    converted = to_js({"a": {"b": 1}}, dict_converter=js.Object.fromEntries)
    assert (converted.constructor.name, converted.a.b) == ("Object", 1)


def test_collections(js: Any) -> None:
    assert js.Map.new(to_js([["a", 1], ["b", 2]])).to_py() == {"a": 1, "b": 2}
    assert js.Set.new(to_js([1, 2, 2])).to_py() == {1, 2}
    assert (len(js.Array.new(3)), js.Array.new(1, 2).to_py(), js.Array.isArray(to_js([]))) == (
        3,
        [1, 2],
        True,
    )
    assert js.Array.from_("abc").to_py() == ["a", "b", "c"]
    assert js.Array.from_(js.Set.new([1, 2]), lambda x, i: x + i).to_py() == [1, 3]
    assert stringify(js.Array.of(1, a=2)) == '[1,{"a":2}]'
    assert not js.Map.new()
    for name in ("Map", "Set"):
        with pytest.raises(JsException, match=f"^TypeError: Constructor {name} requires 'new'$"):
            getattr(js, name)()
    with pytest.raises(JsException, match="^TypeError: number 5 is not iterable$"):
        js.Set.new(5)
    with pytest.raises(JsException, match="^RangeError: Invalid array length$"):
        js.Array.new(-1)


def test_numbers(js: Any) -> None:
    assert [js.Number(x) for x in ("3.0", "", "0x", True)][:2] == [3, 0]
    assert math.isnan(js.Number("x"))
    assert [js.parseInt(x) for x in ("12px", " -0x1f", "7.9")] == [12, -31, 7]
    assert js.parseInt("101", 2) == 5
    assert [js.parseFloat(x) for x in ("1.50abc", "-.5")] == [1.5, -0.5]
    assert (js.Number.isInteger(2), js.Number.isSafeInteger(2**53 - 2), js.isNaN("x")) == (True, True, True)
    assert (js.String(1.0), js.Boolean(""), js.BigInt("5")) == ("1", False, 5)
    assert (js.Math.max(1, 2.5), js.Math.max(), js.Math.round(-1.5), js.Math.floor(1.5)) == (
        2.5,
        -math.inf,
        -1,
        1,
    )
    assert math.isnan(js.Math.sqrt(-1))
    assert 0 <= js.Math.random() < 1
    with pytest.raises(JsException, match="^RangeError: The number 1.5 cannot be converted to a BigInt"):
        js.BigInt(1.5)
    with pytest.raises(JsException, match="^TypeError: BigInt is not a constructor$"):
        js.BigInt.new(1)


def test_errors(js: Any) -> None:
    made = js.TypeError.new("boom", cause=5)
    assert (made.name, made.message, made.cause, str(made)) == ("TypeError", "boom", 5, "TypeError: boom")
    assert (js.Error("x").message, js.Error.new().message) == ("x", "")
    assert js.DOMException.new("m", "AbortError").name == "AbortError"


def test_dates_tell_the_worlds_time(js: Any) -> None:
    assert js.Date.now() == js.Date.new().getTime() == js.performance.now() == 1_767_225_600_000
    assert js.Date.new(0).toISOString() == "1970-01-01T00:00:00.000Z"
    assert js.Date() == "Thu Jan 01 2026 00:00:00 GMT+0000 (Coordinated Universal Time)"
    assert (js.Date.UTC(1970, 0), js.Date.parse("1970-01-01")) == (0, 0)


def test_json_and_clone(js: Any) -> None:
    assert (
        js.JSON.stringify(to_js({"a": [1, None]}, dict_converter=js.Object.fromEntries)) == '{"a":[1,null]}'
    )
    assert js.JSON.parse('{"a": 1.0}').a == 1
    assert js.JSON.typeof == "object"
    value = to_js({"a": 1})
    clone = js.structuredClone(value)
    assert (clone is value, clone.to_py(), clone.constructor.name) == (False, {"a": 1}, "Object")


def test_base64(js: Any) -> None:
    assert (js.btoa("abc"), js.atob("YWJj"), js.atob(" YW Jj "), js.atob("YQ")) == ("YWJj", "abc", "abc", "a")
    with pytest.raises(JsException) as raised:
        js.btoa("語")
    assert str(raised.value) == (
        "InvalidCharacterError: btoa() can only operate on characters in the Latin1 (ISO/IEC 8859-1) range."
    )
    for bad in ("a", "a===", "*"):
        with pytest.raises(JsException) as raised:
            js.atob(bad)
        assert raised.value.message.startswith(BAD_BASE64)


def test_uri_coding(js: Any) -> None:
    assert js.encodeURIComponent("a b/ü&") == "a%20b%2F%C3%BC%26"
    assert js.encodeURI("https://a/b c?d=é#f") == "https://a/b%20c?d=%C3%A9#f"
    assert js.decodeURIComponent("a%20b%2F%C3%BC") == "a b/ü"
    assert js.decodeURI("a%20b%2F") == "a b%2F"
    for bad in ("%", "%ff"):
        with pytest.raises(JsException, match="^URIError: URI malformed$"):
            js.decodeURIComponent(bad)


def test_text_coding(js: Any) -> None:
    encoded = js.TextEncoder.new().encode("hé\ud800")
    assert encoded.to_bytes() == "hé\ufffd".encode()
    assert js.TextDecoder.new().decode(to_js(b"\xef\xbb\xbfh\xff")) == "h\ufffd"
    assert js.TextDecoder.new("utf-8", ignoreBOM=True).decode(to_js(b"\xef\xbb\xbfh")) == "\ufeffh"
    assert js.TextDecoder.new("latin1").decode(to_js(b"\xe9")) == "é"
    streaming = js.TextDecoder.new()
    assert streaming.decode(to_js("é".encode()[:1]), stream=True) == ""
    assert streaming.decode(to_js("é".encode()[1:])) == "é"
    with pytest.raises(JsException, match=r"^TypeError: Failed to decode input\.$"):
        js.TextDecoder.new("utf-8", fatal=True).decode(to_js(b"\xff"))
    with pytest.raises(JsException, match=r'^RangeError: "nope" is not a valid encoding\.$'):
        js.TextDecoder.new("nope")
    target = js.Uint8Array.new(3)
    assert js.TextEncoder.new().encodeInto("aéü", target).to_py() == {"read": 2, "written": 3}


def test_crypto(js: Any) -> None:
    again = JsObject(build_globals(VirtualClock(), RandomStreams(1)))
    assert js.crypto.randomUUID() == again.crypto.randomUUID()
    assert len(js.crypto.randomUUID()) == 36
    filled = js.crypto.getRandomValues(js.Uint8Array.new(16))
    assert any(filled.to_bytes())

    async def digest() -> Any:
        return (await js.crypto.subtle.digest({"name": "sha-256"}, to_js(b"abc"))).to_bytes().hex()

    assert run(digest()).startswith("ba7816bf8f01cfea")
    assert js.crypto.subtle.timingSafeEqual(to_js(b"a"), to_js(b"a"))
    with pytest.raises(JsException, match="but provided 65537 bytes"):
        js.crypto.getRandomValues(js.Uint8Array.new(65537))
    with pytest.raises(JsException, match="must be an integer-typed view"):
        js.crypto.getRandomValues(js.Float32Array.new(1))
    with pytest.raises(UnsupportedError, match=r"^crypto\.subtle\.sign is not emulated"):
        js.crypto.subtle.sign("HMAC")


def test_console(js: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="edge.console"):
        js.console.log("hi", 1.5, None, to_js({"a": [1]}), js.Map)
        js.console.warn(js.Error.new("e"))
        getattr(js.console, "assert")(False, "bad")
        js.console.count()
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("INFO", 'hi 1.5 undefined {"a":[1]} function Map() { [native code] }'),
        ("WARNING", "Error: e"),
        ("ERROR", "Assertion failed: bad"),
        ("INFO", "default: 1"),
    ]


def test_typed_array_constructors(js: Any) -> None:
    assert js.Uint8Array.new(to_js([1, 2, 255])).to_bytes() == b"\x01\x02\xff"
    assert (js.Uint8Array.BYTES_PER_ELEMENT, js.Float64Array.of(1, 2).length) == (1, 2)
    assert js.Uint8Array.from_(to_js([1])).to_bytes() == b"\x01"
    assert js.ArrayBuffer.isView(js.Uint8Array.new(1))
    assert js.RegExp.new("a", "g").constructor.name == "RegExp"
