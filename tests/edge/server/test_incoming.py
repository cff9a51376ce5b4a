from __future__ import annotations

from typing import Any

import pytest

from edge.js.errors import JsException
from edge.server.incoming import IncomingBody, InvalidTarget, read_body, read_head
from tests.edge.server.test_app import scope
from tests.loops import run


@pytest.mark.parametrize(
    ("host", "url"),
    [
        (b"localhost:8787", "http://localhost:8787/"),
        (b"LOCALHOST:80", "http://localhost/"),
        (b"", "http://127.0.0.1:443/"),
        (b"[::1]:99", "http://[::1]:99/"),
    ],
)
def test_hosts(host: bytes, url: str) -> None:
    given = scope(scheme="http")
    given["headers"] = [(b"host", host)]
    for _ in range(2):  # the second time from memory
        assert read_head(given, None).url == url


@pytest.mark.parametrize("host", [b"a b", b"a/b", b"a?b", b"user@[", b"\xff%"])
def test_bad_hosts(host: bytes) -> None:
    given = scope()
    given["headers"] = [(b"host", host)]
    with pytest.raises(InvalidTarget):
        read_head(given, None)


def read(
    version: str, headers: list[tuple[bytes, bytes]], *messages: dict[str, Any], method: str = "POST"
) -> Any:
    queue = list(messages)

    async def receive() -> Any:
        return queue.pop(0)

    async def check() -> Any:
        body = await read_body({**scope(method=method), "http_version": version, "headers": headers}, receive)
        if isinstance(body, IncomingBody):
            return [part async for part in body.parts()]
        return body

    return run(check())


PART = {"type": "http.request", "body": b"a", "more_body": True}
LAST = {"type": "http.request", "body": b"b"}
LENGTH = (b"content-length", b"2")


@pytest.mark.parametrize(
    ("version", "headers", "messages", "expected"),
    [
        ("1.1", [], [], None),
        ("1.1", [(b"content-length", b"0")], [], None),
        ("1.1", [LENGTH], [LAST], b"b"),
        ("1.1", [(b"transfer-encoding", b"chunked")], [LAST], b"b"),
        ("1.1", [LENGTH], [PART, LAST], [b"a", b"b"]),
        ("1.1", [LENGTH], [PART, {"type": "http.request"}], [b"a"]),
        ("2", [], [LAST], b"b"),
    ],
)
def test_bodies(
    version: str, headers: list[tuple[bytes, bytes]], messages: list[dict[str, Any]], expected: Any
) -> None:
    assert read(version, headers, *messages) == expected


def test_get_over_http_2_is_not_read() -> None:
    assert read("2", [], method="GET") is None


@pytest.mark.parametrize("messages", [[{"type": "http.disconnect"}], [PART, {"type": "http.disconnect"}]])
def test_a_body_that_never_ends(messages: list[dict[str, Any]]) -> None:
    with pytest.raises(JsException, match=r"Network connection lost\.") as caught:
        read("1.1", [LENGTH], *messages, {"type": "http.disconnect"})
    assert caught.value.retryable is True
