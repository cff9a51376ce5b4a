"""Recorded: asgi.json; spec python-workers.md section 5."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from edge.http.request import Request as JsRequest
from edge.http.response import Response as JsResponse
from edge.js.errors import JsException
from edge.kernel.clock import WallClock
from edge.worker.invocation import Invocation, current
from tests.loops import run
from wrangler_compat.modules.sdk import asgi
from wrangler_compat.modules.sdk.asgi_body import AppBody
from wrangler_compat.modules.sdk.request import Request

ENV = object()


def incoming(path: str = "/", method: str = "GET", body: Any = None, headers: Any = ()) -> JsRequest:
    return JsRequest.incoming(method, f"http://h{path}", list(headers), body)


def http_app(respond: Callable[..., Awaitable[None]]) -> Any:
    """An application without lifespan support."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http", "only http"
        await respond(scope, receive, send)

    return app


async def answer(send: Any, body: bytes = b"", status: int = 200, headers: Any = (), **more: Any) -> None:
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body, **more})


async def served(app: Any, request: JsRequest | None = None) -> tuple[JsResponse, bytes]:
    invocation = Invocation("test", WallClock())
    current.set(invocation)
    response = await asgi.fetch(app, Request(request or incoming()), ENV)
    body = await response.read_bytes()
    await invocation.drain(1)
    return response, body


def test_scope() -> None:
    seen: dict[str, Any] = {}

    async def respond(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope)
        await answer(send)

    request = incoming("/a%20b/%C3%A9?q=%20x+y", "POST", headers=[("x-b", "2"), ("x-a", "1"), ("x-a", "3")])
    run(served(http_app(respond), request))
    assert sorted(seen) == sorted(
        [
            *("asgi", "env", "headers", "http_version", "method", "path", "query_string"),
            *("raw_path", "scheme", "state", "type"),
        ]
    )
    assert seen["asgi"] == {"spec_version": "2.0", "version": "3.0"}
    assert (seen["http_version"], seen["method"], seen["scheme"], seen["type"]) == (
        "1.1",
        "POST",
        "http",
        "http",
    )
    assert (seen["path"], seen["raw_path"]) == ("/a b/é", b"/a%20b/%C3%A9")
    assert seen["query_string"] == b"q=%20x+y"
    assert seen["headers"] == [(b"x-a", b"1, 3"), (b"x-b", b"2")]
    assert (seen["env"], seen["state"]) == (ENV, {})


def test_the_method_is_as_the_request_has_it() -> None:
    kinds = []

    async def respond(scope: Any, receive: Any, send: Any) -> None:
        kinds.append(type(scope["method"]).__name__)
        await answer(send)

    async def both() -> None:
        await asgi.fetch(http_app(respond), Request(incoming()), ENV)
        await asgi.fetch(http_app(respond), incoming(), ENV)

    run(both())
    assert kinds == ["HTTPMethod", "str"]


async def chunks() -> Any:
    yield b"one"
    yield b"two"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (None, [(b"", False)]),
        (b"", [(b"", False)]),
        (b"hello", [(b"hello", True), (b"", False)]),
        (chunks(), [(b"one", True), (b"two", True), (b"", False)]),
    ],
    ids=["none", "empty", "bytes", "stream"],
)
def test_request_bodies(body: Any, expected: list[tuple[bytes, bool]]) -> None:
    got = []

    async def respond(scope: Any, receive: Any, send: Any) -> None:
        more = True
        while more:
            message = await receive()
            assert sorted(message) == ["body", "more_body", "type"]
            more = message["more_body"]
            got.append((message["body"], more))
        await answer(send)

    run(served(http_app(respond), incoming("/", "POST", body)))
    assert got == expected


def test_receive_says_disconnect_after_the_response() -> None:
    got = []

    async def respond(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await answer(send)
        got.extend([await receive(), await receive()])

    run(served(http_app(respond)))
    assert got == [{"type": "http.disconnect"}] * 2


def test_a_response_in_one_piece() -> None:
    async def respond(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"X-Up", b"1"), (b"x-up", b"2")]
        await answer(send, b"c", 201, headers)

    response, body = run(served(http_app(respond)))
    assert (response.status, body) == (201, b"c")
    assert response.headers._pairs() == [("set-cookie", "a=1"), ("set-cookie", "b=2"), ("x-up", "1, 2")]


@pytest.mark.parametrize("status", [204, 304])
def test_statuses_without_a_body(status: int) -> None:
    async def respond(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"s", status)

    response, body = run(served(http_app(respond)))
    assert (response.status, body) == (status, b"")


def test_headers_may_be_left_out() -> None:
    async def respond(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"nh"})

    response, body = run(served(http_app(respond)))
    assert (body, response.headers._pairs()) == (b"nh", [])


def test_chunks_are_sent_as_the_application_makes_them() -> None:
    made = []

    async def respond(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for index in range(5):
            made.append(index)
            await send({"type": "http.response.body", "body": b"%d" % index, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def read() -> list[tuple[bytes, int]]:
        current.set(Invocation("test", WallClock()))
        response = await asgi.fetch(http_app(respond), incoming(), ENV)
        stream: Any = response.take_payload()
        seen = []
        async for chunk in stream.chunks():
            await asyncio.sleep(0)
            seen.append((chunk, len(made)))
        return seen

    seen = run(read())
    assert [chunk for chunk, _ in seen] == [b"0", b"1", b"2", b"3", b"4"]
    # A slow reader holds the application back: never more than two chunks ahead.
    assert all(ahead - index <= 3 for index, (_, ahead) in enumerate(seen))
    assert seen[0][1] < 5


def test_a_stream_that_ends_with_its_last_chunk() -> None:
    async def respond(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"a", 201, more_body=True)
        await send({"type": "http.response.body", "body": b"b"})

    response, body = run(served(http_app(respond)))
    assert (response.status, body) == (201, b"ab")


def test_a_reader_that_leaves_stops_the_application() -> None:
    raised = []

    async def respond(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            while True:
                await send({"type": "http.response.body", "body": b"x", "more_body": True})
        except OSError as error:
            raised.append(str(error))
            raised.append(await receive())

    async def leave() -> None:
        invocation = Invocation("test", WallClock())
        current.set(invocation)
        response = await asgi.fetch(http_app(respond), incoming(), ENV)
        stream: Any = response.body
        reading = stream.chunks()
        await anext(reading)
        await reading.aclose()
        await invocation.drain(1)

    run(leave())
    assert raised == ["the client has gone", {"type": "http.disconnect"}]


def test_a_client_that_leaves_before_the_response_ends_application_and_lifespan() -> None:
    class Slow(WithLifespan):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "lifespan":
                await super().__call__(scope, receive, send)
                return
            try:
                await asyncio.Event().wait()
            finally:
                self.log.append("cancelled")

    app = Slow()

    async def leave() -> None:
        task = asyncio.create_task(asgi.fetch(app, incoming(), ENV))
        while "lifespan.startup" not in app.log:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        while "lifespan.shutdown" not in app.log:
            await asyncio.sleep(0)

    run(leave())
    assert app.log[-2:] == ["cancelled", "lifespan.shutdown"]


def raising(error: Exception, *, start: bool = False) -> Any:
    async def respond(scope: Any, receive: Any, send: Any) -> None:
        if start:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        raise error

    return http_app(respond)


@pytest.mark.parametrize("start", [False, True])
def test_what_is_raised_before_a_body_is_raised_on(start: bool) -> None:
    with pytest.raises(ValueError, match="^asgi boom$"):
        run(served(raising(ValueError("asgi boom"), start=start)))


def test_what_is_raised_after_the_body_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def respond(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"done")
        raise ValueError("after body")

    _, body = run(served(http_app(respond)))
    assert body == b"done"
    assert "Exception in ASGI application after response started" in caplog.text


def test_an_exception_within_a_stream_ends_it(caplog: pytest.LogCaptureFixture) -> None:
    async def respond(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"part", more_body=True)
        raise ValueError("in the stream")

    _, body = run(served(http_app(respond)))
    assert body == b"part"
    assert "in the stream" in caplog.text


def test_no_response() -> None:
    async def respond(scope: Any, receive: Any, send: Any) -> None:
        pass

    with pytest.raises(RuntimeError, match="^The application did not generate a response$"):
        run(served(http_app(respond)))


def test_a_body_before_the_start() -> None:
    async def respond(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.body", "body": b"x"})

    with pytest.raises(TypeError, match="^Received unexpected type for headers argument$"):
        run(served(http_app(respond)))


def test_a_status_that_javascript_refuses() -> None:
    async def respond(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"s", 199)

    with pytest.raises(JsException, match="RangeError: Responses may only be constructed with status codes"):
        run(served(http_app(respond)))


def test_unknown_events_are_ignored() -> None:
    async def respond(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.nope"})
        await answer(send, b"after unknown")

    assert run(served(http_app(respond)))[1] == b"after unknown"


class WithLifespan:
    """An application that keeps a log of its life."""

    def __init__(self, **messages: Any) -> None:
        self.log: list[Any] = []
        self._messages = messages

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            self.log.append(sorted(scope))
            while True:
                message = await receive()
                self.log.append(message["type"])
                phase = message["type"].removeprefix("lifespan.")
                scope["state"][phase] = "yes"
                reply = self._messages.get(phase, {"type": f"{message['type']}.complete"})
                await send(reply)
                if phase == "shutdown" or "failed" in reply["type"]:
                    return
        self.log.append(scope["state"])
        scope["state"]["mine"] = 1
        await answer(send, b"x")


def test_lifespan_runs_around_every_request() -> None:
    app = WithLifespan()
    run(served(app))
    run(served(app))
    once = [["asgi", "state", "type"], "lifespan.startup", {"startup": "yes", "mine": 1}, "lifespan.shutdown"]
    assert app.log == once * 2


def test_lifespan_is_shut_down_when_the_application_fails() -> None:
    class Failing(WithLifespan):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                raise ValueError("no")
            await super().__call__(scope, receive, send)

    app = Failing()
    with pytest.raises(ValueError, match="^no$"):
        run(served(app))
    assert app.log[-1] == "lifespan.shutdown"


@pytest.mark.parametrize(
    ("message", "text"), [("cannot start", "cannot start"), ("", "ASGI lifespan startup failed")]
)
def test_startup_that_fails(message: str, text: str) -> None:
    app = WithLifespan(startup={"type": "lifespan.startup.failed", "message": message})
    with pytest.raises(RuntimeError, match=f"^{text}$"):
        run(served(app))


def test_an_application_that_waits_for_more_is_not_left_behind() -> None:
    ended = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            await answer(send)
            return
        try:
            while True:
                await send({"type": (await receive())["type"] + ".complete"})
        finally:
            ended.append(True)

    async def body() -> None:
        await served(app)
        await asyncio.sleep(0)

    run(body())
    assert ended == [True]


def test_shutdown_that_fails() -> None:
    app = WithLifespan(shutdown={"type": "lifespan.shutdown.failed", "message": "cannot stop"})
    with pytest.raises(RuntimeError, match="^cannot stop$"):
        run(served(app))


def test_fastapi() -> None:
    fastapi = pytest.importorskip("fastapi", reason="FastAPI is not installed")
    app = fastapi.FastAPI()
    env_dependency = asgi.LAZY["env"]()

    @app.get("/items/{item}")
    async def item(item: int, env: Any = env_dependency) -> dict[str, Any]:
        return {"item": item, "env": env is ENV}

    @app.post("/echo")
    async def echo(body: dict[str, int]) -> dict[str, int]:
        return {key: value + 1 for key, value in body.items()}

    async def both() -> list[bytes]:
        current.set(Invocation("test", WallClock()))
        posted = incoming("/echo", "POST", b'{"a": 1}', [("content-type", "application/json")])
        return [(await served(app, incoming("/items/5")))[1], (await served(app, posted))[1]]

    assert run(both()) == [b'{"item":5,"env":true}', b'{"a":2}']


async def asgi_response(options: asgi.Options) -> JsResponse:
    async def respond(scope: Any, receive: Any, send: Any) -> None:
        await answer(send, b"x", headers=[(b"content-encoding", b"gzip")])

    return await asgi.fetch(http_app(respond), incoming(), ENV, options=options)


def test_options() -> None:
    assert asgi.Options().response_init() == {}
    assert asgi.Options(encode_body="manual").response_init() == {"encodeBody": "manual"}
    options = asgi.Options(encode_body="manual")
    response = run(asgi_response(options))
    assert response._encoded
    with pytest.raises(ValueError, match=r"^encode_body must be one of \('automatic', 'manual'\), got 'x'$"):
        asgi.Options(encode_body="x")  # type: ignore[arg-type]


def test_a_body_that_nobody_reads_holds_only_its_chunk() -> None:
    async def body() -> list[Any]:
        stream = AppBody()
        await stream.write(b"a")
        await stream.write(b"")
        second = asyncio.create_task(stream.write(b"b"))
        await asyncio.sleep(0)
        waiting = not second.done()
        first = await stream.pull()
        await second
        stream.close()
        return [waiting, first, await stream.pull(), repr(await stream.pull())]

    assert run(body()) == [True, b"a", b"b", "END"]
