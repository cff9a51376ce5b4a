"""Rows of http.json `response_headers`, `pair` (websocket.json) and runtime.md section 4."""

from __future__ import annotations

from typing import Any

import pytest

from edge.http.response import Response
from edge.js.proxy import jsnull
from edge.js.typed_arrays import JsUint8Array
from tests.edge.http.face import js, obj, raises, refused
from tests.loops import run

STATUS = "Responses may only be constructed with status codes in the range 200 to 599, inclusive."
NULL_BODY = "Response with null body status (101, 204, 205, or 304) cannot have a body."


@pytest.mark.parametrize("status", [0, 99, 101, 199, 600])
def test_statuses_outside_the_range(status: int) -> None:
    refused("RangeError", STATUS, lambda: js.Response.new("x", status=status))


@pytest.mark.parametrize("status", [200, 404, 599])
def test_statuses_inside_the_range(status: int) -> None:
    response = js.Response.new("x", status=status)
    assert (response.status, response.ok) == (status, status == 200)


@pytest.mark.parametrize("status", [204, 205, 304])
def test_null_body_statuses(status: int) -> None:
    refused("TypeError", NULL_BODY, lambda: js.Response.new("x", status=status))
    assert js.Response.new(None, status=status).body is jsnull
    assert js.Response.new(JsUint8Array.of_bytes(b""), status=status).body is jsnull


def test_status_text() -> None:
    assert js.Response.new("x", statusText="Hi").statusText == "Hi"
    assert js.Response.new("x", statusText="é").statusText == "é"
    refused("TypeError", "Invalid statusText", lambda: js.Response.new("x", statusText="a\nb"))


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("", "text/plain;charset=UTF-8"),
        (None, None),
        (jsnull, None),
        (JsUint8Array.of_bytes(b"x"), None),
        (js.URLSearchParams.new("a=1"), "application/x-www-form-urlencoded;charset=UTF-8"),
        (js.Blob.new(["abc"], type="text/css"), "text/css"),
        (js.Blob.new(["abc"]), None),
    ],
)
def test_default_content_types(body: Any, content_type: str | None) -> None:
    assert js.Response.new(body).headers.get_str("content-type") == content_type


def test_a_response_may_be_the_options_of_another_one() -> None:
    first = js.Response.new("x", status=201, statusText="T", headers=obj(a="b"))
    second = js.Response.new("y", first)
    assert (second.status, second.statusText, second.headers.get("a")) == (201, "T", "b")
    assert run(_text(second)) == "y"


def test_redirect() -> None:
    response = js.Response.redirect("https://example.com/a?b=c#d", 301)
    assert (response.status, response.headers.get("location")) == (301, "https://example.com/a?b=c#d")
    assert js.Response.redirect("https://example.com").status == 302
    assert js.Response.redirect("https://example.com").headers.get("location") == "https://example.com/"
    refused("TypeError", "Unable to parse URL: /rel", lambda: js.Response.redirect("/rel"))
    refused(
        "RangeError",
        "502 is not a redirect status code. It must be one of: 301, 302, 303, 307, or 308.",
        lambda: js.Response.redirect("https://a", 502),
    )


def test_json() -> None:
    response = js.Response.json(obj(a=1), status=201)
    assert (response.status, response.headers.get("content-type")) == (201, "application/json")
    assert run(_text(response)) == '{"a":1}'
    typed = js.Response.json(obj(a=1), headers=obj(**{"Content-Type": "application/problem+json"}))
    assert typed.headers.get("content-type") == "application/problem+json"


def test_error_response() -> None:
    response = js.Response.error()
    assert (response.type, response.status) == ("error", 0)


def test_native_classmethods_are_not_shown_to_workers() -> None:
    for owner, name in [("Response", "make"), ("Request", "incoming"), ("ReadableStream", "from_chunks")]:
        with pytest.raises(AttributeError, match=f"^{name}$"):
            getattr(getattr(js, owner), name)


def test_websocket_responses() -> None:
    client, _ = js.WebSocketPair.new().object_values()
    response = js.Response.new(None, status=101, webSocket=client)
    assert response.webSocket is client
    assert js.Response.new("x").webSocket is jsnull
    refused(
        "RangeError",
        "Responses with a WebSocket must have status code 101.",
        lambda: js.Response.new(None, webSocket=client),
    )
    refused("TypeError", "Cannot clone a response to a WebSocket handshake.", response.clone)


def test_clone_shares_nothing_that_can_change() -> None:
    async def main() -> None:
        response = js.Response.new("x", headers=obj(a="1"))
        clone = response.clone()
        clone.headers.set("a", "2")
        assert [await response.text(), await clone.text()] == ["x", "x"]
        assert response.headers.get("a") == "1"

    run(main())


def test_a_used_body_cannot_be_read_or_cloned() -> None:
    async def main() -> None:
        response = js.Response.new("x")
        await response.text()
        used = (
            "Body has already been used. It can only be used once. Use tee() first if you need to read it "
            "twice."
        )
        for action in (response.text, response.arrayBuffer, response.bytes, response.blob, response.formData):
            with raises("TypeError", used):
                await action()
        refused("TypeError", used, response.clone)

    run(main())


def test_reading_into_every_shape() -> None:
    async def main() -> None:
        assert (await js.Response.new("ab").arrayBuffer()).to_bytes() == b"ab"
        blob = await js.Response.new("ab", headers=obj(**{"content-type": "a/b"})).blob()
        assert (await blob.text(), blob.type, blob.size) == ("ab", "a/b", 2)
        assert await js.Response.new(JsUint8Array.of_bytes(b"a\xffb")).text() == "a\ufffdb"
        assert await js.Response.new(JsUint8Array.of_bytes(b"\xef\xbb\xbfa")).text() == "a"
        assert await js.Response.new("[1, null]").json() is not None

    run(main())


def test_a_stream_as_body_must_be_fresh() -> None:
    async def main() -> None:
        stream = js.Response.new("x").body
        reader = stream.getReader()
        refused(
            "TypeError",
            "This ReadableStream is currently locked to a reader.",
            lambda: js.Response.new(stream),
        )
        await reader.read()
        reader.releaseLock()
        refused(
            "TypeError",
            "This ReadableStream is disturbed (has already been read from), and cannot be used as a body.",
            lambda: js.Response.new(stream),
        )

    run(main())


def test_a_locked_body_cannot_be_read() -> None:
    async def main() -> None:
        response = js.Response.new("x")
        response.body.getReader()
        with raises("TypeError", "This ReadableStream is currently locked to a reader."):
            await response.text()

    run(main())


def test_payloads_are_handed_on_once() -> None:
    response = Response.make(b"x")
    assert response.take_payload() == b"x"
    assert response.bodyUsed
    assert Response.make(None).take_payload() is None


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (200, "OK"),
        (418, "I'm a teapot"),
        (425, "Client Error"),
        (599, "Server Error"),
        (413, "Payload Too Large"),
    ],
)
def test_status_texts(status: int, text: str) -> None:
    assert js.Response.new("x", status=status).statusText == text
    assert js.Response.new("x", status=status, statusText="own").statusText == "own"


async def _text(response: Any) -> str:
    text: str = await response.text()
    return text


def test_encode_body() -> None:
    assert js.Response.new("x", encodeBody="manual")._encoded
    assert js.Response.new("x", encodeBody="manual").clone()._encoded
    assert not js.Response.new("x", encodeBody="automatic")._encoded
    refused("TypeError", "encodeBody: unexpected value: x", lambda: js.Response.new("x", encodeBody="x"))
