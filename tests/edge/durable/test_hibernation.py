"""WebSockets that outlive their object's instance."""

from __future__ import annotations

from typing import Any

import pytest

from edge.durable.hibernation import AutoResponse
from edge.durable.host import DurableHost
from edge.http.websocket import WebSocket, WebSocketPair
from edge.js.arrays import JsArray
from edge.js.buffers import JsArrayBuffer
from edge.js.dates import JsDate
from edge.js.errors import JsException
from edge.js.proxy import jsnull
from edge.kernel.clock import VirtualClock
from tests.edge.durable.code import Code, hosting
from tests.loops import run_virtual


class Client:
    """The far end of a connection."""

    def __init__(self, end: WebSocket) -> None:
        self.end = end
        self.got: list[Any] = []
        end._attach(self)

    def send(self, data: str | bytes) -> None:
        self.end._send(data)

    def on_message(self, data: str | bytes) -> None:
        self.got.append(data)

    def on_close(self, code: int, reason: str, was_clean: bool) -> None:
        self.got.append((code, reason, was_clean))

    def on_error(self, reason: JsException) -> None:
        self.got.append(reason)


class Chat:
    clock: VirtualClock
    clients: dict[str, Client]
    log: list[Any]
    constructions = 0

    def __init__(self, ctx: Any, env: Any) -> None:
        self.ctx = ctx
        type(self).constructions += 1

    async def join(self, name: str, *tags: str) -> None:
        pair = WebSocketPair()
        client, server = pair["0"], pair["1"]
        self.ctx.acceptWebSocket(server, JsArray(list(tags)))
        server.serializeAttachment(name)
        self.clients[name] = Client(client)

    async def use(self, work: Any) -> Any:
        found = work(self.ctx)
        return await found if hasattr(found, "__await__") else found

    async def webSocketMessage(self, ws: WebSocket, message: Any) -> None:
        name = ws.deserializeAttachment()
        if isinstance(message, JsArrayBuffer):
            ws.send(message)
        elif message == "fail":
            raise ValueError("in the handler")
        elif message == "close":
            ws.close(4001, "bye")
        elif message.startswith("slow"):
            await self.clock.sleep(1)
            ws.send(message)
        elif message == "put then say":
            await self.ctx.storage.put("a", 1)
            ws.send("said")
        else:
            self.log.append((name, message))

    async def webSocketClose(self, ws: WebSocket, code: int, reason: str, was_clean: bool) -> None:
        count = len(self.ctx.getWebSockets())
        self.log.append((ws.deserializeAttachment(), code, reason, was_clean, ws.readyState, count))


@pytest.fixture
def chat() -> type[Chat]:
    return type("Chat", (Chat,), {"clock": VirtualClock(), "clients": {}, "log": []})


def drive(chat: type[Chat], script: Any) -> Any:
    async def main() -> Any:
        async with hosting(chat, chat.clock) as host:
            return await script(host, host.namespace().getByName("c"))

    return run_virtual(main(), chat.clock)


def names(sockets: Any) -> str:
    return "".join(socket.deserializeAttachment() for socket in sockets)


def test_a_frame_wakes_a_hibernated_object(chat: type[Chat]) -> None:
    async def script(host: DurableHost, stub: Any) -> Any:
        await stub.join("a", "x")
        await chat.clock.sleep(11)
        asleep = host.state(str(stub.id)).value
        chat.clients["a"].send("hello")
        await chat.clock.sleep(0)
        await chat.clock.sleep(0)
        awake = host.state(str(stub.id)).value
        server = chat.clients["a"].end._peer
        assert server is not None
        tags = host.slot(stub.id).sockets.tags(server)
        return asleep, awake, tags

    assert drive(chat, script) == ("hibernated", "idle", ("x",))
    assert chat.log == [("a", "hello")]
    assert chat.constructions == 2


def test_sockets_outlive_events_of_old_code_that_are_cut_off(chat: type[Chat]) -> None:
    async def script(host: DurableHost, stub: Any) -> Any:
        await stub.join("a")
        endless = stub.use(lambda ctx: chat.clock.sleep(500))
        await chat.clock.sleep(1)
        await host.reload(Code(type("Chat", (chat,), {})))
        with pytest.raises(JsException):
            await endless
        chat.clients["a"].send("hello")
        await chat.clock.sleep(1)
        return list(chat.clients["a"].got)

    assert drive(chat, script) == []
    assert chat.log == [("a", "hello")]


def test_get_web_sockets_orders_and_selects(chat: type[Chat]) -> None:
    async def script(host: DurableHost, stub: Any) -> Any:
        await stub.join("a", "x")
        await stub.join("b", "y")
        await stub.join("c", "x", "z")
        sockets = host.slot(stub.id).sockets
        return [names(sockets.list(tag)) for tag in (None, "x", "y", "z", "nope")]

    assert drive(chat, script) == ["cba", "ac", "b", "c", ""]


def test_frames_of_one_socket_wait_for_each_other_and_not_for_those_of_others(chat: type[Chat]) -> None:
    async def script(host: DurableHost, stub: Any) -> Any:
        await stub.join("a")
        await stub.join("b")
        a, b = chat.clients["a"], chat.clients["b"]
        for text in ("slow 1", "slow 2", "after"):
            a.send(text)
        b.send("quick")
        await chat.clock.sleep(1.5)
        halfway = list(a.got), list(chat.log)
        await chat.clock.sleep(1)
        return halfway, list(a.got), chat.log

    halfway, got, log = drive(chat, script)
    assert halfway == (["slow 1"], [("b", "quick")])
    assert got == ["slow 1", "slow 2"]
    assert log == [("b", "quick"), ("a", "after")]


def test_binary_frames_are_array_buffers(chat: type[Chat]) -> None:
    async def script(host: DurableHost, stub: Any) -> Any:
        await stub.join("a")
        chat.clients["a"].send(b"\x00\xff")
        await chat.clock.sleep(1)
        return list(chat.clients["a"].got)

    assert drive(chat, script) == [b"\x00\xff"]


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (lambda client: client._close(1000, "done"), ("a", 1000, "done", True, 2, 2)),
        (lambda client: client._close(), ("a", 1005, "", True, 2, 2)),
        (lambda client: client._drop(),
         ("a", 1006, "WebSocket disconnected without sending Close frame.", False, 2, 2)),
    ],
    ids=["close", "close without a code", "drop"],
)  # fmt: skip
def test_the_object_is_told_of_the_end_and_then_forgets(chat: type[Chat], end: Any, expected: Any) -> None:
    async def script(host: DurableHost, stub: Any) -> Any:
        await stub.join("a")
        await stub.join("b")
        end(chat.clients["a"].end)
        await chat.clock.sleep(1)
        return names(host.slot(stub.id).sockets.list(None)), chat.clients["a"].got

    # No Close frame comes back before the object closes.
    assert drive(chat, script) == ("b", [])
    assert chat.log == [expected]


def test_the_echo_of_the_objects_own_close_ends_the_socket(chat: type[Chat]) -> None:
    async def script(host: DurableHost, stub: Any) -> Any:
        await stub.join("a")
        chat.clients["a"].send("close")
        await chat.clock.sleep(1)
        chat.clients["a"].end._close(4001, "bye")
        await chat.clock.sleep(1)
        return chat.clients["a"].got, len(host.slot(stub.id).sockets)

    assert drive(chat, script) == ([(4001, "bye", True)], 0)
    assert chat.log == [("a", 4001, "bye", True, 3, 1)]


def test_the_automatic_response_wakes_nobody(chat: type[Chat]) -> None:
    async def script(host: DurableHost, stub: Any) -> Any:
        await stub.join("a")
        state = host.actor(stub.id).state
        ends = [state.getWebSocketAutoResponse(), state.getWebSockets()._items[0]]
        stamps: list[Any] = [state.getWebSocketAutoResponseTimestamp(ends[1])]
        state.setWebSocketAutoResponse(AutoResponse.js_new("ping", "pong"))
        await chat.clock.sleep(11)
        client = chat.clients["a"]
        for text in ("ping", "ping "):
            client.send(text)
            stamps.append(host.state(str(stub.id)).value)
        await chat.clock.sleep(1)
        state = host.actor(stub.id).state
        stamp = state.getWebSocketAutoResponseTimestamp(ends[1])
        pair: Any = state.getWebSocketAutoResponse()
        state.setWebSocketAutoResponse()
        client.send("ping")
        await chat.clock.sleep(1)
        return ends[0], stamps, isinstance(stamp, JsDate), (pair.request, pair.response), list(client.got)

    none, stamps, stamped, pair, got = drive(chat, script)
    assert none is jsnull
    assert stamps[0] is jsnull
    assert stamps[1] == "hibernated"
    assert stamped
    assert pair == ("ping", "pong")
    assert got == ["pong"]
    assert chat.log == [("a", "ping "), ("a", "ping")]


def test_nothing_answers_by_itself_after_the_object_closed(chat: type[Chat]) -> None:
    async def script(host: DurableHost, stub: Any) -> Any:
        await stub.join("a")
        host.actor(stub.id).state.setWebSocketAutoResponse(AutoResponse.js_new("ping", "pong"))
        chat.clients["a"].send("close")
        await chat.clock.sleep(1)
        chat.clients["a"].send("ping")
        await chat.clock.sleep(1)
        return list(chat.clients["a"].got)

    assert drive(chat, script) == [(4001, "bye", True)]


def test_a_reset_cuts_the_connections(chat: type[Chat]) -> None:
    async def script(host: DurableHost, stub: Any) -> Any:
        await stub.join("a")
        host.actor(stub.id).break_(JsException("Error", "reset"))
        await chat.clock.sleep(1)
        return chat.clients["a"].got, len(host.slot(stub.id).sockets)

    got, left = drive(chat, script)
    assert got == [(1006, "WebSocket disconnected without sending Close frame.", False)]
    assert left == 0


def test_an_exception_in_a_handler_leaves_the_socket_open(
    chat: type[Chat], caplog: pytest.LogCaptureFixture
) -> None:
    async def script(host: DurableHost, stub: Any) -> Any:
        await stub.join("a")
        chat.clients["a"].send("fail")
        chat.clients["a"].send("still here")
        await chat.clock.sleep(1)
        return list(chat.clients["a"].got)

    assert drive(chat, script) == []
    assert chat.log == [("a", "still here")]
    assert "in the handler" in caplog.text


def test_what_is_said_waits_for_the_writes_before_it(chat: type[Chat]) -> None:
    async def script(host: DurableHost, stub: Any) -> Any:
        def no_disk() -> None:
            raise OSError("no disk")

        await stub.join("a")
        client = chat.clients["a"]
        client.send("put then say")
        await chat.clock.sleep(1)
        said = list(client.got)
        host.actor(stub.id).commits.commit_hook = no_disk
        client.send("put then say")
        await chat.clock.sleep(1)
        return said, client.got[len(said) :]

    said, after = drive(chat, script)
    assert said == ["said"]
    assert after == [(1006, "WebSocket disconnected without sending Close frame.", False)]


def test_an_event_timeout_ends_the_handler(chat: type[Chat], caplog: pytest.LogCaptureFixture) -> None:
    async def script(host: DurableHost, stub: Any) -> Any:
        await stub.join("a")
        state = host.actor(stub.id).state
        before = state.getHibernatableWebSocketEventTimeout()
        state.setHibernatableWebSocketEventTimeout(500)
        chat.clients["a"].send("slow")
        await chat.clock.sleep(2)
        return before is jsnull, state.getHibernatableWebSocketEventTimeout(), list(chat.clients["a"].got)

    assert drive(chat, script) == (True, 500, [])
    assert "webSocketMessage of Chat" in caplog.text


def accepting(chat: type[Chat], work: Any) -> Any:
    """Run `work(state)` inside an object."""

    async def script(host: DurableHost, stub: Any) -> Any:
        return work(host.actor(stub.id).state)

    return drive(chat, script)


def pair() -> tuple[WebSocket, WebSocket]:
    made = WebSocketPair()
    return made["0"], made["1"]


def accepted() -> WebSocket:
    _, server = pair()
    server.accept()
    return server


def peer_accepted() -> WebSocket:
    client, server = pair()
    client.accept()
    return server


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: s.acceptWebSocket(accepted()), "Error: Cannot call `acceptWebSocket()` if the WebSocket "
         "was already accepted via `accept()`"),
        (lambda s: s.acceptWebSocket(peer_accepted()), "Error: Cannot call `acceptWebSocket()` on this "
         "WebSocket because its pair has already been accepted or used in a Response."),
        (lambda s: s.acceptWebSocket(pair()[1], JsArray([str(i) for i in range(11)])),
         "Error: a Hibernatable WebSocket cannot have more than 10 tags"),
        (lambda s: s.acceptWebSocket(pair()[1], JsArray(["x" * 257])),
         f'Error: "{"x" * 257}" is longer than the max tag length (256 characters).'),
        (lambda s: s.acceptWebSocket(pair()[1], ["t"]), "TypeError: Failed to execute 'acceptWebSocket' on "
         "'DurableObjectState': parameter 2 is not of type 'Array'."),
        (lambda s: s.acceptWebSocket(), "TypeError: Failed to execute 'acceptWebSocket' on "
         "'DurableObjectState': parameter 1 is not of type 'WebSocket'."),
        (lambda s: s.getTags(pair()[0]), "Error: you must call 'acceptWebSocket()' before attempting to "
         "access the tags of a WebSocket."),
        (lambda s: s.getTags(None), "TypeError: Failed to execute 'getTags' on 'DurableObjectState': "
         "parameter 1 is not of type 'WebSocket'."),
        (lambda s: s.setWebSocketAutoResponse(AutoResponse("x" * 2049, "")),
         "RangeError: Request cannot be larger than 2048 bytes. A request of size 2049 was provided."),
        (lambda s: s.setWebSocketAutoResponse(AutoResponse("", "é" * 1025)),
         "RangeError: Response cannot be larger than 2048 bytes. A response of size 2050 was provided."),
        (lambda s: s.setHibernatableWebSocketEventTimeout(604800001),
         "Error: Event timeout should not exceed 604800000 ms."),
    ],
)  # fmt: skip
def test_refusals(chat: type[Chat], call: Any, message: str) -> None:
    with pytest.raises(JsException) as raised:
        accepting(chat, call)
    assert str(raised.value) == message


def test_tags_are_made_text_and_kept_once(chat: type[Chat]) -> None:
    def work(state: Any) -> list[list[str]]:
        found = []
        for tags in (["a", "a"], [""], [5], [], ["x" * 256], [str(i) for i in range(10)]):
            server = pair()[1]
            state.acceptWebSocket(server, JsArray(tags))
            found.append(list(state.getTags(server)))
        return found

    assert accepting(chat, work) == [
        ["a"], [""], ["5"], [], ["x" * 256], [str(i) for i in range(10)],
    ]  # fmt: skip
