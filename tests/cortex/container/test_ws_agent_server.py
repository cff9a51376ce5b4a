"""The agent server as the container runs it: a process on a port, driven over HTTP and WebSockets."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.cortex.container.conftest import FOLDER

WAIT_S = 30.0
Frame = dict[str, Any]


class Served:
    """A running agent server."""

    def __init__(self, port: int, process: subprocess.Popen[bytes], workspace: Path) -> None:
        self.port = port
        self.process = process
        self.workspace = workspace

    def post(self, path: str, body: bytes) -> tuple[int, Any]:
        return self.send("POST", path, body, "application/json")

    def send(
        self, method: str, path: str, body: bytes, kind: str = "application/octet-stream"
    ) -> tuple[int, Any]:
        url, headers = f"http://127.0.0.1:{self.port}{path}", {"content-type": kind}
        request = urllib.request.Request(url, data=body, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.load(refused)

    def connect(self, target: str = "/agent") -> ClientConnection:
        return connect(f"ws://127.0.0.1:{self.port}{target}", open_timeout=WAIT_S)

    def query(self, socket: ClientConnection, message_id: str, prompt: str, **more: Any) -> None:
        where = {"cwd": str(self.workspace), "sessionId": "s"}
        socket.send(json.dumps({"type": "query", "messageId": message_id, "prompt": prompt, **where, **more}))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-I", "-S", str(FOLDER / "ws_agent_server.py")]
    env = {**os.environ, "CORTEX_PORT": str(port), "CORTEX_READY_FD": ""}
    read_end, write_end = os.pipe()
    env["CORTEX_READY_FD"] = str(write_end)
    process = subprocess.Popen(command, env=env, pass_fds=[write_end])
    os.close(write_end)
    with os.fdopen(read_end, "rb") as ready:
        assert ready.read(1) == b"1", "the agent server ended before it listened"
    yield Served(port, process, tmp_path)
    process.terminate()
    assert process.wait(WAIT_S) == 0


def until(socket: ClientConnection, *kinds: str) -> list[Frame]:
    frames: list[Frame] = [json.loads(socket.recv(WAIT_S))]
    while frames[-1]["type"] not in kinds:
        frames.append(json.loads(socket.recv(WAIT_S)))
    return frames


def text_of(frames: list[Frame]) -> str:
    return "".join(frame["text"] for frame in frames if frame["type"] == "text-delta")


def test_a_warm_agent_streams_and_says_the_same_to_the_same(served: Served) -> None:
    with served.connect() as socket:
        served.query(socket, "a", "hello world")
        first = until(socket, "done")
        served.query(socket, "b", "hello world")
        second = until(socket, "done")
    assert text_of(first).startswith("You said: hello world.")
    assert text_of(first) == text_of(second) == first[-1]["fullText"]
    assert [frame["seq"] for frame in first] == list(range(1, len(first) + 1))


def test_the_spawned_agent_reads_its_context_file_and_reports_its_end(served: Served) -> None:
    message_id = f"test-{os.getpid()}-{served.port}"
    context = {"prompt": "one shot", "sessionId": "s", "cwd": str(served.workspace)}
    path = Path(f"/tmp/vf-query-{message_id}.json")
    path.write_text(json.dumps(context))
    with served.connect(f"/?message={message_id}&wait=poll") as socket:
        frames = until(socket, "process-exit")
    assert text_of(frames).startswith("You said: one shot.")
    assert frames[-1]["exitCode"] == 0
    assert not path.exists()


def test_tools_work_on_the_workspace_once_the_user_agrees(served: Served) -> None:
    (served.workspace / "notes.txt").write_text("remember me")
    prompt = "look\n[tool:list .]\n[tool:read notes.txt]\n[tool:run echo $((6 * 7))]\n[tool:read missing]"
    with served.connect() as socket:
        served.query(socket, "a", prompt, env={"CORTEX_CONFIRM": "1"})
        outputs = []
        for allow in (True, True, True, False):
            asked = until(socket, "confirmation")[-1]
            word = {"type": "confirm", "messageId": "a", "approvalId": asked["approvalId"], "allow": allow}
            socket.send(json.dumps(word))
            outputs.append(until(socket, "tool-result")[-1]["output"].strip())
        until(socket, "done")
    assert outputs == ["notes.txt", "remember me", "42", "refused by the user"]


def test_a_run_is_paused_resumed_and_stopped(served: Served) -> None:
    with served.connect() as socket:
        served.query(socket, "a", "slow", env={"CORTEX_TOKENS_PER_S": "5", "CORTEX_TOKENS": "1000"})
        until(socket, "text-delta")
        socket.send(json.dumps({"type": "pause", "messageId": "a"}))
        while not _stopped_children(served.process.pid):
            pass
        socket.send(json.dumps({"type": "resume", "messageId": "a"}))
        until(socket, "text-delta")
        socket.send(json.dumps({"type": "stop", "messageId": "a"}))
        assert until(socket, "done")[-1]["stopped"] is True
        served.query(socket, "b", "next", env={"CORTEX_TOKENS_PER_S": "5", "CORTEX_TOKENS": "3"})
        assert text_of(until(socket, "done")).startswith("You said:")


def _stopped_children(pid: int) -> list[str]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [child for child in children if Path(f"/proc/{child}/stat").read_text().split()[2] == "T"]


def test_a_killed_agent_is_told_and_the_next_query_gets_a_new_one(served: Served) -> None:
    with served.connect() as socket:
        served.query(socket, "a", "slow", env={"CORTEX_TOKENS_PER_S": "5", "CORTEX_TOKENS": "1000"})
        until(socket, "text-delta")
        (child,) = Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children").read_text().split()
        os.kill(int(child), signal.SIGKILL)
        assert until(socket, "process-exit")[-1]["exitCode"] == 137
        served.query(socket, "b", "again")
        assert text_of(until(socket, "done")).startswith("You said: again")


def test_what_is_no_request_hurts_nobody(served: Served) -> None:
    for junk in (b"\r\n\r\n", b"GET\r\n\r\n", b"\x16\x03\x01" * 100, b"POST /prepare HTTP/1.1\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", served.port), WAIT_S) as raw:
            raw.sendall(junk)
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(65536):
                pass
    with socket.create_connection(("127.0.0.1", served.port), WAIT_S) as raw:
        raw.sendall(b"GET /agent HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\n\r\n")
        raw.recv(65536)
        raw.sendall(struct.pack("!BBQ", 0x81, 0xFF, 1 << 40))  # a message of a terabyte
        while raw.recv(65536):
            pass
    assert served.post("/prepare", b"no json")[0] == 400
    assert served.post("/prepare", b"[]")[0] == 400
    assert served.post("/nowhere", b"{}")[0] == 404
    with served.connect() as alive:
        alive.send("no json")
        alive.send('{"type": 7}')
        served.query(alive, "a", "still here?")
        assert text_of(until(alive, "done")).startswith("You said: still here?")
