"""Response and FetchResponse (spec python-workers.md section 2.5)."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from edge.http.body import extract
from edge.http.headers import Headers as JsHeaders
from edge.http.response import Response as JsResponse
from edge.http.response import checked_status_text
from edge.js.errors import JsException
from edge.js.objects import JsObject
from edge.js.proxy import JsProxy, jsnull
from wrangler_compat.modules.sdk.blob import Blob
from wrangler_compat.modules.sdk.errors import to_python_exception
from wrangler_compat.modules.sdk.fetch_response import PyodideFetchResponse
from wrangler_compat.modules.sdk.formdata import FormData
from wrangler_compat.modules.sdk.headers import fresh_headers, to_js_headers, to_message
from wrangler_compat.modules.sdk.request import body_to_js

#: JavaScript classes that may be a body (the SDK asks for the constructor's name).
ACCEPTED = frozenset(
    {
        *("Blob", "FormData", "ReadableStream", "URLSearchParams", "Response"),
        *("ArrayBuffer", "DataView", "TypedArray", "Uint8Array", "Uint8ClampedArray", "Int8Array"),
        *("Uint16Array", "Int16Array", "Uint32Array", "Int32Array", "BigInt64Array", "BigUint64Array"),
        *("Float16Array", "Float32Array", "Float64Array"),
    }
)
_NO_OPTIONS = "Expected no options when constructing Response from a js.Response"


class FetchResponse(PyodideFetchResponse):
    """A response: reading its body is asynchronous and possible once."""

    __module__ = "workers.response"

    @property
    def js_object(self) -> JsResponse:
        return self.js_response

    @property
    def body(self) -> Any:
        """The JavaScript ReadableStream, or None."""
        body = self.js_response.body
        return None if body is jsnull else body

    @property
    def headers(self) -> Any:
        """A new `http.client.HTTPMessage` at each access."""
        return to_message(self.js_response.headers)

    async def form_data(self) -> FormData:
        self._raise_if_failed()
        try:
            return FormData(await self.js_response.formData())
        except JsException as error:
            raise to_python_exception(error) from error

    async def formData(self) -> FormData:
        return await self.form_data()

    async def blob(self) -> Blob:
        self._raise_if_failed()
        return Blob(await self.js_response.blob())

    def replace_body(self, body: Any) -> Response:
        """The same status and headers with another body."""
        return Response(JsResponse.js_new(body_to_js(body), self.js_response))

    @staticmethod
    def redirect(url: str, status: HTTPStatus | int = HTTPStatus.FOUND) -> JsResponse:
        """A JavaScript Response. Raises ValueError for a status that redirects nowhere, TypeError for a
        bad URL."""
        try:
            return JsResponse.redirect(url, int(status))
        except JsException as error:
            raise to_python_exception(error) from error

    @staticmethod
    def from_json(
        data: Any,
        status: HTTPStatus | int = HTTPStatus.OK,
        status_text: str = "",
        headers: Any = None,
    ) -> Response:
        """`data` through `json.dumps`, JavaScript objects through JavaScript's Response.json.

        Raises TypeError for what cannot be serialised, ValueError for a bad status.
        """
        try:
            if isinstance(data, JsProxy):
                return Response(JsResponse.json_(data, JsObject(_init(status, status_text, headers))))
            js_headers = fresh_headers(headers) if headers else JsHeaders()
            if js_headers.get_str("content-type") is None:
                js_headers.add("content-type", "application/json")
            return Response(_make(json.dumps(data), status, status_text, js_headers))
        except JsException as error:
            raise to_python_exception(error) from error

    def json(self, *args: Any, **kwargs: Any) -> Any:
        """On a response: the body, parsed (a coroutine). `Response.json(data, …)`: `from_json`."""
        if isinstance(self, FetchResponse):
            return super().json()
        return Response.from_json(self, *args, **kwargs)


class Response(FetchResponse):
    """A response to send.

    `body` is str, bytes, None, FormData or a JavaScript body; anything else raises TypeError. `headers`
    is a dict, a list of pairs or JavaScript Headers. What JavaScript refuses raises JsException.
    """

    __module__ = "workers.response"

    def __init__(
        self,
        body: Any = None,
        status: HTTPStatus | int | None = None,
        status_text: str = "",
        headers: Any = None,
        web_socket: Any = None,
    ) -> None:
        self._url = ""
        if isinstance(body, JsResponse):
            if status is not None or status_text or headers is not None:
                raise ValueError(_NO_OPTIONS)
            self.js_response = body
            return
        if type(body) is not str:
            _check_body_type(body)
        self.js_response = _make(body, status, status_text, headers, web_socket)

    def __repr__(self) -> str:
        js = self.js_response
        shown = [f"status={js.status}"]
        if js.statusText:
            shown.append(f"status_text={js.statusText!r}")
        if (content_type := js.headers.get_str("content-type")) is not None:
            shown.append(f"content_type={content_type!r}")
        if js.url:
            shown.append(f"url={js.url!r}")
        if js.type != "default":
            shown.append(f"type={js.type!r}")
        return f"Response({', '.join(shown)})"


def _check_body_type(body: Any) -> None:
    if body is None or isinstance(body, (str, bytes, FormData)):
        return
    if not isinstance(body, JsProxy):
        raise TypeError(f"Unsupported type in Response: {type(body).__name__}")
    if type(body).js_name not in ACCEPTED:
        raise TypeError(f"Unsupported type in Response: {type(body).js_name}")


def _make(body: Any, status: Any, status_text: str, headers: Any, web_socket: Any = None) -> JsResponse:
    """`new Response(body, {status, statusText, headers, webSocket})`; falsy options count as absent."""
    payload: Any
    if type(body) is bytes:
        payload, content_type = body, None
    else:
        payload, content_type = extract(body.js_object if isinstance(body, FormData) else body)
    js_headers = fresh_headers(headers) if headers else JsHeaders()
    return JsResponse.build(
        payload,
        content_type,
        (int(status) if status else 200, checked_status_text(status_text) if status_text else ""),
        js_headers,
        web_socket or None,
    )


def _init(status: Any, status_text: str, headers: Any) -> dict[str, Any]:
    init: dict[str, Any] = {"status": int(status)} if status else {}
    if status_text:
        init["statusText"] = status_text
    if headers:
        init["headers"] = to_js_headers(headers)
    return init
