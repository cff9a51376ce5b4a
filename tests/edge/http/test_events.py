from __future__ import annotations

import logging
from typing import Any

import pytest

from edge.http.host import Host, current_host
from edge.js.errors import JsException
from edge.kernel.clock import VirtualClock
from tests.edge.http.face import js, obj, raises, refused
from tests.loops import run, run_virtual


def test_listeners_are_called_in_order_once_each() -> None:
    target = js.EventTarget.new()
    seen: list[Any] = []
    first, second = (lambda event: seen.append(1)), (lambda event: seen.append(event.type))
    target.addEventListener("x", first, once=True)
    target.addEventListener("x", second)
    target.addEventListener("x", second)
    target.dispatchEvent(js.Event.new("x"))
    target.dispatchEvent(js.Event.new("x"))
    target.removeEventListener("x", second)
    target.dispatchEvent(js.Event.new("x"))
    assert seen == [1, "x", "x"]


def test_events() -> None:
    event = js.Event.new("x", cancelable=True)
    assert (event.type, event.bubbles, event.cancelable, event.isTrusted) == ("x", False, True, False)
    target = js.EventTarget.new()
    target.addEventListener("x", lambda event: event.preventDefault())
    assert target.dispatchEvent(event) is False
    assert event.defaultPrevented
    assert event.target is target
    assert js.MessageEvent.new("message", data=5).data == 5
    close = js.CloseEvent.new("close", code=4000, reason="r", wasClean=True)
    assert (close.code, close.reason, close.wasClean) == (4000, "r", True)
    assert js.ErrorEvent.new("error", message="m").message == "m"
    refused(
        "TypeError",
        "Failed to construct 'Event': constructor parameter 1 is not of type 'string'.",
        lambda: js.Event.new(),
    )


def test_immediate_propagation_can_be_stopped() -> None:
    target = js.EventTarget.new()
    seen: list[Any] = []
    target.addEventListener("x", lambda event: event.stopImmediatePropagation())
    target.addEventListener("x", lambda event: seen.append(event))
    target.dispatchEvent(js.Event.new("x"))
    assert seen == []


def test_a_failing_listener_is_reported_and_the_others_run(caplog: pytest.LogCaptureFixture) -> None:
    target = js.EventTarget.new()
    seen: list[Any] = []

    def fail(event: Any) -> None:
        raise ValueError("in listener")

    async def fail_later(event: Any) -> None:
        raise ValueError("in async listener")

    async def main() -> None:
        for listener in (fail, fail_later, seen.append):
            target.addEventListener("x", listener)
        target.dispatchEvent(js.Event.new("x"))

    with caplog.at_level(logging.ERROR, "edge.worker"):
        run(main())
    assert len(seen) == 1
    assert [record.getMessage() for record in caplog.records] == [
        "Uncaught (in x listener) in listener",
        "Uncaught (in async x listener) in async listener",
    ]


def test_handler_objects_and_on_attributes() -> None:
    target = js.EventTarget.new()
    seen: list[Any] = []
    target.addEventListener("x", obj(handleEvent=seen.append))
    target.onx = seen.append
    target.dispatchEvent(js.Event.new("x"))
    assert len(seen) == 2


def test_abort() -> None:
    controller = js.AbortController.new()
    seen: list[Any] = []
    signal = controller.signal
    signal.addEventListener("abort", lambda event: seen.append(event.target.reason.name))
    signal.throwIfAborted()
    controller.abort()
    controller.abort("again")
    assert (signal.aborted, seen) == (True, ["AbortError"])
    refused("AbortError", "The operation was aborted", signal.throwIfAborted)
    assert js.AbortSignal.abort("why").reason == "why"
    refused("TypeError", "Illegal constructor", lambda: js.AbortSignal.new())


def test_listeners_leave_with_their_signal() -> None:
    target, controller = js.EventTarget.new(), js.AbortController.new()
    seen: list[Any] = []
    target.addEventListener("x", seen.append, signal=controller.signal)
    controller.abort()
    target.dispatchEvent(js.Event.new("x"))
    assert seen == []


def test_any_follows_the_first_one() -> None:
    first, second = js.AbortController.new(), js.AbortController.new()
    combined = js.AbortSignal.any([first.signal, second.signal])
    second.abort("b")
    first.abort("a")
    assert combined.reason == "b"
    assert js.AbortSignal.any([first.signal]).reason == "a"


def test_timeout_fires_by_the_worlds_clock() -> None:
    clock = VirtualClock()

    async def main() -> None:
        current_host.set(Host(clock=clock))
        signal = js.AbortSignal.timeout(1500)
        await clock.advance(1.4)
        assert not signal.aborted
        await clock.advance(0.2)
        with raises("TimeoutError", "The operation was aborted due to timeout"):
            signal.throwIfAborted()
        assert isinstance(signal.reason, JsException)

    run_virtual(main(), clock)
