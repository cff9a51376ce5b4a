"""Rows of http.json `request_constructor` and `request_in_handler`, runtime.md section 4."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from edge.http.request import Request
from edge.js.proxy import jsnull
from edge.js.typed_arrays import JsUint8Array
from tests.edge.http.face import js, obj, raises, refused
from tests.loops import run

REDIRECT = (
    'Invalid redirect value, must be one of "follow" or "manual" ("error" won\'t be implemented since it '
    'does not make sense at the edge; use "manual" and check the response status code).'
)


@pytest.mark.parametrize(
    ("url", "href"),
    [
        ("https://test.com", "https://test.com/"),
        ("https://a/é?q=ü#f", "https://a/%C3%A9?q=%C3%BC#f"),
        ("https://a/a b", "https://a/a%20b"),
        ("https://a/b/../c", "https://a/c"),
        ("https://a:443/", "https://a/"),
        ("HTTPS://A.COM/X", "https://a.com/X"),
        ("https://exämple.com/", "https://xn--exmple-cua.com/"),
        ("https://u:p@a/", "https://u:p@a/"),
    ],
)
def test_urls_are_normalised(url: str, href: str) -> None:
    assert js.Request.new(url).url == href


@pytest.mark.parametrize("url", ["nope", "/x"])
def test_bad_urls_are_refused(url: str) -> None:
    refused("TypeError", f"Invalid URL: {url}", lambda: js.Request.new(url))


@pytest.mark.parametrize(
    ("method", "name"), [("post", "POST"), ("patch", "PATCH"), ("PUT", "PUT"), ("get", "GET")]
)
def test_methods_are_upper_cased(method: str, name: str) -> None:
    assert js.Request.new("https://a", method=method).method == name


@pytest.mark.parametrize("method", ["FOO", "a b", ""])
def test_unknown_methods_are_refused(method: str) -> None:
    refused(
        "TypeError",
        f"Invalid HTTP method string: {method}",
        lambda: js.Request.new("https://a", method=method),
    )


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_get_and_head_have_no_body(method: str) -> None:
    with raises("TypeError", "Request with a GET or HEAD method cannot have a body."):
        js.Request.new("https://a", method=method, body="x")


@pytest.mark.parametrize("mode", ["error", "bogus"])
def test_redirect_modes(mode: str) -> None:
    refused("TypeError", REDIRECT, lambda: js.Request.new("https://a", redirect=mode))
    assert js.Request.new("https://a", redirect="manual").redirect == "manual"
    assert js.Request.new("https://a").redirect == "follow"


@pytest.mark.parametrize(
    "name", ["credentials", "destination", "isHistoryNavigation", "mode", "referrer", "referrerPolicy"]
)
def test_attributes_of_browsers_are_absent(name: str) -> None:
    with pytest.raises(AttributeError, match=f"^{name}$"):
        getattr(js.Request.new("https://a"), name)


def test_attributes_of_a_new_request() -> None:
    request = js.Request.new("https://a/", method="POST", body="x=1")
    assert (request.bodyUsed, request.cf, request.cache, request.integrity, request.keepalive) == (
        False,
        None,
        None,
        "",
        False,
    )
    assert request.signal.aborted is False
    assert request.headers.get("content-type") == "text/plain;charset=UTF-8"
    assert js.Request.new("https://a").body is jsnull


def test_a_request_can_be_built_from_another_one() -> None:
    original = js.Request.new("https://a/x", method="PUT", body="b", headers=obj(a="1"), cf=obj(x=1))
    copy = js.Request.new(original, method="POST")
    assert (copy.method, copy.url, copy.headers.get("a"), copy.cf.x) == ("POST", "https://a/x", "1", 1)
    assert run(_text(copy)) == "b"
    assert original.bodyUsed
    refused("TypeError", "Cannot reconstruct a Request with a used body.", lambda: js.Request.new(original))
    assert run(_text(js.Request.new(original, body="new"))) == "new"


def test_a_clone_reads_its_own_body_once() -> None:
    async def main() -> None:
        request = js.Request.new("https://a/", method="POST", body="x=1")
        clone = request.clone()
        assert await request.text() == "x=1"
        with raises("TypeError", _USED):
            await request.text()
        with raises("TypeError", _USED):
            request.clone()
        assert (await clone.bytes()).to_bytes() == b"x=1"

    run(main())


_USED = "Body has already been used. It can only be used once. Use tee() first if you need to read it twice."


def test_a_request_without_body_can_be_read_again_and_again() -> None:
    async def main() -> None:
        request = js.Request.new("https://a")
        assert [await request.text(), await request.text(), request.bodyUsed] == ["", "", False]

    run(main())


def test_incoming_requests() -> None:
    headers = [("accept", "*/*"), ("cookie", "a=1"), ("cookie", "b=2")]
    cf = obj(colo="DFW")
    request = Request.incoming("PROPFIND", "http://localhost/x?", headers, b"body", cf=cf)
    assert (request.method, request.url, request.redirect, request.cf.colo) == (
        "PROPFIND",
        "http://localhost/x?",
        "manual",
        "DFW",
    )
    assert request.headers.get("cookie") == "a=1, b=2"
    refused("TypeError", "Can't modify immutable headers.", lambda: request.headers.set("a", "b"))
    assert run(_text(request)) == "body"


def test_an_incoming_body_may_be_a_stream() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"ab"
        yield b"cd"

    async def main() -> None:
        request = Request.incoming("POST", "http://a/", [], chunks())
        clone = request.clone()
        assert await request.text() == "abcd"
        assert request.bodyUsed
        assert not clone.bodyUsed
        assert (await clone.arrayBuffer()).to_bytes() == b"abcd"

    run(main())


@pytest.mark.parametrize(("told", "length"), [("4", 4), ("0", 0), ("x", None), ("-1", None), ("", None)])
def test_the_length_of_an_incoming_stream_is_what_the_client_says(told: str, length: int | None) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"abcd"

    request = Request.incoming("POST", "http://a/", [("content-length", told)], chunks())
    assert request.body.length == length
    assert Request.incoming("POST", "http://a/", [], chunks()).body.length is None


@pytest.mark.parametrize(
    ("body", "data", "content_type"),
    [
        ("é", "é".encode(), "text/plain;charset=UTF-8"),
        ("\ud800", "\ufffd".encode(), "text/plain;charset=UTF-8"),
        (JsUint8Array.of_bytes(b"ab"), b"ab", None),
        (5, b"5", "text/plain;charset=UTF-8"),
        ({"a": 1}, b"{'a': 1}", "text/plain;charset=UTF-8"),
    ],
)
def test_bodies_and_their_types(body: Any, data: bytes, content_type: str | None) -> None:
    request = js.Request.new("https://a", method="POST", body=body)
    assert run(_bytes(request)) == data
    assert request.headers.get_str("content-type") == content_type


def test_a_given_content_type_wins() -> None:
    request = js.Request.new("https://a", method="POST", body="x", headers=obj(**{"Content-Type": "a/b"}))
    assert request.headers.get("content-type") == "a/b"


async def _text(request: Any) -> str:
    text: str = await request.text()
    return text


async def _bytes(request: Any) -> bytes:
    data: bytes = (await request.bytes()).to_bytes()
    return data


@pytest.mark.parametrize(
    ("raw", "url"),
    [
        ("http://h:8787/a/../str", "http://h:8787/str"),
        ("http://h:8787//str", "http://h:8787//str"),
        ("http://h:8787/echo?", "http://h:8787/echo?"),
        ("http://H/é", "http://h/%C3%A9"),
        ("http://[", "http://["),
    ],
)
def test_incoming_urls_are_normalised_when_they_are_read(raw: str, url: str) -> None:
    request = Request.incoming("GET", raw, [])
    assert [request.url, request.url, request.clone().url] == [url, url, url]
    assert js.Request.new(Request.incoming("GET", raw, [])).url == url
