"""Agents that misbehave, and users who leave them paused, without an answer, or stop them early."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.cortex.container import conftest  # noqa: F401 (puts the container's folder on the path)
from tests.cortex.container.doubles import Frame, MemoryAgent, MemoryChannel, MemoryHost, echo
from tests.cortex.container.test_agent_server import server_on, serving
from tests.loops import run_virtual

import agent_loop  # isort: skip
from runs import Run  # isort: skip

Use = Callable[[MemoryChannel], Awaitable[Any]]


def quiet(agent: MemoryAgent, frame: Frame) -> None:
    """Begins to answer, then waits; ends when it is stopped."""
    if frame["type"] == "query":
        agent.say(type="text-delta", text="…")
    elif frame["type"] == "stop":
        agent.say(type="done", stopped=True)


def asked(host: MemoryHost, way: str, use: Use) -> Any:
    """Ask on either way, a warm agent or one spawned for the query, in virtual time."""

    async def scenario() -> Any:
        if way == "warm":

            async def ask(channel: MemoryChannel) -> Any:
                channel.tell(type="query", messageId="m", prompt="hi")
                return await use(channel)

            return await serving(host, "/agent", {}, ask, limit_s=10_000)
        host.files["/tmp/vf-query-m.json"] = json.dumps({"type": "query", "prompt": "hi"})
        query = {"message": "m", "wait": "poll"}
        return await serving(host, "/", query, use, limit_s=10_000)

    return run_virtual(scenario())


ways = pytest.mark.parametrize("way", ["warm", "spawned"])


@ways
def test_an_agent_that_hangs_is_ended_and_told(way: str) -> None:
    host = MemoryHost(quiet)
    frames = asked(host, way, lambda channel: channel.until("process-exit"))
    assert [frame["type"] for frame in frames if frame["type"] != "context-read"] == [
        "text-delta",
        "error",
        "process-exit",
    ]
    assert frames[-2]["error"] == "the agent said nothing for 120 s"
    assert host.agents[0].signals[-1] == signal.SIGKILL


@ways
def test_an_agent_that_ends_without_its_last_word_is_told(way: str) -> None:
    def die(agent: MemoryAgent, frame: Frame) -> None:
        agent.say(type="text-delta", text="…")
        agent.end(3)

    frames = asked(MemoryHost(die), way, lambda channel: channel.until("process-exit"))
    assert frames[-2]["error"] == "the agent ended"
    assert frames[-1]["exitCode"] == 3


@ways
def test_what_is_no_frame_is_left_out(way: str) -> None:
    def mumble(agent: MemoryAgent, frame: Frame) -> None:
        for line in ("x", "{}", "[" * 100_000, '{"type": "text-delta"}', '{"type": "text-delta", "text": 7}'):
            agent.print(line)
        agent.print('{"type": "text-delta", "text": "half \\ud800", "seq": "x", "messageId": "another"}')
        echo(agent, frame)

    frames = asked(MemoryHost(mumble), way, lambda channel: channel.until("done"))
    texts = [frame for frame in frames if frame["type"] == "text-delta"]
    assert [frame["text"] for frame in texts] == ["half ?", "hi"]
    if way == "warm":
        assert [(frame["seq"], frame["messageId"]) for frame in frames] == [(1, "m"), (2, "m"), (3, "m")]
    else:
        assert "seq" not in texts[0]


@ways
def test_a_line_without_an_end_ends_the_agent(way: str) -> None:
    def shout(agent: MemoryAgent, frame: Frame) -> None:
        agent.print(ValueError("Separator is not found, and chunk exceed the limit"))

    frames = asked(MemoryHost(shout), way, lambda channel: channel.until("process-exit"))
    assert frames[-2]["error"] == "the agent printed a line that is too long"


@ways
def test_who_waits_for_its_user_is_not_silent(way: str) -> None:
    def ask(agent: MemoryAgent, frame: Frame) -> None:
        if frame["type"] == "query":
            agent.say(type="confirmation", toolName="run", approvalId="tool-1")
        elif frame["type"] == "confirm":
            agent.say(type="done", allowed=frame["allow"])

    async def dawdle(channel: MemoryChannel) -> list[Frame]:
        await channel.until("confirmation")
        await asyncio.sleep(500)
        channel.tell(type="confirm", messageId="m", approvalId="tool-1", allow=True)
        return await channel.until("done")

    assert asked(MemoryHost(ask), way, dawdle)[-1]["allowed"] is True
    frames = asked(MemoryHost(ask), way, lambda channel: channel.until("process-exit"))
    assert frames[-2]["error"] == "nobody said whether the agent may use a tool for 600 s"


@ways
def test_a_pause_may_last_and_a_stop_ends_it(way: str) -> None:
    async def rest(channel: MemoryChannel) -> list[Frame]:
        await channel.until("text-delta")
        channel.tell(type="pause", messageId="m")
        await asyncio.sleep(500)
        channel.tell(type="stop", messageId="m")
        return await channel.until("done")

    host = MemoryHost(quiet)
    assert asked(host, way, rest)[-1]["stopped"] is True
    assert host.agents[0].signals[:2] == [signal.SIGSTOP, signal.SIGCONT]


@ways
def test_an_agent_that_does_not_stop_is_ended(way: str) -> None:
    def deaf(agent: MemoryAgent, frame: Frame) -> None:
        if frame["type"] == "query":
            agent.say(type="text-delta", text="…")

    async def stop(channel: MemoryChannel) -> list[Frame]:
        await channel.until("text-delta")
        await asyncio.sleep(60)
        channel.tell(type="stop", messageId="m")
        return await channel.until("process-exit")

    assert asked(MemoryHost(deaf), way, stop)[-2]["error"] == "the agent did not stop for 10 s"


# -- several at once, with a warm agent


def test_words_reach_only_the_run_they_name() -> None:
    host = MemoryHost(quiet)

    async def use(channel: MemoryChannel) -> list[Frame]:
        await channel.until("text-delta")
        channel.tell(type="query", messageId="later", prompt="later")
        for kind in ("pause", "resume", "confirm"):
            channel.tell(type=kind, messageId="later", approvalId="tool-1", allow=True)
        channel.tell(type="stop", messageId="later")
        frames = await channel.until("done")
        channel.tell(type="stop", messageId="m")
        return [*frames, *await channel.until("done")]

    frames = asked(host, "warm", use)
    assert [(frame["messageId"], frame["type"]) for frame in frames] == [("later", "done"), ("m", "done")]
    assert [frame["type"] for frame in host.agents[0].heard] == ["query", "stop"]
    assert host.agents[0].signals == [signal.SIGCONT]


def test_a_paused_run_goes_on_when_another_message_waits() -> None:
    host = MemoryHost(quiet)

    async def use(channel: MemoryChannel) -> None:
        await channel.until("text-delta")
        channel.tell(type="pause", messageId="m")
        channel.tell(type="query", messageId="later", prompt="later")
        await asyncio.sleep(1)
        channel.tell(type="pause", messageId="m")
        await asyncio.sleep(1)

    asked(host, "warm", use)
    assert host.agents[0].signals[:2] == [signal.SIGSTOP, signal.SIGCONT]
    assert signal.SIGSTOP not in host.agents[0].signals[1:]


def test_an_agent_that_ended_while_it_waited_is_replaced() -> None:
    host = MemoryHost()

    async def use(channel: MemoryChannel) -> list[Frame]:
        await channel.until("done")
        host.agents[0].end(137)
        channel.tell(type="query", messageId="next", prompt="next")
        return await channel.until("done", "error")

    assert asked(host, "warm", use)[-1]["fullText"] == "next"
    assert len(host.agents) == 2


def test_a_preparation_does_not_wait_for_an_agent_that_works() -> None:
    host = MemoryHost(quiet)

    async def scenario() -> tuple[int, Any]:
        server = server_on(host)

        async def use(channel: MemoryChannel) -> tuple[int, Any]:
            channel.tell(type="query", messageId="m", prompt="hi")
            await channel.until("text-delta")
            return await server.http("POST", "/prepare", {"warm": True, "env": {"NEW": "1"}})

        return await serving(host, "/agent", {}, use, server)

    assert run_virtual(scenario())[0] == 200
    assert len(host.agents) == 1


def test_what_was_dropped_is_not_passed_over_in_silence() -> None:
    async def scenario() -> list[bool]:
        run = Run("m", kept=3)
        for _ in range(5):
            await run.say({"type": "text-delta", "text": "x"})
        return [run.has_after(after) for after in (0, 1, 2, 5, 6)]

    assert asyncio.run(scenario()) == [False, False, True, True, False]


def test_a_stop_right_behind_its_query_is_heard() -> None:
    async def scenario() -> list[Frame]:
        inbox, said = agent_loop.Inbox(), []

        async def answer(query: Frame) -> None:
            said.append({"type": "text-delta"})

        async def emit(frame: Frame) -> None:
            said.append(frame)

        for kind in ("query", "stop", "stop"):
            inbox.take({"type": kind, "sessionId": "s"})
        inbox.take({"type": "query"})
        inbox.take(None)
        await agent_loop.serve(inbox, answer, emit, warm=True)
        return said

    first, second = asyncio.run(scenario())
    assert (first["type"], first["stopped"], first["sessionId"]) == ("done", True, "s")
    assert second["type"] == "text-delta"
