# ruff: noqa: E501 (requests and texts stand whole)
"""The front door on real sockets, with clients good and bad."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from edge.http.headers import Headers
from edge.http.request import Request
from edge.http.response import Response
from edge.http.streams.readable import ReadableStream
from edge.js.errors import JsException
from edge.server.uvicorn_http import HEAD_SIZE_BYTES_MAX
from tests.edge.server.door import get, parts, raw, serving, unused
from tests.loops import run


async def describe(request: Request) -> Response:
    body = await request.read_bytes()
    return Response.make(f"{request.method} {request.url} {len(body)}".encode())


async def ask(request: bytes, *, half_close: bool = False) -> tuple[str, dict[str, str], bytes]:
    async with serving(describe) as port:
        return parts(await raw(port, request, half_close=half_close))


@pytest.mark.parametrize(
    ("target", "url"),
    [
        ("/", "http://localhost:8787/"),
        ("/echo?", "http://localhost:8787/echo?"),
        ("/echo?a=1&b=%20x&c=a+b", "http://localhost:8787/echo?a=1&b=%20x&c=a+b"),
        ("/a/../str", "http://localhost:8787/str"),
        ("//str", "http://localhost:8787//str"),
        ("/a%2fb", "http://localhost:8787/a%2fb"),
        ("/q?x='1'", "http://localhost:8787/q?x=%271%27"),
        ("http://other:99/x", "http://other:99/x"),
    ],
)
def test_urls(target: str, url: str) -> None:
    assert run(ask(get(target)))[2] == f"GET {url} 0".encode()


def test_options_of_everything() -> None:
    assert run(ask(get("*").replace(b"GET", b"OPTIONS")))[2] == b"OPTIONS http://localhost:8787/* 0"


@pytest.mark.parametrize("target", ["/\xe9", "http://", "http://[::1/"])
def test_a_target_that_is_no_uri(target: str) -> None:
    status, headers, body = run(ask(get(target)))
    assert (status, body) == ("HTTP/1.1 400 Bad Request", b"invalid URI")
    assert headers["content-type"] == "text/plain;charset=UTF-8"


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # a TLS client
    ],
)
def test_malformed_http(request_bytes: bytes) -> None:
    async def check() -> None:
        async with serving(unused) as port:
            status, _, _ = parts(await raw(port, request_bytes))
            assert status == "HTTP/1.1 400 Bad Request"

    run(check())


def test_oversized_heads() -> None:
    async def check() -> None:
        async with serving(describe) as port:
            head = b"GET / HTTP/1.1\r\nHost: x\r\nX-Big: " + b"x" * HEAD_SIZE_BYTES_MAX
            for oversized in (head + b"\r\n\r\n", head * 5):  # complete, and without an end
                status, _, _ = parts(await raw(port, oversized))
                assert status == "HTTP/1.1 431 Request Header Fields Too Large"
            status, _, body = parts(await raw(port, get("/", "X-Big: " + "x" * 60_000)))
            assert (status, body) == ("HTTP/1.1 200 OK", b"GET http://localhost:8787/ 0")

    run(check())


def test_a_client_that_closed_its_sending_side_is_answered() -> None:
    request = b"GET /half HTTP/1.1\r\nHost: localhost:8787\r\n\r\n"
    status, _, body = run(ask(request, half_close=True))
    assert (status, body) == ("HTTP/1.1 200 OK", b"GET http://localhost:8787/half 0")


def test_a_half_closed_connection_waits_for_a_late_answer() -> None:
    async def late(request: Request) -> Response:
        await asyncio.sleep(0.05)
        return Response.make(b"late")

    async def check() -> None:
        async with serving(late) as port:
            request = b"GET / HTTP/1.1\r\nHost: localhost:8787\r\n\r\n"
            _, headers, body = parts(await raw(port, request, half_close=True))
            assert (headers["connection"], body) == ("close", b"late")

    run(check())


def test_bodies() -> None:
    head = b"POST / HTTP/1.1\r\nHost: localhost:8787\r\nConnection: close\r\n"
    assert run(ask(head + b"Content-Length: 3\r\n\r\nabc"))[2].endswith(b" 3")
    assert run(ask(head + b"Content-Length: 0\r\n\r\n"))[2].endswith(b" 0")
    assert run(ask(head + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"))[2].endswith(
        b" 5"
    )


def test_a_large_body_is_streamed() -> None:
    async def check() -> None:
        size = 3_000_000
        async with serving(describe) as port:
            head = f"POST / HTTP/1.1\r\nHost: localhost:8787\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n"
            _, _, body = parts(await raw(port, head.encode() + b"x" * size))
            assert body.endswith(b" 3000000")

    run(check())


def test_requests_on_one_connection_are_answered_in_order() -> None:
    async def check() -> None:
        async with serving(describe) as port:
            first = b"GET /1 HTTP/1.1\r\nHost: localhost:8787\r\n\r\n"
            answer = await raw(port, first + first.replace(b"/1 ", b"/2 ") + get("/3"))
            assert [line.split(b" ")[1] for line in answer.split(b"\r\n\r\n")[1:]] == [
                b"http://localhost:8787/1",
                b"http://localhost:8787/2",
                b"http://localhost:8787/3",
            ]

    run(check())


@pytest.mark.parametrize(
    ("response", "status", "headers", "body"),
    [
        (Response.make(b"x", 599), "599 Server Error", {"content-length": "1"}, b"x"),
        (Response.make(b"x", 418, "Short"), "418 Short", {"content-length": "1"}, b"x"),
        (Response.make(None, 204), "204 No Content", {}, b""),
        (Response.make(None, 304, "", Headers([("etag", '"x"')])), "304 Not Modified", {"etag": '"x"'}, b""),
        (Response.make(None), "200 OK", {"content-length": "0"}, b""),
        (
            Response.make(
                b"abc", 200, "", Headers([("content-length", "99"), ("transfer-encoding", "chunked")])
            ),
            "200 OK",
            {"content-length": "3"},
            b"abc",
        ),
    ],
)
def test_answers(response: Response, status: str, headers: dict[str, str], body: bytes) -> None:
    async def answer(request: Request) -> Response:
        return response

    async def check() -> None:
        async with serving(answer) as port:
            got_status, got_headers, got_body = parts(await raw(port, get("/")))
            assert got_status == f"HTTP/1.1 {status}"
            assert got_headers == {**headers, "connection": "close"}
            assert got_body == body

    run(check())


def test_head() -> None:
    async def answer(request: Request) -> Response:
        return Response.make(b"hello")

    async def check() -> None:
        async with serving(answer) as port:
            status, headers, body = parts(await raw(port, get("/").replace(b"GET", b"HEAD")))
            assert (status, headers["content-length"], body) == ("HTTP/1.1 200 OK", "5", b"")

    run(check())


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (JsException("PythonError", "Traceback (most recent call last):\nValueError: é"), "PythonError: Traceback (most recent call last):\nValueError: é"),
        (JsException("TypeError", "no"), "TypeError: no"),
    ],
)  # fmt: skip
def test_what_a_worker_raises(error: JsException, text: str) -> None:
    async def answer(request: Request) -> Response:
        raise error

    async def check() -> None:
        async with serving(answer) as port:
            status, headers, body = parts(await raw(port, get("/")))
            assert status == "HTTP/1.1 500 Internal Server Error"
            assert headers["content-type"] == "text/plain;charset=UTF-8"
            assert body.decode() == text

    run(check())


def test_a_bug_of_ours_is_named_as_such(caplog: pytest.LogCaptureFixture) -> None:
    async def answer(request: Request) -> Response:
        raise LookupError("bug")

    async def check() -> None:
        async with serving(answer) as port:
            status, _, body = parts(await raw(port, get("/")))
            assert status == "HTTP/1.1 500 Internal Server Error"
            assert b"LookupError: bug" in body

    run(check())


def test_chunks_leave_as_they_come() -> None:
    released = asyncio.Event

    async def check() -> None:
        gate = released()

        async def chunks() -> AsyncIterator[bytes]:
            yield b"one"
            await gate.wait()
            yield b"two"

        async def answer(request: Request) -> Response:
            return Response.make(ReadableStream.from_chunks(chunks()))

        async with serving(answer) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(get("/"))
            head = await reader.readuntil(b"\r\n\r\n")
            assert b"transfer-encoding: chunked" in head
            assert await reader.readuntil(b"one\r\n") == b"3\r\none\r\n"
            gate.set()
            assert await reader.read() == b"3\r\ntwo\r\n0\r\n\r\n"
            writer.close()

    run(check())


def test_http_1_0_clients_get_no_chunks() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    async def answer(request: Request) -> Response:
        return Response.make(ReadableStream.from_chunks(chunks()))

    async def check() -> None:
        async with serving(answer) as port:
            _, headers, body = parts(await raw(port, b"GET / HTTP/1.0\r\nHost: x\r\n\r\n"))
            assert (headers["connection"], body) == ("close", b"onetwo")
            assert "transfer-encoding" not in headers

    run(check())


def test_a_stream_of_known_length() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    async def answer(request: Request) -> Response:
        return Response.make(ReadableStream.from_chunks(chunks(), 6))

    async def check() -> None:
        async with serving(answer) as port:
            _, headers, body = parts(await raw(port, get("/")))
            assert (headers["content-length"], body) == ("6", b"onetwo")

    run(check())


def test_a_stream_that_fails_cuts_the_connection(caplog: pytest.LogCaptureFixture) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one"
        raise JsException("Error", "midway")

    async def answer(request: Request) -> Response:
        return Response.make(ReadableStream.from_chunks(chunks()))

    async def check() -> None:
        async with serving(answer) as port:
            assert parts(await raw(port, get("/")))[2] == b"3\r\none\r\n"  # and no last chunk
            assert parts(await raw(port, get("/")))[0] == "HTTP/1.1 200 OK"

    run(check())
    logged = [record.getMessage() for record in caplog.records if record.name == "edge.server"]
    assert logged == ["GET http://localhost:8787/: the body failed: Error: midway"] * 2


def test_a_client_that_vanishes_aborts_the_request() -> None:
    async def check() -> None:
        started, ended = asyncio.Event(), asyncio.Event()
        aborted: list[bool] = []

        async def answer(request: Request) -> Response:
            started.set()
            try:
                await asyncio.Event().wait()
            finally:
                aborted.append(request.signal.aborted)
                ended.set()
            raise AssertionError("unreachable")

        async with serving(answer) as port:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(get("/"))
            await started.wait()
            writer.transport.abort()
            await asyncio.wait_for(ended.wait(), 10)
            assert aborted == [True]

    run(check())


def test_a_client_that_vanishes_mid_stream_ends_the_stream() -> None:
    async def check() -> None:
        ended = asyncio.Event()

        async def chunks() -> AsyncIterator[bytes]:
            try:
                yield b"x" * 1000
                await asyncio.Event().wait()
            finally:
                ended.set()

        async def answer(request: Request) -> Response:
            return Response.make(ReadableStream.from_chunks(chunks()))

        async with serving(answer) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(get("/"))
            await reader.readuntil(b"\r\n\r\n")
            writer.close()
            await asyncio.wait_for(ended.wait(), 10)

    run(check())


def test_a_slow_client_holds_the_stream_back() -> None:
    async def check() -> None:
        made = 0

        async def chunks() -> AsyncIterator[bytes]:
            nonlocal made
            for _ in range(400):
                made += 1
                yield b"x" * 65_536
                await asyncio.sleep(0)

        async def answer(request: Request) -> Response:
            return Response.make(ReadableStream.from_chunks(chunks()))

        async with serving(answer) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
            writer.write(get("/"))
            await reader.readuntil(b"\r\n\r\n")
            previous = -1
            while made != previous:  # until nothing moves any more
                previous = made
                await asyncio.sleep(0.05)
            assert made < 400
            while await reader.read(1 << 20):
                pass
            assert made == 400
            writer.close()

    run(check())


def test_headers_of_dev() -> None:
    async def answer(request: Request) -> Response:
        seen = [f"{name}={value}" for name, value in request.headers.raw_items() if name != "connection"]
        seen.append(f"cf={request.cf.colo},{request.cf.clientAcceptEncoding}")
        return Response.make("\n".join(seen).encode())

    async def check() -> None:
        async with serving(answer) as port:
            _, _, body = parts(await raw(port, get("/", "Accept-Encoding: zstd", "X-Multi: a", "X-MULTI: b")))
            assert body.decode().split("\n") == [
                "host=localhost:8787",
                "x-multi=a",
                "x-multi=b",
                "accept-encoding=br, gzip",
                "cf-connecting-ip=127.0.0.1",
                "cf=DFW,zstd",
            ]
            _, _, body = parts(await raw(port, get("/", "CF-Connecting-IP: 1.2.3.4")))
            assert b"cf-connecting-ip=1.2.3.4" in body
            assert b"127.0.0.1" not in body

    run(check())


def test_the_log_is_told() -> None:
    told: list[str] = []

    async def check() -> None:
        def note(request: Request, response: Response, duration_s: float) -> None:
            assert 0 <= duration_s < 5
            told.append(f"{request.method} {request.url} {response.status}")

        async with serving(describe, on_answer=note) as port:
            await raw(port, get("/x?y"))

    run(check())
    assert told == ["GET http://localhost:8787/x?y 200"]
