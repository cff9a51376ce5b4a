"""What JavaScript sees of a Python exception: a `PythonError` whose message is the whole traceback.

Source: spec python-workers.md section 2.2, recordings `durable_rpc.json` (signatures, functions_over_rpc).
"""

from __future__ import annotations

from pathlib import Path
from traceback import TracebackException
from types import TracebackType
from typing import Any

from edge.js.errors import JsException
from edge.js.functions import JsFunction
from edge.js.promise import settle

_ROOT = Path(__file__).resolve().parents[2]
_OURS = (str(_ROOT / "edge") + "/", str(_ROOT / "wrangler_compat") + "/")


def python_error(error: BaseException) -> JsException:
    """`error` as the JavaScript error `PythonError`; also a JsException becomes one when Python code let
    it pass. The original stays reachable as `__cause__`."""
    failure = JsException("PythonError", traceback_text(error))
    failure.__cause__ = error
    return failure


async def call_back(function: Any, *args: Any) -> Any:
    """Call a function that a Worker handed to JavaScript, and wait for what it gives.

    Raises JsException: what Python code raises arrives as `PythonError`.
    """
    if isinstance(function, JsFunction):
        return await settle(function(*args))
    try:
        return await settle(function(*args))
    except Exception as failure:
        raise python_error(failure) from failure


def call_back_now(function: Any, *args: Any) -> Any:
    """`call_back` for a function that must answer at once."""
    if isinstance(function, JsFunction):
        return function(*args)
    try:
        return function(*args)
    except Exception as failure:
        raise python_error(failure) from failure


def traceback_text(error: BaseException) -> str:
    """`Traceback (most recent call last): …` without the emulator's frames above the Worker's first."""
    frames = _from_user_code(error.__traceback__) or error.__traceback__
    text = "".join(TracebackException(type(error), error, frames).format())
    return text if frames is not None else f"Traceback (most recent call last):\n{text}"


def _from_user_code(frames: TracebackType | None) -> TracebackType | None:
    while frames is not None and frames.tb_frame.f_code.co_filename.startswith(_OURS):
        frames = frames.tb_next
    return frames
