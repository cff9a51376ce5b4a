"""Recorded: durable_rpc `fetch_forms`; spec python-workers.md section 2.6."""

from __future__ import annotations

from http import HTTPMethod
from typing import Any

import pytest

from edge.http.request import Request as JsRequest
from edge.http.response import Response as JsResponse
from edge.js.collections import JsMap
from edge.js.errors import JsException, error
from edge.js.promise import JsPromise
from tests.loops import run
from wrangler_compat.modules.sdk.fetch import make_fetch
from wrangler_compat.modules.sdk.request import Request
from wrangler_compat.modules.sdk.response import Response


def outbound(request: JsRequest) -> JsPromise:
    async def answer() -> JsResponse:
        body = await request.text()
        headers = dict(request.headers._pairs())
        return JsResponse.js_new(f"{request.method} {request.url} {body} {headers.get('x-h')}")

    return JsPromise.start(answer(), name="answer")


fetch = make_fetch(outbound)


async def text_of(*args: Any, **options: Any) -> str:
    response = await fetch(*args, **options)
    assert type(response) is Response
    return await response.text()


@pytest.mark.parametrize(
    ("resource", "options", "text"),
    [
        ("http://h/p?q=1", {}, "GET http://h/p?q=1  None"),
        ("http://h/p", {"method": "POST", "body": "data"}, "POST http://h/p data None"),
        ("http://h/p", {"method": HTTPMethod.PUT, "body": b"b"}, "PUT http://h/p b None"),
        ("http://h/p", {"headers": {"x-h": 123}}, "GET http://h/p  123"),
        ("http://h/p", {"headers": JsMap([("x-h", "map")])}, "GET http://h/p  map"),
        (JsRequest.make("https://e/y"), {}, "GET https://e/y  None"),
    ],
    ids=["str", "method", "HTTPMethod", "headers", "to_js headers", "js Request"],
)
def test_forms(resource: Any, options: Any, text: str) -> None:
    assert run(text_of(resource, **options)) == text


def test_a_request_of_the_sdk_is_sent_itself() -> None:
    sent: list[Any] = []

    def keep(request: JsRequest) -> JsPromise:
        sent.append(request)
        return JsPromise.resolved(JsResponse.make())

    request = Request("https://e/x", method="PUT", body="b")
    run(make_fetch(keep)(request))
    assert sent == [request.js_object]


def test_a_fetcher_of_ones_own() -> None:
    answer = JsResponse.make(b"own")
    assert run(text_of("http://h/", fetcher=lambda request: JsPromise.resolved(answer))) == "own"


def test_a_request_that_cannot_be_made() -> None:
    with pytest.raises(JsException) as caught:
        run(fetch("/p"))
    assert (caught.value.name, caught.value.message) == ("TypeError", "Invalid URL: /p")


def test_a_failure_on_the_way_is_an_abort_error() -> None:
    broken = make_fetch(lambda request: JsPromise.rejected(error("Network connection lost.")))
    with pytest.raises(OSError) as caught:
        run(broken("http://h/"))
    assert type(caught.value).__name__ == "AbortError"
    assert str(caught.value) == "Network connection lost."


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), "fetch() missing 1 required positional argument: 'resource'"),
        (("http://h/", {}), "fetch() takes 1 positional argument but 2 were given"),
    ],
    ids=["none", "two"],
)
def test_argument_counts(args: tuple[Any, ...], message: str) -> None:
    with pytest.raises(TypeError) as caught:
        fetch(*args)
    assert str(caught.value) == message
