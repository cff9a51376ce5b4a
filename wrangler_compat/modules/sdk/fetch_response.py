"""`pyodide.http.FetchResponse`: what a response from `fetch` offers (spec python-workers.md 2.5)."""

from __future__ import annotations

import json
from typing import Any

from edge.http.response import Response as JsResponse
from edge.js.errors import JsException


class BodyUsedError(OSError):
    """The body was read before."""

    __module__ = "pyodide.http"


class AbortError(OSError):
    """A request that failed on its way, or was aborted; the message is the reason's."""

    __module__ = "pyodide.http"

    def __init__(self, reason: JsException) -> None:
        super().__init__(reason.message)


class HttpStatusError(OSError):
    """`raise_for_status` met a status of 400 or more."""

    __module__ = "pyodide.http"

    def __init__(self, status: int, status_text: str, url: str) -> None:
        side = "Client" if status < 500 else "Server"
        super().__init__(f"{status} {side} Error: {status_text} for url: {url}")
        self.status = status
        self.status_text = status_text
        self.url = url


class PyodideFetchResponse:
    """Wraps a JavaScript Response."""

    __module__ = "pyodide.http"

    def __init__(self, url: str, js_response: JsResponse) -> None:
        self._url = url
        self.js_response = js_response

    @property
    def status(self) -> int:
        return self.js_response.status

    @property
    def status_text(self) -> str:
        return self.js_response.statusText

    @property
    def ok(self) -> bool:
        return self.js_response.ok

    @property
    def redirected(self) -> bool:
        return self.js_response.redirected

    @property
    def type(self) -> str:
        return self.js_response.type

    @property
    def url(self) -> str:
        return self.js_response.url

    @property
    def body_used(self) -> bool:
        return self.js_response.bodyUsed

    @property
    def headers(self) -> Any:
        return dict(self.js_response.headers._pairs())

    def raise_for_status(self) -> None:
        """Raises HttpStatusError for 400 to 599."""
        if 400 <= self.status < 600:
            raise HttpStatusError(self.status, self.status_text, self.url)

    def clone(self) -> PyodideFetchResponse:
        self._raise_if_failed()
        return PyodideFetchResponse(self._url, self.js_response.clone())

    async def buffer(self) -> Any:
        """The body as a JavaScript ArrayBuffer. Raises BodyUsedError, as all readers, when read before."""
        self._raise_if_failed()
        return await self.js_response.arrayBuffer()

    async def text(self) -> str:
        self._raise_if_failed()
        return await self.js_response.text()  # type: ignore[no-any-return]

    async def string(self) -> str:
        return await self.text()

    async def json(self, **kwargs: Any) -> Any:
        """The body through `json.loads`, which gets `kwargs`."""
        return json.loads(await self.text(), **kwargs)

    async def memoryview(self) -> memoryview:
        return (await self.buffer()).to_memoryview()  # type: ignore[no-any-return]

    async def bytes(self) -> bytes:
        return (await self.buffer()).to_bytes()  # type: ignore[no-any-return]

    def _raise_if_failed(self) -> None:
        if self.js_response.bodyUsed:
            raise BodyUsedError("Response body is already used")


PyodideFetchResponse.__name__ = PyodideFetchResponse.__qualname__ = "FetchResponse"
