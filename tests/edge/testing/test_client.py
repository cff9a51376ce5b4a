"""Requests in process, as a test sends them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from edge.js.errors import JsException
from edge.testing.client import Client
from edge.testing.world import WorldUnderTest

pytestmark = pytest.mark.edge(config="project")


async def test_get(client: Client) -> None:
    reply = await client.get("/")
    assert (reply.status, reply.status_text, reply.ok, reply.text) == (200, "OK", True, "hello test")
    assert reply.headers["Content-Type"] == "text/plain;charset=UTF-8"
    assert repr(reply) == "<Reply 200 OK>"
    missing = await client.get("/nowhere")
    assert (missing.status, missing.ok) == (404, False)


async def test_what_the_worker_is_told(client: Client) -> None:
    reply = await client.put("/echo?a=1", params={"b": [2, 3]}, headers={"X-Mark": "here"}, content="text")
    told = reply.json()
    assert told["method"] == "PUT"
    assert told["query"] == "a=1&b=2&b=3"
    assert told["body"] == "text"
    assert told["headers"] == {
        "host": "localhost:8787",
        "accept-encoding": "br, gzip",
        "cf-connecting-ip": "127.0.0.1",
        "x-mark": "here",
        "content-type": "text/plain;charset=UTF-8",
        "content-length": "4",
    }
    assert reply.headers.getlist("set-cookie") == ["a=1", "b=2"]


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ({"json": {"a": [1]}}, "application/json", '{"a": [1]}'),
        ({"data": {"a": "x y", "b": 2}}, "application/x-www-form-urlencoded", "a=x+y&b=2"),
        ({"content": b"bytes"}, None, "bytes"),
        ({"json": 1, "headers": {"content-type": "text/x"}}, "text/x", "1"),
    ],
)
async def test_bodies(client: Client, body: dict[str, object], content_type: str | None, text: str) -> None:
    told = (await client.post("/echo", **body)).json()
    assert told["body"] == text
    assert told["headers"].get("content-type") == content_type


async def test_a_body_in_chunks(client: Client) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one "
        await asyncio.sleep(5)
        yield b"two"

    told = (await client.post("/echo", content=chunks())).json()
    assert told["body"] == "one two"
    assert "content-length" not in told["headers"]


async def test_other_methods(client: Client) -> None:
    for method in ("delete", "patch"):
        assert (await getattr(client, method)("/echo")).json()["method"] == method.upper()
    assert (await client.request("OPTIONS", "/echo")).json()["method"] == "OPTIONS"
    reply = await client.head("/")
    assert (reply.status, reply.content) == (200, b"")


async def test_mistakes_are_named(client: Client) -> None:
    with pytest.raises(TypeError, match="a request has one body: give content, json or data"):
        await client.post("/", json=1, content="x")
    with pytest.raises(ValueError, match="'BREW' is no HTTP method that Workers know"):
        await client.request("BREW", "/")
    with pytest.raises(TypeError) as unknown:
        client(plaice="syd")
    assert str(unknown.value) == (
        "client() has no option 'plaice'; it knows place, worker, base_url, headers, raise_errors"
    )


async def test_clients_with_other_options(client: Client) -> None:
    named = client(headers={"X-User": "ada"}, base_url="https://shop.example")
    told = (await named.get("/echo")).json()
    assert told["headers"]["x-user"] == "ada"
    assert told["headers"]["host"] == "shop.example"
    assert (await named(headers=[]).get("/echo")).json()["headers"].get("x-user") is None
    assert (await client.get("https://other.example/echo?x")).json()["query"] == "x"


async def test_what_the_worker_raises(client: Client) -> None:
    with pytest.raises(JsException, match="ValueError: boom") as raised:
        await client.get("/boom")
    assert isinstance(raised.value.__cause__, ValueError)
    reply = await client(raise_errors=False).get("/boom")
    assert reply.status == 500
    assert "ValueError: boom" in reply.text


async def test_a_stream_and_its_times(client: Client, world: WorldUnderTest) -> None:
    async with client.stream("GET", "/tokens") as reply:
        assert reply.headers_s == 0
        with pytest.raises(RuntimeError, match="the body is a stream that was not read yet"):
            assert reply.text
        with pytest.raises(ValueError, match="the body has no chunk"):
            assert reply.first_chunk_s
        tokens = [chunk async for chunk in reply]
    assert tokens == [b"one ", b"two ", b"three"]
    assert reply.first_chunk_s == 0.25
    assert reply.gaps_s == pytest.approx([0.1, 0.1])
    assert reply.text == "one two three"


async def test_a_stream_is_read_whole_unless_asked_for_otherwise(client: Client) -> None:
    reply = await client.get("/tokens")
    assert reply.text == "one two three"
    assert [chunk.data for chunk in reply.chunks] == [b"one ", b"two ", b"three"]
    assert await reply.read() == reply.content
    assert [chunk async for chunk in reply] == []


async def test_leaving_a_stream_early_is_a_client_that_disconnects(
    client: Client, world: WorldUnderTest
) -> None:
    async with client.stream("GET", "/tokens") as reply:
        async for chunk in reply:
            assert chunk == b"one "
            break
    await world.advance("1m")
    assert [chunk.data for chunk in reply.chunks] == [b"one "]


async def test_many_at_once(client: Client, world: WorldUnderTest) -> None:
    began_s = world.now
    replies = await asyncio.gather(*(client.get("/sleep?3600") for _ in range(50)))
    assert {reply.text for reply in replies} == {"slept"}
    assert world.now == began_s + 3600
