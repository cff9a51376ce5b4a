"""Rows of websocket.json that belong to the ends themselves, runtime.md section 5."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

from edge.http.blob import Blob
from edge.http.frames import DROPPED_REASON
from edge.http.host import Host, HttpCompat, current_host
from edge.http.websocket import WebSocket
from edge.js.buffers import JsArrayBuffer
from edge.js.errors import JsException
from edge.js.proxy import jsnull
from edge.js.typed_arrays import JsUint8Array
from edge.kernel.tasks import output_hold, resume_guard
from tests.edge.http.face import js, obj, raises, refused
from tests.loops import run

NOT_ACCEPTED = (
    "You must call one of accept() or state.acceptWebSocket() on this WebSocket before sending messages."
)


def _pair() -> tuple[WebSocket, WebSocket]:
    one, other = js.WebSocketPair.new().object_values()
    return one, other


class Recorder:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.log: list[Any] = []

    def on_message(self, data: str | bytes) -> None:
        self.log.append(data)

    def on_close(self, code: int, reason: str, was_clean: bool) -> None:
        self.log.append((code, reason, was_clean))

    def on_error(self, reason: JsException) -> None:
        self.log.append(str(reason))


def _listen(end: WebSocket) -> list[Any]:
    log: list[Any] = []
    end.addEventListener("message", lambda event: log.append(event.data))
    end.addEventListener("close", lambda event: log.append((event.code, event.reason, event.wasClean)))
    end.addEventListener("error", lambda event: log.append(event.message))
    return log


async def _settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_a_pair_has_its_ends_under_0_and_1() -> None:
    pair = js.WebSocketPair.new()
    one, other = pair.object_values()
    assert list(pair.object_keys()) == ["0", "1"]
    assert [list(entry) for entry in pair.object_entries()] == [["0", one], ["1", other]]
    assert getattr(pair, "0") is one is pair[0]
    assert getattr(pair, "1") is other
    with pytest.raises(AttributeError):
        getattr(pair, "2")


def test_before_and_after_accept() -> None:
    one, _ = _pair()
    assert one.readyState == 1
    refused("TypeError", NOT_ACCEPTED, lambda: one.send("x"))
    refused("TypeError", NOT_ACCEPTED, lambda: one.close(1000, "x"))
    one.accept()
    one.accept()
    for value in ("x", None, 5):
        one.send(value)
    refused(
        "TypeError",
        "Failed to execute 'send' on 'WebSocket': parameter 1 is not of type 'ArrayBuffer or "
        "ArrayBufferView or string'.",
        one.send,
    )
    assert [one.url, one.protocol, one.extensions] == [jsnull, jsnull, jsnull]
    assert one.readyState == 1


def test_constants() -> None:
    socket = js.WebSocket
    assert [socket.READY_STATE_CONNECTING, socket.READY_STATE_OPEN] == [0, 1]
    assert [socket.READY_STATE_CLOSING, socket.READY_STATE_CLOSED, socket.OPEN] == [2, 3, 1]


def test_messages_wait_for_accept_and_a_close_is_answered() -> None:
    async def main() -> None:
        one, other = _pair()
        log = _listen(other)
        one.accept()
        one.send("before accept")
        other.accept()
        one.send("after")
        one.close(4000, "done")
        assert log == [], "events come in turns of their own"
        await _settle()
        assert log == ["before accept", "after", (4000, "done", True)]
        assert [one.readyState, other.readyState] == [3, 3]
        other.close(4000, "done")
        refused("TypeError", "Can't call WebSocket send() after close().", lambda: one.send("x"))

    run(main())


def test_the_closing_side_gets_its_event_too() -> None:
    async def main() -> None:
        one, other = _pair()
        log = _listen(one)
        one.accept()
        other.accept()
        one.close()
        assert one.readyState == 2
        await _settle()
        assert (log, one.readyState) == ([(1005, "", True)], 3)

    run(main())


def test_half_open_sockets_answer_by_themselves() -> None:
    async def main(older: bool) -> None:
        if older:
            current_host.set(Host(compat=HttpCompat(websocket_auto_reply=False)))
        one, other = _pair()
        one.accept()
        other.accept() if older else other.accept(allowHalfOpen=True)
        log = _listen(one)
        one.close(1000)
        await _settle()
        assert [one.readyState, other.readyState, log] == [2, 2, []]
        other.send("last words")
        other.close(1001, "bye")
        await _settle()
        assert [one.readyState, other.readyState, log] == [3, 3, ["last words", (1001, "bye", True)]]

    run(main(older=False))
    run(main(older=True))


@pytest.mark.parametrize("code", [999, 5000, 42, 1004, 1005, 1006, 1015])
def test_bad_close_codes(code: int) -> None:
    one, _ = _pair()
    one.accept()
    refused("InvalidAccessError", f"Invalid WebSocket close code: {code}.", lambda: one.close(code))
    assert one.readyState == 1


def test_bad_close_reasons() -> None:
    one, _ = _pair()
    one.accept()
    refused(
        "TypeError",
        "If you specify a WebSocket close reason, you must also specify a code.",
        lambda: one.close(None, "why"),
    )
    with pytest.raises(JsException) as caught:
        one.close(1000, "é" * 62)
    assert caught.value.name == "SyntaxError"
    one.close(1000, "é" * 61)
    one.close(1005)  # closed already: ignored before it is looked at


def test_binary_messages() -> None:
    async def main() -> None:
        one, other = _pair()
        log = _listen(other)
        one.accept()
        other.accept()
        one.send(JsUint8Array.of_bytes(b"\x01"))
        await _settle()
        assert isinstance(log[0], Blob)
        assert log[0].data == b"\x01"
        other.binaryType = "arraybuffer"
        other.binaryType = "bogus"
        assert other.binaryType == "arraybuffer"
        one.send(JsArrayBuffer(b"\x02"))
        one.send("é\U0001f389")
        await _settle()
        assert isinstance(log[1], JsArrayBuffer)
        assert [log[1].to_bytes(), log[2]] == [b"\x02", "é\U0001f389"]
        current_host.set(Host(compat=HttpCompat(websocket_blob=False)))
        assert _pair()[0].binaryType == "arraybuffer"

    run(main())


def test_attachments() -> None:
    one, _ = _pair()
    assert one.deserializeAttachment() is jsnull
    one.serializeAttachment("v")
    assert one.deserializeAttachment() == "v"
    one.serializeAttachment("x" * 16376)
    for size, total in ((16385, 16391), (17000, 17006)):
        refused(
            "Error",
            f"A WebSocket 'attachment' cannot be larger than 16384 bytes.'attachment' was {total} bytes.",
            partial(one.serializeAttachment, "x" * size),
        )
    refused(
        "DataCloneError", "[object Object] could not be cloned.", lambda: one.serializeAttachment({"a": 1})
    )
    refused(
        "TypeError",
        "Failed to execute 'serializeAttachment' on 'WebSocket': parameter 1 is not of type 'Value'.",
        one.serializeAttachment,
    )
    assert len(one.deserializeAttachment()) == 16376
    one.serializeAttachment(obj(a=obj(b=1)))
    assert one.deserializeAttachment().a.b == 1


def test_the_door_gets_everything_in_order() -> None:
    async def main() -> None:
        client, server = _pair()
        door = Recorder()
        server.accept()
        server.send("one")
        server.send(JsUint8Array.of_bytes(b"\x02"))
        client._attach(door)
        server.send("three")
        server.close(4001, "early")
        assert door.log == ["one", b"\x02", "three", (4001, "early", True)]
        refused("TypeError", "Can't accept() WebSocket that was already used in a response.", client.accept)

    run(main())


def test_a_client_close_is_answered_through_the_door() -> None:
    async def main() -> None:
        client, server = _pair()
        door, log = Recorder(), _listen(server)
        server.accept()
        client._attach(door)
        client._send("hi")
        client._close(1001, "")
        await _settle()
        assert log == ["hi", (1001, "", True)]
        assert door.log == [(1001, "", True)]
        assert server.readyState == 3

    run(main())


def test_a_client_that_vanishes() -> None:
    async def main() -> None:
        client, server = _pair()
        door, log = Recorder(), _listen(server)
        server.accept()
        client._attach(door)
        client._drop()
        client._send("late")
        await _settle()
        assert log == [(1006, DROPPED_REASON, False)]
        assert server.readyState == 2
        server.send("into the void")
        server.close(1000)
        assert (door.log, server.readyState) == ([], 3)

    run(main())


def test_an_error_reaches_the_other_side() -> None:
    async def main() -> None:
        client, server = _pair()
        log = _listen(server)
        server.accept()
        client._fail(JsException("Error", "protocol"))
        await _settle()
        assert (log, server.readyState) == (["protocol"], 3)

    run(main())


def test_hibernatable_ends_give_frames_to_their_owner_and_answer_nothing() -> None:
    async def main() -> None:
        client, server = _pair()
        door, owner = Recorder(), Recorder()
        client._send("early")
        server._accept_hibernatable(owner)
        client._attach(door)
        assert _listen(server) == []
        client._send(b"\x01")
        client._close(1000, "")
        assert owner.log == ["early", b"\x01", (1000, "", True)]
        assert (door.log, server.readyState) == ([], 2)
        server.close(1000, "bye")
        assert (door.log, server.readyState) == ([(1000, "bye", True)], 3)
        refused("TypeError", "Can't accept() WebSocket after enabling hibernation.", server.accept)

    run(main())


def test_what_may_leave_in_a_response() -> None:
    client, server = _pair()
    client._check_returnable()
    server.accept()
    refused(
        "TypeError", "Can't return WebSocket in a Response after calling accept().", server._check_returnable
    )
    client._attach(Recorder())
    refused(
        "TypeError",
        "Can't return WebSocket that was already used in a response.",
        client._check_returnable,
    )


class Gate:
    """An output gate that tests open and break."""

    def __init__(self) -> None:
        self.waits: list[asyncio.Future[None]] = []

    def __call__(self) -> asyncio.Future[None] | None:
        return next((wait for wait in self.waits if not wait.done()), None)

    def lock(self) -> asyncio.Future[None]:
        self.waits.append(asyncio.get_running_loop().create_future())
        return self.waits[-1]


def test_sends_wait_for_the_output_gate_in_order() -> None:
    async def main() -> None:
        client, server = _pair()
        door, gate = Recorder(), Gate()
        server.accept()
        client._attach(door)
        output_hold.set(gate)
        server.send("free")
        first = gate.lock()
        server.send("a")
        output_hold.set(None)
        server.send("b, from elsewhere, still behind a")
        output_hold.set(gate)
        server.close(1000)
        assert (door.log, server.readyState) == (["free"], 2)
        first.set_result(None)
        await _settle()
        assert door.log == ["free", "a", "b, from elsewhere, still behind a", (1000, "", True)]

    run(main())


def test_what_is_written_after_a_frame_does_not_hold_it_back() -> None:
    async def main() -> None:
        client, server = _pair()
        door, gate = Recorder(), Gate()
        server.accept()
        client._attach(door)
        output_hold.set(gate)
        first = gate.lock()
        server.send("a")
        second = gate.lock()
        first.set_result(None)
        await _settle()
        server.send("b")
        await _settle()
        assert door.log == ["a"]
        second.set_result(None)
        await _settle()
        assert door.log == ["a", "b"]

    run(main())


def test_what_depends_on_failed_writes_never_leaves() -> None:
    async def main() -> None:
        client, server = _pair()
        door, gate = Recorder(), Gate()
        server.accept()
        client._attach(door)
        output_hold.set(gate)
        wait = gate.lock()
        server.send("leak")
        server.send("leak too")
        wait.set_exception(RuntimeError("disk full"))
        await _settle()
        assert door.log == [(1006, DROPPED_REASON, False)]

    run(main())


def test_events_wait_for_the_input_gate_of_the_accepting_object() -> None:
    async def main() -> None:
        class Guard:
            wait: asyncio.Future[None] | None = asyncio.get_running_loop().create_future()

            def blocked(self) -> asyncio.Future[None] | None:
                return self.wait

            def adopt(self, task: asyncio.Task[Any]) -> None:
                raise AssertionError("no task is needed to dispatch events")

        guard = Guard()
        client, server = _pair()
        log = _listen(server)
        token = resume_guard.set(guard)
        server.accept()
        resume_guard.reset(token)
        client._send("a")
        client._send("b")
        await _settle()
        assert log == []
        wait, guard.wait = guard.wait, None
        assert wait is not None
        wait.set_result(None)
        await _settle()
        assert log == ["a", "b"]

    run(main())


def test_listeners_run_in_the_context_that_accepted() -> None:
    async def main() -> None:
        client, server = _pair()
        seen: list[Any] = []
        mine = Host(compat=HttpCompat())
        token = current_host.set(mine)
        server.accept()
        current_host.reset(token)
        server.addEventListener("message", lambda event: seen.append(current_host.get()))
        client._send("x")
        await _settle()
        assert seen == [mine]

    run(main())


def test_async_listeners_start_in_order() -> None:
    async def main() -> None:
        client, server = _pair()
        seen: list[Any] = []

        async def listener(event: Any) -> None:
            seen.append(("start", event.data))
            await asyncio.sleep(0)
            server.send(event.data)

        server.accept()
        server.addEventListener("message", listener)
        door = Recorder()
        client._attach(door)
        client._send("1")
        client._send("2")
        await _settle()
        assert seen == [("start", "1"), ("start", "2")]
        assert door.log == ["1", "2"]
        with raises("TypeError", "Can't call WebSocket send() after close()."):
            server.close()
            server.send("x")

    run(main())
