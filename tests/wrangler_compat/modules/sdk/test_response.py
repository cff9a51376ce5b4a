"""Recorded: http `response_types`, `response_headers`, `http:*`; spec python-workers.md section 2.5."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import pytest

from edge.http.headers import Headers as JsHeaders
from edge.http.response import Response as JsResponse
from edge.http.streams.readable import ReadableStream
from edge.js.errors import JsException
from edge.js.objects import JsArray, JsMap, JsObject
from edge.js.typed_arrays import JsUint8Array
from tests.loops import run
from wrangler_compat.modules.sdk.blob import Blob
from wrangler_compat.modules.sdk.fetch_response import BodyUsedError, HttpStatusError
from wrangler_compat.modules.sdk.formdata import FormData
from wrangler_compat.modules.sdk.response import FetchResponse, Response


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"a": 1}, "dict"),
        ([1], "list"),
        (5, "int"),
        (True, "bool"),
        (bytearray(b"x"), "bytearray"),
        (memoryview(b"x"), "memoryview"),
        ((x for x in ()), "generator"),
        (Blob("x"), "Blob"),
        (Response("x"), "Response"),
        (JsObject(), "Object"),
        (JsArray(), "Array"),
        (JsMap(), "Map"),
        (JsHeaders(), "Headers"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refused_bodies(body: Any, name: str) -> None:
    with pytest.raises(TypeError) as caught:
        Response(body)
    assert str(caught.value) == f"Unsupported type in Response: {name}"


@pytest.mark.parametrize(
    ("body", "content_type", "sent"),
    [
        ("é", "text/plain;charset=UTF-8", "é".encode()),
        ("", "text/plain;charset=UTF-8", b""),
        (b"\x00", None, b"\x00"),
        (None, None, b""),
        (JsUint8Array.of_bytes(b"u8"), None, b"u8"),
    ],
    ids=["str", "empty str", "bytes", "None", "Uint8Array"],
)
def test_bodies_and_their_default_type(body: Any, content_type: str | None, sent: bytes) -> None:
    response = Response(body)
    assert response.headers.get("content-type") == content_type
    assert run(response.bytes()) == sent


def test_a_stream_is_sent_as_it_is() -> None:
    stream = ReadableStream.from_bytes(b"abc")
    response = Response(stream)
    assert response.body is stream
    assert run(response.text()) == "abc"


def test_form_data_is_multipart() -> None:
    response = Response(FormData({"a": "1"}))
    assert response.headers["content-type"].startswith("multipart/form-data; boundary=")


@pytest.mark.parametrize(
    ("headers", "name", "value"),
    [
        ({"a": "é"}, "a", "é"),
        ({"a": None}, "a", "undefined"),
        ({"a": 5}, "a", "5"),
        ({"a": "  b  "}, "a", "b"),
        ([("x-a", "1"), ("X-A", "2")], "x-a", "1, 2"),
        (JsHeaders([("x", "y")]), "X", "y"),
        ({"Content-Type": "text/html"}, "content-type", "text/html"),
    ],
    ids=repr,
)
def test_headers(headers: Any, name: str, value: str) -> None:
    assert Response("x", headers=headers).headers[name] == value


@pytest.mark.parametrize("headers", ["a: b", 5, (("a", "b"),)], ids=repr)
def test_refused_headers(headers: Any) -> None:
    with pytest.raises(TypeError) as caught:
        Response("x", headers=headers)
    assert str(caught.value) == "Received unexpected type for headers argument"


@pytest.mark.parametrize(
    ("headers", "message"),
    [({"a b": "c"}, "Invalid header name."), ({"a": "b\nc"}, "Invalid header value.")],
    ids=repr,
)
def test_headers_that_javascript_refuses(headers: Any, message: str) -> None:
    with pytest.raises(JsException) as caught:
        Response("x", headers=headers)
    assert (caught.value.name, caught.value.message) == ("TypeError", message)


def test_set_cookie_stays_apart() -> None:
    response = Response("x", headers=[("Set-Cookie", "a=1"), ("set-cookie", "b=2")])
    assert response.headers.get_all("set-cookie") == ["a=1", "b=2"]


def test_headers_that_are_passed_are_copied() -> None:
    given = JsHeaders([("a", "1")])
    Response("x", headers=given).js_object.headers.set("a", "2")
    assert given.get("a") == "1"


@pytest.mark.parametrize("status", [HTTPStatus.ACCEPTED, 202])
def test_status(status: int) -> None:
    assert Response("x", status=status).status == 202


def test_positional_arguments() -> None:
    response = Response("x", 201, "Txt", {"a": "b"})
    assert (response.status, response.status_text, response.headers["a"]) == (201, "Txt", "b")


@pytest.mark.parametrize(
    ("options", "name", "message"),
    [
        ({"status_text": "a\nb"}, "TypeError", "Invalid statusText"),
        (
            {"status": 199},
            "RangeError",
            "Responses may only be constructed with status codes in the range 200 to 599, inclusive.",
        ),
    ],
    ids=["status_text", "status"],
)
def test_options_that_javascript_refuses(options: Any, name: str, message: str) -> None:
    with pytest.raises(JsException) as caught:
        Response("x", **options)
    assert (caught.value.name, caught.value.message) == (name, message)


def test_unknown_keyword() -> None:
    with pytest.raises(TypeError) as caught:
        Response("x", foo=1)  # type: ignore[call-arg]
    assert str(caught.value) == "Response.__init__() got an unexpected keyword argument 'foo'"


@pytest.mark.parametrize(
    "options", [{"status": 201}, {"headers": {"a": "b"}}, {"status_text": "x"}], ids=repr
)
def test_a_javascript_response_takes_no_options(options: Any) -> None:
    with pytest.raises(ValueError, match=r"^Expected no options when constructing Response"):
        Response(JsResponse.make(), **options)


def test_wrapping_a_javascript_response() -> None:
    js = JsResponse.js_new("wrapped")
    assert Response(js).js_object is js


def test_json() -> None:
    response = Response.json({"a": [1, None, True, 1.5, "é"]}, status=201)
    assert response.status == 201
    assert response.headers["content-type"] == "application/json"
    assert run(response.text()) == '{"a": [1, null, true, 1.5, "\\u00e9"]}'


def test_json_keeps_a_given_content_type() -> None:
    headers = {"Content-Type": "application/problem+json"}
    assert Response.from_json([1], headers=headers).headers["content-type"] == "application/problem+json"


def test_json_of_what_cannot_be_serialised() -> None:
    with pytest.raises(TypeError, match=r"^Object of type object is not JSON serializable$"):
        Response.json(object())


def test_json_with_a_bad_status_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="status codes in the range 200 to 599"):
        Response.json([], status=99)


def test_redirect() -> None:
    response = Response.redirect("https://example.com")
    assert type(response) is JsResponse
    assert response.status == 302
    assert response.headers.get("location") == "https://example.com/"
    with pytest.raises(ValueError, match="200 is not a redirect status code"):
        Response.redirect("https://example.com", 200)
    with pytest.raises(TypeError):
        Response.redirect("nope")


def test_reading_the_body() -> None:
    response = Response.json({"a": 1})
    clone = response.clone()
    assert run(response.json()) == {"a": 1}
    assert run(clone.string()) == '{"a": 1}'
    assert response.body_used
    for read in (response.text, response.json, response.bytes, response.blob, response.form_data):
        with pytest.raises(BodyUsedError, match=r"^Response body is already used$"):
            run(read())
    assert issubclass(BodyUsedError, OSError)


def test_body_is_none_without_one() -> None:
    assert Response().body is None
    assert isinstance(Response("x").body, ReadableStream)


def test_blob_and_buffers() -> None:
    blob = run(Response("abc", headers={"content-type": "text/css"}).blob())
    assert (blob.content_type, blob.size) == ("text/css", 3)
    assert run(Response(b"ab").memoryview()) == b"ab"
    assert run(Response(b"ab").buffer()).to_bytes() == b"ab"


def test_replace_body() -> None:
    response = Response("x", status=202, headers={"a": "b"}).replace_body(b"new")
    assert (response.status, response.headers["a"], run(response.text())) == (202, "b", "new")


def test_raise_for_status() -> None:
    Response("x").raise_for_status()
    with pytest.raises(HttpStatusError, match=r"^404 Client Error: .* for url: $"):
        Response("x", status=404).raise_for_status()
    with pytest.raises(OSError, match=r"^500 Server Error"):
        Response("x", status=500).raise_for_status()


def test_repr() -> None:
    shown = repr(Response("x", status=201, status_text="Made", headers={"content-type": "a/b"}))
    assert shown == "Response(status=201, status_text='Made', content_type='a/b')"


def test_names_that_workers_see() -> None:
    assert f"{Response.__module__}.{Response.__qualname__}" == "workers.response.Response"
    assert f"{FetchResponse.__module__}.{FetchResponse.__qualname__}" == "workers.response.FetchResponse"
    assert [cls.__module__ for cls in FetchResponse.__mro__[:2]] == ["workers.response", "pyodide.http"]
