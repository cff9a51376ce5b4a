"""What Workers under test fetch."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from edge.http.response import Response
from edge.js.errors import JsException
from edge.testing.client import Client
from edge.testing.outbound import Answer, OutboundCall
from edge.testing.world import WorldUnderTest

pytestmark = pytest.mark.edge(config="project")


async def test_calls_are_answered_and_recorded(client: Client, world: WorldUnderTest) -> None:
    api = world.mock_fetch("https://api.example.com/*", json={"rate": 1.1}, headers={"X-Mark": "m"})
    assert (await client.get("/out")).text == '200 m {"rate": 1.1}'
    (call,) = api.calls
    assert (call.method, call.url) == ("POST", "https://api.example.com/rates")
    assert (call.text, call.at_s) == ("question", world.now)
    assert call.headers["content-type"] == "text/plain;charset=UTF-8"


async def test_the_mock_added_last_is_asked_first(client: Client, world: WorldUnderTest) -> None:
    world.mock_fetch("https://api.example.com/*", text="any")
    world.mock_fetch("https://api.example.com/rates", method="GET", text="not for POST")
    assert (await client.get("/out")).text == "200 None any"
    world.mock_fetch("https://api.example.com/rates", text="late", status=503)
    assert (await client.get("/out")).text == "503 None late"


async def test_a_function_answers(client: Client, world: WorldUnderTest) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"

    answers = iter([None, "text", b"bytes", {"a": 1}, Answer(chunks(), 201), Response.make(b"own", 202)])
    api = world.mock_fetch(lambda call: next(answers))
    texts = [(await client.get("/out")).text for _ in range(6)]
    assert texts == [
        "200 None ",
        "200 None text",
        "200 None bytes",
        '200 None {"a": 1}',
        "201 None ab",
        "202 None own",
    ]
    assert len(api.calls) == 6


async def test_a_coroutine_answers(client: Client, world: WorldUnderTest) -> None:
    async def answer(call: OutboundCall) -> str:
        await world.clock.sleep(2)
        return call.text

    world.mock_fetch("*", answer)
    reply = await client.get("/out")
    assert (reply.text, reply.headers_s) == ("200 None question", 2)


async def test_delays_and_failures(client: Client, world: WorldUnderTest) -> None:
    lost = JsException("Error", "Network connection lost.", retryable=True)
    world.mock_fetch("*", delay="1.5s", error=lost)
    began_s = world.now
    with pytest.raises(JsException, match=r"Network connection lost\."):
        await client.get("/out")
    assert world.now == began_s + 1.5


async def test_an_address_without_an_answer(client: Client, world: WorldUnderTest) -> None:
    world.mock_fetch("https://other.example/*")
    world.mock_fetch("https://api.example.com/rates", method="GET")
    with pytest.raises(JsException) as refused:
        await client.get("/out")
    assert (
        "the Worker called POST https://api.example.com/rates, and the test has no answer for it: add "
        "world.mock_fetch('https://api.example.com/rates', …). "
        "Mocked so far: GET https://api.example.com/rates, https://other.example/*"
    ) in str(refused.value)


@pytest.mark.edge(real_fetch=True)
async def test_the_real_network_holds_the_clock(client: Client, world: WorldUnderTest) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"question")
        await asyncio.to_thread(time.sleep, 0.1)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-Mark: real\r\n\r\nback")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    began_s = world.now
    async with asyncio.timeout(30):
        reply = await client.get(f"/out?http://127.0.0.1:{port}/")
    assert (reply.text, world.now) == ("200 real back", began_s)
    world.mock_fetch("*", text="mocks come first")
    assert (await client.get(f"/out?http://127.0.0.1:{port}/")).text == "200 None mocks come first"
    await world.advance("1d")
    server.close()
