"""Request (spec python-workers.md section 2.4)."""

from __future__ import annotations

import json
from http import HTTPMethod
from typing import Any

from edge.http.request import Request as JsRequest
from edge.js.errors import JsException
from edge.js.objects import JsObject
from edge.js.proxy import jsnull
from edge.js.typed_arrays import JsUint8Array
from wrangler_compat.modules.sdk.blob import Blob
from wrangler_compat.modules.sdk.errors import to_python_exception
from wrangler_compat.modules.sdk.formdata import FormData
from wrangler_compat.modules.sdk.headers import to_js_headers, to_message

_BODY_USED = "Body already used"


class Request:
    """An HTTP request: wraps a JavaScript one, or makes it from a URL and options.

    Options are those of `RequestInit` (method, headers, body, redirect, cf, signal, …). Raises ValueError
    for options beside a JavaScript Request, JsException TypeError for what `new Request` refuses.
    """

    __module__ = "workers.request"
    __slots__ = ("__dict__", "_js_request")

    def __init__(self, input: Any, **other_options: Any) -> None:
        if isinstance(input, JsRequest):
            if other_options:
                raise ValueError("Expected no options when constructing Request from a js.Request")
            self._js_request = input
            return
        source = input._js_request if isinstance(input, Request) else input
        self._js_request = JsRequest.js_new(source, request_init(other_options))

    def __repr__(self) -> str:
        return f"Request(method={self._js_request.method!r}, url={self._js_request.url!r})"

    @property
    def js_object(self) -> JsRequest:
        return self._js_request

    @property
    def body(self) -> Any:
        """The JavaScript ReadableStream, or null."""
        return self._js_request.body

    @property
    def body_used(self) -> bool:
        return self._js_request.bodyUsed

    @property
    def cf(self) -> Any:
        """What Cloudflare knows of the request, as a JavaScript object; None when it is not from outside."""
        cf = self._js_request.cf
        return None if cf is jsnull else cf

    @property
    def headers(self) -> Any:
        """A new `http.client.HTTPMessage` at each access."""
        return to_message(self._js_request.headers)

    @property
    def method(self) -> HTTPMethod:
        """Raises KeyError for methods that Python's HTTPMethod lacks."""
        return HTTPMethod[self._js_request.method]

    @property
    def url(self) -> str:
        return self._js_request.url

    @property
    def redirect(self) -> str:
        return self._js_request.redirect

    @property
    def cache(self) -> Any:
        return self._js_request.cache

    @property
    def integrity(self) -> str:
        return self._js_request.integrity

    @property
    def keepalive(self) -> bool:
        return self._js_request.keepalive

    # The five below exist in browsers only: workerd's Request lacks them, so these raise AttributeError.

    @property
    def credentials(self) -> Any:
        return self._js_request.credentials

    @property
    def destination(self) -> Any:
        return self._js_request.destination

    @property
    def is_history_navigation(self) -> Any:
        return self._js_request.isHistoryNavigation

    @property
    def mode(self) -> Any:
        return self._js_request.mode

    @property
    def referrer(self) -> Any:
        return self._js_request.referrer

    @property
    def referrer_policy(self) -> Any:
        return self._js_request.referrerPolicy

    def clone(self) -> Request:
        self._raise_if_used()
        return type(self)(self._js_request.clone())

    async def buffer(self) -> Any:
        """The body as a JavaScript ArrayBuffer. Raises OSError, as all readers, when it was read before."""
        self._raise_if_used()
        return await self._js_request.arrayBuffer()

    async def bytes(self) -> bytes:
        return (await self.buffer()).to_bytes()  # type: ignore[no-any-return]

    async def text(self) -> str:
        self._raise_if_used()
        return await self._js_request.text()  # type: ignore[no-any-return]

    async def json(self, **kwargs: Any) -> Any:
        """The body through `json.loads`, which gets `kwargs`."""
        return json.loads(await self.text(), **kwargs)

    async def blob(self) -> Blob:
        self._raise_if_used()
        return Blob(await self._js_request.blob())

    async def form_data(self) -> FormData:
        self._raise_if_used()
        try:
            return FormData(await self._js_request.formData())
        except JsException as error:
            raise to_python_exception(error) from error

    def _raise_if_used(self) -> None:
        if self._js_request.bodyUsed:
            raise OSError(_BODY_USED)


def request_init(options: dict[str, Any]) -> JsObject | None:
    """Python's options for a request as `RequestInit`; None when there are none."""
    if not options:
        return None
    init = dict(options)
    if isinstance(method := init.get("method"), HTTPMethod):
        init["method"] = method.value
    if "headers" in init:
        init["headers"] = to_js_headers(init["headers"])
    body = init.pop("body", None)
    if body is not None:
        init["body"] = body_to_js(body)
    return JsObject(init)


def body_to_js(body: Any) -> Any:
    """A body that Python code gives: bytes as a view of them, FormData as JavaScript's, the rest as is."""
    if isinstance(body, bytes):
        return JsUint8Array.of_bytes(body)
    return body.js_object if isinstance(body, FormData) else body
