"""runtime.md section 4 ("fetch") over a transport of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from edge.errors import UnsupportedError
from edge.http.fetch import fetch
from edge.http.headers import Headers
from edge.http.host import Host, current_host
from edge.http.request import Request
from edge.http.response import Response
from edge.js.errors import JsException, error
from edge.kernel.tasks import output_hold
from tests.edge.http.face import js, obj, raises
from tests.loops import run


class Network:
    """Answers from a function and keeps what was asked."""

    def __init__(self, answer: Callable[[Request], Response]) -> None:
        self.answer = answer
        self.log: list[tuple[str, str, bytes]] = []
        self.headers: list[dict[str, str]] = []

    async def send(self, request: Request) -> Response:
        body = await request.read_bytes()
        self.log.append((request.method, request.url, body))
        self.headers.append(dict(request.headers.raw_items()))
        await asyncio.sleep(0)
        return self.answer(request)


def _moved(location: str, status: int = 302) -> Response:
    return Response.make(None, status, "", Headers([("location", location)], True))


def _use(answer: Callable[[Request], Response]) -> Network:
    network = Network(answer)
    current_host.set(Host(outbound=network))
    return network


def test_a_response_comes_back() -> None:
    async def main() -> None:
        network = _use(lambda request: Response.make(b"hello", 201, "Made", Headers([("a", "b")], True)))
        response = await fetch("https://example.com", obj(method="post", body="x", headers=obj(k="v")))
        assert (response.status, response.statusText, response.url) == (201, "Made", "https://example.com/")
        assert (response.redirected, await response.text()) == (False, "hello")
        assert network.log == [("POST", "https://example.com/", b"x")]
        assert network.headers[0]["k"] == "v"
        with raises("TypeError", "Can't modify immutable headers."):
            response.headers.set("a", "c")

    run(main())


def test_redirects_are_followed() -> None:
    async def main() -> None:
        def answer(request: Request) -> Response:
            return _moved("/b?x#y") if request.url == "https://a/a" else Response.make(b"there")

        network = _use(answer)
        response = await fetch("https://a/a", obj(headers=obj(authorization="secret")))
        assert (response.url, response.redirected) == ("https://a/b?x", True)
        assert [headers["authorization"] for headers in network.headers] == ["secret", "secret"]
        manual = await fetch("https://a/a", obj(redirect="manual"))
        assert (manual.status, manual.headers.get("location"), manual.redirected) == (302, "/b?x#y", False)

    run(main())


@pytest.mark.parametrize(
    ("status", "method", "then", "body"),
    [
        (301, "POST", "GET", b""),
        (302, "POST", "GET", b""),
        (303, "PUT", "GET", b""),
        (303, "HEAD", "HEAD", b""),
        (301, "PUT", "PUT", b"x"),
        (307, "POST", "POST", b"x"),
        (308, "POST", "POST", b"x"),
    ],
)
def test_methods_after_a_redirect(status: int, method: str, then: str, body: bytes) -> None:
    async def main() -> None:
        network = _use(
            lambda request: _moved("https://b/", status) if request.url == "https://a/" else Response.make()
        )
        init = obj(method=method, headers=obj(authorization="s"))
        if method != "HEAD":
            init.body = "x"
        await fetch("https://a/", init)
        assert network.log[1] == (then, "https://b/", body)
        assert "authorization" not in network.headers[1]
        assert ("content-type" in network.headers[1]) == (body == b"x")

    run(main())


def test_a_stream_cannot_be_sent_twice() -> None:
    async def main() -> None:
        _use(lambda request: _moved("https://b/", 307))
        request = Request.incoming("POST", "https://a/", [], js.Response.new("x").body.chunks())
        request.redirect = "follow"
        with raises(
            "TypeError",
            "A request with a one-time-use body (it was initialized from a stream, not a buffer) encountered "
            "a redirect requiring the body to be retransmitted. To avoid this error in the future, construct "
            "this request from a buffer-like body initializer.",
        ):
            await fetch(request)

    run(main())


def test_too_many_redirects() -> None:
    async def main() -> None:
        network = _use(lambda request: _moved("https://a/"))
        with raises("TypeError", "Too many redirects."):
            await fetch("https://a/")
        assert len(network.log) == 21

    run(main())


@pytest.mark.parametrize("url", ["ftp://example.com/", "file:///etc/passwd", "data:,x"])
def test_other_schemes(url: str) -> None:
    async def main() -> None:
        _use(lambda request: Response.make())
        with raises("TypeError", f"Fetch API cannot load: {url}"):
            await fetch(url)

    run(main())


def test_bad_arguments_reject_the_promise() -> None:
    async def main() -> None:
        _use(lambda request: Response.make())
        with raises("TypeError", "Invalid URL: nope"):
            await fetch("nope")

    run(main())


def test_a_lost_connection_is_retryable() -> None:
    async def main() -> None:
        def answer(request: Request) -> Response:
            raise error("Network connection lost.", retryable=True)

        _use(answer)
        with pytest.raises(JsException) as caught:
            await fetch("https://a/")
        assert (str(caught.value), caught.value.retryable) == ("Error: Network connection lost.", True)

    run(main())


def test_without_a_transport_fetch_is_refused_loudly() -> None:
    async def main() -> None:
        current_host.set(Host())
        with pytest.raises(UnsupportedError, match="no way out"):
            await fetch("https://a/")

    run(main())


def test_an_aborted_fetch() -> None:
    async def main() -> None:
        cancelled = []

        class Silent:
            async def send(self, request: Request) -> Response:
                try:
                    await asyncio.get_running_loop().create_future()
                finally:
                    cancelled.append(request.url)
                raise AssertionError("unreachable")

        current_host.set(Host(outbound=Silent()))
        controller = js.AbortController.new()
        promise = fetch("https://a/", obj(signal=controller.signal))
        await asyncio.sleep(0)
        controller.abort()
        with raises("AbortError", "The operation was aborted"):
            await promise
        assert cancelled == ["https://a/"]
        with raises("AbortError", "The operation was aborted"):
            await fetch("https://a/", obj(signal=controller.signal))

    run(main())


def test_fetch_waits_for_the_output_gate() -> None:
    async def main() -> None:
        network = _use(lambda request: Response.make())
        wait: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        output_hold.set(lambda: None if wait.done() else wait)
        promise = fetch("https://a/")
        for _ in range(5):
            await asyncio.sleep(0)
        assert network.log == []
        wait.set_result(None)
        await promise
        assert len(network.log) == 1

    run(main())
