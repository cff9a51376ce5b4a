"""What JavaScript sees of Python exceptions: spec python-workers.md section 2.2."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from edge.js.errors import JsException, type_error
from edge.js.functions import JsFunction
from edge.js.python_error import call_back, call_back_now, python_error, traceback_text
from tests.loops import run


def caught(raiser: Any) -> BaseException:
    try:
        raiser()
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def fail() -> None:
    raise ValueError("boom\nsecond line")


def test_the_message_is_the_traceback() -> None:
    error = caught(fail)
    failure = python_error(error)
    assert failure.name == "PythonError"
    assert failure.message.startswith('Traceback (most recent call last):\n  File "')
    assert failure.message.endswith("ValueError: boom\nsecond line\n")
    assert failure.__cause__ is error


def test_an_exception_that_was_never_raised_has_a_header_too() -> None:
    assert traceback_text(KeyError("k")) == "Traceback (most recent call last):\nKeyError: 'k'\n"


def test_frames_of_the_emulator_above_the_workers_are_cut() -> None:
    text = python_error(caught(lambda: call_back_now(fail))).message
    assert "call_back_now" in text  # below a frame of the caller, which here is this test
    inner = caught(lambda: call_back_now(fail))
    assert isinstance(inner, JsException)
    lines = inner.message.splitlines()
    assert lines[1].startswith(f'  File "{__file__}"')
    assert lines[1].endswith("in fail")


def test_functions_of_python_raise_python_errors() -> None:
    def refuse() -> None:
        raise type_error("t")

    async def later() -> None:
        raise ValueError("later")

    for call in (
        lambda: call_back_now(refuse),
        lambda: run(call_back(refuse)),
        lambda: run(call_back(later)),
    ):
        error = caught(call)
        assert isinstance(error, JsException)
        assert error.name == "PythonError"


def test_functions_of_javascript_raise_what_they_raise() -> None:
    def refuse() -> None:
        raise type_error("t")

    function = JsFunction(refuse, "refuse")
    for call in (lambda: call_back_now(function), lambda: run(call_back(function))):
        error = caught(call)
        assert isinstance(error, JsException)
        assert (error.name, error.message) == ("TypeError", "t")


def test_values_come_back() -> None:
    assert call_back_now(lambda x: x + 1, 1) == 2
    assert run(call_back(lambda x: x + 1, 1)) == 2
    assert run(call_back(lambda x: asyncio.sleep(0, x), 5)) == 5


def test_cancellation_passes() -> None:
    async def cancelled() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run(call_back(cancelled))
