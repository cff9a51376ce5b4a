"""The agent server: between the Worker, which speaks HTTP and WebSocket, and the agents of this container.

    GET  /health    {ok, pid, warm, installed}
    POST /prepare   all preparation at once (`prepare.py`); `warm: true` has an agent started ahead, with
                    `later: true` packages are installed after the answer, with `cached: true` not at all
    …    /packages  see `packages.py`
    WS   /          one query: its context comes by file, its agent is spawned (steps 10 and 11)
                    ?message=ID the context file of that message; ?wait=poll looks for it, else 150 ms
    WS   /agent     queries as frames, for a warm agent; runs can be taken up again

It knows neither sockets nor processes: `ws_agent_server.py` runs it for real, a simulation in virtual time.
"""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Coroutine, Mapping
from typing import Any

from agents import AgentStarter, spawned, tell
from context_file import take_context
from frames import Frame, decode, encode
from hearing import Hearing
from host import AgentProcess, Channel, Host
from packages import Answer, Packages
from prepare import BadRequest, packages, prepare
from runs import Runs
from warm_agent import WarmAgent

PING_S = 25.0
#: What a user may say to an agent while it works.
_WORDS = ("confirm", "stop", "pause", "resume")
_VIA_SDK = re.compile(r"^/proxy/\d+")


class AgentServer:
    """One for each container."""

    def __init__(self, host: Host, starter: AgentStarter, pid: int) -> None:
        self._host = host
        self._starter = starter
        self._pid = pid
        self._warm = WarmAgent(starter)
        self._runs = Runs()
        self._packages = Packages(host)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._preparing = asyncio.Lock()

    async def http(self, method: str, path: str, body: dict[str, Any] | bytes | None) -> Answer:
        """Answer a request: status and JSON, or bytes. The SDK's `fetch` names the port in the path."""
        path = _VIA_SDK.sub("", path)
        if method == "GET" and path == "/health":
            installed = await self._packages.installed()
            return 200, {"ok": True, "pid": self._pid, "warm": self._warm.warm, "installed": installed}
        try:
            if method == "POST" and path in ("/prepare", "/packages"):
                if not isinstance(body, dict):
                    raise BadRequest("the body is no JSON object")
                return await (self._prepare(body) if path == "/prepare" else self._install(body))
            answer = await self._packages.http(method, path, body)
        except BadRequest as mistake:
            return 400, {"error": str(mistake)}
        return (404, {"error": f"nothing at {method} {path}"}) if answer is None else answer

    async def _prepare(self, body: dict[str, Any]) -> Answer:
        try:
            async with self._preparing:
                done = await prepare(self._host, body, self._pid)
            if body.get("cached"):  # the Worker brings them
                done |= {"installed": [], "missing": await self._packages.missing(body)}
            else:
                done = _joined(done, (await self._install(body))[1])
        except OSError as failure:
            return 500, {"error": f"a file could not be written: {failure}"}
        if body.get("warm"):
            try:
                await self._warm.warm_up(body.get("env") or {}, body.get("cwd") or "/workspace")
            except (OSError, ValueError) as failure:
                return 500, {"error": f"the agent did not start: {failure}"}
        return 200, {**done, "pid": self._pid, "warm": self._warm.warm}

    async def _install(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if not body.get("later"):
            return 200, await self._packages.install(body)
        # Nobody waits for packages: what needs them fetches them until then.
        self._start(self._packages.install(body))
        return 200, {"installed": [], "failed": [], "skipped": [], "later": packages(body)}

    def _start(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run what nobody waits for, until the server is closed."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def websocket(self, path: str, query: Mapping[str, str], channel: Channel) -> None:
        """Serve a connection to its end."""
        if path == "/agent":
            await self._serve_queries(channel)
        else:
            await self._serve_context(query, channel)

    # -- a spawn for each query

    async def _serve_context(self, query: Mapping[str, str], channel: Channel) -> None:
        try:
            context = await take_context(self._host, query.get("message"), poll=query.get("wait") == "poll")
        except ValueError as mistake:
            await _refuse(channel, str(mistake))
            return
        if context is None:
            await _refuse(channel, "the context file did not come in time")
            return
        try:
            await channel.send(encode({"type": "context-read"}))
            async with spawned(self._starter, context) as agent:
                await self._relay(agent, channel)
        except ConnectionError:
            return  # nobody is there any more
        except (OSError, ValueError) as failure:
            await _refuse(channel, f"the agent did not start: {failure}")

    async def _relay(self, agent: AgentProcess, channel: Channel) -> None:
        """Agent to browser until the agent ends; the browser's going ends the agent."""
        hearing = Hearing(agent)
        back = asyncio.create_task(self._relay_back(agent, hearing, channel))
        was_over = False
        try:
            while (frame := await hearing.frame()) is not None:
                was_over = was_over or hearing.is_over
                await channel.send(encode(frame))
            agent.signal(signal.SIGKILL)
            code = await agent.wait()
            if not was_over:
                await channel.send(encode({"type": "error", "error": hearing.why}))
            await channel.send(encode({"type": "process-exit", "exitCode": code}))
            await channel.close()
        except ConnectionError:
            return  # the browser went; leaving the block above kills the agent
        finally:
            back.cancel()
            hearing.close()

    async def _relay_back(self, agent: AgentProcess, hearing: Hearing, channel: Channel) -> None:
        while (text := await channel.receive()) is not None:
            if (frame := decode(text)) is not None and frame["type"] in _WORDS:
                await tell(agent, hearing, frame)
        agent.signal(signal.SIGCONT)
        agent.signal(signal.SIGKILL)

    # -- the warm agent

    async def _serve_queries(self, channel: Channel) -> None:
        async def send(frame: Frame) -> None:
            await channel.send(encode(frame))

        pings = asyncio.create_task(self._ping(channel))
        try:
            while (text := await channel.receive()) is not None:
                if (frame := decode(text)) is not None:
                    await self._take(frame, send)
        except ConnectionError:
            return  # runs go on and wait to be taken up again
        finally:
            pings.cancel()
            self._runs.unlisten(send)

    async def _take(self, frame: Frame, send: Any) -> None:
        kind, message_id = frame["type"], str(frame.get("messageId", ""))
        if kind == "query":
            run = self._runs.start(message_id)
            if run is None:  # asked again after a lost connection: the answer is already on its way
                await self._attach(message_id, int(frame.get("after", 0)), send)
                return
            await run.listen(send, 0)
            self._start(self._warm.answer(run, frame))
        elif kind == "attach":
            await self._attach(message_id, int(frame.get("after", 0)), send)
        elif kind in _WORDS and (asked := self._runs.get(message_id)) is not None:
            await self._warm.tell(asked, frame)

    async def _attach(self, message_id: str, after: int, send: Any) -> None:
        run = self._runs.get(message_id)
        if run is None or not run.has_after(after):
            await send({"type": "error", "error": "no such run", "messageId": message_id, "seq": 0})
        else:
            await run.listen(send, after)

    async def _ping(self, channel: Channel) -> None:
        try:
            while True:
                await self._host.sleep(PING_S)
                await channel.send(encode({"type": "ping"}))
        except ConnectionError:
            return  # whoever receives from the channel notices too

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await self._warm.close()


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return {**one, **other, "skipped": [*one["skipped"], *other["skipped"]]}


async def _refuse(channel: Channel, reason: str) -> None:
    try:
        await channel.send(encode({"type": "error", "error": reason}))
        await channel.close(1011, reason)
    except ConnectionError:
        return  # nobody is there to be told
