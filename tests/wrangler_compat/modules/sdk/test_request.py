"""Recorded: http `request_constructor`, `request_in_handler`; spec python-workers.md section 2.4."""

from __future__ import annotations

import json
from http import HTTPMethod
from typing import Any

import pytest

from edge.http.request import Request as JsRequest
from edge.js.errors import JsException
from edge.js.proxy import jsnull
from tests.loops import run
from wrangler_compat.modules.sdk.formdata import FormData
from wrangler_compat.modules.sdk.message import HTTPMessageMapping
from wrangler_compat.modules.sdk.request import Request

FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("source", "options", "name", "message"),
    [
        ("nope", {}, "TypeError", "Invalid URL: nope"),
        ("/x", {}, "TypeError", "Invalid URL: /x"),
        ("https://a", {"method": "FOO"}, "TypeError", "Invalid HTTP method string: FOO"),
        ("https://a", {"body": "x"}, "TypeError", "Request with a GET or HEAD method cannot have a body."),
    ],
    ids=repr,
)
def test_what_javascript_refuses(source: str, options: Any, name: str, message: str) -> None:
    with pytest.raises(JsException) as caught:
        Request(source, **options)
    assert (caught.value.name, caught.value.message) == (name, message)


def test_no_url() -> None:
    with pytest.raises(TypeError) as caught:
        Request()  # type: ignore[call-arg]
    assert str(caught.value) == "Request.__init__() missing 1 required positional argument: 'input'"


@pytest.mark.parametrize("method", ["post", "POST", HTTPMethod.POST])
def test_methods_are_http_methods(method: str) -> None:
    request = Request("https://a", method=method)
    assert request.method is HTTPMethod.POST
    assert request.method == "POST"


def test_a_method_python_does_not_know() -> None:
    with pytest.raises(KeyError, match=r"^'PROPFIND'$"):
        Request("https://a", method="PROPFIND").method


def test_options_beside_a_javascript_request() -> None:
    js = JsRequest.make("https://a/")
    assert Request(js).js_object is js
    with pytest.raises(ValueError, match=r"^Expected no options when constructing Request from a"):
        Request(js, method="POST")


def test_copying_a_request_with_options() -> None:
    copy = Request(Request("https://a/x", method="PUT"), method="POST")
    assert (copy.url, copy.method) == ("https://a/x", "POST")


def test_repr_and_normalised_url() -> None:
    assert (
        repr(Request("https://test.com", method="POST")) == "Request(method='POST', url='https://test.com/')"
    )


def test_headers() -> None:
    request = Request("https://a", headers=[("a", "1"), ("a", "2"), ("B", "x, y")])
    assert isinstance(request.headers, HTTPMessageMapping)
    assert type(request.headers).__name__ == "HTTPMessageMapping"
    assert request.headers is not request.headers
    assert request.headers.get_all("a") == ["1, 2"]
    assert request.headers["b"] == "x, y"
    assert dict(request.headers) == {"a": "1, 2", "b": "x, y"}
    with pytest.raises(TypeError, match=r"^Received unexpected type for headers argument$"):
        Request("https://a", headers=5)


@pytest.mark.parametrize(
    ("attribute", "shown"),
    [
        ("credentials", "credentials"),
        ("destination", "destination"),
        ("is_history_navigation", "isHistoryNavigation"),
        ("mode", "mode"),
        ("referrer", "referrer"),
        ("referrer_policy", "referrerPolicy"),
        ("signal", "'Request' object has no attribute 'signal'"),
        ("arrayBuffer", "'Request' object has no attribute 'arrayBuffer'"),
        ("formData", "'Request' object has no attribute 'formData'"),
    ],
)
def test_attributes_that_are_not_there(attribute: str, shown: str) -> None:
    with pytest.raises(AttributeError) as caught:
        getattr(Request("https://a"), attribute)
    assert str(caught.value) == shown


def test_attributes_of_a_plain_request() -> None:
    request = Request("https://a")
    assert (request.body_used, request.cf, request.cache) == (False, None, None)
    assert (request.integrity, request.keepalive, request.redirect) == ("", False, "follow")
    assert request.body is jsnull


def test_reading_once() -> None:
    request = Request("https://a/", method="POST", body="x=1", headers=FORM)
    clone = request.clone()
    assert list(run(request.form_data()).items()) == [("x", "1")]
    for read in (request.text, request.json, request.bytes, request.buffer, request.blob, request.form_data):
        with pytest.raises(OSError, match=r"^Body already used$"):
            run(read())
    with pytest.raises(OSError, match=r"^Body already used$"):
        request.clone()
    assert run(clone.bytes()) == b"x=1"


def test_an_empty_body_reads_as_often_as_asked() -> None:
    request = Request("https://a")
    assert [run(request.text()), run(request.text())] == ["", ""]


def test_json() -> None:
    assert run(Request("https://a", method="POST", body="[1, null]").json()) == [1, None]
    assert run(Request("https://a", method="POST", body="1.5").json(parse_float=str)) == "1.5"
    with pytest.raises(json.JSONDecodeError, match=r"^Expecting value: line 1 column 1 \(char 0\)$"):
        run(Request("https://a", method="POST").json())


@pytest.mark.parametrize("body", [b"ab", "ab", FormData({"a": "b"})], ids=["bytes", "str", "FormData"])
def test_bodies(body: Any) -> None:
    sent = run(Request("https://a", method="POST", body=body).bytes())
    assert sent == b"ab" or b'name="a"' in sent


def test_a_form_of_the_wrong_type_is_a_type_error() -> None:
    request = Request("https://a", method="POST", body="{}", headers={"content-type": "application/json"})
    with pytest.raises(TypeError) as caught:
        run(request.form_data())
    assert str(caught.value) == (
        "Unrecognized Content-Type header value. FormData can only parse the following MIME types: "
        "multipart/form-data, application/x-www-form-urlencoded"
    )
    assert isinstance(caught.value.__cause__, JsException)
