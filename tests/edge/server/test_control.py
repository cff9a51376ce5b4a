# ruff: noqa: E501 (tables stand whole)
"""The cron route; the rows are those the real runtime was recorded with (oracle group scheduled)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edge.http.request import Request
from edge.http.response import Response
from edge.kernel.clock import WallClock
from edge.server.app import FrontDoor
from tests.edge.server.door import FakeWorld, Outcome
from tests.edge.server.test_app import scope
from tests.loops import run


async def worker(request: Request) -> Response:
    return Response.make(f"fetch handler got {request.url.removeprefix('https://localhost')}".encode())


def ask(path: str, outcome: Outcome | None = None, method: str = "GET", host: bytes = b"localhost") -> Any:
    """Status, content type, body, and the cron events that were run."""
    world = FakeWorld(worker, outcome or Outcome())
    sent: list[Any] = []

    async def check() -> None:
        async def receive() -> Any:
            return {"type": "http.request", "body": b""}

        async def send(message: Any) -> None:
            sent.append(message)

        bare, _, query = path.partition("?")
        given = scope(path=bare, query=query.encode(), method=method)
        given["headers"] = [(b"host", host)]
        await FrontDoor(world, WallClock())(given, receive, send)

    run(check())
    headers = dict(sent[0]["headers"])
    return (
        sent[0]["status"],
        headers.get(b"content-type", b"").decode(),
        sent[1]["body"].decode(),
        world.crons,
    )


TEXT = "text/plain;charset=UTF-8"
FAILED = Outcome("exception")


@pytest.mark.parametrize(
    "prefix", ["/cdn-cgi/handler/scheduled", "/cdn-cgi/local/scheduled", "/cdn-cgi/mf/scheduled"]
)
def test_all_names_of_the_route(prefix: str) -> None:
    found = ask(f"{prefix}?cron=*%2F5+*+*+*+*&time=1700000000000")
    assert found == (200, TEXT, "ok", [("*/5 * * * *", 1700000000000)])


@pytest.mark.parametrize(
    ("query", "outcome", "expected"),
    [
        ("cron=*&format=json&time=1", Outcome(), (200, "application/json", {"outcome": "ok", "noRetry": False})),
        ("cron=2&format=json&time=1", Outcome("ok", True), (200, "application/json", {"outcome": "ok", "noRetry": True})),
        ("cron=1&format=json&time=1", FAILED, (500, "application/json", {"outcome": "exception", "noRetry": False})),
        ("cron=1&time=1", FAILED, (500, TEXT, "exception")),
        ("cron=x&time=1&format=xml", Outcome(), (200, TEXT, "ok")),
    ],
)  # fmt: skip
def test_answers(query: str, outcome: Outcome, expected: Any) -> None:
    status, content_type, body, _ = ask(f"/cdn-cgi/handler/scheduled?{query}", outcome)
    assert (status, content_type, json.loads(body) if "json" in content_type else body) == expected


@pytest.mark.parametrize(
    ("query", "event"),
    [
        ("time=5", ("", 5)),
        ("cron=x&time=0", ("x", 0)),
        ("cron=x&time=-5", ("x", -5)),
        ("cron=%2A%20b&time=3", ("* b", 3)),
    ],
)
def test_events(query: str, event: tuple[str, int]) -> None:
    assert ask(f"/cdn-cgi/handler/scheduled?{query}")[3] == [event]


def test_without_a_time_it_is_now() -> None:
    ((cron, time_ms),) = ask("/cdn-cgi/handler/scheduled?cron=nt")[3]
    assert cron == "nt"
    assert abs(time_ms - WallClock().now_ms()) < 10_000


@pytest.mark.parametrize("time", ["abc", "1e20", "Infinity"])
def test_a_bad_time(time: str) -> None:
    text = "TypeError: The value cannot be converted because it is not a valid Date."
    assert ask(f"/cdn-cgi/handler/scheduled?cron=x&time={time}") == (500, TEXT, text, [])


def test_what_a_cron_handler_raises_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    failed = Outcome("exception", error=ValueError("cron failed"))
    assert ask("/cdn-cgi/local/scheduled?time=1", failed)[0] == 500
    assert [record.getMessage() for record in caplog.records] == ["cron failed"]


def test_post_works_too() -> None:
    assert ask("/cdn-cgi/handler/scheduled?cron=post&time=7", method="POST")[3] == [("post", 7)]


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/__scheduled?cron=zz", "/__scheduled?cron=zz"),
        ("/cdn-cgi/nope", "/cdn-cgi/nope"),
        ("/cdn-cgi/handler/nope", "/cdn-cgi/local/nope"),
        ("/cdn-cgi/handler/scheduled/?cron=ts&time=1", "/cdn-cgi/local/scheduled/?cron=ts&time=1"),
        ("/x/cdn-cgi/local/scheduled", "/x/cdn-cgi/local/scheduled"),
    ],
)
def test_the_rest_is_the_workers(path: str, seen: str) -> None:
    status, _, body, crons = ask(path)
    assert (status, body, crons) == (200, f"fetch handler got {seen}", [])


def test_only_for_this_machine() -> None:
    assert ask("/cdn-cgi/local/scheduled", host=b"evil.test") == (403, TEXT, "Invalid Host header", [])
    for host in (b"127.0.0.1:80", b"[::1]:1", b"app.localhost"):
        assert ask("/cdn-cgi/local/scheduled?time=1", host=host)[0] == 200
