"""Terminals over WebSockets."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.server import terminals
from tests.sandbox.server.api import Api, Refused, with_api
from tests.sandbox.server.socket_client import Client

PTY = "/ws/pty?sessionId=main"


def test_a_terminal_is_typed_into(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        await api.exec("cd /; export A=from-session")
        client = await Client.connect(api, f"{PTY}&cols=101&rows=33&shell=sh")
        assert await client.control() == {"type": "ready"}
        client.send(b"echo $A $TERM; pwd; stty size\n")
        shown = await client.bytes_until(b"33 101")
        assert b"from-session xterm-256color\r\n/\r\n" in shown
        client.send_json({"type": "resize", "cols": 50, "rows": 20})
        client.send(b"stty size\n")
        await client.bytes_until(b"20 50")
        client.send(b"exit 3\n")
        while isinstance(frame := await client.frame(), bytes):
            continue
        assert frame == '{"type":"exit","code":3}'
        assert await client.frame() == 1000
        again = await Client.connect(api, f"{PTY}&shell=sh")
        assert await again.control() == {"type": "ready"}  # a new one, with nothing to replay

    with_api(tmp_path, body)


def test_a_terminal_is_shared_and_outlives_its_sockets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminals, "REPLAY_BYTES_MAX", 2000)

    async def body(api: Api) -> None:
        first = await Client.connect(api, f"{PTY}&shell=sh")
        assert await first.control() == {"type": "ready"}
        first.send(b"X=one; echo a${X}a\n")
        await first.bytes_until(b"aonea")
        first.close()
        second = await Client.connect(api, PTY)
        replayed = await second.frame()
        assert isinstance(replayed, bytes)
        assert b"aonea" in replayed
        assert await second.control() == {"type": "ready"}
        third = await Client.connect(api, PTY)
        await third.control()
        second.send(b"echo b${X}b; yes | head -c 5000; echo e''nd\n")
        await second.bytes_until(b"end\r\n")
        assert b"boneb" in await third.bytes_until(b"end\r\n")
        late = await Client.connect(api, PTY)
        replayed = await late.frame()
        assert isinstance(replayed, bytes)
        assert len(replayed) <= 2000
        assert b"aonea" not in replayed

    with_api(tmp_path, body)


def test_bad_requests_and_messages(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        with pytest.raises(Refused, match="Expected a WebSocket upgrade request"):
            await api.json("GET", PTY)
        for path, message in (
            ("/ws/pty", "sessionId is required"),
            (f"{PTY}&cols=0", "Invalid dimensions: cols and rows must be positive"),
            (f"{PTY}&rows=x", "Invalid dimensions: cols and rows must be positive"),
            (f"{PTY}&shell=no_such_shell", "The shell of a terminal cannot be started: no_such_shell"),
        ):
            response = await api.send("GET", path, headers={"upgrade": "websocket"})
            assert message in (await response.read_bytes()).decode()
            assert response.status in (400, 500)
        client = await Client.connect(api, f"{PTY}&shell=sh")
        await client.control()
        for message in ("{", "[]", '{"type": "what"}', '{"type": "resize", "cols": -1, "rows": 1}'):
            client.send(message)
            while isinstance(frame := await client.frame(), bytes):
                continue
            assert '"type":"error"' in str(frame)

    with_api(tmp_path, body)


def test_input_that_nobody_reads_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminals, "_INPUTS_MAX", 3)

    async def body(api: Api) -> None:
        client = await Client.connect(api, f"{PTY}&shell=sh")
        await client.control()
        for _ in range(4):  # at once: the terminal had no chance to read in between
            client.send(b"x")
        assert (await client.control())["message"] == "The terminal reads too slowly: input was dropped"

    with_api(tmp_path, body)


def test_a_container_that_goes_closes_the_terminal(tmp_path: Path) -> None:
    async def body(api: Api) -> None:
        client = await Client.connect(api, f"{PTY}&shell=sh")
        await client.control()
        await api.instance.destroy()
        while isinstance(frame := await client.frame(), bytes):
            continue
        assert frame == '{"type":"error","message":"Network connection lost."}'
        assert await client.frame() == 1011

    with_api(tmp_path, body)
