"""Spec runtime.md section 4: what of a response is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from edge.http.headers import Headers
from edge.http.response import Response
from edge.http.streams.readable import ReadableStream
from edge.server.asgi import HeaderList
from edge.server.outgoing import header_list, send_response
from tests.loops import run


class Recorder:
    """An exchange that notes its calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []

    async def start(self, status: int, reason: str, headers: HeaderList) -> None:
        self.calls.append(("start", status, reason, headers))

    async def part(self, data: bytes, more: bool) -> None:
        self.calls.append(("part", data, more))

    async def answer(self, status: int, reason: str, headers: HeaderList, body: bytes) -> None:
        self.calls.append(("answer", status, reason, headers, body))


def sent(response: Response, method: str = "GET") -> list[tuple[object, ...]]:
    recorder = Recorder()
    run(send_response(response, method, recorder))
    return recorder.calls


def stream(length: int | None = None) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"

    return Response.make(ReadableStream.from_chunks(chunks(), length))


def test_a_body_at_hand_is_one_answer() -> None:
    assert sent(Response.make(b"x", 404)) == [("answer", 404, "Not Found", [(b"content-length", b"1")], b"x")]


def test_what_was_sent_counts_as_used() -> None:
    kept = Response.make(b"x")
    assert sent(kept) == [("answer", 200, "OK", [(b"content-length", b"1")], b"x")]
    assert kept.bodyUsed
    empty = Response.make(None)
    assert sent(empty) == sent(empty)
    assert not empty.bodyUsed


def test_chunks_are_never_joined() -> None:
    assert sent(stream()) == [
        ("start", 200, "OK", []),
        ("part", b"a", True),
        ("part", b"b", True),
        ("part", b"", False),
    ]
    assert sent(stream(2))[0] == ("start", 200, "OK", [(b"content-length", b"2")])


def test_head_has_no_body() -> None:
    assert sent(Response.make(b"abc"), "HEAD") == [("answer", 200, "OK", [(b"content-length", b"3")], b"")]
    told = Response.make(None, 200, "", Headers([("content-length", "77")]))
    assert sent(told, "HEAD") == [("answer", 200, "OK", [(b"content-length", b"77")], b"")]
    assert sent(stream(2), "HEAD") == [("answer", 200, "OK", [(b"content-length", b"2")], b"")]


@pytest.mark.parametrize(("status", "headers"), [(204, []), (205, [(b"content-length", b"0")]), (304, [])])
def test_statuses_without_a_body(status: int, headers: HeaderList) -> None:
    assert sent(Response.make(None, status))[0][3:] == (headers, b"")


def test_values_beyond_latin_1_go_out_as_utf_8() -> None:
    items = [("x", "é"), ("y", "☃"), ("set-cookie", "a"), ("set-cookie", "b")]
    assert header_list(Response.make(None, 200, "", Headers(items)), None) == [
        (b"x", b"\xe9"),
        (b"y", "☃".encode()),
        (b"set-cookie", b"a"),
        (b"set-cookie", b"b"),
    ]


def test_headers_of_the_connection_and_the_length_are_the_servers() -> None:
    items = [("x-a", "1"), ("content-length", "5"), ("connection", "close"), ("transfer-encoding", "chunked")]
    response = Response.make(b"", headers=Headers(items))
    assert header_list(response, 3) == [(b"x-a", b"1"), (b"content-length", b"3")]
    assert header_list(response, None) == [(b"x-a", b"1")]
    assert header_list(Response.make(b""), 0) == [(b"content-length", b"0")]


@pytest.mark.parametrize(("encoded", "sent"), [(True, [(b"content-encoding", b"gzip")]), (False, [])])
def test_a_coding_is_told_only_of_bodies_that_have_it(encoded: bool, sent: list[tuple[bytes, bytes]]) -> None:
    response = Response.make(b"x", headers=Headers([("content-encoding", "gzip")]))
    response._encoded = encoded
    assert header_list(response, None) == sent
