"""Somebody with a browser in front of Cortex, in the same process."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from edge.testing.client import Client
from edge.testing.socket import ClientSocket

Frame = dict[str, Any]
#: Frames after which nothing more of a message comes.
LAST = ("done", "error", "process-exit")
_PATIENCE = "10m"


class Refused(Exception):
    """An API answered with an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


@dataclass
class Answer:
    """What came back for one message; times in milliseconds since it was sent."""

    frames: list[Frame] = field(default_factory=list)
    first_token_ms: float | None = None
    total_ms: float = 0.0

    @property
    def text(self) -> str:
        return "".join(frame["text"] for frame in self.frames if frame["type"] == "text-delta")

    @property
    def last(self) -> Frame:
        return self.frames[-1]

    @property
    def timing(self) -> Frame:
        """The waterfall as it was last told. Raises LookupError when there is none."""
        for frame in reversed(self.frames):
            if frame["type"] == "timing":
                return frame
        raise LookupError("no timing came")

    def step(self, number: int) -> list[Frame]:
        """What the waterfall says of one of the eleven steps."""
        return [step for step in self.timing["steps"] if step["step"] == number]


class Person:
    """Calls the APIs and sends messages."""

    def __init__(self, world: Any, name: str = "ada") -> None:
        self.world = world
        self.client = Client(world)
        self.name = name
        self.token = ""
        self._numbers = itertools.count(1)

    async def sign_in(self) -> Person:
        self.token = (await self.call("POST", "/api/auth/setup", {"name": self.name}))["token"]
        return self

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """The data of an API. Raises Refused."""
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        content = {} if body is None else {"json": body}
        reply = await self.client.request(method, path, headers=headers, **content)
        answer = json.loads(reply.text)
        if not answer["success"]:
            raise Refused(reply.status, answer["error"])
        return answer["data"]

    async def session(self, switches: str, **more: Any) -> str:
        """A new session's id."""
        record = await self.call("POST", "/api/sessions/create", {"switches": switches, **more})
        return str(record["id"])

    @asynccontextmanager
    async def connected(
        self, session_id: str, message_id: str, switches: str, *, after: int | None = None
    ) -> AsyncIterator[ClientSocket]:
        """The WebSocket of a message."""
        query = f"sessionId={session_id}&messageId={message_id}&switches={switches}"
        query += "" if after is None else f"&after={after}"
        socket = self.client.websocket(f"/api/sdk/ws?{query}", protocols=["cortex", self.token])
        async with socket:
            yield socket

    async def message(
        self, session_id: str, prompt: str = "hello", switches: str = "", *, typing_s: float = 0.0
    ) -> Answer:
        """Connect, type for a while, send the message and hear it to its end."""
        async with self.connected(session_id, f"{self.name}-{next(self._numbers)}", switches) as socket:
            await self.world.clock.sleep(typing_s)
            return await self.ask(socket, prompt)

    async def ask(self, socket: ClientSocket, prompt: str) -> Answer:
        """Send the query on an open socket, and hear the answer."""
        clock = self.world.clock
        started_s = clock.monotonic()
        await socket.send_json({"type": "query", "prompt": prompt})
        answer = Answer()
        while not answer.frames or answer.last["type"] not in LAST:
            frame = await socket.receive_json(_PATIENCE)
            if frame["type"] == "text-delta" and answer.first_token_ms is None:
                answer.first_token_ms = (clock.monotonic() - started_s) * 1000
            answer.frames.append(frame)
        answer.total_ms = (clock.monotonic() - started_s) * 1000
        return answer
