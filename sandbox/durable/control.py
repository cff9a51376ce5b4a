"""Requests to the server inside the sandbox, one for each operation (spec section 7)."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from js import JSON, console

from sandbox.container.values import is_absent
from sandbox.errors import SandboxError, error_from_response

Fetch = Callable[..., Awaitable[Any]]
_BASE = "http://localhost:3000"
_FIRST_DELAY_S = 3.0
_DELAY_MAX_S = 30.0
#: What a further attempt needs; with less time left there is none.
_ATTEMPT_S = 15.0
#: From how many characters on a text is worth the way to JavaScript and back.
_LONG_TEXT = 32 * 1024


class Control:
    """The HTTP API of one sandbox. Every method raises the SandboxError that the server answers."""

    def __init__(self, fetch: Fetch, retry_s: Callable[[], float]) -> None:
        """`fetch` sends to port 3000 (it starts the container); `retry_s` says for how long to try again."""
        self._fetch = fetch
        self._retry_s = retry_s

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        return await self.json("POST", path, body)

    async def json(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send JSON, get JSON."""
        response = await self._answer(method, path, body)
        try:
            return json.loads(await response.text())
        except ValueError as error:
            raise SandboxError("Response was not valid JSON", "INVALID_JSON_RESPONSE") from error

    async def stream(self, path: str, body: Mapping[str, Any] | None = None, method: str = "POST") -> Any:
        """Send JSON, get a JavaScript ReadableStream."""
        return await self.body(await self._answer(method, path, body))

    async def raw(self, path: str, body: Mapping[str, Any]) -> Any:
        """Send JSON, get the Response."""
        return await self._answer("POST", path, body)

    async def upload(self, path: str, stream: Any) -> Any:
        """Send a ReadableStream (it can be sent once, so there is no second attempt), get JSON."""
        headers = {"content-type": "application/octet-stream"}
        response = await self._fetch(_BASE + path, method="POST", headers=headers, body=stream)
        await _check(response)
        return json.loads(await response.text())

    @staticmethod
    async def body(response: Any) -> Any:
        stream = response.js_object.body
        if is_absent(stream):
            raise SandboxError("No response body for streaming")
        return stream

    async def _answer(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        init: dict[str, Any] = {"method": method}
        if body is not None:
            init["body"] = as_json(body)
            init["headers"] = {"content-type": "application/json"}
        response = await self._patiently(lambda: self._fetch(_BASE + path, **init))
        await _check(response)
        return response

    async def _patiently(self, send: Callable[[], Awaitable[Any]]) -> Any:
        """While the answer is 503, try again."""
        until_s = time.monotonic() + self._retry_s()
        delay_s = _FIRST_DELAY_S
        while True:
            response = await send()
            left_s = until_s - time.monotonic() - _ATTEMPT_S
            if response.status != 503 or left_s <= 0:
                return response
            wait_s = min(delay_s, left_s)
            console.log(f"Sandbox is not ready (503), trying again in {wait_s:g}s")
            await asyncio.sleep(wait_s)
            delay_s = min(delay_s * 2, _DELAY_MAX_S)


def as_json(members: Mapping[str, Any]) -> str:
    """An object as JSON, without members that are None. A long text, as that of a file, is JavaScript's to
    write: it takes a fraction of the time."""
    written = [f"{json.dumps(name)}: {_value(value)}" for name, value in members.items() if value is not None]
    return "{" + ", ".join(written) + "}"


def _value(value: Any) -> str:
    if isinstance(value, str) and len(value) > _LONG_TEXT:
        return str(JSON.stringify(value))
    return json.dumps(value)


async def _check(response: Any) -> None:
    if not response.ok:
        raise await error_of(response)


async def error_of(response: Any) -> SandboxError:
    """What a response that is no success says."""
    try:
        described = json.loads(await response.text())
    except ValueError:
        described = None
    if not isinstance(described, dict) or "code" not in described:
        return SandboxError(
            f"HTTP error! status: {response.status}",
            response={"httpStatus": response.status, "context": {"statusText": response.status_text}},
        )
    return error_from_response(described)
