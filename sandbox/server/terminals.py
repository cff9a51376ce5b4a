"""Terminals over WebSockets: one pseudo-terminal a session, shared by all its sockets.

Binary frames are the terminal's bytes, text frames control it. A terminal lives on when a socket closes; the
next one is shown the latest output first.

Source: spec sandbox-and-containers.md section 5.9.
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable
from typing import Any

from edge.containers.engine import ContainerGone, Process, Terminal
from edge.http.response import Response
from edge.kernel.tasks import give_way, spawn_outside
from sandbox.server.call import Call
from sandbox.server.errors import ApiError, invalid
from sandbox.server.host import Host
from sandbox.server.sessions import Sessions
from sandbox.server.sockets import Socket, check_upgrade

REPLAY_BYTES_MAX = 256 * 1024
#: Frames of input that wait for a program that does not read.
_INPUTS_MAX = 1024
_BAD_SIZE = "Invalid dimensions: cols and rows must be positive"


class SharedTerminal:
    """A shell on a pseudo-terminal and who looks at it."""

    def __init__(self, process: Process, on_end: Callable[[], None]) -> None:
        self._process = process
        self._on_end = on_end
        self._sockets: list[Socket] = []
        self._replay = bytearray()
        self._input: asyncio.Queue[bytes] = asyncio.Queue(_INPUTS_MAX)
        self._writer = spawn_outside(self._write(), name="terminal input")
        spawn_outside(self._read(), name="terminal output")

    def attach(self, socket: Socket) -> Response:
        """Show it on one more socket: first what it showed lately, then `ready`."""
        self._sockets.append(socket)
        socket.on_bytes = lambda data: self._type(socket, data)
        socket.on_text = lambda text: self._control(socket, text)
        socket.on_end = lambda: self._sockets.remove(socket)
        response = socket.start()
        if self._replay:
            socket.send(bytes(self._replay))
        socket.send_json({"type": "ready"})
        return response

    def _type(self, socket: Socket, data: bytes) -> None:
        try:
            self._input.put_nowait(data)
        except asyncio.QueueFull:
            told = "The terminal reads too slowly: input was dropped"
            socket.send_json({"type": "error", "message": told})

    def _control(self, socket: Socket, text: str) -> None:
        try:
            message = json.loads(text)
            if message["type"] != "resize":
                raise ValueError(f"Unknown control message: {message['type']}")
            cols, rows = int(message["cols"]), int(message["rows"])
            if cols <= 0 or rows <= 0:
                raise ValueError(_BAD_SIZE)
        except (ValueError, KeyError, TypeError) as error:
            known = str(error) if isinstance(error, ValueError) else ""
            socket.send_json({"type": "error", "message": known or "Invalid control message"})
            return
        spawn_outside(self._process.resize(cols, rows), name="terminal resize")

    async def _write(self) -> None:
        while True:
            data = await self._input.get()
            try:
                await self._process.io.write(data)
            except (BrokenPipeError, OSError, ContainerGone):
                return  # it ended: the reader says so to everybody

    async def _read(self) -> None:
        ended: dict[str, Any]
        try:
            while data := await self._process.io.read():
                await give_way()
                self._replay += data
                del self._replay[:-REPLAY_BYTES_MAX]
                for socket in list(self._sockets):
                    socket.send(data)
            ended = _ending(await self._process.wait())
        except ContainerGone:
            ended = {"type": "error", "message": "Network connection lost."}
        self._on_end()
        self._writer.cancel()
        for socket in list(self._sockets):
            socket.send_json(ended)
            socket.close(1000 if ended["type"] == "exit" else 1011)
        await self._process.io.close()


class Terminals:
    """The terminals of a sandbox, by session."""

    def __init__(self, host: Host, sessions: Sessions) -> None:
        self._host = host
        self._sessions = sessions
        self._terminals: dict[str, asyncio.Task[SharedTerminal]] = {}

    async def attach(self, call: Call) -> Response:
        """GET /ws/pty?sessionId&cols&rows&shell: the first socket's options hold for the terminal."""
        check_upgrade(call.request)
        session_id = call.session_id()
        if session_id is None:
            raise invalid("sessionId is required", "sessionId")
        cols, rows = _size(call, "cols", 80), _size(call, "rows", 24)
        opening = self._terminals.get(session_id)
        if opening is None:
            opening = spawn_outside(
                self._open(session_id, Terminal(cols, rows), call.maybe_text("shell")), name="open terminal"
            )
            self._terminals[session_id] = opening
        try:
            terminal = await asyncio.shield(opening)
        except BaseException:
            if opening.done():
                self._terminals.pop(session_id, None)
            raise
        return terminal.attach(Socket())

    async def _open(self, session_id: str, size: Terminal, shell: str | None) -> SharedTerminal:
        place = await self._sessions.place(session_id)
        env = {**place.env, "TERM": "xterm-256color"}
        for program in (shell,) if shell else ("bash", "sh"):
            try:
                process = await self._host.instance.spawn(
                    (program,), cwd=place.cwd, env=env, stdin=True, terminal=size
                )
            except FileNotFoundError:
                continue
            return SharedTerminal(process, lambda: self._forget(session_id))
        raise ApiError("PROCESS_ERROR", f"The shell of a terminal cannot be started: {shell or 'bash'}")

    def _forget(self, session_id: str) -> None:
        self._terminals.pop(session_id, None)


def _size(call: Call, name: str, default: int) -> int:
    text = call.query.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise invalid(_BAD_SIZE, name)
    return int(text)


def _ending(code: int) -> dict[str, Any]:
    """The last control message."""
    ended: dict[str, Any] = {"type": "exit", "code": code}
    if code > 128 and code - 128 in list(signal.Signals):
        ended["signal"] = signal.Signals(code - 128).name
    return ended
