"""Spec python-workers.md section 6."""

from __future__ import annotations

from typing import Any

import pytest

from edge.http.request import Request as JsRequest
from edge.http.response import Response as JsResponse
from tests.loops import run
from wrangler_compat.modules.sdk import wsgi
from wrangler_compat.modules.sdk.request import Request

ENV = object()


def incoming(path: str = "/", method: str = "GET", body: Any = None, headers: Any = ()) -> JsRequest:
    return JsRequest.incoming(method, f"http://host:8080{path}", list(headers), body)


async def served(app: Any, request: Any = None) -> tuple[JsResponse, bytes]:
    response = await wsgi.fetch(app, request or incoming(), ENV)
    return response, await response.read_bytes()


def test_environ() -> None:
    seen: dict[str, Any] = {}

    def app(environ: Any, start_response: Any) -> Any:
        seen.update(environ, body=environ["wsgi.input"].read())
        start_response("200 OK", [])
        return []

    headers = [("content-type", "text/x"), ("x-a", "1"), ("x-a", "2"), ("accept-language", "de")]
    run(served(app, Request(incoming("/p%20q/%C3%A9?a=%20b", "POST", b"abc", headers))))
    expected = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/p q/Ã©",
        "QUERY_STRING": "a=%20b",
        "SERVER_NAME": "host",
        "SERVER_PORT": "8080",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "workers.env": ENV,
        "CONTENT_TYPE": "text/x",
        "CONTENT_LENGTH": "3",
        "HTTP_X_A": "1, 2",
        "HTTP_ACCEPT_LANGUAGE": "de",
        "body": b"abc",
    }
    assert {name: seen[name] for name in expected} == expected
    assert type(seen["REQUEST_METHOD"]) is str


@pytest.mark.parametrize(("url", "port"), [("http://h/", "80"), ("https://h/", "443")])
def test_default_ports(url: str, port: str) -> None:
    seen = []

    def app(environ: Any, start_response: Any) -> Any:
        seen.append(environ["SERVER_PORT"])
        start_response("200 OK", [])
        return []

    run(served(app, JsRequest.make(url)))
    assert seen == [port]


class Chunks:
    """A result with `close()`."""

    def __init__(self, *chunks: bytes) -> None:
        self.made = 0
        self.closed = 0
        self._chunks = iter(chunks)

    def __iter__(self) -> Chunks:
        return self

    def __next__(self) -> bytes:
        self.made += 1
        return next(self._chunks)

    def close(self) -> None:
        self.closed += 1


def test_the_body_is_pulled_as_it_is_sent_and_closed_once() -> None:
    result = Chunks(b"a", b"", b"b")

    def app(environ: Any, start_response: Any) -> Any:
        start_response("201 Made", [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-A", "1")])
        return result

    async def body() -> tuple[JsResponse, bytes]:
        response = await wsgi.fetch(app, incoming(), ENV)
        assert (result.made, result.closed) == (1, 0)
        return response, await response.read_bytes()

    response, sent = run(body())
    assert (response.status, response.statusText, sent, result.closed) == (201, "Made", b"ab", 1)
    assert response.headers._pairs() == [("set-cookie", "a=1"), ("set-cookie", "b=2"), ("x-a", "1")]


def test_what_was_written_comes_first() -> None:
    def app(environ: Any, start_response: Any) -> Any:
        write = start_response("200 OK", [])
        write(b"written ")
        return [b"returned"]

    assert run(served(app))[1] == b"written returned"


def test_start_response_may_come_with_the_first_chunk() -> None:
    def app(environ: Any, start_response: Any) -> Any:
        start_response("202 Accepted", [])
        yield b"late"

    response, body = run(served(app))
    assert (response.status, body) == (202, b"late")


def test_no_body_for_304() -> None:
    result = Chunks(b"x")

    def app(environ: Any, start_response: Any) -> Any:
        start_response("304 Not Modified", [])
        return result

    response, body = run(served(app))
    assert (response.status, body, result.closed) == (304, b"", 1)


def test_start_response_is_called_once() -> None:
    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        start_response("200 OK", [])
        return []

    with pytest.raises(AssertionError, match=r"^start_response\(\) called more than once$"):
        run(served(app))


def test_start_response_is_called_at_all(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "wsgi")
    result = Chunks(b"x")
    with pytest.raises(RuntimeError, match=r"^The WSGI application did not call start_response\(\)$"):
        run(served(lambda environ, start_response: result))
    assert result.closed == 1
    assert "WSGI request failed" in caplog.text


def test_write_needs_start_response() -> None:
    def app(environ: Any, start_response: Any) -> Any:
        start_response.__self__._write(b"x")

    with pytest.raises(AssertionError, match=r"^write\(\) called before start_response\(\)$"):
        run(served(app))


def test_an_error_reported_after_the_start_is_raised() -> None:
    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        try:
            raise ValueError("late")
        except ValueError as error:
            start_response("500 Oops", [], (ValueError, error, error.__traceback__))
        return []

    with pytest.raises(ValueError, match="^late$"):
        run(served(app))
